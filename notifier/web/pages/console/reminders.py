"""Reminders: who was told of what, whom nobody could reach, whose clock runs out, and whom Zalo does not reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from notifier.domain.clock import VIETNAM
from notifier.domain.errors import EntryError, YearMissing
from notifier.domain.ids import EventId, EventType
from notifier.domain.labels import audience_label, state_label
from notifier.reminders.calendar import Calendar, add_working_time, reading, working_time_between
from notifier.reminders.calendar_text import read_date
from notifier.reminders.reports.acceptance import LIMIT
from notifier.reminders.timers import end_of
from notifier.store import clocks, reminded
from notifier.store.clocks import COUNTED_MOST, Book, Now, Running
from notifier.store.pool import Connection
from notifier.store.reminded import Message, Wanted
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.looking import (
    Sight,
    address,
    cursor,
    moment_in,
    number_in,
    read_cursor,
    sight_of,
    text_in,
)
from notifier.web.pages.console.words import EVENTS, ROLES, event_name
from notifier.web.pages.page import language_of, visited
from notifier.web.problems import ProblemError

HOME = "/console/reminders"
WORKING_DAYS = 3
"""So far ahead is looked for dossiers that are nearly due."""
DAYS_SHOWN, DAYS_MOST, DAYS_SEARCHED = 7, 92, 60
CLOSE = timedelta(hours=2)
"""What is left of the 8 hours when a dossier stands out."""
ONE_DAY = timedelta(days=1)
ROWS = 50
"""Of one page."""


async def show_sent(visit: OperatorVisit) -> web.Response:
    """The reminders that went out, the newest first, with each person and what became of each message."""
    now = visit.app.clock()
    query = visit.request.query
    since, until = _days(query, now)
    place = read_cursor(query.get("after"), (moment_in, number_in))
    async with visit.app.pool.acquire() as connection:
        sight = await sight_of(connection, visit)
        type_ = EventType(query["type"]) if query.get("type") in EVENTS else None
        wanted = Wanted(sight.within, _start(since), _start(until + ONE_DAY), type_, bool(query.get("unreached")))
        page = await reminded.page(connection, wanted, after=reminded.Place(*place) if place else None)
        messages = await reminded.messages(connection, [each.event_id for each in page.reminders])
        facts = await _shared(visit, connection, sight, now)
    given = {
        "agency": sight.asked,
        "type": type_,
        "from": since.isoformat(),
        "to": until.isoformat(),
        "unreached": "1" if wanted.unreached else None,
    }
    after = address(HOME, given | {"after": cursor(page.next.at, page.next.id)}) if page.next else None
    return visited(
        visit,
        "console/reminders_sent",
        facts
        | {
            "reminders": page.reminders,
            "people": _people(messages, language_of(visit.request)),
            "given": given,
            "types": {name: words for name, words in EVENTS.items() if name.startswith("han.")},
            "following": after,
        },
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One person of a reminder: who, and each way with its state and why it did not come."""

    who: str
    ways: tuple[tuple[str, str, str, bool, str | None], ...]


def _people(messages: Sequence[Message], language: str) -> Mapping[EventId, list[Told]]:
    persons: dict[tuple[EventId, str, str], list[Message]] = {}
    for each in messages:
        persons.setdefault((each.event_id, each.audience, each.ref), []).append(each)
    found: dict[EventId, list[Told]] = {}
    for (event_id, _, _), ways in persons.items():
        first = ways[0]
        name = f"{first.name} ({first.ref})" if first.audience.is_staff else ""
        label = audience_label(first.audience, language)
        told = Told(
            f"{label}: {name}" if name else label,
            tuple(
                (each.channel, state_label(each.state, language), each.state, each.gathered, _why(each, language))
                for each in ways
                if each.channel and each.state
            ),
        )
        found.setdefault(event_id, []).append(told)
    return found


def _why(message: Message, language: str) -> str | None:
    return message.why.text(language) if message.why else None


async def show_waiting(visit: OperatorVisit) -> web.Response:
    """Online dossiers that wait for an answer, the longest waiting first, with what is left of their 8 hours."""
    return await _show_book(visit, Book.WAITING)


async def show_soon(visit: OperatorVisit) -> web.Response:
    """Dossiers that are due within three working days."""
    return await _show_book(visit, Book.SOON)


async def show_late(visit: OperatorVisit) -> web.Response:
    """Dossiers whose due date has passed, the longest late first."""
    return await _show_book(visit, Book.LATE)


async def _show_book(visit: OperatorVisit, book: Book) -> web.Response:
    now = visit.app.clock()
    place = read_cursor(visit.request.query.get("after"), (moment_in, text_in, text_in))
    async with visit.app.pool.acquire() as connection:
        sight = await sight_of(connection, visit)
        facts = await _shared(visit, connection, sight, now)
        at = moments(visit.app.calendars.of(None), now)
        after = clocks.Place(*place) if place else None
        rows = await clocks.page(connection, book, sight.within, at, after=after, limit=ROWS + 1)
    shown = rows[:ROWS]
    path = f"{HOME}/{book}"
    last = shown[-1].place if len(rows) > len(shown) else None
    following = {"agency": sight.asked, "after": cursor(last.at, last.source, last.code) if last else None}
    listed = [_line(each, book, visit.app.calendars.of(sight.agencies.named(each.unit).code), now) for each in shown]
    return visited(
        visit,
        "console/reminders_book",
        facts | {"book": book, "lines": listed, "following": address(path, following) if last else None, "path": path},
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A dossier of a book. `left` counts working minutes or working days, less than 0 when late; None: no calendar."""

    dossier: Running
    deadline: datetime | None
    left: int | None
    tone: str


def _line(dossier: Running, book: Book, calendar: Calendar, now: datetime) -> Line:
    try:
        if book is Book.WAITING:
            left = LIMIT - working_time_between(calendar, dossier.at, now)
            tone = "stop" if left < timedelta() else "wait" if left <= CLOSE else "quiet"
            return Line(dossier, add_working_time(calendar, dossier.at, LIMIT), int(left / timedelta(minutes=1)), tone)
        days = working_days_until(calendar, now, end_of(dossier.at, calendar))
    except YearMissing:
        return Line(dossier, dossier.at if book is not Book.WAITING else None, None, "quiet")
    tone = "stop" if book is Book.LATE else "wait" if days <= 1 else "quiet"
    return Line(dossier, dossier.at, days, tone)


def working_days_until(calendar: Calendar, now: datetime, end: datetime) -> int:
    """Working days from today, not counted, to the day of `end`, counted; negative: so many since. Raises `YearMissing`."""
    first, last = now.astimezone(VIETNAM).date(), end.astimezone(VIETNAM).date()
    low, high = min(first, last), max(first, last)
    between = ((low + timedelta(days=day)) for day in range(1, min((high - low).days, 3660) + 1))
    count = sum(reading(calendar, day).working for day in between)
    return count if last >= first else -count


def moments(calendar: Calendar, now: datetime) -> Now:
    """Now, the beginning of today, and the end of the third working day from now (or of the third day without a calendar)."""
    today = now.astimezone(VIETNAM).date()
    day, left = today, WORKING_DAYS
    try:
        for _ in range(DAYS_SEARCHED):
            if left == 0:
                break
            day += ONE_DAY
            left -= reading(calendar, day).working
    except YearMissing:
        day = today + timedelta(days=WORKING_DAYS)
    return Now(now, _start(today), _start(day + ONE_DAY))


async def show_unlinked(visit: OperatorVisit) -> web.Response:
    """Officers without a Zalo id, or who do not follow the Official Account."""
    now, query = visit.app.clock(), visit.request.query
    accounts: dict[str, str] = {name: account.settings.oa_id for name, account in visit.app.accounts.items()}
    chosen_one = query.get("account") if query.get("account") in accounts else next(iter(accounts), None)
    place = read_cursor(query.get("after"), (text_in,))
    found: list[reminded.Unlinked] = []
    async with visit.app.pool.acquire() as connection:
        sight = await sight_of(connection, visit)
        facts = await _shared(visit, connection, sight, now)
        if chosen_one:
            account, today = (chosen_one, accounts[chosen_one]), now.astimezone(VIETNAM).date()
            after = place[0] if place else ""
            found = await reminded.unlinked(connection, sight.within, account, today, after=after, limit=ROWS + 1)
    path, given = f"{HOME}/unlinked", {"agency": sight.asked, "account": chosen_one}
    following = address(path, given | {"after": cursor(found[ROWS - 1].code)}) if len(found) > ROWS else None
    own = {"officers": found[:ROWS], "accounts": list(accounts), "account": chosen_one, "roles": ROLES}
    return visited(visit, "console/reminders_unlinked", facts | own | {"following": following, "path": path})


async def _shared(visit: OperatorVisit, connection: Connection, sight: Sight, now: datetime) -> dict[str, Any]:
    """What all these pages show: the counts, the agencies to choose from."""
    await visit.app.calendars.look(connection)
    at = moments(visit.app.calendars.of(None), now)
    counts = {book.value: await clocks.count(connection, book, sight.within, at) for book in Book}
    return {
        "sight": sight,
        "counts": counts,
        "counted_most": COUNTED_MOST,
        "now": now,
        "event_name": event_name,
        "home": HOME,
        "tabs": {name: address(f"{HOME}{path}", {"agency": sight.asked}) for name, path in TABS.items()},
    }


TABS = {"sent": "", "waiting": "/waiting", "soon": "/soon", "late": "/late", "unlinked": "/unlinked"}


def _days(query: Mapping[str, str], now: datetime) -> tuple[date, date]:
    """The days that are asked for, both included; without any the last week. Raises `invalid-query`."""
    today = now.astimezone(VIETNAM).date()
    try:
        until = read_date(query["to"]) if query.get("to") else today
        since = read_date(query["from"]) if query.get("from") else until - timedelta(days=DAYS_SHOWN - 1)
    except EntryError as error:
        raise ProblemError("invalid-query", f"{error.args[0]}.") from None
    if since > until or (until - since).days >= DAYS_MOST:
        raise ProblemError("invalid-query", f"From the one day to the other, at most {DAYS_MOST} days.")
    return since, until


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)
