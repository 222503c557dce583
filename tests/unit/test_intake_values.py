"""Times, phone numbers, addresses and codes in every spelling that dossier systems use."""

from datetime import UTC, datetime

import pytest

from notifier.domain.dossiers import Status, SubjectKind
from notifier.domain.ids import SourceName
from notifier.intake.codes import (
    DIALECTS,
    DVCQG,
    SourceProfile,
    agency_code,
    identity_number,
    is_usual_dossier_code,
    short_procedure_code,
    status_of,
    subject_of,
)
from notifier.intake.contacts import email_address, is_renumbered, mobile_e164, web_link
from notifier.intake.times import parse_time

PROFILE = SourceProfile(SourceName("x"), status_map={"releasing": Status.DONE, "5": Status.STOPPED})


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20261123091532", datetime(2026, 11, 23, 2, 15, 32, tzinfo=UTC)),
        ("202611230915", datetime(2026, 11, 23, 2, 15, tzinfo=UTC)),
        ("20261123", datetime(2026, 11, 22, 17, tzinfo=UTC)),
        ("2026-11-23T09:15:32+07:00", datetime(2026, 11, 23, 2, 15, 32, tzinfo=UTC)),
        ("2026-11-20T07:47:28.329Z", datetime(2026, 11, 20, 7, 47, 28, 329000, tzinfo=UTC)),
        ("2026-11-20T07:47:28.329", datetime(2026, 11, 20, 0, 47, 28, 329000, tzinfo=UTC)),
        ("2026-11-20T07:47:28.3290000", datetime(2026, 11, 20, 0, 47, 28, 329000, tzinfo=UTC)),
        ("2026-11-20 07:47", datetime(2026, 11, 20, 0, 47, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 19, 17, tzinfo=UTC)),
        (" 20261123091532 ", datetime(2026, 11, 23, 2, 15, 32, tzinfo=UTC)),
    ],
)
def test_a_time_in_any_usual_form_is_one_moment(text, moment):
    assert parse_time(text) == moment


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "00010101000000"])
def test_the_first_year_means_no_time(text):
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20261323091532",
        "20260229",
        "2026112309153",
        "23/11/2026",
        "2026-11-23T25:00",
        "hôm nay",
        "1795000000",
        "99991231235959",
        "２０２６1123",
        "2026-W47-1",
    ],
)
def test_what_is_not_a_time_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_time(text)


@pytest.mark.parametrize(
    "raw",
    [
        "0912000303",
        "+84912000303",
        "84912000303",
        "912000303",
        "0912 000 303",
        "0912.000.303",
        "(+84) 912-000-303",
        "0084912000303",
        " 0912000303 ",
    ],
)
def test_a_mobile_number_in_any_spelling_is_one_number(raw):
    assert mobile_e164(raw) == "+84912000303"


RENUMBERED = {
    **{f"16{digit}": f"3{digit}" for digit in range(2, 10)},
    "120": "70",
    "121": "79",
    "122": "77",
    "126": "76",
    "128": "78",
    "123": "83",
    "124": "84",
    "125": "85",
    "127": "81",
    "129": "82",
    "186": "56",
    "188": "58",
    "199": "59",
}
"""The change of September 2018, operator by operator."""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((f"0{before}2000303", f"+84{after}2000303") for before, after in RENUMBERED.items()),
        ("0129 2000 303", "+84822000303"),
        ("+841692000303", "+84392000303"),
        ("841862000303", "+84562000303"),
    ],
)
def test_an_eleven_digit_number_of_before_2018_becomes_ten_digits(old, new):
    assert mobile_e164(old) == new
    assert is_renumbered(old)
    assert not is_renumbered(new)


@pytest.mark.parametrize(
    "raw",
    [None, "", "02963123456", "+12025550123", "0912", "không có", "091200030312", "113", "0" * 300, "01102000303"],
)
def test_what_is_not_a_vietnamese_mobile_number_is_none(raw):
    assert mobile_e164(raw) is None


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("le.thu@example.vn", "le.thu@example.vn"),
        (" Le.Thu+hs@Example.VN ", "Le.Thu+hs@example.vn"),
        ("a@b.c.example.vn", "a@b.c.example.vn"),
        ("a@thư.example.vn", "a@xn--th-e0a.example.vn"),
        ("a@XN--TH-E0A.example.vn", "a@xn--th-e0a.example.vn"),
        ("le\u0302@example.vn", "l\u00ea@example.vn"),
    ],
)
def test_a_good_address_is_kept(raw, address):
    assert email_address(raw) == address


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "khong co",
        "a@b",
        "a@@example.vn",
        "a@example.vn, b@example.vn",
        "a@example.vn\r\nBcc: b@example.vn",
        ".a@example.vn",
        "a..b@example.vn",
        "a@-example.vn",
        "lê thu@example.vn",
        "lê\u202e@example.vn",
        "a@thư..vn",
        f"{'ê' * 33}@example.vn",
        f"{'a' * 65}@example.vn",
        f"a@{'b.' * 130}vn",
    ],
)
def test_an_address_that_a_relay_would_refuse_is_none(raw):
    assert email_address(raw) is None


@pytest.mark.parametrize("raw", [None, "", "javascript:alert(1)", "ftp://example.vn/a", "https://", "https://a b"])
def test_only_web_links_pass(raw):
    assert web_link(raw) is None


@pytest.mark.parametrize(
    "code",
    [
        "H01.14-261119-0042",
        "000.00.16.H01-220315-0007",
        "G09.20-20260609-0092637",
        "H15.50.05.13-261008-0975",
        "H56.14-261008-12345",
    ],
)
def test_the_dossier_codes_of_all_circulars_are_usual(code):
    assert is_usual_dossier_code(code)


@pytest.mark.parametrize("code", ["HS-2026/17", "H01.14-2611-0042", "h01.14-261119-0042", "A" * 60])
def test_other_dossier_codes_are_opaque(code):
    assert not is_usual_dossier_code(code)


@pytest.mark.parametrize(
    ("raw", "short"),
    [
        ("1.004194", "1.004194"),
        ("1.002835.000.00.00.H56", "1.002835"),
        ("2.002621.H56", "2.002621"),
        ("TTHC-01", "TTHC-01"),
    ],
)
def test_a_procedure_code_is_cut_to_its_national_part(raw, short):
    assert short_procedure_code(raw) == short


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("H01.14.02", "H01.14.02"),
        ("000.00.16.H01", "H01.16"),
        ("000.00.00.H49", "H49"),
        ("001.02.16.H01", "H01.16.02.001"),
        ("001.00.16.H01", "H01.16.00.001"),
        ("H01.14.00.000", "H01.14"),
        ("so-thu-nghiem", "so-thu-nghiem"),
        ("000.00", "000.00"),
    ],
)
def test_an_agency_code_has_level_one_first(raw, canonical):
    assert agency_code(raw) == canonical


@pytest.mark.parametrize("raw", [None, "", " ", "000000001", "000000000001", "000000000", "0000000001"])
def test_a_filler_is_no_identity_number(raw):
    assert identity_number(raw) is None


@pytest.mark.parametrize("raw", ["000085000303", "000000606", "1801234567"])
def test_a_real_identity_number_is_kept(raw):
    assert identity_number(raw) == raw


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("1", Status.NEW),
        ("10", Status.RETURNED),
        ("04", Status.PROCESSING),
        ("releasing", Status.DONE),
        ("5", Status.STOPPED),
        ("0", None),
        ("11", None),
        ("waiting", None),
        (None, None),
    ],
)
def test_a_status_is_what_its_source_means(raw, status):
    assert status_of(raw, PROFILE) is status


@pytest.mark.parametrize(
    ("dialect", "raw", "kind"),
    [
        ("dvcqg", "1", SubjectKind.CITIZEN),
        ("dvcqg", "2", SubjectKind.ENTERPRISE),
        ("dvcqg", "3", SubjectKind.STATE_BODY),
        ("dvcqg", "4", SubjectKind.OTHER),
        ("dvcqg", "0", None),
        ("ministry_2026", "0", SubjectKind.CITIZEN),
        ("ministry_2026", "1", SubjectKind.ENTERPRISE),
        ("ministry_2026", "2", SubjectKind.HOUSEHOLD_BUSINESS),
    ],
)
def test_a_kind_of_subject_is_read_in_the_dialect_of_its_source(dialect, raw, kind):
    assert subject_of(raw, SourceProfile(SourceName("x"), subject_map=DIALECTS[dialect])) is kind


def test_the_secrets_of_a_source_are_not_shown():
    assert "secret" not in repr(SourceProfile(SourceName("x"), secrets=(b"secret",), subject_map=DVCQG))
