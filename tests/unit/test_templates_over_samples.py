"""Every wording with every sample event: it renders, or it names the fact that the sample does not have."""

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from notifier.domain.content import Content, ContentKind, EmailContent, InboxContent, SmsContent, ZaloContent
from notifier.domain.errors import TemplateFault
from notifier.domain.events import DIGEST, DossierEvent, Reminder
from notifier.domain.ids import EventType
from notifier.domain.recipients import Audience, Locale
from notifier.rendering.renderer import Renderer, RenderRequest
from notifier.settings import ROOT
from tests.support.events import recipient
from tests.support.intake import MINISTRY, NOW, PROVINCE, accepted, domain_event, sample

TEMPLATES = ROOT / "templates"
RENDERER = Renderer(TEMPLATES)
LINK = "https://thongbao.example.gov.vn/t/abcdefghijklmnop"
LEFTOVER = re.compile(r"None|{{|}}|{%|%}")
WORDINGS = sorted(path.relative_to(TEMPLATES) for path in TEMPLATES.glob("*.*/*/*.jinja"))


def parsed(name: str) -> DossierEvent:
    body = sample(name)
    profile = MINISTRY if body["source"] == MINISTRY.name else PROVINCE
    return domain_event(accepted(body, profile=profile), profile)


SAMPLES = {path.stem: parsed(path.stem) for path in sorted((ROOT / "notifier/sandbox/events").glob("*.json"))[:12]}


def request(event: DossierEvent, wording: Path, kind: ContentKind) -> RenderRequest:
    event_type, locale, reader = wording.parts
    audience = Audience.HANDLER if reader == "staff.jinja" else Audience.CITIZEN
    return RenderRequest(
        event=told(event, event_type),
        recipient=recipient(audience, locale=Locale(locale)),
        kind=kind,
        link=LINK,
        hotline="0296 3956 000",
        sender_name="Trung tâm Phục vụ hành chính công tỉnh An Giang",
        sensitive=lambda _: False,
        now=NOW,
    )


def told(event: DossierEvent, event_type: str) -> DossierEvent:
    """The sample as an event of that type: with what our timers add, or twice in a digest."""
    if event_type == DIGEST:
        step = replace(event, type=EventType("hoso.chuyen_buoc"))
        return replace(event, type=DIGEST, gathered=(step, told(event, "han.hoso_qua")))
    basis = event.dossier.due_at or event.occurred_at
    reminder = Reminder(basis, 1) if event_type.startswith("han.") else None
    return replace(event, type=EventType(event_type), reminder=reminder)


def texts(content: object) -> list[str]:
    match content:
        case InboxContent(title, body, _):
            return [title, body]
        case SmsContent(text, _, _):
            return [text]
        case ZaloContent(_, parameters):
            return list(parameters.values())
        case EmailContent(subject, text, html, _):
            return [subject, text, html]
    raise AssertionError(content)


@pytest.mark.parametrize("wording", WORDINGS, ids=str)
def test_a_wording_tells_every_sample_or_names_the_missing_fact(wording: Path):
    for name, event in SAMPLES.items():
        for kind in ContentKind:
            content = rendered(request(event, wording, kind))
            if isinstance(content, TemplateFault):
                assert content.fact, f"{name}: {content}"
                continue
            for text in texts(content):
                assert text.strip(), name
                assert unicodedata.is_normalized("NFC", text), name
                assert not LEFTOVER.search(text), name
            if isinstance(content, SmsContent):
                assert content.parts == 1, (name, content.text)


def rendered(wanted: RenderRequest) -> Content | TemplateFault:
    try:
        return RENDERER.render(wanted)
    except TemplateFault as fault:
        return fault


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_has_every_fact_that_its_own_wordings_need(name: str):
    event = SAMPLES[name]
    own = [wording for wording in WORDINGS if wording.parts[0] == event.type]
    assert own
    for wording in own:
        for kind in ContentKind:
            RENDERER.render(request(event, wording, kind))
