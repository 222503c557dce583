"""The late list of the 5th: dossiers that were late in the month, by agency and by the officers who have them.

Source: Plan 16/KH-SKHCN, appendix 3, item 4. For authorised users: it names officers, never a citizen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from notifier.domain.directory import Officer, officer_code
from notifier.reminders.reports.sheets import (
    AGENCY,
    LISTED_MOST,
    OFFICER,
    CellKind,
    Column,
    Row,
    Sheet,
    clean,
    number,
    text,
)
from notifier.reminders.reports.units import UNKNOWN, Agencies


@dataclass(frozen=True, slots=True)
class Late:
    """A dossier that was late in the period. Days are those of Vietnam."""

    source: str
    code: str
    unit: str | None
    procedure: str | None
    handlers: tuple[str, ...]
    due: date
    ended: date | None


@dataclass(slots=True)
class Tally:
    dossiers: int = 0
    open: int = 0
    """Not finished yet."""
    days: int = 0
    worst: int = 0

    def add(self, days: int, *, is_open: bool) -> None:
        self.dossiers += 1
        self.open += is_open
        self.days += days
        self.worst = max(self.worst, days)

    @property
    def figures(self) -> Row:
        """Days on average rounded down to one decimal."""
        mean = self.days * 10 // self.dossiers / 10 if self.dossiers else None
        return (self.dossiers, self.dossiers - self.open, self.open, mean, self.worst)


@dataclass(slots=True)
class LateList:
    """Dossiers counted one by one, the longest due first; the first are kept to be listed."""

    agencies: Agencies
    officers: Mapping[str, Officer]
    today: date
    total: Tally = field(default_factory=Tally)
    by_agency: dict[str, Tally] = field(default_factory=dict)
    by_officer: dict[tuple[str, str], Tally] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def add(self, late: Late) -> None:
        agency = self.agencies.named(late.unit)
        days = ((late.ended or self.today) - late.due).days
        officers = sorted({officer_code(each) for each in late.handlers})
        for tally in (
            self.total,
            self.by_agency.setdefault(agency.code, Tally()),
            *(self.by_officer.setdefault((agency.code, officer), Tally()) for officer in officers or [""]),
        ):
            tally.add(days, is_open=late.ended is None)
        if len(self.rows) < LISTED_MOST:
            dossier = (clean(late.source), clean(late.code), clean(late.procedure))
            who = (clean(", ".join(officers)), "; ".join(filter(None, map(self._name, officers))))
            self.rows.append((agency.code, clean(agency.name), *dossier, *who, late.due, late.ended, days))

    def sheets(self) -> tuple[Sheet, ...]:
        agencies = ((*self._agency(code), *tally.figures) for code, tally in sorted(self.by_agency.items()))
        officers = (
            (*self._agency(code), clean(officer), self._name(officer) if officer else UNKNOWN, *tally.figures)
            for (code, officer), tally in sorted(self.by_officer.items())
        )
        shown = len(self.rows)
        cut = (f"Chỉ liệt kê {shown} hồ sơ đến hạn sớm nhất trong {self.total.dossiers}.",)
        return (
            Sheet(
                "agencies",
                "Theo cơ quan",
                (*AGENCY, *FIGURES),
                tuple(agencies),
                ("Tổng cộng", "", *self.total.figures),
                NOTES,
            ),
            Sheet(
                "officers",
                "Theo cán bộ",
                (*AGENCY, *OFFICER, *FIGURES),
                tuple(officers),
                notes=("Hồ sơ do nhiều cán bộ xử lý được tính cho từng người, nên không có dòng tổng.",),
            ),
            Sheet(
                "dossiers",
                "Hồ sơ trễ hạn",
                DOSSIER,
                tuple(self.rows),
                notes=cut if self.total.dossiers > shown else (),
            ),
        )

    def _agency(self, code: str) -> tuple[str, str]:
        return code, clean(self.agencies.named(code).name)

    def _name(self, officer: str) -> str:
        return clean(self.officers[officer].name) if officer in self.officers else ""


FIGURES = (
    number("late", "Hồ sơ trễ"),
    number("finished", "Đã xong"),
    number("open", "Chưa xong"),
    number("mean_days", "Số ngày trễ bình quân"),
    number("most_days", "Trễ lâu nhất (ngày)"),
)
DOSSIER = (
    *AGENCY,
    text("source", "Hệ thống"),
    text("dossier", "Mã hồ sơ"),
    text("procedure", "Mã thủ tục"),
    text("officers", "Mã cán bộ"),
    text("officer_names", "Cán bộ xử lý"),
    Column("due", "Hạn trả", CellKind.DATE),
    Column("ended", "Ngày xong", CellKind.DATE),
    number("days_late", "Số ngày trễ"),
)
NOTES = (
    "Hồ sơ đã trễ hạn trong kỳ: xong sau ngày hẹn trả, hoặc chưa xong; hồ sơ đang tạm dừng không tính.",
    "Số ngày trễ là ngày theo lịch, từ ngày hẹn trả đến ngày xong, hoặc đến hôm nay.",
)
