"""The wordings: every template with every sample, exactly as it would be sent, and how it has changed."""

import base64
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from channels.zalo_settings import Settings as ZaloSettings
from notifier.domain.approved import ENABLED, misfits
from notifier.domain.content import Content, ContentKind, EmailContent, SmsContent, ZaloContent
from notifier.domain.errors import TemplateFault
from notifier.domain.ids import ChannelName, EventType
from notifier.domain.recipients import Audience, Locale
from notifier.rendering import samples
from notifier.rendering.samples import House, Sample
from notifier.rendering.text import GSM7_BASIC, GSM7_EXTENSION, LIMITS, split
from notifier.routing.plan import sensitive
from notifier.store import accounts, wordings
from notifier.store.accounts import TemplateRecord
from notifier.store.wordings import Kept
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.looking import address
from notifier.web.pages.console.words import EVENTS, event_name
from notifier.web.pages.page import visited
from notifier.web.problems import ProblemError
from workers.wiring import App

HOME = "/console/templates"
READERS = {"citizen": Audience.CITIZEN, "staff": Audience.HANDLER, "head": Audience.HEAD}
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
"""A mail brings its styles inline, as mail programs want it; nothing in it runs, and nothing is fetched."""
LINES_MOST = 400


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody looks at."""

    type: EventType
    reader: str
    locale: Locale
    sample: Sample

    @property
    def audience(self) -> Audience:
        return READERS[self.reader]

    def given(self, **other: str) -> dict[str, str | None]:
        own = {"reader": self.reader, "in": self.locale.value, "sample": self.sample.name}
        return {**own, **other}


async def show_templates(visit: OperatorVisit) -> web.Response:
    """Every type of event and who is written to of it."""
    app = visit.app
    listed = [(type_, event_name(type_), _readers(app, type_), address(f"{HOME}/{type_}", {})) for type_ in _types(app)]
    return visited(visit, "console/templates", {"listed": listed})


async def show_template(visit: OperatorVisit) -> web.Response:
    """One wording with one sample in all channels, beside what it costs, what limits it, and its versions."""
    app, chosen = visit.app, _chosen(visit)
    contents = {kind: _written(app, chosen, kind) for kind in ContentKind}
    async with app.pool.acquire() as connection:
        approved = {
            name: await accounts.templates(connection, each.settings.oa_id) for name, each in app.accounts.items()
        }
        name = f"{chosen.type}/{chosen.locale}/{chosen.audience}"
        kept = {kind: await wordings.versions(connection, name, kind) for kind in ContentKind}
    mail, sms, card = contents[ContentKind.EMAIL], contents[ContentKind.SMS], contents[ContentKind.ZALO]
    path = f"{HOME}/{quote(chosen.type)}"
    facts = {
        "chosen": chosen,
        "name": event_name(chosen.type),
        "path": path,
        "readers": _readers(app, chosen.type),
        "samples": samples_of(app.settings.templates_dir),
        "inbox": contents[ContentKind.INBOX],
        "mail": mail,
        "mail_frame": address(f"{path}/mail", chosen.given()),
        "sms": sms,
        "segments": list(_segments(sms)) if isinstance(sms, SmsContent) else [],
        "limits": LIMITS,
        "costs": list(_costs(app, sms)) if isinstance(sms, SmsContent) else [],
        "card": card,
        "template": app.renderer.catalogue.templates[card.template] if isinstance(card, ZaloContent) else None,
        "longest": app.renderer.catalogue.longest,
        "approvals": list(_approvals(app, card, approved)) if isinstance(card, ZaloContent) else [],
        "versions": [_history(app, chosen, kind, kept[kind]) for kind in ContentKind],
        "is_fault": lambda content: isinstance(content, TemplateFault),
    }
    response = visited(visit, "console/template", facts)
    response.headers["Content-Security-Policy"] += "; frame-src 'self'"
    return response


async def show_mail(visit: OperatorVisit) -> web.Response:
    """The HTML of the mail alone, with its picture, as a mail program would show it."""
    content = _written(visit.app, _chosen(visit), ContentKind.EMAIL)
    if not isinstance(content, EmailContent):
        raise ProblemError("not-found", "This sample makes no mail.")
    picture = base64.b64encode(content.qr_png or b"").decode()
    html = content.html.replace("cid:qr", f"data:image/png;base64,{picture}")
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": MAIL_POLICY})


@cache
def samples_of(templates_dir: Path) -> dict[str, Sample]:
    return samples.load(templates_dir)


def _types(app: App) -> list[EventType]:
    """Those that have a rule, in the order of the rules."""
    order = list(EVENTS)
    return sorted(app.rules.rules, key=lambda type_: order.index(type_) if type_ in order else len(order))


def _readers(app: App, type_: EventType) -> list[str]:
    """Who is told by the rule: citizens, handlers, heads."""
    told = {tell.to for tell in app.rules.rules[type_].tell}
    heads = told & {Audience.HEAD, Audience.DIRECTOR}
    return [
        name
        for name, is_told in (
            ("citizen", Audience.CITIZEN in told),
            ("staff", Audience.HANDLER in told),
            ("head", bool(heads)),
        )
        if is_told
    ]


def _chosen(visit: OperatorVisit) -> Chosen:
    """Raises `not-found` for what there is no wording of; what is not chosen is the first there is."""
    type_, query = EventType(visit.request.match_info["type"]), visit.request.query
    if type_ not in visit.app.rules.rules:
        raise ProblemError("not-found", "There is no such type of event.")
    known, readers = samples_of(visit.app.settings.templates_dir), _readers(visit.app, type_)
    reader, locale = query.get("reader", readers[0]), query.get("in", Locale.VI.value)
    sample = query.get("sample", next(iter(known)))
    if reader not in readers or locale not in set(Locale) or sample not in known:
        raise ProblemError("not-found", "There is no such reader, language or sample.")
    return Chosen(type_, reader, Locale(locale), known[sample])


def _written(app: App, chosen: Chosen, kind: ContentKind) -> Content | TemplateFault:
    settings = app.settings
    link = f"{settings.public_url}/t/{'x' * 22}"
    house = House(link, settings.hotline, settings.sender_name, partial(sensitive, rules=app.rules))
    reader = (chosen.audience, chosen.locale)
    try:
        return app.renderer.render(samples.request(chosen.sample, chosen.type, reader, kind, house))
    except TemplateFault as fault:
        return fault


def _segments(sms: SmsContent) -> Iterator[tuple[str, int]]:
    """The parts of an SMS, each with the units that it takes."""
    for part in split(sms.text, sms.encoding):
        yield (
            part,
            sum(2 if each in GSM7_EXTENSION else 1 for each in part)
            if set(part) <= GSM7_BASIC | GSM7_EXTENSION
            else len(part.encode("utf-16-le")) // 2,
        )


def _costs(app: App, sms: SmsContent) -> Iterator[tuple[str, int, int]]:
    """Each SMS provider with its price of a part and of this message, in đồng."""
    setup = app.setups.get(ChannelName("sms"))
    for each in setup.providers if setup else ():
        yield each.name, each.limits.price_per_part, each.limits.price_per_part * sms.parts


@dataclass(frozen=True, slots=True)
class Approval:
    """How a template stands at one Official Account; `id` is None where none is configured."""

    account: str
    id: str | None
    record: TemplateRecord | None
    faults: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        return self.record is not None and self.record.template.status == ENABLED


def _approvals(app: App, card: ZaloContent, known: dict[Any, dict[str, TemplateRecord]]) -> Iterator[Approval]:
    for name, account in app.accounts.items():
        settings: ZaloSettings = account.settings
        id_ = settings.templates.get(card.template)
        record = known[name].get(id_) if id_ else None
        faults = tuple(misfits(record.template, card.parameters)) if record else ()
        yield Approval(name, id_, record, faults)


@dataclass(frozen=True, slots=True)
class History:
    """The version in force and those that messages were written by before; `lines` tell what has changed since the last."""

    kind: ContentKind
    current: str | None
    kept: tuple[Kept, ...]
    before: Kept | None
    lines: tuple[tuple[str, str], ...]


def _history(app: App, chosen: Chosen, kind: ContentKind, kept: list[Kept]) -> History:
    key = (chosen.type, chosen.audience, chosen.locale, kind)
    try:
        version, text = app.renderer.version(*key), app.renderer.text(*key).replace("\0", "\n")
    except TemplateFault:
        return History(kind, None, tuple(kept), None, ())
    before = next((each for each in kept if each.version != version), None)
    lines = tuple(_difference(before.text, text)) if before else ()
    return History(kind, version, tuple(kept), before, lines)


def _difference(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Lines that went and came, with one around them: `-`, `+` or a space, and the line."""
    changed = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    for line in list(changed)[2 : LINES_MOST + 2]:
        yield ("…", "") if line.startswith("@@") else (line[:1], line[1:])
