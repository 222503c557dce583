"""Which reminders a docket asks for, and when. The policy is `[timers]` of rules.toml; nothing here knows a number.

A timer has a type (`han.*`), a basis (the deadline that it leads to, or the moment from which somebody waits) and a
number. A new due date is a new basis, so it is reminded of anew; what was fired once for a basis is never fired again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import FilingChannel, Status
from notifier.domain.ids import EventType
from notifier.domain.timers import Clock, TimerRule
from notifier.reminders.calendar import Calendar, add_working_time, reading, subtract_working_time
from notifier.reminders.docket import Docket

CATCH_UP = timedelta(minutes=10)
"""A dossier system that tells of what was goes on telling: by then the rest has come, which may make a reminder needless."""
WORKING_DAYS_SEARCHED = 400


@dataclass(frozen=True, slots=True)
class Timer:
    type: EventType
    basis: datetime
    number: int
    due_at: datetime
    valid_until: datetime | None
    """From then on it would not be true any more; None: it stays true."""
    late: bool = False
    """Its moment had passed when it was asked for; one that is planned already keeps its time."""


def running(docket: Docket) -> Mapping[Clock, datetime]:
    """The clocks that run for a dossier, and what each counts from or to. None run for one that is finished."""
    found: dict[Clock, datetime | None] = {}
    match docket.status:
        case Status.NEW if docket.filed_by is FilingChannel.ONLINE:
            found[Clock.FILED] = docket.filed_at
        case Status.ACCEPTED | Status.PROCESSING:
            found[Clock.STEP_DUE] = docket.step_due_at
            found[Clock.DUE] = docket.due_at
            if docket.apologised_for is None or docket.apologised_for != docket.due_at:
                found[Clock.DUE_WITHOUT_LETTER] = docket.due_at
        case Status.SUPPLEMENT_REQUESTED:
            found[Clock.SUPPLEMENT_DUE] = docket.supplement_due_at
        case Status.PAYMENT_REQUESTED:
            found[Clock.UNPAID] = docket.since
        case Status.DONE:
            found[Clock.RESULT_WAITS] = docket.finished_at or docket.since
        case _:
            pass
    return {clock: basis for clock, basis in found.items() if basis is not None}


def asked_for(docket: Docket, rules: Sequence[TimerRule], calendar: Calendar, now: datetime) -> list[Timer]:
    """The timers that a docket asks for from `now` on.

    A moment before a deadline that has passed already is not asked for: the event that set the deadline has just told
    of it. What is overdue is asked for after `CATCH_UP`. Raises `YearMissing` where the calendar does not reach.
    """
    clocks = running(docket)
    timers = (timer for rule in rules if rule.clock in clocks for timer in _of(rule, clocks[rule.clock], calendar, now))
    return [
        timer if timer.due_at >= now else replace(timer, due_at=now + CATCH_UP, late=True)
        for timer in timers
        if timer.valid_until is None or timer.due_at >= now
    ]


def true_of(docket: Docket, rules: Sequence[TimerRule]) -> set[tuple[EventType, datetime]]:
    """The types of reminders that a dossier that stands like this gives reason for, each with its basis."""
    clocks = running(docket)
    return {(rule.type, clocks[rule.clock]) for rule in rules if rule.clock in clocks}


def end_of(deadline: datetime, calendar: Calendar) -> datetime:
    """The moment at which a deadline has passed: one of midnight means the end of that working day."""
    local = deadline.astimezone(VIETNAM)
    if local.time() != time():
        return deadline
    hours = reading(calendar, local.date()).hours
    closes = hours[-1].closes if hours else time(23, 59)
    return datetime.combine(local.date(), closes, VIETNAM).astimezone(deadline.tzinfo)


def _of(rule: TimerRule, basis: datetime, calendar: Calendar, now: datetime) -> Iterator[Timer]:
    for number, due_at, valid_until in _moments(rule, basis, calendar, now):
        yield Timer(rule.type, basis, number, due_at, valid_until)


def _moments(
    rule: TimerRule, basis: datetime, calendar: Calendar, now: datetime
) -> Iterator[tuple[int, datetime, datetime | None]]:
    for number, hours, following in _each_with_next(rule.after_working_hours, rule.limit_working_hours):
        until = add_working_time(calendar, basis, timedelta(hours=following)) if following else None
        yield number, add_working_time(calendar, basis, timedelta(hours=hours)), until
    end = end_of(basis, calendar)
    for number, hours in enumerate(rule.before_working_hours, start=1):
        if hours == 0:
            yield number, end, None
        else:
            yield number, subtract_working_time(calendar, end, timedelta(hours=hours)), end
    for number, days in enumerate(rule.before_working_days, start=1):
        yield number, opening_before(calendar, end, days), end
    for number, days in enumerate(rule.before_days, start=1):
        yield number, _at(basis, -days, rule.at), end
    for number, days_after, following_days in _each_with_next(rule.after_days, None):
        until = _at(basis, following_days, rule.at) if following_days else None
        yield number, _at(basis, days_after, rule.at), until
    if rule.daily:
        number, moment = _next_daily(calendar, end, rule.at, now)
        yield number, moment, None


def _each_with_next(values: Sequence[float], last: float | None) -> Iterator[tuple[int, float, float | None]]:
    """Each value with its number and the one after it: by then the next is told instead."""
    followed: list[float | None] = [*values[1:], last]
    return ((number, value, followed[number - 1]) for number, value in enumerate(values, start=1))


def opening_before(calendar: Calendar, end: datetime, days: int) -> datetime:
    """When the working day opens that lies so many working days before the day of `end`."""
    day = end.astimezone(VIETNAM).date()
    left = days
    for _ in range(WORKING_DAYS_SEARCHED):
        if left == 0:
            break
        day -= timedelta(days=1)
        left -= reading(calendar, day).working
    hours = reading(calendar, day).hours
    opens = hours[0].opens if hours else time(7)
    return datetime.combine(day, opens, VIETNAM).astimezone(end.tzinfo)


def _next_daily(calendar: Calendar, end: datetime, at: time, now: datetime) -> tuple[int, datetime]:
    """The first of the daily moments from `now` on, and the how manieth working day after the end it is."""
    first = end.astimezone(VIETNAM).date()
    number, day = 0, first
    while True:
        day += timedelta(days=1)
        if not reading(calendar, day).working:
            continue
        number += 1
        moment = datetime.combine(day, at, VIETNAM)
        if moment >= now:
            return number, moment.astimezone(end.tzinfo)


def _at(basis: datetime, days: float, at: time) -> datetime:
    day: date = basis.astimezone(VIETNAM).date() + timedelta(days=days)
    return datetime.combine(day, at, VIETNAM).astimezone(basis.tzinfo)
