"""What somebody asks a report of: which one, which days, which agency. The same on the command line and over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from notifier.domain.errors import EntryError
from notifier.reminders.calendar_text import read_agency
from notifier.reminders.reports.periods import (
    NAMED,
    Period,
    PeriodKind,
    free_period,
    last_completed,
    period_named,
)


class ReportName(StrEnum):
    COVERAGE = "coverage"
    ACCEPTANCE = "acceptance"
    APOLOGIES = "apologies"
    ON_TIME = "on-time"
    LATE_LIST = "late-list"


TITLES: Mapping[ReportName, str] = {
    ReportName.COVERAGE: "Nhắc việc cán bộ qua Zalo",
    ReportName.ACCEPTANCE: "Tiếp nhận hồ sơ trực tuyến trong 8 giờ làm việc",
    ReportName.APOLOGIES: "Thư xin lỗi hồ sơ trễ hạn",
    ReportName.ON_TIME: "Giải quyết hồ sơ đúng hạn",
    ReportName.LATE_LIST: "Danh sách trễ hạn",
}
TABLES: Mapping[ReportName, tuple[str, ...]] = {
    ReportName.COVERAGE: ("summary", "agencies", "officers", "types", "reasons", "unreached"),
    ReportName.ACCEPTANCE: ("agencies", "dossiers"),
    ReportName.APOLOGIES: ("agencies", "dossiers"),
    ReportName.ON_TIME: ("agencies", "procedures"),
    ReportName.LATE_LIST: ("agencies", "officers", "dossiers"),
}
"""The tables of each report, the one that CSV takes first."""


def usual(name: ReportName) -> PeriodKind:
    """The kind of period that a report is usually of."""
    return PeriodKind.MONTH if name is ReportName.LATE_LIST else PeriodKind.KY21_20


@dataclass(frozen=True, slots=True)
class Question:
    name: ReportName
    period: Period
    agency: str | None = None
    """Only this one and those below it."""
    table: str | None = None
    """Only this one."""


def question(name: ReportName, given: Mapping[str, str | None], today: date) -> Question:
    """Read `period`, `of`, `from`, `to`, `agency` and `table`, all of which may be missing. Raises `EntryError`.

    Without a period it is the last completed one of the usual kind.
    """
    agency, table = read_agency(given.get("agency") or ""), given.get("table") or None
    if table is not None and table not in TABLES[name]:
        raise EntryError(f'"{table}" is no table of the report {name}; it has {", ".join(TABLES[name])}')
    return Question(name, _period(name, given, today), agency or None, table)


def _period(name: ReportName, given: Mapping[str, str | None], today: date) -> Period:
    kind_text, of, first, last = (given.get(key) or None for key in ("period", "of", "from", "to"))
    if first or last:
        if kind_text or of:
            raise EntryError("either a period and which one it is, or the days from and to")
        if not first or not last:
            raise EntryError("of the days from and to one is missing; both are included")
        return free_period(first, last)
    if kind_text is not None and kind_text not in NAMED:
        raise EntryError(f'"{kind_text}" is no kind of period; there are {", ".join(NAMED)}')
    kind = PeriodKind(kind_text) if kind_text else usual(name)
    return period_named(kind, of) if of else last_completed(kind, today)
