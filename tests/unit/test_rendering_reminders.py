"""What reminders and digests say, and to whom."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from notifier.domain.content import LONGEST_ZALO_TEXT, ContentKind
from notifier.domain.errors import TemplateFault
from notifier.domain.events import DIGEST, DossierEvent, Fee
from notifier.domain.ids import EventType
from notifier.domain.recipients import Audience, Locale
from notifier.rendering import phrases, zalo
from notifier.rendering.forms import Table, table
from notifier.rendering.messages import as_many_as_fit
from notifier.rendering.renderer import ZALO_CATALOGUE, Renderer, RenderRequest
from tests.support.events import OFFICER, PROCEDURE, event, local, recipient
from tests.support.reminders import BASES, NOW, digest, item, reminder

TEMPLATES = Path(__file__).parents[2] / "templates"
RENDERER = Renderer(TEMPLATES)
CATALOGUE = zalo.load(TEMPLATES / ZALO_CATALOGUE)
LINK = "https://thongbao.angiang.example.gov.vn/t/Ab3dE5fG7hJ9kL2mN4pQ6r"
STAFF = (Audience.HANDLER, Audience.HEAD, Audience.DIRECTOR)
CITIZEN_TYPES = ("han.bo_sung_sap_het", "han.phi_chua_nop", "han.chua_nhan_ket_qua")
STAFF_TYPES = tuple(sorted(set(BASES) - set(CITIZEN_TYPES)))
SIZES = (1, 2, 5, 40)
BARE = {
    "procedure_name": None,
    "handling_unit": None,
    "receiving_unit": None,
    "due_at": None,
    "new_due_at": None,
    "filed_by": None,
    "filed_at": None,
    "progress": None,
    "supplement": None,
    "fees": (),
    "letters": (),
    "reason": None,
    "return_place": None,
}
"""A dossier of which nothing is known but its code."""


def render(kind, told: DossierEvent, audience=Audience.HANDLER, *, locale=Locale.VI, name=None, sensitive=(), now=NOW):
    reader = recipient(audience, locale=locale, **({} if name is None else {"name": name}))
    request = RenderRequest(
        event=told,
        recipient=reader,
        kind=kind,
        link=LINK,
        hotline="1900 0000",
        sender_name="Trung tâm Phục vụ hành chính công tỉnh An Giang",
        sensitive=lambda each: each.dossier.code in sensitive,
        now=now,
    )
    return RENDERER.render(request)


def inbox(told: DossierEvent, audience=Audience.HANDLER, **others) -> str:
    content = render(ContentKind.INBOX, told, audience, **others)
    return f"{content.title}\n{content.body}"


def of_size(count: int, **overrides) -> DossierEvent:
    return digest(*(item(number, **overrides) for number in range(count)))


each_staff_type = pytest.mark.parametrize("event_type", STAFF_TYPES)
each_staff_reader = pytest.mark.parametrize("audience", STAFF)
each_form = pytest.mark.parametrize("kind", ContentKind)
each_size = pytest.mark.parametrize("count", SIZES)


# A single reminder


@each_form
@each_staff_reader
@each_staff_type
def test_a_reminder_can_live_with_the_code_alone_and_an_unnamed_reader(kind, audience, event_type):
    assert render(kind, reminder(event_type, **BARE), audience, name="")


@each_form
@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("event_type", CITIZEN_TYPES)
def test_a_citizens_reminder_can_live_with_the_code_alone(kind, locale, event_type):
    assert render(kind, reminder(event_type, **BARE), Audience.CITIZEN, locale=locale, name="")


@pytest.mark.parametrize("number", [1, 2, 12])
@each_staff_reader
@each_staff_type
def test_a_reminder_is_an_sms_of_one_part_however_often_it_is_said(number, audience, event_type):
    assert render(ContentKind.SMS, reminder(event_type, number=number), audience).parts == 1


@pytest.mark.parametrize("number", [1, 2])
@each_staff_reader
@each_staff_type
def test_a_zalo_reminder_says_what_it_is_about_even_if_every_name_is_long(number, audience, event_type):
    plain = reminder(event_type, number=number)
    told = replace(plain, progress=replace(plain.progress, step_name="Tên rất dài của một bước " * 5))
    assert render(ContentKind.ZALO, told, audience).parameters["noi_dung"].startswith("Hồ sơ ")


@each_staff_type
def test_a_head_reads_who_has_the_dossier_on_zalo(event_type):
    parameters = render(ContentKind.ZALO, reminder(event_type), Audience.HEAD).parameters
    assert f"{OFFICER.name} đang giữ, đề nghị " in parameters["noi_dung"]


@each_staff_type
def test_head_and_director_are_asked_to_act_on_others_and_not_to_process(event_type):
    asked = [inbox(reminder(event_type), audience).split("Việc cần làm:\n")[1].split("\n")[0] for audience in STAFF]
    assert (asked[0] != asked[1], asked[1] == asked[2]) == (True, True)


def test_the_handler_is_not_told_that_they_have_it():
    assert "đang giữ" not in inbox(reminder("han.buoc_qua"))


def test_a_step_that_nears_its_end_says_the_time_left():
    text = inbox(reminder("han.buoc_sap_den"))
    assert (
        "Bước “Lãnh đạo phòng duyệt hồ sơ” của hồ sơ H01.14-261119-0042 có hạn 09:00 ngày 24/11/2026, còn 17 giờ."
        in text
    )


def test_a_late_dossier_says_for_how_long():
    assert "đã quá hạn 3 ngày 23 giờ (hẹn trả 17:00 ngày 19/11/2026)" in inbox(reminder("han.hoso_qua"))


def test_a_deadline_of_a_whole_day_is_over_at_the_end_of_its_working_day():
    told = reminder("han.hoso_qua", basis=local(23), due_at=local(23), new_due_at=None)
    assert "đã quá hạn hôm nay (hẹn trả ngày 23/11/2026)" in inbox(told, now=local(23, 17))


def test_waiting_for_acceptance_is_told_from_filing_on():
    told = render(ContentKind.SMS, reminder("han.sap_qua_tiep_nhan")).text
    assert told.startswith("Ho so H01.14-261119-0042 cho tiep nhan tu 08:15 23/11/2026, sap het 8 gio lam viec.")


def test_waiting_for_acceptance_shows_no_deadline_on_zalo_since_none_was_given():
    assert "han" not in render(ContentKind.ZALO, reminder("han.qua_tiep_nhan")).parameters


def test_the_first_reminder_names_the_letter_and_its_latest_day():
    text = inbox(reminder("han.can_xin_loi"))
    assert "Văn bản xin lỗi và đề nghị gia hạn trên hệ thống giải quyết thủ tục hành chính" in text
    assert "chậm nhất một ngày làm việc trước ngày hẹn trả (17:00 ngày 24/11/2026)" in text


@pytest.mark.parametrize(("number", "loud"), [(1, False), (2, True), (3, True)])
@each_staff_reader
@each_form
def test_a_missing_letter_is_urgent_from_the_second_time_on(number, loud, audience, kind):
    content = render(kind, reminder("han.can_xin_loi", number=number), audience)
    assert bool(re.search(r"KH[AẨ]N|[Nn]hắc lần", str(content))) is loud


def test_later_reminders_say_the_how_manieth_they_are():
    assert inbox(reminder("han.hoso_sap_den", number=2)).startswith("Sắp đến hạn trả kết quả (nhắc lần 2): hồ sơ")


# To citizens


def test_what_is_to_be_supplemented_and_until_when_stands_in_the_reminder():
    text = inbox(reminder("han.bo_sung_sap_het"), Audience.CITIZEN)
    assert "Bổ sung tờ khai có chữ ký" in text
    assert "Hạn bổ sung: 17:00 ngày 25/11/2026 (còn 2 ngày 1 giờ)." in text


def test_time_left_is_told_in_english_too():
    text = inbox(reminder("han.bo_sung_sap_het"), Audience.CITIZEN, locale=Locale.EN)
    assert "Submit by 17:00 on 25/11/2026 (2 days 1 hour left)." in text


def test_an_unpaid_fee_names_the_sum():
    content = render(ContentKind.ZALO, reminder("han.phi_chua_nop"), Audience.CITIZEN)
    assert (content.template, content.parameters["so_tien"]) == ("yeu_cau_thanh_toan", "1200000")


def test_an_unpaid_fee_of_unknown_sum_is_told_by_the_general_card():
    content = render(ContentKind.ZALO, reminder("han.phi_chua_nop", fees=()), Audience.CITIZEN)
    assert content.template == "thong_bao_ho_so"


@each_form
def test_an_unpaid_fee_never_leads_to_a_host_that_is_not_official(kind):
    fee = Fee("Phí mẫu", None, Decimal(1000), None, "https://pay.example.vn/1")
    assert "pay.example.vn" not in str(render(kind, reminder("han.phi_chua_nop", fees=(fee,)), Audience.CITIZEN))


def test_a_result_that_waits_says_where_and_what_to_bring():
    text = inbox(reminder("han.chua_nhan_ket_qua"), Audience.CITIZEN)
    assert "Đến Trung tâm Phục vụ hành chính công xã Bình Mẫu" in text
    assert "Mang theo giấy tờ tùy thân và giấy hẹn" in text


# Digests


@each_form
@each_staff_reader
@each_size
def test_a_digest_can_live_with_codes_alone(kind, audience, count):
    assert render(kind, of_size(count, **BARE), audience, name="")


@each_staff_reader
@each_size
def test_a_digest_is_an_sms_of_one_part_with_the_most_urgent_code(audience, count):
    content = render(ContentKind.SMS, of_size(count), audience)
    assert (content.parts, "H01.14-261119-0042" in content.text) == (1, True)


def test_an_sms_counts_what_is_late_and_what_is_due_today():
    today = [item(number, "han.buoc_sap_den", basis=local(23, 17)) for number in range(5, 8)]
    text = render(ContentKind.SMS, digest(*(item(number) for number in range(5)), *today)).text
    assert text.startswith("Nhac viec: 8 ho so, 2 qua han, 3 den han hom nay. Gap nhat: H01.14-261119-0042.")


@each_staff_reader
@each_size
def test_a_zalo_digest_keeps_to_the_limits_of_its_template(audience, count):
    content = render(ContentKind.ZALO, of_size(count), audience)
    parameters = CATALOGUE.templates[content.template].parameters
    assert content.template == "tong_hop_viec"
    assert all(len(value) <= CATALOGUE.longest[parameters[name].type] for name, value in content.parameters.items())


def test_a_zalo_digest_says_how_many_it_does_not_name():
    told = render(ContentKind.ZALO, of_size(40)).parameters["noi_dung"]
    assert told.startswith("H01.14-261119-0042 đã quá hạn 3 ngày 23 giờ; ")
    assert int(re.search(r"và (\d+) hồ sơ khác$", told)[1]) == 40 - told.count("H01.14")


def test_a_digest_of_one_dossier_names_it_in_its_title():
    content = render(ContentKind.INBOX, of_size(1))
    assert content.title == "Nhắc việc: hồ sơ H01.14-261119-0042, đã quá hạn 3 ngày 23 giờ"


def test_a_dossier_of_which_two_things_are_told_is_one_entry():
    told = digest(item(0, "han.hoso_qua"), item(0, "han.can_xin_loi"))
    assert "Việc: Quá hạn trả, Cần xin lỗi" in inbox(told)
    assert inbox(told).count("Mã hồ sơ") + inbox(told).count("\nH01.14-261119-0042") == 1


def test_an_entry_names_procedure_step_deadline_and_lateness():
    assert inbox(of_size(2)).split("\n\n")[2] == (
        "H01.14-261119-0042\n"
        "Thủ tục: Đăng ký thành lập hộ kinh doanh\n"
        "Bước: Lãnh đạo phòng duyệt hồ sơ\n"
        "Việc: Quá hạn trả\n"
        "Thời hạn: đã quá hạn 3 ngày 23 giờ, hạn 17:00 19/11/2026"
    )


def test_a_heads_entry_names_who_has_the_dossier():
    assert "Bước, người giữ: Lãnh đạo phòng duyệt hồ sơ (Hồ Văn Kiểm)" in inbox(of_size(2), Audience.HEAD)


def test_what_waits_for_acceptance_too_long_is_called_late_by_words():
    assert "Thời hạn: quá hạn, chờ từ 08:15 20/11/2026" in inbox(digest(item(0, "han.qua_tiep_nhan")))


def test_a_digest_of_forty_names_twenty_and_says_how_many_are_left():
    text = inbox(of_size(40))
    assert text.count("\nThời hạn: ") == 20
    assert "Còn 20 hồ sơ khác ít gấp hơn" in text


def test_a_digest_of_twenty_leaves_nothing_out():
    assert "hồ sơ khác" not in inbox(of_size(20))


def test_a_mail_shows_the_digest_as_a_table_with_heads():
    html = render(ContentKind.EMAIL, of_size(5)).html
    assert re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', html) == ["Mã hồ sơ", "Thủ tục", "Bước", "Việc", "Thời hạn"]
    assert html.count('role="rowheader"') == 5


def test_a_mail_of_a_single_reminder_has_no_such_table():
    assert 'class="list"' not in render(ContentKind.EMAIL, reminder("han.buoc_qua")).html


def test_a_sensitive_dossier_shows_its_code_alone_on_an_open_channel():
    entries = render(ContentKind.EMAIL, of_size(2), sensitive={"H01.14-261119-0043"}).text.split("\n\n")
    assert next(entry for entry in entries if entry.startswith("H01.14-261119-0043")) == (
        "H01.14-261119-0043\nThủ tục: Thủ tục hành chính\nViệc: Chuyển bước\nThời hạn: còn 1 ngày 19 giờ, hạn 11:30 25/11/2026"
    )


def test_the_dossiers_beside_a_sensitive_one_are_told_in_full():
    text = render(ContentKind.EMAIL, of_size(2), sensitive={"H01.14-261119-0043"}).text
    assert text.count(PROCEDURE) == 1


@pytest.mark.parametrize("kind", [ContentKind.SMS, ContentKind.ZALO, ContentKind.EMAIL])
@each_size
def test_a_digest_of_sensitive_dossiers_betrays_none(kind, count):
    codes = {f"H01.14-261119-{42 + number:04}" for number in range(count)}
    content = str(render(kind, of_size(count), Audience.HEAD, sensitive=codes))
    assert [secret for secret in (PROCEDURE, "Lãnh đạo phòng duyệt", "xin-loi-0042") if secret in content] == []


def test_behind_a_log_in_a_sensitive_dossier_is_told_in_full():
    assert PROCEDURE in inbox(of_size(1), sensitive={"H01.14-261119-0042"})


def test_a_bar_in_a_name_does_not_break_the_table():
    assert "Thủ tục: A / B" in inbox(digest(item(0, procedure_name="A | B"), item(1)))


def test_markup_in_a_name_stays_text_in_the_html():
    html = render(ContentKind.EMAIL, digest(item(0, procedure_name="<b>x</b>"), item(1))).html
    assert "&lt;b&gt;x" in html


def test_everything_that_officers_are_told_of_has_a_label_for_the_digest():
    types = {file.parts[-3] for file in TEMPLATES.glob("*.*/vi/staff.jinja")} - {DIGEST}
    assert types == set(phrases.MATTERS)


def test_a_type_without_a_label_is_told_all_the_same():
    assert "Việc: Có cập nhật" in inbox(digest(event(type=EventType("hoso.khac"))))


# Forms


def test_lines_are_joined_as_far_as_they_fit():
    assert as_many_as_fit("một\n\n hai\nba", 20, "và %d nữa") == "một; hai; ba"
    assert as_many_as_fit("một\nhai hai hai\nba", 14, "và %d nữa") == "một; và 2 nữa"
    assert as_many_as_fit("một\nhai\nba", 9, "và %d nữa") == "và 3 nữa"


def test_a_table_of_heads_alone_is_none():
    assert table("A | B", "x") is None


def test_a_table_knows_what_stands_out():
    made = table("A | B\n! 1 | \n2 | 3", "x")
    assert made == Table(("A", "B"), made.lines)
    assert [(line.cells, line.stands_out) for line in made.lines] == [(("1", ""), True), (("2", "3"), False)]


def test_a_line_with_too_many_cells_is_a_fault_of_its_wording():
    with pytest.raises(TemplateFault, match="as many cells"):
        table("A | B\n1 | 2 | 3", "x")


# In plain words on Zalo


def in_words(told: DossierEvent, audience=Audience.HANDLER, **others) -> str | None:
    return render(ContentKind.ZALO, told, audience, **others).text


@each_staff_reader
@each_staff_type
def test_a_reminder_in_words_says_code_what_to_do_and_where(audience, event_type):
    told = reminder(event_type)
    text = in_words(told, audience)
    assert [part in text for part in (told.dossier.code, "Việc cần làm: ", LINK)] == [True] * 3


@each_size
@each_staff_reader
def test_a_digest_in_words_says_how_many_it_does_not_list(audience, count):
    text = in_words(of_size(count), audience)
    left_out = re.search(r"- và (\d+) hồ sơ khác", text)
    assert text.count("\n- H01") + (int(left_out[1]) if left_out else 0) == count


@each_size
def test_a_digest_in_words_fits_even_if_every_name_is_long(count):
    text = in_words(of_size(count, procedure_name="Thủ tục rất dài " * 20), Audience.HEAD)
    assert len(text) <= LONGEST_ZALO_TEXT


@each_staff_type
def test_words_are_silent_about_a_sensitive_procedure(event_type):
    told = reminder(event_type)
    assert PROCEDURE not in in_words(told, sensitive={told.dossier.code})


@pytest.mark.parametrize("event_type", CITIZEN_TYPES)
def test_citizens_are_not_told_in_words(event_type):
    assert in_words(reminder(event_type), Audience.CITIZEN) is None


def test_words_that_are_too_long_are_left_to_the_template():
    assert in_words(reminder("han.hoso_qua", procedure_name="Thủ tục rất dài " * 200)) is None
