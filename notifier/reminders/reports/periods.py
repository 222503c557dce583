"""Which days a report covers, by the calendar of Vietnam.

| kind       | written as           | covers                                              | source                          |
| ---------- | -------------------- | --------------------------------------------------- | ------------------------------- |
| `ky21_20`  | 2026-11              | 21 October to 20 November 2026                      | Plan 16/KH-SKHCN, appendix 10   |
| `thang`    | 2026-11              | the calendar month                                  |                                 |
| `quy`      | 2026-Q4              | the calendar quarter                                |                                 |
| `quy15_14` | 2026-Q4              | 15 September to 14 December 2026                    | Decree 09/2019/NĐ-CP, article 12 |
| `tuan`     | 2026-W47, 2026-11-18 | Monday to Sunday, by its ISO number or one of its days |                              |
| `tu_den`   | two days             | from the one to the other, both included            |                                 |
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from notifier.domain.clock import VIETNAM
from notifier.domain.errors import EntryError
from notifier.reminders.calendar_text import FIRST_YEAR, LAST_YEAR, read_date

DAYS_MOST = 400
MONTHS, MONTHS_OF_QUARTER = 12, 3
ONE_DAY = timedelta(days=1)


class PeriodKind(StrEnum):
    KY21_20 = "ky21_20"
    MONTH = "thang"
    QUARTER = "quy"
    QUARTER_15_14 = "quy15_14"
    WEEK = "tuan"
    FREE = "tu_den"


NAMED = tuple(kind for kind in PeriodKind if kind is not PeriodKind.FREE)
FORMS = {
    PeriodKind.KY21_20: "2026-11",
    PeriodKind.MONTH: "2026-11",
    PeriodKind.QUARTER: "2026-Q4",
    PeriodKind.QUARTER_15_14: "2026-Q4",
    PeriodKind.WEEK: "2026-W47 or 2026-11-18",
}
"""How the name of a period is written, by its kind."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included."""

    kind: PeriodKind
    name: str
    """As it is asked for: 2026-11, 2026-Q4, 2026-W47; of free days both."""
    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), VIETNAM)

    @property
    def end(self) -> datetime:
        """The moment after the last one."""
        return datetime.combine(self.last + ONE_DAY, time(), VIETNAM)

    @property
    def text(self) -> str:
        """As a head reads it: `kỳ tháng 11/2026 (21/10/2026–20/11/2026)`."""
        days = f"{self.first:%d/%m/%Y}–{self.last:%d/%m/%Y}"
        match self.kind:
            case PeriodKind.KY21_20:
                return f"kỳ tháng {self.last:%m/%Y} ({days})"
            case PeriodKind.MONTH:
                return f"tháng {self.first:%m/%Y}"
            case PeriodKind.QUARTER | PeriodKind.QUARTER_15_14:
                return f"quý {self.name[-1]}/{self.name[:4]} ({days})"
            case PeriodKind.WEEK:
                return f"tuần {self.name[-2:]}/{self.name[:4]} ({days})"
            case PeriodKind.FREE:
                return f"từ {self.first:%d/%m/%Y} đến {self.last:%d/%m/%Y}"

    def days_until(self, today: date) -> date:
        """The day on which things stood as they are counted: the one after the last, or today while it runs."""
        return min(today, self.last + ONE_DAY)


def period_named(kind: PeriodKind, text: str) -> Period:
    """The period of that kind and name. Raises `EntryError`."""
    found = re.fullmatch(r"(\d{4})-(?:(\d{2})|Q([1-4])|W(\d{2})|(\d{2}-\d{2}))", text.strip())
    wrong = EntryError(f'"{text}" names no period of the kind {kind}; write it like {FORMS.get(kind, "")}')
    if found is None or not FIRST_YEAR <= int(found[1]) < LAST_YEAR:
        raise wrong
    year, (_, month, quarter, week, day) = int(found[1]), found.groups()
    match kind:
        case PeriodKind.KY21_20 | PeriodKind.MONTH if month and 1 <= int(month) <= MONTHS:
            return containing(kind, date(year, int(month), 1))
        case PeriodKind.QUARTER | PeriodKind.QUARTER_15_14 if quarter:
            return containing(kind, date(year, int(quarter) * MONTHS_OF_QUARTER, 1))
        case PeriodKind.WEEK if week or day:
            try:
                return containing(kind, date.fromisocalendar(year, int(week), 1) if week else read_date(text))
            except ValueError:
                raise wrong from None
        case _:
            raise wrong


def free_period(first: str, last: str) -> Period:
    """The days from the one to the other, written as 2026-11-01 or 01/11/2026. Raises `EntryError`."""
    begin, end = read_date(first), read_date(last)
    if begin > end:
        raise EntryError(f"{first} comes after {last}; the earlier day is written first")
    if (end - begin).days >= DAYS_MOST:
        raise EntryError(f"a report covers at most {DAYS_MOST} days; ask for several")
    return Period(PeriodKind.FREE, f"{begin}–{end}", begin, end)


def containing(kind: PeriodKind, day: date) -> Period:
    """The period of that kind in which a day lies; of free days the day alone."""
    match kind:
        case PeriodKind.KY21_20:
            month = _month_after(day) if day.day > 20 else day.replace(day=1)  # noqa: PLR2004 - its name says it
            return Period(kind, f"{month:%Y-%m}", (month - ONE_DAY).replace(day=21), month.replace(day=20))
        case PeriodKind.MONTH:
            return Period(kind, f"{day:%Y-%m}", day.replace(day=1), _month_after(day) - ONE_DAY)
        case PeriodKind.QUARTER:
            first, last, name = _quarter(day)
            return Period(kind, name, first, _month_after(last) - ONE_DAY)
        case PeriodKind.QUARTER_15_14:
            first, last, name = _quarter(_month_after(day) if day.day > 14 else day)  # noqa: PLR2004
            return Period(kind, name, (first - ONE_DAY).replace(day=15), last.replace(day=14))
        case PeriodKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            year, week, _ = day.isocalendar()
            return Period(kind, f"{year}-W{week:02}", monday, monday + timedelta(days=6))
        case PeriodKind.FREE:
            return Period(kind, f"{day}–{day}", day, day)


def last_completed(kind: PeriodKind, today: date) -> Period:
    """The latest period of that kind that is over."""
    return containing(kind, containing(kind, today).first - ONE_DAY)


def _month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _quarter(day: date) -> tuple[date, date, str]:
    """The first days of the first and the last month of a quarter, and its name."""
    number = (day.month - 1) // MONTHS_OF_QUARTER + 1
    last = date(day.year, number * MONTHS_OF_QUARTER, 1)
    return last.replace(month=last.month - 2), last, f"{day.year}-Q{number}"
