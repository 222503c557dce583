"""Acceptance: online dossiers that were answered within 8 working hours of filing.

An answer is whatever moves the dossier on: taken in, refused, more asked for, a fee asked for (Decree 45/2020/NĐ-CP; order
of the chairman of An Giang, November 2025). One that its citizen withdrew unanswered asks for none.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.domain.dossiers import Status
from notifier.domain.errors import YearMissing
from notifier.reminders.calendar import Calendar, Calendars, working_time_between
from notifier.reminders.reports.sheets import (
    AGENCY,
    LISTED_MOST,
    CellKind,
    Column,
    Row,
    Sheet,
    clean,
    local,
    number,
    percent,
    share,
    text,
)
from notifier.reminders.reports.units import Agencies

LIMIT = timedelta(hours=8)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Filed:
    """An online dossier that was filed in the period."""

    source: str
    code: str
    unit: str | None
    """Who takes it in."""
    procedure: str | None
    filed_at: datetime
    status: Status | None
    since: datetime | None
    accepted_at: datetime | None
    """As its docket says: the date of acceptance that its system gave, else that of the first other status."""
    answered_at: datetime | None
    """When the first event took place that put it into a status other than new and withdrawn."""


class Answer(StrEnum):
    IN_TIME = "in_time"
    LATE = "late"
    OPEN = "open"
    """Not answered, within its hours still."""
    OVERDUE = "overdue"
    """Not answered, and its hours are over."""
    WITHDRAWN = "withdrawn"
    UNCOUNTED = "uncounted"
    """The calendar does not hold a year of it."""


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer
    at: datetime | None
    taken: timedelta | None
    """Working time from filing to the answer, or to now."""


def answered(filed: Filed, calendar: Calendar, now: datetime) -> Answered:
    at = answer_of(filed)
    if at is None and filed.status is Status.WITHDRAWN:
        return Answered(Answer.WITHDRAWN, None, None)
    try:
        taken = working_time_between(calendar, filed.filed_at, at or now)
    except YearMissing:
        return Answered(Answer.UNCOUNTED, at, None)
    if at is not None:
        return Answered(Answer.IN_TIME if taken <= LIMIT else Answer.LATE, at, taken)
    return Answered(Answer.OPEN if taken <= LIMIT else Answer.OVERDUE, None, taken)


def answer_of(filed: Filed) -> datetime | None:
    """When it was first answered. One that stands at new (again) was not."""
    if filed.status in {None, Status.NEW}:
        return None
    accepted = filed.accepted_at
    if (
        filed.status is Status.WITHDRAWN
        and filed.since is not None
        and accepted is not None
        and accepted >= filed.since
    ):
        accepted = None  # the docket tells the withdrawal itself
    return min((at for at in (accepted, filed.answered_at) if at is not None), default=None)


@dataclass(slots=True)
class Acceptances:
    """Dossiers counted one by one; of the late ones the first are kept to be listed."""

    agencies: Agencies
    calendars: Calendars
    now: datetime
    counts: dict[str, Counter[Answer]] = field(default_factory=dict)
    late: list[Row] = field(default_factory=list)

    def add(self, filed: Filed) -> None:
        agency = self.agencies.named(filed.unit)
        found = answered(filed, self.calendars.of(agency.code), self.now)
        self.counts.setdefault(agency.code, Counter())[found.answer] += 1
        if found.answer in {Answer.LATE, Answer.OVERDUE} and len(self.late) < LISTED_MOST:
            hours = found.taken // (HOUR / 10) / 10 if found.taken else None
            dossier = (clean(filed.source), clean(filed.code), clean(filed.procedure))
            self.late.append((agency.code, clean(agency.name), *dossier, local(filed.filed_at), local(found.at), hours))

    def sheets(self) -> tuple[Sheet, ...]:
        total: Counter[Answer] = Counter()
        for counts in self.counts.values():
            total += counts
        rows = (
            (code, clean(self.agencies.named(code).name), *_figures(counts))
            for code, counts in sorted(self.counts.items())
        )
        first = Sheet("agencies", "Theo cơ quan", COLUMNS, tuple(rows), ("Tổng cộng", "", *_figures(total)), NOTES)
        over = total[Answer.LATE] + total[Answer.OVERDUE]
        cut = (f"Chỉ liệt kê {len(self.late)} hồ sơ nộp sớm nhất trong {over}.",) if over > len(self.late) else ()
        return first, Sheet("dossiers", "Hồ sơ quá 8 giờ", DOSSIER, tuple(self.late), notes=cut)


def _figures(counts: Counter[Answer]) -> Row:
    judged = counts[Answer.IN_TIME] + counts[Answer.LATE] + counts[Answer.OVERDUE]
    return (
        counts.total(),
        counts[Answer.IN_TIME],
        counts[Answer.LATE],
        counts[Answer.OVERDUE],
        share(counts[Answer.IN_TIME], judged),
        counts[Answer.OPEN],
        counts[Answer.WITHDRAWN],
        counts[Answer.UNCOUNTED],
    )


COLUMNS = (
    *AGENCY,
    number("filed", "Nộp trực tuyến"),
    number("in_time", "Trả lời trong 8 giờ"),
    number("late", "Trả lời sau 8 giờ"),
    number("overdue", "Chưa trả lời, đã quá 8 giờ"),
    percent("in_time_percent", "Đúng hạn (%)"),
    number("open", "Chưa trả lời, còn giờ"),
    number("withdrawn", "Công dân đã rút"),
    number("uncounted", "Không tính được"),
)
DOSSIER = (
    *AGENCY,
    text("source", "Hệ thống"),
    text("dossier", "Mã hồ sơ"),
    text("procedure", "Mã thủ tục"),
    Column("filed_at", "Nộp lúc", CellKind.TIME),
    Column("answered_at", "Trả lời lúc", CellKind.TIME),
    number("hours", "Giờ làm việc đã qua"),
)
NOTES = (
    "Hồ sơ nộp trực tuyến trong kỳ; giờ làm việc theo lịch của cơ quan tiếp nhận.",
    "Trả lời: tiếp nhận, từ chối, yêu cầu bổ sung hoặc yêu cầu nộp phí.",
    "Đúng hạn = trả lời trong 8 giờ ÷ (trả lời trong 8 giờ + sau 8 giờ + chưa trả lời, đã quá 8 giờ).",
)
