"""A working calendar by brute force: a list of all working minutes. It shares no code with the calendar that it checks."""

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7))
EPOCH = datetime(2027, 1, 1, tzinfo=ZONE)
FIRST, DAYS = date(2027, 1, 1), 150
HOLIDAYS = frozenset(
    (
        *("2027-01-01", "2027-04-16", "2027-04-30", "2027-05-01", "2027-05-03"),
        *("2027-02-04", "2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-02-09", "2027-02-10"),
    )
)
"""Nobody works on these, from January to May 2027."""
HALF_DAYS = ((7 * 60, 11 * 60 + 30), (13 * 60 + 30, 17 * 60))
WORKED_SATURDAYS = {"H01.92": {"2027-01-30"}}
SATURDAY_MORNINGS = {"H01.93"}


class Minutes:
    """All working minutes of an agency, as numbers of minutes since the beginning of 2027."""

    def __init__(self, agency: str) -> None:
        self.days = {day: _hours(agency, day) for day in (FIRST + timedelta(days=n) for n in range(DAYS))}
        self._all = [
            minute
            for day, hours in self.days.items()
            for opens, closes in hours
            for minute in range(_minute(_at(day, opens)), _minute(_at(day, closes)))
        ]
        self._days = [day for day, hours in self.days.items() if hours]

    def works(self, day: date) -> bool:
        return bool(self.days[day])

    def opening(self, day: date) -> datetime:
        return _at(day, self.days[day][0][0])

    def closing(self, day: date) -> datetime:
        """Of a day on which nobody works: its last minute."""
        return _at(day, self.days[day][-1][1] if self.days[day] else 23 * 60 + 59)

    def plus(self, start: datetime, hours: float) -> datetime:
        """The end of so many working minutes after a whole minute."""
        place = bisect_left(self._all, _minute(start))
        return _moment(self._all[place + round(hours * 60) - 1] + 1)

    def minus(self, end: datetime, hours: float) -> datetime:
        """The beginning of so many working minutes before a whole minute."""
        place = bisect_left(self._all, _minute(end))
        return _moment(self._all[place - round(hours * 60)])

    def next(self, at: datetime) -> datetime:
        """`at` if that is working time, else the next working minute."""
        minute = _minute(at)
        found = self._all[bisect_left(self._all, minute)]
        return at if found == minute else _moment(found)

    def before(self, day: date, days: int) -> date:
        """The working day so many before."""
        return self._days[bisect_left(self._days, day) - days]

    def after(self, day: date) -> list[date]:
        """All working days after."""
        return self._days[bisect_right(self._days, day) :]


def _hours(agency: str, day: date) -> tuple[tuple[int, int], ...]:
    if day.isoformat() in WORKED_SATURDAYS.get(agency, ()):
        return HALF_DAYS
    if day.isoformat() in HOLIDAYS or day.weekday() == 6:
        return ()
    if day.weekday() == 5:
        return HALF_DAYS[:1] if agency in SATURDAY_MORNINGS else ()
    return HALF_DAYS


def _at(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(minutes=minute)


def _minute(at: datetime) -> int:
    return int((at - EPOCH).total_seconds() // 60)


def _moment(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)
