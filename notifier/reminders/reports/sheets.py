"""A report as values: sheets of typed cells under titles. What writes it (screen, CSV, XLSX, JSON) decides only the form."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from notifier.domain.clock import VIETNAM
from notifier.reminders.reports.periods import Period

Cell = str | int | float | date | datetime | None
Row = tuple[Cell, ...]
LISTED_MOST = 5_000
"""So many single dossiers are listed; figures count all of them."""


class CellKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"
    """0 to 100, one decimal."""
    DATE = "date"
    TIME = "time"
    """Local time of Vietnam, without a zone."""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    """Its name for programs."""
    title: str
    kind: CellKind = CellKind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """`total` is the sum of the rows, under the same columns."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    title: str
    period: Period
    agency: str | None
    made_at: datetime
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """Without an ending."""
        return f"{self.name}-{self.period.first}-{self.period.last}" + (f"-{self.agency}" if self.agency else "")


def text(key: str, title: str) -> Column:
    return Column(key, title)


def number(key: str, title: str) -> Column:
    return Column(key, title, CellKind.NUMBER)


def percent(key: str, title: str) -> Column:
    return Column(key, title, CellKind.PERCENT)


AGENCY = (text("agency", "Mã cơ quan"), text("agency_name", "Cơ quan"))
OFFICER = (text("officer", "Mã cán bộ"), text("officer_name", "Họ tên"))


def share(part: int, whole: int) -> float | None:
    """A part in percent, rounded down to one decimal, so that only all is 100; None of nothing."""
    return part * 1000 // whole / 10 if whole else None


def local(at: datetime | None) -> datetime | None:
    """A moment as a cell."""
    return at.astimezone(VIETNAM).replace(tzinfo=None, second=0, microsecond=0) if at else None


def clean(value: str | None) -> str:
    """Text that came from outside, fit for a cell: NFC, nothing that moves a cursor or turns a line round."""
    visible = (
        " " if unicodedata.category(each)[0] == "C" else each for each in unicodedata.normalize("NFC", value or "")
    )
    return "".join(visible).strip()


def as_json(report: Report) -> dict[str, Any]:
    """For programs: every row as an object by the keys of its columns; times in ISO 8601, local."""
    period = report.period
    return {
        "report": report.name,
        "title": report.title,
        "period": {
            "kind": period.kind.value,
            "name": period.name,
            "text": period.text,
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
        },
        "agency": report.agency,
        "made_at": report.made_at.astimezone(VIETNAM).isoformat(timespec="seconds"),
        "notes": list(report.notes),
        "tables": [_sheet_json(sheet) for sheet in report.sheets],
    }


def _sheet_json(sheet: Sheet) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "title": sheet.title,
        "columns": [{"key": each.key, "title": each.title, "kind": each.kind.value} for each in sheet.columns],
        "rows": [_row_json(sheet.columns, row) for row in sheet.rows],
        "total": _row_json(sheet.columns, sheet.total) if sheet.total else None,
        "notes": list(sheet.notes),
    }


def _row_json(columns: tuple[Column, ...], row: Row) -> Mapping[str, Any]:
    cells = (cell.isoformat() if isinstance(cell, date) else cell for cell in row)
    return dict(zip((column.key for column in columns), cells, strict=True))
