"""The citizen's inbox: messages by dossier, what to do with them, and their news as they come.

Looking changes nothing. Reading is proof of delivery, so only a form, or the script when a message is opened, marks it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from notifier.domain.ids import NO_DOSSIER, DeliveryId, InboxOwner
from notifier.settings import Settings
from notifier.store import inbox, own, passes
from notifier.store.inbox import Chosen, InboxMessage, Show
from notifier.store.own import Origin
from notifier.store.pool import Connection
from notifier.web.access.gate import Access, hash_of
from notifier.web.access.visits import CitizenVisit
from notifier.web.api.inbox import portal_page
from notifier.web.api.stream import open_stream
from notifier.web.pages.citizen.dossier import address_of_dossier
from notifier.web.pages.page import visited
from notifier.web.problems import ProblemError
from notifier.web.requests import DIGITS_MOST, digits, whole_number
from workers.steps import read_messages

HOME = "/hop-thu"
PAGE, UNREAD_MOST = 30, 60
"""Messages of a page; and how many older unread ones stand with them on the first."""
_BACK = re.compile(r"/hop-thu(?:[?#][\w=&#;-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Group:
    """The messages of one dossier on one page, unread ones first, then the newest."""

    source: str
    code: str
    messages: Sequence[InboxMessage]
    procedure: str | None
    hotline: str
    at_portal: str | None
    """The dossier on the public service portal."""
    is_to_staff: bool

    @property
    def id(self) -> str:
        """Names the group within the page."""
        return f"h-{self.messages[-1].id}"

    @property
    def is_of_one(self) -> bool:
        """Whether its messages tell of one dossier."""
        return self.code != NO_DOSSIER

    @property
    def link(self) -> str | None:
        """The page of the dossier, which is its citizen's: None for who works on it."""
        return address_of_dossier(self.source, self.code) if self.is_of_one and not self.is_to_staff else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of an inbox. `before` continues it; None on the last one."""

    messages: Sequence[InboxMessage]
    before: int | None
    unread: int
    newest: int
    origins: Mapping[DeliveryId, Origin]
    procedures: Mapping[DeliveryId, str]


def by_dossier(messages: Iterable[InboxMessage]) -> list[list[InboxMessage]]:
    """Dossiers with something unread first, then those with the newest message; within each the same."""
    groups: dict[tuple[str, str], list[InboxMessage]] = {}
    for each in sorted(messages, key=lambda message: (message.read_at is not None, -message.seq)):
        groups.setdefault((each.source, each.dossier_code), []).append(each)
    return sorted(groups.values(), key=lambda group: (group[0].read_at is not None, -max(m.seq for m in group)))


async def _sheet(connection: Connection, owner: InboxOwner, show: Show, before: int | None) -> Sheet:
    """A page of messages. With the first one of the inbox come older ones that are unread."""
    found = await inbox.page(connection, owner, before=before, limit=PAGE + 1, show=show)
    messages, more = found[:PAGE], len(found) > PAGE
    last = messages[-1].seq if more else None
    if more and before is None and show is Show.CURRENT:
        messages += await inbox.page(connection, owner, before=last, limit=UNREAD_MOST, show=Show.UNREAD)
    return Sheet(
        messages,
        last,
        await inbox.unread(connection, owner),
        await inbox.newest_seq(connection, owner),
        await own.origins(connection, messages),
        await own.procedures(connection, messages),
    )


async def show_inbox(visit: CitizenVisit) -> web.Response:
    """The inbox, or with `part` only its messages, for the script that keeps an open page up to date."""
    query = visit.request.query
    show = Show.ARCHIVED if query.get("show") == Show.ARCHIVED else Show.CURRENT
    before = whole_number(visit.request, "before", 0, least=1, most=10**DIGITS_MOST - 1) or None
    async with visit.app.pool.acquire() as connection:
        sheet = await _sheet(connection, visit.who, show, before)
    name = "citizen/messages" if "part" in query else "citizen/inbox"
    return visited(visit, name, {**_facts(visit, sheet), "show": show, "is_first": before is None})


def _facts(visit: CitizenVisit, sheet: Sheet) -> dict[str, Any]:
    settings = visit.app.settings
    return {
        "groups": [_group(settings, messages, sheet) for messages in by_dossier(sheet.messages)],
        "unread": sheet.unread,
        "newest": sheet.newest,
        "through": max((message.seq for message in sheet.messages), default=0),
        "next_before": sheet.before,
    }


def _group(settings: Settings, messages: Sequence[InboxMessage], sheet: Sheet) -> Group:
    first = messages[0]
    origin = sheet.origins.get(first.id)
    named = (sheet.procedures[each.id] for each in messages if each.id in sheet.procedures)
    return Group(
        source=first.source,
        code=first.dossier_code,
        messages=messages,
        procedure=next(named, None),
        hotline=settings.hotline(origin.agency if origin else None),
        at_portal=portal_page(settings, first, origin),
        is_to_staff=bool(origin and origin.audience.is_staff),
    )


async def mark_read(visit: CitizenVisit) -> web.Response:
    """The person has seen this message. A second time changes nothing."""
    message = await _message(visit)
    await read_messages(visit.app, visit.who, Chosen((message,)))
    return _back(visit)


async def mark_all_read(visit: CitizenVisit) -> web.Response:
    """All up to the newest message that the page showed: what came meanwhile stays unread."""
    through = digits(visit.form.get("through", ""))
    if through is None:
        raise ProblemError("invalid-query", "The form does not say which messages were shown.")
    await read_messages(visit.app, visit.who, Chosen(through=through))
    return _back(visit)


async def put_away(visit: CitizenVisit) -> web.Response:
    """Out of sight, not read."""
    return await _move(visit, to_archive=True)


async def bring_back(visit: CitizenVisit) -> web.Response:
    return await _move(visit, to_archive=False)


async def show_stream(visit: CitizenVisit) -> web.StreamResponse:
    """What comes into the inbox, for as long as the session lasts."""
    app = visit.app
    async with app.pool.acquire() as connection:
        opened = await passes.session(connection, hash_of(visit.session), app.clock())
    if opened is None:
        raise ProblemError("session-ended", "The session has ended.")
    return await open_stream(visit.request, Access(opened.owner, opened.until, hash_of(visit.session)))


async def _move(visit: CitizenVisit, *, to_archive: bool) -> web.Response:
    message, app = await _message(visit), visit.app
    async with app.pool.acquire() as connection:
        if await inbox.archive(connection, visit.who, Chosen((message,)), app.clock() if to_archive else None):
            await inbox.tell(connection, visit.who)
    return _back(visit)


async def _message(visit: CitizenVisit) -> DeliveryId:
    """The message that the address names. Raises `not-found` where this inbox does not hold it."""
    try:
        message = DeliveryId(UUID(visit.request.match_info["message"]))
    except ValueError:
        raise ProblemError("not-found", "There is no such message in this inbox.") from None
    async with visit.app.pool.acquire() as connection:
        if not await inbox.holds(connection, visit.who, message):
            raise ProblemError("not-found", "There is no such message in this inbox.")
    return message


def _back(visit: CitizenVisit) -> web.Response:
    """To the page of the inbox from which the form was sent."""
    wanted = visit.form.get("back", HOME)
    return web.Response(status=303, headers={"Location": wanted if _BACK.fullmatch(wanted) else HOME})
