"""What is shown without saying who it is about: names, contacts, long numbers, tokens; and what a search text may mean."""

import pytest

from channels.faults import Fault
from channels.meanings import MEANINGS, meaning
from notifier.audit.scrub import scrubbed, scrubbed_values
from notifier.domain.masks import masked_email, masked_name, masked_phone
from notifier.settings import ROOT
from notifier.store.search import TermKind
from notifier.web.pages.console.asked import LONGEST, cleaned, terms_of
from notifier.web.pages.console.event_names import EVENT_NAMES


@pytest.mark.parametrize("text", ["Kính gửi ông Nguyễn Văn Mẫu,", "NGUYEN VAN MAU", "nguyễn văn mẫu."])
def test_a_name_is_left_out_in_every_spelling(text):
    assert "m" not in scrubbed(text, ["Nguyễn Văn Mẫu"]).lower().replace("kính", "")


def test_a_name_within_a_longer_word_is_no_name():
    assert scrubbed("Nguyễn Vănphòng", ["Nguyễn Văn"]) == "Nguyễn Vănphòng"


@pytest.mark.parametrize(
    "secret",
    [
        "0912 000 101",
        "+84912000101",
        "nguyen.mau@example.vn",
        "000090000101",
        "https://thongbao.example.gov.vn/t/AbCdEf0123456789",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
    ],
)
def test_contacts_numbers_and_tokens_are_left_out(secret):
    assert secret.rpartition("/")[2] not in scrubbed(f"gửi {secret} xong")


def test_what_a_secret_is_called_by_is_left_out_whole():
    assert scrubbed_values({"SecretKey": "abc", "status": "5"}) == {"SecretKey": "***", "status": "5"}


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (masked_phone, "+84912000101", "+84 9•• ••• 101"),
        (masked_phone, "1022", "•••"),
        (masked_email, "nguyen.mau@example.vn", "n•••@example.vn"),
        (masked_name, "Nguyễn Văn Mẫu", "N••• V••• M•••"),
    ],
)
def test_masks_leave_enough_to_recognise(mask, value, shown):
    assert mask(value) == shown


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("0912 000 101", {TermKind.PHONE}),
        ("a@example.vn", {TermKind.EMAIL, TermKind.REFERENCE}),
        ("<a.b@mail.example.vn>", {TermKind.REFERENCE}),
        ("Võ Văn Mẫu", {TermKind.NAME}),
        ("vv.mau", {TermKind.DOSSIER, TermKind.OFFICER, TermKind.REFERENCE, TermKind.EXTERNAL_ID, TermKind.NAME}),
        ("  ", set()),
    ],
)
def test_a_text_is_looked_for_as_all_that_it_may_be(text, kinds):
    assert {term.kind for term in terms_of(text)} == kinds


@pytest.mark.parametrize("text", ["01980000-0000-7000-8000-000000000042", "01980000000070008000000000000042"])
def test_an_id_is_known_with_and_without_hyphens(text):
    assert (TermKind.ID, "01980000-0000-7000-8000-000000000042") in {(term.kind, term.value) for term in terms_of(text)}


def test_nobody_types_control_characters_or_novels():
    assert cleaned("a\x00\u200bb " + "x" * 500) == ("ab " + "x" * 500)[:LONGEST]


@pytest.mark.parametrize(
    ("adapter", "code", "words", "fault"),
    [
        ("zalo", "-118", None, Fault.RECIPIENT),
        ("zalo", "-118x", None, None),
        ("zalo", "-118", "template", Fault.TEMPLATE),
        ("email_smtp", "5.1.1", None, Fault.RECIPIENT),
        ("email_smtp", "421", None, Fault.QUOTA),
        ("sms_esms", "103", None, Fault.QUOTA),
        ("sms_smpp", "0x00000058", None, Fault.QUOTA),
        ("sms_kannel", "17", None, None),
        ("portal", None, None, None),
    ],
)
def test_a_providers_code_means_what_its_table_says(adapter, code, words, fault):
    assert meaning(adapter, code, words, "vi") == (MEANINGS[fault][0] if fault else None)
    assert set(MEANINGS) == set(Fault)


def test_every_event_that_people_are_told_of_has_a_name():
    told = {path.name for path in (ROOT / "templates").iterdir() if path.is_dir() and "." in path.name}
    assert told - set(EVENT_NAMES) == set()
