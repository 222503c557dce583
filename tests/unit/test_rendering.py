"""Every wording, in every form, for every reader."""

import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from notifier.domain.content import ContentKind, EmailContent, InboxContent, SmsContent, SmsEncoding, ZaloContent
from notifier.domain.dossiers import ReturnMethod
from notifier.domain.recipients import Audience, Locale
from notifier.rendering import zalo
from notifier.rendering.renderer import ZALO_CATALOGUE, Renderer, RenderRequest
from tests.support.events import OWNER, PROCEDURE, REASON, recipient
from tests.support.reminders import NOW, told

TEMPLATES = Path(__file__).parents[2] / "templates"
LINK = "https://thongbao.angiang.example.gov.vn/t/Ab3dE5fG7hJ9kL2mN4pQ6r"
HOTLINE = "1900 0000"
SENDER = "Trung tâm Phục vụ hành chính công tỉnh An Giang"

CITIZEN_EVENTS = {
    *(
        f"hoso.{name}"
        for name in [
            "moi_dang_ky",
            "duoc_tiep_nhan",
            "khong_tiep_nhan",
            "dang_xu_ly",
            "yeu_cau_bo_sung",
            "yeu_cau_nvtc",
            "da_thanh_toan",
            "rut_ho_so",
            "dung_xu_ly",
            "xu_ly_xong",
            "da_tra_ket_qua",
            "xin_loi_gia_han",
            "doi_ngay_hen_tra",
            "dinh_chinh",
        ]
    ),
    *(f"bccc.{name}" for name in ("da_gui", "dang_phat", "da_phat", "chuyen_hoan")),
    *(f"lichhen.{name}" for name in ("dat", "doi", "huy", "nhac")),
    *(f"han.{name}" for name in ("bo_sung_sap_het", "phi_chua_nop", "chua_nhan_ket_qua")),
}
STAFF_EVENTS = {
    *(
        f"hoso.{name}"
        for name in [
            "moi_dang_ky",
            "duoc_tiep_nhan",
            "dang_xu_ly",
            "chuyen_buoc",
            "da_bo_sung",
            "da_thanh_toan",
            "rut_ho_so",
            "dung_xu_ly",
            "xu_ly_xong",
            "xin_loi_gia_han",
            "dinh_chinh",
        ]
    ),
    *(f"lichhen.{name}" for name in ("dat", "doi", "huy", "nhac")),
    *(
        f"han.{name}"
        for name in [
            "sap_qua_tiep_nhan",
            "qua_tiep_nhan",
            "buoc_sap_den",
            "buoc_qua",
            "hoso_sap_den",
            "can_xin_loi",
            "hoso_qua",
        ]
    ),
    "nhac.tong_hop",
}
STAFF = (Audience.HANDLER, Audience.HEAD, Audience.DIRECTOR)
READERS = [
    *((kind, Audience.CITIZEN, locale) for kind in sorted(CITIZEN_EVENTS) for locale in Locale),
    *((kind, audience, Locale.VI) for kind in sorted(STAFF_EVENTS) for audience in STAFF),
]
OPEN_KINDS = (ContentKind.SMS, ContentKind.ZALO, ContentKind.EMAIL)
OPTIONAL = {
    "due_at": None,
    "filed_at": None,
    "accepted_at": None,
    "returned_at": None,
    "filed_by": None,
    "return_method": None,
    "return_place": None,
    "postal_code": None,
    "receiving_unit": None,
    "handling_unit": None,
    "procedure_name": None,
    "progress": None,
    "supplement": None,
    "letters": (),
    "reason": None,
}
"""What a dossier system often does not say, and no wording may need."""

each_reader = pytest.mark.parametrize(("event_type", "audience", "locale"), READERS)
each_form = pytest.mark.parametrize("kind", ContentKind)
each_open_form = pytest.mark.parametrize("kind", OPEN_KINDS)


@pytest.fixture(scope="module")
def renderer():
    return Renderer(TEMPLATES)


@pytest.fixture(scope="module")
def catalogue():
    return zalo.load(TEMPLATES / ZALO_CATALOGUE)


@pytest.fixture
def render(renderer):
    def one(kind, event_type, audience=Audience.CITIZEN, locale=Locale.VI, *, neutral=False, **overrides):
        request = RenderRequest(
            event=told(event_type, **overrides),
            recipient=recipient(audience, locale=locale),
            kind=kind,
            link=LINK,
            hotline=HOTLINE,
            sender_name=SENDER,
            sensitive=lambda _: neutral,
            now=NOW,
        )
        return renderer.render(request)

    return one


def words(content) -> str:
    match content:
        case InboxContent():
            return f"{content.title}\n{content.body}"
        case SmsContent():
            return content.text
        case ZaloContent():
            return "\n".join(content.parameters.values())
        case EmailContent():
            return f"{content.subject}\n{content.text}\n{html_words(content.html)}"


def html_words(html: str) -> str:
    found: list[str] = []

    class Reader(HTMLParser):
        hidden = False

        def handle_starttag(self, tag, *_):
            self.hidden = tag in {"style", "title"}

        def handle_endtag(self, *_):
            self.hidden = False

        def handle_data(self, data):
            if not self.hidden:
                found.append(data)

    Reader().feed(html)
    return " ".join(" ".join(found).split())


def test_the_folder_holds_exactly_the_catalogue():
    files = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob("[!_]*/*/*.jinja")}
    wanted = {f"{name}/{locale}/citizen.jinja" for name in CITIZEN_EVENTS for locale in Locale}
    assert files == wanted | {f"{name}/vi/staff.jinja" for name in STAFF_EVENTS}


@each_form
@each_reader
def test_every_message_is_clean_composed_text(render, kind, event_type, audience, locale):
    text = words(render(kind, event_type, audience, locale))
    assert unicodedata.is_normalized("NFC", text)
    assert not re.search(r"[{}]|\bNone\b|\bTrue\b|\bFalse\b|Undefined", text)


@each_form
@each_reader
def test_no_two_sentences_run_together(render, kind, event_type, audience, locale):
    text = words(render(kind, event_type, audience, locale)).replace(LINK, "")
    text = re.sub(r"https://\S+", "", text)
    assert not re.findall(r"\.\.|[.,;:)][^\W\d_]{2}|[^\W\d_ ]\(|  | [.,;]", text)


@each_form
@each_reader
def test_every_message_can_live_without_what_systems_often_omit(render, kind, event_type, audience, locale):
    assert words(render(kind, event_type, audience, locale, **OPTIONAL))


@each_reader
def test_an_ordinary_sms_is_one_part_of_gsm7(render, event_type, audience, locale):
    content = render(ContentKind.SMS, event_type, audience, locale)
    assert (content.parts, content.encoding) == (1, SmsEncoding.GSM7)


@each_reader
def test_an_sms_names_the_dossier_and_ends_with_the_link(render, event_type, audience, locale):
    text = render(ContentKind.SMS, event_type, audience, locale).text
    assert "H01.14-261119-0042" in text
    assert text.endswith(f" {LINK}")


@each_reader
def test_a_zalo_card_keeps_to_the_limits_of_its_template(render, catalogue, event_type, audience, locale):
    long_name = "Công ty trách nhiệm hữu hạn một thành viên Ví Dụ Rất Dài"
    content = render(
        ContentKind.ZALO, event_type, audience, locale, procedure_name="Thủ tục " * 60, reason=long_name * 9
    )
    parameters = catalogue.templates[content.template].parameters
    assert all(len(value) <= catalogue.longest[parameters[name].type] for name, value in content.parameters.items())


@each_reader
def test_a_zalo_card_holds_no_telephone_and_no_link_but_its_button(render, event_type, audience, locale):
    parameters = dict(render(ContentKind.ZALO, event_type, audience, locale).parameters)
    assert parameters.pop("link") == LINK
    assert [value for value in parameters.values() if HOTLINE in value or "://" in value] == []


@each_reader
def test_a_mail_has_its_styles_inlined_and_shows_the_qr_picture(render, event_type, audience, locale):
    content = render(ContentKind.EMAIL, event_type, audience, locale)
    assert '<h1 style="' in content.html
    assert 'src="cid:qr"' in content.html
    assert content.qr_png.startswith(b"\x89PNG")


@each_reader
def test_a_mail_says_the_same_in_text_and_html(render, event_type, audience, locale):
    content = render(ContentKind.EMAIL, event_type, audience, locale)
    shown = html_words(content.html)
    lines = [line.removeprefix("- ") for line in content.text.splitlines() if line and "https://" not in line]
    pieces = [
        piece for line in lines for piece in (line.split(": ") if line.rstrip(":") not in shown else [line.rstrip(":")])
    ]
    assert [piece for piece in pieces if piece not in shown] == []


@each_reader
def test_a_mail_gives_the_link_the_hotline_the_sender_and_the_warning(render, event_type, audience, locale):
    content = render(ContentKind.EMAIL, event_type, audience, locale)
    assert [
        part for part in (LINK, HOTLINE, SENDER, "OTP") if part not in content.text or part not in content.html
    ] == []


@each_open_form
@each_reader
def test_a_neutral_message_betrays_neither_procedure_nor_reason_nor_name(render, kind, event_type, audience, locale):
    content = render(kind, event_type, audience, locale, neutral=True)
    said = content.html + words(content) if isinstance(content, EmailContent) else words(content)
    secrets = (PROCEDURE, REASON, OWNER.name, "Tờ khai", "tờ khai có chữ ký", "Phí thẩm định", "Lãnh đạo phòng duyệt")
    assert [secret for secret in secrets if secret in said] == []


def test_the_portal_inbox_names_the_procedure_even_if_it_is_sensitive(render):
    assert PROCEDURE in render(ContentKind.INBOX, "hoso.khong_tiep_nhan", neutral=True).body


def test_what_is_asked_stands_before_what_happened_in_a_mail(render):
    text = render(ContentKind.EMAIL, "hoso.yeu_cau_bo_sung").text
    assert text.index("Hạn bổ sung: 17:00 ngày 30/11/2026") < text.index("Khi giải quyết hồ sơ")


def test_a_result_by_post_does_not_call_the_citizen_to_the_counter(render):
    content = render(ContentKind.SMS, "hoso.xu_ly_xong", return_method=ReturnMethod.POST)
    assert content.text.startswith("Ho so H01.14-261119-0042 da co ket qua. Buu chinh se phat den dia chi da dang ky.")


def test_a_head_is_asked_to_follow_up_and_an_officer_to_work(render):
    bodies = [render(ContentKind.INBOX, "hoso.chuyen_buoc", reader).body for reader in STAFF]
    assert ["Mở hồ sơ và xử lý" in body for body in bodies] == [True, False, False]


def test_markup_in_a_fact_stays_text_in_the_html(render):
    content = render(ContentKind.EMAIL, "hoso.khong_tiep_nhan", reason='<img src="x"> & {{ 1 + 1 }}')
    assert "&lt;img" in content.html
    assert '<img src="x">' not in content.html
    assert "{{ 1 + 1 }}" in content.text


def test_an_sms_that_would_take_two_parts_falls_back_to_the_shorter_wording(render):
    place = "Trung tâm Phục vụ hành chính công phường Ví Dụ Có Tên Rất Dài"
    content = render(ContentKind.SMS, "hoso.xu_ly_xong", return_place=place)
    assert (content.parts, "Da co ket qua" in content.text) == (1, True)


def test_english_speaking_officers_get_the_vietnamese_wording(render):
    assert render(ContentKind.INBOX, "hoso.chuyen_buoc", Audience.HANDLER, Locale.EN).title.startswith("Nhắc việc")


@each_reader
@pytest.mark.parametrize("neutral", [False, True])
def test_messages_written_in_one_sitting_say_what_each_would_say_alone(renderer, event_type, audience, locale, neutral):
    request = RenderRequest(
        event=told(event_type),
        recipient=recipient(audience, locale=locale),
        kind=ContentKind.INBOX,
        link=LINK,
        hotline=HOTLINE,
        sender_name=SENDER,
        sensitive=lambda _: neutral,
        now=NOW,
    )
    requests = [replace(request, kind=kind) for kind in ContentKind]
    together = renderer.sitting()
    assert [together(each) for each in requests] == [renderer.render(each) for each in requests]
