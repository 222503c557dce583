"""The working calendar of an agency: which moments are working time, and counting in it.

The rows are the truth (`calendar_day`, `calendar_hours`); nothing lunar and no law is computed here. A year that is not
kept raises `YearMissing`: a guess about Tết would tell officers the wrong day.

How boundaries are read. Working time is made of stretches [opens, closes). A moment that is an opening or a closing
belongs to its stretch, so nothing is lost or doubled over a lunch break or a holiday:

- adding starts at the moment itself, or at the next opening if that is in closed time;
- a sum that comes out where a stretch ends is its closing, not the next opening (8 hours from 07:00 are 17:00);
- a difference that comes out where a stretch begins is its opening, not the closing before;
- adding or subtracting nothing only leaves closed time: forward to the next opening, back to the last closing.

Times go in aware and come out in the zone they came in; the rules inside are those of the clock in Vietnam.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from notifier.domain.clock import VIETNAM
from notifier.domain.directory import lineage
from notifier.domain.errors import YearMissing

PROVINCE = ""
"""Stands for the whole province where an agency's code is expected."""
DAYS_OFF_LEAST = 11
"""Paid holidays of the Labour Code, article 112; one on a weekly rest day is made up (article 111, clause 3)."""
PROVISIONAL = "Dự kiến"
"""How the note of a day begins that nobody has announced yet."""
_DECEMBER = 12
_SATURDAY = 5


class DayKind(StrEnum):
    OFF = "off"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Span:
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is not like its weekday. `hours` are of this day alone; None for those of a usual day."""

    date: date
    agency: str
    kind: DayKind
    hours: tuple[Span, ...] | None
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Week:
    """A usual week from `since` on: the spans of Monday to Sunday, none for a weekly rest day."""

    agency: str
    since: date
    days: tuple[tuple[Span, ...], ...]
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar of one agency, ready to be counted in. Stretches are in order; made by `Calendars.of`."""

    agency: str
    years: frozenset[int]
    days: Mapping[date, Day] = field(repr=False)
    weeks: tuple[Week, ...] = field(repr=False)
    """The agency's own and the province's; a later one goes before, the agency's before the province's."""
    opens: tuple[datetime, ...] = field(repr=False)
    closes: tuple[datetime, ...] = field(repr=False)
    before: tuple[timedelta, ...] = field(repr=False)
    """The working time of the calendar before each opening."""


@dataclass(frozen=True, slots=True)
class Calendars:
    """All that is kept, read once. An agency without rows of its own has the calendar of the one above it by its code
    (H01.93.02, the one-stop desk of H01.93), and at last that of the province.
    """

    days: tuple[Day, ...]
    weeks: tuple[Week, ...]
    _made: dict[str, Calendar] = field(default_factory=dict, compare=False, repr=False)

    def of(self, agency: str = PROVINCE) -> Calendar:
        if agency not in self._made:
            own = {PROVINCE} | {day.agency for day in self.days} | {week.agency for week in self.weeks}
            nearest = next((code for code in lineage(agency) if code in own), PROVINCE)
            self._made[agency] = _calendar(agency, self.days, self.weeks) if nearest == agency else self.of(nearest)
        return self._made[agency]

    def years(self) -> frozenset[int]:
        """The years that are kept: hours for every day, and as many weekdays off as the law gives at least."""
        off: dict[int, int] = {}
        for day in self.days:
            if day.agency == PROVINCE and day.kind is DayKind.OFF and day.date.weekday() < _SATURDAY:
                off[day.date.year] = off.get(day.date.year, 0) + 1
        since = min((week.since for week in self.weeks if week.agency == PROVINCE), default=date.max)
        return frozenset(year for year, days in off.items() if days >= DAYS_OFF_LEAST and since <= date(year, 1, 1))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is so on one day, and the row that says it."""

    hours: tuple[Span, ...]
    because: Day | Week

    @property
    def working(self) -> bool:
        return bool(self.hours)


def reading(calendar: Calendar, day: date) -> Reading:
    """The hours of a day, and why. Raises `YearMissing`."""
    _need(calendar, day.year, day.year)
    return _reading(calendar.days, calendar.weeks, day)


def is_working(calendar: Calendar, at: datetime) -> bool:
    """Whether `at` is in working time: an opening is, a closing is not. Raises `YearMissing`."""
    return _works(calendar, _moment(calendar, at))


def _works(calendar: Calendar, moment: datetime) -> bool:
    place = bisect_right(calendar.opens, moment) - 1
    return place >= 0 and moment < calendar.closes[place]


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """The first moment from `at` on that is working time: `at` itself if it is. Raises `YearMissing`."""
    moment = _moment(calendar, at)
    if _works(calendar, moment):
        return at
    place = bisect_left(calendar.opens, moment)
    return _answer(calendar, at, calendar.opens[place] if place < len(calendar.opens) else None, ahead=True)


def add_working_time(calendar: Calendar, start: datetime, duration: timedelta) -> datetime:
    """The moment at which `duration` of working time has passed since `start`; never inside closed time.

    It is the earliest such moment, so a closing rather than the next opening. Zero answers `start`, or the next opening
    if `start` is neither in a stretch nor its closing. Raises `YearMissing`; ValueError for a negative duration.
    """
    moment = _moment(calendar, start)
    if not _forward(duration):
        return start if _in_stretch(calendar, moment) else next_opening(calendar, start)
    worked = _worked(calendar, moment) + duration
    place = bisect_left(calendar.before, worked) - 1
    end = calendar.opens[place] + (worked - calendar.before[place])
    return _answer(calendar, start, end if end <= calendar.closes[place] else None, ahead=True)


def subtract_working_time(calendar: Calendar, end: datetime, duration: timedelta) -> datetime:
    """The moment from which `duration` of working time passes until `end`; never inside closed time.

    It is the latest such moment, so an opening rather than the closing before. Zero answers `end`, or the last closing
    if `end` is neither in a stretch nor its closing. Raises `YearMissing`; ValueError for a negative duration.
    """
    moment = _moment(calendar, end)
    if not _forward(duration):
        if _in_stretch(calendar, moment):
            return end
        place = bisect_right(calendar.closes, moment) - 1
        return _answer(calendar, end, calendar.closes[place] if place >= 0 else None, ahead=False)
    worked = _worked(calendar, moment) - duration
    place = bisect_right(calendar.before, worked) - 1
    start = calendar.opens[place] + (worked - calendar.before[place]) if place >= 0 else None
    return _answer(calendar, end, start, ahead=False)


def working_time_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time in [start, end); negative if `end` comes first. Raises `YearMissing`."""
    first, last = _moment(calendar, start), _moment(calendar, end)
    _need(calendar, *sorted((_year(first), _year(last))))
    return _worked(calendar, last) - _worked(calendar, first)


def kept_until(years: frozenset[int], today: date) -> date | None:
    """The last day that can be counted to from `today` without a missing year; None if this year is missing."""
    if today.year not in years:
        return None
    year = today.year
    while year + 1 in years:
        year += 1
    return date(year, 12, 31)


def missing_years(years: frozenset[int], today: date) -> list[int]:
    """Of this year and, from 1 December on, the next: those that are not kept."""
    return [year for year in range(today.year, today.year + (today.month == _DECEMBER) + 1) if year not in years]


def _calendar(agency: str, days: Iterable[Day], weeks: Iterable[Week]) -> Calendar:
    all_days, all_weeks = tuple(days), tuple(weeks)
    years = Calendars(all_days, all_weeks).years()
    ordered = sorted((day for day in all_days if day.agency in (PROVINCE, agency)), key=lambda day: day.agency)
    by_date = {day.date: day for day in ordered}
    own = tuple(
        sorted(
            (week for week in all_weeks if week.agency in (PROVINCE, agency)),
            key=lambda week: (week.agency != PROVINCE, week.since),
            reverse=True,
        )
    )
    stretches = list(_stretches(years, by_date, own))
    before, total = [], timedelta()
    for opens, closes in stretches:
        before.append(total)
        total += closes - opens
    return Calendar(
        agency=agency,
        years=years,
        days=by_date,
        weeks=own,
        opens=tuple(opens for opens, _ in stretches),
        closes=tuple(closes for _, closes in stretches),
        before=tuple(before),
    )


def _stretches(
    years: frozenset[int], days: Mapping[date, Day], weeks: tuple[Week, ...]
) -> Iterator[tuple[datetime, datetime]]:
    for year in sorted(years):
        first = date(year, 1, 1)
        for number in range((date(year + 1, 1, 1) - first).days):
            day = first + timedelta(days=number)
            for span in _reading(days, weeks, day).hours:
                yield (
                    datetime.combine(day, span.opens, VIETNAM).astimezone(UTC),
                    datetime.combine(day, span.closes, VIETNAM).astimezone(UTC),
                )


def _reading(days: Mapping[date, Day], weeks: tuple[Week, ...], day: date) -> Reading:
    week = next(week for week in weeks if week.since <= day)
    row = days.get(day)
    if row is None:
        return Reading(week.days[day.weekday()], week)
    if row.kind is DayKind.OFF:
        return Reading((), row)
    # A rest day that is worked stands for a whole working day, also where Saturday mornings are usual.
    usual = week.days[day.weekday() if day.weekday() < _SATURDAY else 0]
    return Reading(usual if row.hours is None else row.hours, row)


def _moment(calendar: Calendar, at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an aware time is expected")
    moment = at.astimezone(UTC)
    year = _year(moment)
    _need(calendar, year, year)
    return moment


def _year(moment: datetime) -> int:
    return moment.astimezone(VIETNAM).year


def _need(calendar: Calendar, first: int, last: int) -> None:
    for year in range(first, last + 1):
        if year not in calendar.years:
            raise YearMissing(year)


def _answer(calendar: Calendar, asked: datetime, found: datetime | None, *, ahead: bool) -> datetime:
    """What was found, in the zone that was asked in; None lies beyond the years that are kept."""
    year = _year(asked)
    if found is None:
        step = 1 if ahead else -1
        while year in calendar.years:
            year += step
        raise YearMissing(year)
    _need(calendar, *sorted((year, _year(found))))
    return found.astimezone(asked.tzinfo)


def _forward(duration: timedelta) -> timedelta:
    if duration < timedelta():
        raise ValueError("a duration of working time is not negative")
    return duration


def _in_stretch(calendar: Calendar, moment: datetime) -> bool:
    """Whether it is in working time or a closing."""
    place = bisect_right(calendar.opens, moment) - 1
    return place >= 0 and moment <= calendar.closes[place]


def _worked(calendar: Calendar, moment: datetime) -> timedelta:
    """The working time of the calendar before a moment."""
    place = bisect_right(calendar.opens, moment) - 1
    if place < 0:
        return timedelta()
    return calendar.before[place] + (min(moment, calendar.closes[place]) - calendar.opens[place])
