"""Events become messages: one call per message, no input or output after the first use of a template."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import assert_never

from notifier.domain.content import Content, ContentKind
from notifier.domain.events import DossierEvent
from notifier.domain.ids import EventId, EventType, RecipientId
from notifier.domain.recipients import Audience, Locale, Recipient
from notifier.rendering import forms, messages, zalo
from notifier.rendering.facts import Frame, facts_of
from notifier.rendering.messages import Say
from notifier.rendering.page import Page

EMAIL_LAYOUT = "_layout/email.html"
ZALO_CATALOGUE = "_zalo/catalogue.toml"


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One message to write. `link` is the look-up page with an opaque token, on a host of the agency.

    `sensitive` tells of an event whether its procedure is: every form but the portal inbox, which stands behind a
    log-in, then keeps silent about it. A digest asks it of each event that it gathers.
    """

    event: DossierEvent
    recipient: Recipient
    kind: ContentKind
    link: str
    hotline: str
    sender_name: str
    sensitive: Callable[[DossierEvent], bool]
    now: datetime


class Renderer:
    """Holds the compiled templates of one directory. Changes on disk need a new one."""

    def __init__(self, templates_dir: Path) -> None:
        self._text = messages.environment(templates_dir)
        self._page = Page(messages.environment(templates_dir, html=True).get_template(EMAIL_LAYOUT))
        self.catalogue = zalo.load(templates_dir / ZALO_CATALOGUE)
        self._shared = {
            ContentKind.EMAIL: (templates_dir / EMAIL_LAYOUT).read_text(encoding="utf-8"),
            ContentKind.ZALO: (templates_dir / ZALO_CATALOGUE).read_text(encoding="utf-8"),
        }
        self._wordings: dict[tuple[EventType, Audience, Locale], messages.Wording] = {}
        self._versions: dict[tuple[EventType, Audience, Locale, ContentKind], str] = {}
        self.kept: set[tuple[str, ContentKind, str]] = set()
        """Template, kind and version of the wordings that this process knows to be kept (`notifier.store.wordings`)."""

    def render(self, request: RenderRequest) -> Content:
        """The content for the request's channel. A fact that is missing or does not fit is a `TemplateFault`."""
        return self.sitting()(request)

    def sitting(self) -> Callable[[RenderRequest], Content]:
        """Another `render`, for messages that are written together: what several of them say is put into words once.

        In one sitting the id of an event stands for one event, told at one time, and that of a recipient for one person.
        """
        spoken: dict[tuple[EventId, RecipientId, bool], Say] = {}

        def render(request: RenderRequest) -> Content:
            event, recipient = request.event, request.recipient
            wording = self._wording(event.type, recipient.audience, recipient.locale)
            guarded = request.kind is not ContentKind.INBOX and any(map(request.sensitive, (event, *event.gathered)))
            key = (event.id, recipient.id, guarded)
            if key not in spoken:
                spoken[key] = messages.speaker(
                    wording, facts_of(event, _frame(request, wording.locale, guarded=guarded))
                )
            return self._form(request, wording, spoken[key])

        return render

    def _form(self, request: RenderRequest, wording: messages.Wording, say: Say) -> Content:
        match request.kind:
            case ContentKind.INBOX:
                return forms.inbox(say, link=request.link, source=wording.name)
            case ContentKind.SMS:
                return forms.short_message(say, source=wording.name)
            case ContentKind.ZALO:
                text = forms.plain(say("text"))
                return zalo.content(forms.rows(say("zalo")), self.catalogue, source=wording.name, text=text)
            case ContentKind.EMAIL:
                return forms.email(
                    say,
                    self._page,
                    link=request.link,
                    sender_name=request.sender_name,
                    locale=wording.locale,
                    source=wording.name,
                )
            case _:
                assert_never(request.kind)

    def version(self, event_type: EventType, audience: Audience, locale: Locale, channel_kind: ContentKind) -> str:
        """A short hash of all that the wording is made of, for a delivery to pin: it changes when a character does."""
        key = (event_type, audience, locale, channel_kind)
        if key not in self._versions:
            self._versions[key] = messages.fingerprint(self.text(*key))
        return self._versions[key]

    def text(self, event_type: EventType, audience: Audience, locale: Locale, channel_kind: ContentKind) -> str:
        """All that the wording is made of, as its version counts it: its file, its layouts, what its channel adds."""
        wording = self._wording(event_type, audience, locale)
        return f"{wording.text}\0{self._shared.get(channel_kind, '')}"

    def check(self, event_type: EventType, audience: Audience) -> None:
        """Reads the wordings for a reader in every language: a missing or broken file is a `TemplateFault` now, not later."""
        for locale in Locale:
            self._wording(event_type, audience, locale)

    def _wording(self, event_type: EventType, audience: Audience, locale: Locale) -> messages.Wording:
        key = (event_type, audience, locale)
        if key not in self._wordings:
            self._wordings[key] = messages.find(self._text, *key)
        return self._wordings[key]


def _frame(request: RenderRequest, locale: Locale, *, guarded: bool) -> Frame:
    return Frame(
        recipient=request.recipient,
        locale=locale,
        link=request.link,
        hotline=request.hotline,
        sender_name=request.sender_name,
        neutral=request.sensitive if guarded else _nothing_is,
        now=request.now,
    )


def _nothing_is(_: DossierEvent) -> bool:
    return False
