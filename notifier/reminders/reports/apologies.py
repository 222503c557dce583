"""Apologies: dossiers that were not finished by their due date, and whether their citizen was told in time.

In time is a letter that is dated, at the latest, the last working day before the day of the due date (Plan 16/KH-SKHCN,
appendix 3, item 8: one day before). Dates only, as Decision 766/QĐ-TTg compares them.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import Status
from notifier.domain.errors import YearMissing
from notifier.reminders.calendar import Calendar, Calendars, reading
from notifier.reminders.docket import PAUSED
from notifier.reminders.reports.sheets import (
    AGENCY,
    LISTED_MOST,
    CellKind,
    Column,
    Row,
    Sheet,
    clean,
    number,
    percent,
    share,
    text,
)
from notifier.reminders.reports.units import Agencies

DAYS_SEARCHED = 60
"""No rest is as long."""


@dataclass(frozen=True, slots=True)
class Due:
    """A dossier whose due date lies in the period."""

    source: str
    code: str
    unit: str | None
    procedure: str | None
    due_at: datetime
    """The one that counts: before the letter of apology moved it."""
    ended_at: datetime | None
    status: Status | None
    since: datetime | None
    apologised_at: datetime | None


class Apology(StrEnum):
    NOT_NEEDED = "finished"
    """Finished by its due date."""
    PAUSED = "paused"
    """Its clock stood still before the due date came: a new date comes when it goes on."""
    NOT_YET = "not_due_yet"
    IN_TIME = "in_time"
    LATE = "late"
    NONE = "none"
    UNCOUNTED = "uncounted"
    """There is a letter, and the calendar does not hold the year before whose day it had to come."""


def apology(due: Due, calendar: Calendar, today: date) -> Apology:
    day = _day(due.due_at)
    if due.ended_at is not None and _day(due.ended_at) <= day:
        return Apology.NOT_NEEDED
    if due.ended_at is None and day >= today:
        return Apology.NOT_YET
    if due.status in PAUSED and due.since is not None and _day(due.since) <= day:
        return Apology.PAUSED
    if due.apologised_at is None:
        return Apology.NONE
    try:
        last = last_day_for_letter(calendar, day)
    except YearMissing:
        return Apology.UNCOUNTED
    return Apology.IN_TIME if _day(due.apologised_at) <= last else Apology.LATE


def last_day_for_letter(calendar: Calendar, due: date) -> date:
    """The last working day before the day of a due date. Raises `YearMissing`."""
    days = (due - timedelta(days=number) for number in range(1, DAYS_SEARCHED))
    return next((day for day in days if reading(calendar, day).working), due - timedelta(days=1))


def _day(at: datetime) -> date:
    return at.astimezone(VIETNAM).date()


@dataclass(slots=True)
class Apologies:
    """Dossiers counted one by one; those without a letter in time are kept to be listed, the first of them."""

    agencies: Agencies
    calendars: Calendars
    today: date
    counts: dict[str, Counter[Apology]] = field(default_factory=dict)
    missing: list[Row] = field(default_factory=list)

    def add(self, due: Due) -> None:
        agency = self.agencies.named(due.unit)
        found = apology(due, self.calendars.of(agency.code), self.today)
        self.counts.setdefault(agency.code, Counter())[found] += 1
        if found in {Apology.LATE, Apology.NONE} and len(self.missing) < LISTED_MOST:
            dossier = (clean(due.source), clean(due.code), clean(due.procedure), _day(due.due_at))
            ended = _day(due.ended_at) if due.ended_at else None
            letter = _day(due.apologised_at) if due.apologised_at else None
            self.missing.append((agency.code, clean(agency.name), *dossier, letter, ended))

    def sheets(self) -> tuple[Sheet, ...]:
        total: Counter[Apology] = Counter()
        for counts in self.counts.values():
            total += counts
        rows = (
            (code, clean(self.agencies.named(code).name), *_figures(counts))
            for code, counts in sorted(self.counts.items())
        )
        first = Sheet("agencies", "Theo cơ quan", COLUMNS, tuple(rows), ("Tổng cộng", "", *_figures(total)), NOTES)
        over, shown = total[Apology.LATE] + total[Apology.NONE], len(self.missing)
        cut = (f"Chỉ liệt kê {shown} hồ sơ đến hạn sớm nhất trong {over}.",) if over > shown else ()
        return first, Sheet("dossiers", "Chưa xin lỗi đúng hạn", DOSSIER, tuple(self.missing), notes=cut)


def _figures(counts: Counter[Apology]) -> Row:
    in_time, late, none = counts[Apology.IN_TIME], counts[Apology.LATE], counts[Apology.NONE]
    needed = in_time + late + none
    return (
        counts.total(),
        counts[Apology.NOT_NEEDED],
        needed,
        in_time,
        late,
        none,
        share(in_time, needed),
        counts[Apology.PAUSED],
        counts[Apology.NOT_YET],
        counts[Apology.UNCOUNTED],
    )


COLUMNS = (
    *AGENCY,
    number("due", "Đến hạn trong kỳ"),
    number("finished", "Xong đúng hạn"),
    number("needed", "Phải xin lỗi"),
    number("in_time", "Xin lỗi đúng hạn"),
    number("late", "Xin lỗi muộn"),
    number("none", "Không có thư"),
    percent("in_time_percent", "Xin lỗi đúng hạn (%)"),
    number("paused", "Đang tạm dừng"),
    number("not_due_yet", "Chưa đến hạn"),
    number("uncounted", "Không tính được"),
)
DOSSIER = (
    *AGENCY,
    text("source", "Hệ thống"),
    text("dossier", "Mã hồ sơ"),
    text("procedure", "Mã thủ tục"),
    Column("due", "Hạn trả", CellKind.DATE),
    Column("letter", "Ngày thư xin lỗi", CellKind.DATE),
    Column("ended", "Ngày xong", CellKind.DATE),
)
NOTES = (
    "Phải xin lỗi: đến hạn mà chưa xong. Đúng hạn: thư đề ngày muộn nhất là ngày làm việc liền trước ngày hẹn trả.",
    "Tỷ lệ = xin lỗi đúng hạn ÷ phải xin lỗi. Hạn trả là hạn trước khi thư xin lỗi dời ngày.",
)
