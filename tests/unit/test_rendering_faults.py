import shutil
from pathlib import Path

import pytest

from notifier.domain.content import ContentKind
from notifier.domain.errors import TemplateFault
from notifier.domain.ids import EventType
from notifier.domain.recipients import Audience, Locale
from notifier.rendering import zalo
from notifier.rendering.messages import fits
from notifier.rendering.renderer import Renderer, RenderRequest
from tests.support.events import event, local, recipient

TEMPLATES = Path(__file__).parents[2] / "templates"
ACCEPTED = EventType("hoso.duoc_tiep_nhan")
FILE = f"{ACCEPTED}/vi/citizen.jinja"


@pytest.fixture
def folder(tmp_path):
    """A copy of the templates that a test may spoil."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def render(folder, event_type=ACCEPTED, kind=ContentKind.INBOX, *, link="https://t.example.gov.vn/t/a", **overrides):
    return Renderer(folder).render(
        RenderRequest(
            event=event(type=event_type, **overrides),
            recipient=recipient(),
            kind=kind,
            link=link,
            hotline="1900 0000",
            sender_name="Trung tâm",
            sensitive=lambda _: False,
            now=local(23, 16),
        )
    )


def spoil(folder, text):
    (folder / FILE).write_text('{% extends "_layout/vi/citizen.jinja" %}' + text, encoding="utf-8")


def version(folder, kind=ContentKind.SMS):
    return Renderer(folder).version(ACCEPTED, Audience.CITIZEN, Locale.VI, kind)


@pytest.mark.parametrize(
    ("event_type", "missing", "fact"),
    [
        ("hoso.xin_loi_gia_han", {"new_due_at": None}, "hen_tra_moi"),
        ("hoso.yeu_cau_nvtc", {"fees": ()}, "can_nop"),
        ("hoso.doi_ngay_hen_tra", {"due_at": None, "new_due_at": None}, "hen_tra"),
        ("hoso.dinh_chinh", {"status": None}, "trang_thai"),
        ("lichhen.dat", {"appointment": None}, "lich_hen_luc"),
    ],
)
@pytest.mark.parametrize("kind", ContentKind)
def test_a_missing_fact_stops_the_message_and_is_named(event_type, missing, fact, kind):
    with pytest.raises(TemplateFault) as fault:
        render(TEMPLATES, EventType(event_type), kind, **missing)
    assert (fault.value.fact, fault.value.template) == (fact, f"{event_type}/vi/citizen.jinja")


def test_a_misspelt_fact_is_named(folder):
    spoil(folder, "{% block title %}{{ ma_hoso }}{% endblock %}")
    with pytest.raises(TemplateFault) as fault:
        render(folder)
    assert fault.value.fact == "ma_hoso"


def test_a_missing_part_of_a_fact_is_named(folder):
    spoil(folder, "{% block title %}{{ van_ban[0].tieu_de }}{% endblock %}")
    with pytest.raises(TemplateFault) as fault:
        render(folder)
    assert fault.value.fact == "tieu_de"


def test_a_wording_without_a_title_is_a_fault(folder):
    spoil(folder, "")
    with pytest.raises(TemplateFault, match="title says nothing"):
        render(folder)


def test_a_template_cannot_reach_into_python(folder):
    spoil(folder, "{% block title %}{{ ''.__class__.__mro__ }}{% endblock %}")
    with pytest.raises(TemplateFault):
        render(folder)


def test_a_wording_that_does_not_parse_is_a_fault(folder):
    spoil(folder, "{% block title %}")
    with pytest.raises(TemplateFault):
        render(folder)


@pytest.mark.parametrize("event_type", ["hoso.la", "../templates/hoso.duoc_tiep_nhan", "hoso.chuyen_buoc"])
def test_an_event_without_wording_for_the_reader_is_a_fault(event_type):
    with pytest.raises(TemplateFault, match="no wording"):
        render(TEMPLATES, EventType(event_type))


def test_a_check_finds_a_broken_wording_in_any_language(folder):
    (folder / f"{ACCEPTED}/en/citizen.jinja").write_text("{% block title %}", encoding="utf-8")
    with pytest.raises(TemplateFault, match="cannot be read"):
        Renderer(folder).check(ACCEPTED, Audience.CITIZEN)


def test_a_zalo_value_that_is_too_long_names_parameter_length_and_limit():
    with pytest.raises(TemplateFault, match="ma_ho_so has 31 characters, the limit is 30") as fault:
        render(TEMPLATES, kind=ContentKind.ZALO, code="H" * 31)
    assert fault.value.fact == "ma_ho_so"


@pytest.mark.parametrize(
    ("rows", "fact"),
    [
        ([("template", "khong_co")], "template"),
        ([("template", "xin_loi"), ("la", "x")], "la"),
        ([("template", "xin_loi"), ("ten", "Ông/Bà")], "ma_ho_so"),
    ],
)
def test_a_zalo_card_that_does_not_match_its_template_is_a_fault(rows, fact):
    with pytest.raises(TemplateFault) as fault:
        zalo.content(rows, zalo.load(TEMPLATES / "_zalo/catalogue.toml"), source=FILE)
    assert fault.value.fact == fact


def test_a_zalo_length_is_counted_after_composition():
    assert fits("e\u0302\u0301" * 30, 30, "khác") == "ế" * 30


def test_the_same_files_have_the_same_version(folder):
    assert version(folder) == version(TEMPLATES)


@pytest.mark.parametrize("changed", [FILE, "_layout/vi/citizen.jinja", "_layout/blocks.jinja"])
def test_a_change_in_a_wording_or_its_layouts_changes_the_version(folder, changed):
    file = folder / changed
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert version(folder) != version(TEMPLATES)


def test_a_change_in_the_mail_layout_changes_the_version_of_mails_alone(folder):
    layout = folder / "_layout/email.html"
    layout.write_text(layout.read_text(encoding="utf-8") + " ", encoding="utf-8")
    changed = {kind for kind in ContentKind if version(folder, kind) != version(TEMPLATES, kind)}
    assert changed == {ContentKind.EMAIL}
