"""Who must be reminded of what, and when, worked out the slow and simple way, to check docket, timers and routing by.

A dossier stands in one way from the moment an event comes until the next one does. For each of these stretches and each
type of reminder: what the clock counts from, all moments that this leads to, and those of them that fall into the
stretch. Of our code only the events' own shape is used, and `rules.toml` as it is written.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from notifier.domain.events import DossierEvent
from notifier.settings import ROOT
from tests.support.naive_calendar import ZONE, Minutes

RULES = tomllib.loads((ROOT / "rules.toml").read_text(encoding="utf-8"))
TIMERS: Mapping[str, Mapping[str, Any]] = RULES["timers"]
CATCH_UP = timedelta(minutes=10)
"""What is overdue when the dossier's system tells of it is told of so much later, if it is still so then."""
_CALENDARS: dict[str, Minutes] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that people are to be told: an event of the dossier system, or a reminder."""

    dossier: str
    type: str
    mark: object
    """Which one: the event's id, or what the reminder counts from."""
    number: int
    at: datetime
    """When it comes, or fires."""
    event: DossierEvent
    """The last one of the dossier, or the event itself."""
    handlers: tuple[str, ...]
    heads: tuple[str, ...]
    needless_from: datetime | None = None
    """Who was not reminded by then is not reminded any more."""

    @property
    def key(self) -> tuple[str, str, object, int]:
        return self.dossier, self.type, self.mark, self.number


@dataclass(frozen=True, slots=True)
class State:
    """How a dossier stands after some events."""

    event: DossierEvent
    status: int | None
    clocks: Mapping[str, datetime]
    agency: str
    handlers: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    came: datetime
    until: datetime
    state: State


@dataclass(slots=True)
class Dossier:
    """The events of one dossier, as they came."""

    events: list[DossierEvent] = field(default_factory=list)

    def stretches(self, end: datetime) -> Iterator[Stretch]:
        """How it stands from each event to the next."""
        for number, event in enumerate(self.events):
            until = self.events[number + 1].received_at if number + 1 < len(self.events) else end
            yield Stretch(event.received_at, until, state_of(_by_time(self.events[: number + 1])))


def minutes_of(agency: str) -> Minutes:
    if agency not in _CALENDARS:
        _CALENDARS[agency] = Minutes(agency)
    return _CALENDARS[agency]


def dossiers_of(events: Sequence[DossierEvent]) -> dict[str, Dossier]:
    """By their codes; the events are given as they came."""
    found: dict[str, Dossier] = {}
    for event in events:
        found.setdefault(event.dossier.code, Dossier()).events.append(event)
    return found


def told_by_systems(events: Sequence[DossierEvent]) -> Iterator[Fact]:
    """The events themselves."""
    for event in events:
        progress = event.progress
        handlers = tuple(each.code for each in progress.next_handlers) if progress else ()
        heads = tuple(each.code for each in progress.heads) if progress else ()
        yield Fact(event.dossier.code, event.type, event.id, 1, event.received_at, event, handlers, heads)


def reminders(dossier: Dossier, end: datetime) -> Iterator[Fact]:
    """All reminders of a dossier that fire before `end`, each once."""
    stretches = list(dossier.stretches(end))
    for type_, table in TIMERS.items():
        fired: set[tuple[datetime, int]] = set()
        for basis, run in _runs(stretches, table["clock"]):
            until = run[-1].until
            for number, at in _in_run(table, basis, minutes_of(run[0].state.agency), run[0].came, until):
                if (basis, number) not in fired:
                    fired.add((basis, number))
                    state = next(each.state for each in run if each.came <= at < each.until)
                    yield Fact(
                        dossier=state.event.dossier.code,
                        type=type_,
                        mark=basis,
                        number=number,
                        at=at,
                        event=state.event,
                        handlers=state.handlers,
                        heads=state.heads,
                        needless_from=until if until < end else None,
                    )


def _runs(stretches: Sequence[Stretch], clock: str) -> Iterator[tuple[datetime, list[Stretch]]]:
    """The stretches in which a clock runs, those that follow each other with one basis put together."""
    for basis, run in groupby(stretches, key=lambda each: each.state.clocks.get(clock)):
        if basis is not None:
            yield basis, list(run)


def _in_run(
    table: Mapping[str, Any], basis: datetime, minutes: Minutes, came: datetime, until: datetime
) -> Iterator[tuple[int, datetime]]:
    """Number and time of what fires while the clock runs from `came` to `until`."""
    for number, moment, true_until in _moments(table, basis, minutes):
        at = moment
        if moment < came and true_until is None and not table.get("daily"):
            at = came + CATCH_UP
        if came <= at < until and (true_until is None or at < true_until):
            yield number, at


def _moments(
    table: Mapping[str, Any], basis: datetime, minutes: Minutes
) -> Iterator[tuple[int, datetime, datetime | None]]:
    """Number, moment, and when it would not be true any more."""
    day = basis.astimezone(ZONE).date()
    whole_day = basis.astimezone(ZONE).time() == time()
    end = minutes.closing(day) if whole_day else basis
    at = time.fromisoformat(table.get("at", "08:00"))
    waits = table.get("after_working_hours", ())
    for place, hours in enumerate(waits):
        limit = waits[place + 1] if place + 1 < len(waits) else table.get("limit_working_hours")
        yield place + 1, minutes.plus(basis, hours), minutes.plus(basis, limit) if limit else None
    for place, hours in enumerate(table.get("before_working_hours", ())):
        yield place + 1, minutes.minus(end, hours) if hours else end, end if hours else None
    for place, days in enumerate(table.get("before_working_days", ())):
        yield place + 1, minutes.opening(minutes.before(day, days)), end
    for place, days in enumerate(table.get("before_days", ())):
        yield place + 1, _on(day - timedelta(days=days), at), end
    waits = table.get("after_days", ())
    for place, days in enumerate(waits):
        following = waits[place + 1] if place + 1 < len(waits) else None
        yield (
            place + 1,
            _on(day + timedelta(days=days), at),
            _on(day + timedelta(days=following), at) if following else None,
        )
    if table.get("daily"):
        for place, late in enumerate(minutes.after(day)):
            yield place + 1, _on(late, at), None


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZONE)


def _by_time(events: Sequence[DossierEvent]) -> list[DossierEvent]:
    """As they happened. A system numbers all events of a dossier or none."""
    return sorted(events, key=lambda each: (each.seq or 0, each.occurred_at))


def state_of(events: Sequence[DossierEvent]) -> State:
    """How the dossier stands after these, which are given as they happened: each thing as the last event said it."""
    last = events[-1]
    status = _last(each.dossier.status for each in events)
    named = _last(
        each.progress if each.progress and (each.progress.next_handlers or each.progress.heads) else None
        for each in events
    )
    agency = _last(each.dossier.handling_unit and each.dossier.handling_unit.code for each in events)
    return State(
        event=last,
        status=status,
        clocks={name: basis for name, basis in _clocks(status, events).items() if basis},
        agency=agency or "",
        handlers=tuple(each.code for each in named.next_handlers) if named else (),
        heads=tuple(each.code for each in named.heads) if named else (),
    )


def _clocks(status: int | None, events: Sequence[DossierEvent]) -> dict[str, datetime | None]:
    """What runs while the dossier has this status, and what it counts from or to."""
    same = _since(events, {status})
    if status == 1:
        online = _last(each.dossier.filed_by for each in events) == 2
        return {"filed": _last(each.dossier.filed_at for each in events)} if online else {}
    if status in {2, 4}:
        due = _due(events)
        step = _last(each.progress for each in events)
        return {
            "due": due,
            "due_without_letter": None if due is not None and _excused(events) == due else due,
            "step_due": step.step_due_at if step else None,
        }
    if status == 5:
        return {"supplement_due": _last(each.supplement.deadline if each.supplement else None for each in same)}
    if status == 6:
        return {"unpaid": same[0].occurred_at}
    if status == 9:
        ended = _since(events, {9, 10})
        return {"result_waits": _last(each.dossier.finished_at for each in ended) or ended[0].occurred_at}
    return {}


def _since(events: Sequence[DossierEvent], statuses: set[int | None]) -> list[DossierEvent]:
    """The last events, as far back as nothing but these statuses was told."""
    found: list[DossierEvent] = []
    for event in reversed(events):
        if event.dossier.status is not None and event.dossier.status not in statuses:
            break
        found.insert(0, event)
    while found and found[0].dossier.status is None:
        found.pop(0)
    return found


def _due(events: Sequence[DossierEvent]) -> datetime | None:
    return _last(each.dossier.new_due_at or each.dossier.due_at for each in events)


def _excused(events: Sequence[DossierEvent]) -> datetime | None:
    """The due date that the last letter of apology was about."""
    letters = [place for place, each in enumerate(events) if each.type == "hoso.xin_loi_gia_han"]
    return events[letters[-1]].dossier.due_at or _due(events[: letters[-1]]) if letters else None


def _last(values: Any) -> Any:
    return next((each for each in reversed(list(values)) if each is not None), None)
