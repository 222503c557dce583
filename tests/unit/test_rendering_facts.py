from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from notifier.domain.dossiers import Person, ReturnMethod, Status, SubjectKind
from notifier.domain.events import Fee, Letter
from notifier.domain.recipients import Audience, Locale
from notifier.rendering import phrases
from notifier.rendering.facts import Frame, facts_of
from tests.support.events import OWNER, PERSONAL_NUMBER, PROCEDURE, REASON, event, local, recipient
from tests.support.reminders import item, reminder

NOW = local(23, 16)


def facts(audience=Audience.CITIZEN, *, neutral=False, locale=Locale.VI, name=None, **overrides):
    reader = recipient(audience)
    frame = Frame(
        recipient=replace(reader, name=name) if name is not None else reader,
        locale=locale,
        link="https://thongbao.example.gov.vn/t/Ab3dE5fG",
        hotline="1900 0000",
        sender_name="Trung tâm Phục vụ hành chính công tỉnh An Giang",
        neutral=lambda _: neutral,
        now=NOW,
    )
    return facts_of(event(**overrides), frame)


def test_a_due_time_shows_the_hour_and_the_day():
    assert facts(new_due_at=None)["hen_tra"] == "17:00 25/11/2026"


def test_a_due_time_of_midnight_means_the_day():
    assert facts(new_due_at=None, due_at=local(25))["hen_tra"] == "25/11/2026"


def test_after_an_extension_the_new_due_time_is_in_force():
    told = facts()
    assert (told["hen_tra"], told["hen_tra_cu"]) == ("17:00 04/12/2026", "17:00 25/11/2026")


def test_what_is_not_known_is_left_out():
    assert "hen_tra" not in facts(due_at=None, new_due_at=None)


def test_a_sum_has_dots_between_thousands():
    assert facts()["can_nop"] == "1.200.000 đ"


def test_a_sum_in_english_has_commas():
    assert facts(locale=Locale.EN)["can_nop"] == "VND 1,200,000"


def test_a_sum_with_an_unknown_line_is_not_given():
    unknown = Fee("Phí", None, None, None, None)
    assert "can_nop" not in facts(fees=(unknown, Fee("Phí", None, Decimal(1), None, None)))


def test_paid_lines_are_not_asked_for():
    assert facts()["khoan_thu"] == [{"ten": "Phí thẩm định mẫu", "so_tien": "1.200.000 đ"}]


@pytest.mark.parametrize(
    "url",
    [
        "http://mcdt.example.gov.vn/x",
        "https://example.com/x",
        "https://evilgov.vn/x",
        "https://a.gov.vn@example.com/",
        "https://a.gov.vn\n.example.com/",
        "https://example.com\\@a.gov.vn/",
        "javascript:alert(1)//.gov.vn",
        "https://[",
    ],
)
def test_a_letter_on_no_official_host_has_no_link(url):
    assert facts(letters=(Letter("04", None, "a.pdf", url),))["van_ban"][0]["url"] == ""


def test_a_payment_link_outside_official_hosts_is_not_given():
    assert "link_thanh_toan" not in facts(fees=(Fee("Phí", None, Decimal(1), None, "https://pay.example.vn/1"),))


def test_a_personal_number_is_never_a_fact():
    assert PERSONAL_NUMBER not in repr(facts())


def test_a_neutral_message_does_not_get_what_the_procedure_would_betray():
    told = repr(facts(neutral=True))
    assert not [secret for secret in (PROCEDURE, REASON, "Bổ sung tờ khai", OWNER.name, "0042.pdf") if secret in told]


def test_a_neutral_message_still_has_the_code_and_the_dates():
    told = facts(neutral=True)
    assert (told["ma_ho_so"], told["han_bo_sung"]) == ("H01.14-261119-0042", "17:00 30/11/2026")


def test_an_organisation_is_greeted_by_its_name():
    told = facts(subject_kind=SubjectKind.ENTERPRISE, name="Công ty TNHH Ví Dụ")
    assert told["nguoi_nhan"] == "Công ty TNHH Ví Dụ"


def test_the_person_whom_an_organisation_authorised_is_a_person():
    told = facts(subject_kind=SubjectKind.ENTERPRISE, authorised=Person("Vũ Văn Được"), name="Vũ Văn Được")
    assert told["nguoi_nhan"] == "Ông/Bà Vũ Văn Được"


def test_a_recipient_without_a_name_is_greeted_all_the_same():
    assert facts(name="")["nguoi_nhan"] == "Ông/Bà"


def test_only_officers_see_the_step():
    assert ("buoc" in facts(), "buoc" in facts(Audience.HANDLER)) == (False, True)


def test_vendor_line_breaks_do_not_survive():
    assert facts(reason="Thiếu\n\n- chữ ký .")["ly_do"] == "Thiếu - chữ ký"


def test_return_by_post_is_a_flag():
    assert facts(return_method=ReturnMethod.POST)["qua_buu_chinh"] is True


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_name_in_both_languages(status):
    assert all(phrases.STATUS[status])


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2, hours=3, minutes=4), "còn 2 ngày 3 giờ"),
        (timedelta(hours=4), "còn 4 giờ"),
        (timedelta(minutes=45), "còn 45 phút"),
        (timedelta(seconds=30), "còn chưa đến 1 phút"),
        (timedelta(hours=-3, minutes=-5), "đã quá hạn 3 giờ 5 phút"),
    ],
)
def test_time_left_in_words(left, words):
    assert phrases.time_left(NOW + left, NOW) == words


@pytest.mark.parametrize(("day", "words"), [(23, "trong hôm nay"), (25, "còn 2 ngày"), (22, "đã quá hạn 1 ngày")])
def test_time_left_until_a_whole_day_counts_days(day, words):
    assert phrases.time_left(local(day), NOW) == words


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (local(21, 23), ("2 ngày", "2 days")),
        (local(22, 23), ("1 ngày", "1 day")),
        (local(23, 14, 30), ("1 giờ 30 phút", "1 hour 30 minutes")),
        (local(23, 17), ("chưa đến 1 phút", "less than 1 minute")),
    ],
)
def test_waiting_is_told_in_days_and_on_the_same_day_by_the_clock(since, words):
    assert tuple(phrases.waited(since, NOW, locale) for locale in (Locale.VI, Locale.EN)) == words


def test_a_whole_day_can_be_over_before_midnight():
    told = [phrases.time_left(local(23), NOW, locale, late=True) for locale in (Locale.VI, Locale.EN)]
    assert told == ["đã quá hạn hôm nay", "overdue since today"]


def test_only_officers_read_who_has_the_dossier():
    assert [facts(reader).get("can_bo") for reader in Audience] == [None, *["Hồ Văn Kiểm"] * 3]


def test_a_deadline_has_time_left_and_a_beginning_has_a_wait():
    due, waits = (facts(**vars_of(kind)) for kind in ("han.bo_sung_sap_het", "han.phi_chua_nop"))
    assert [("moc_con_lai" in each, "cho" in each) for each in (due, waits)] == [(True, False), (False, True)]


def vars_of(event_type):
    told = reminder(event_type)
    return {"type": told.type, "reminder": told.reminder}


def test_a_digest_is_for_officers_only():
    assert "viec" not in facts(gathered=(item(0), item(1)))


@pytest.mark.parametrize(
    ("seconds", "vietnamese", "english"),
    [
        (-5, "0 giây", "0 s"),
        (41, "41 giây", "41 s"),
        (185, "3 phút 05 giây", "3 min 05 s"),
        (26_400, "7 giờ 20 phút", "7 h 20 min"),
        (3 * 86_400 + 4 * 3600 + 59, "3 ngày 04 giờ", "3 d 04 h"),
    ],
)
def test_how_long_something_waits_is_told_in_its_two_largest_units(seconds, vietnamese, english):
    length = timedelta(seconds=seconds)
    assert (phrases.age(length), phrases.age(length, Locale.EN)) == (vietnamese, english)
