"""A report as a workbook: one sheet for each of its tables, and one that says what it is and how it was counted.

Rows go to disk as they are written, so memory does not grow with them. Text is always written as text.
"""

from collections.abc import Iterable
from datetime import UTC, date
from io import BytesIO
from typing import Any

import xlsxwriter

from notifier.domain.clock import VIETNAM
from notifier.reminders.reports.sheets import Cell, CellKind, Column, Report, Row, Sheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {
    CellKind.TEXT: "@",
    CellKind.NUMBER: "#,##0",
    CellKind.PERCENT: "#,##0.0",
    CellKind.DATE: "dd/mm/yyyy",
    CellKind.TIME: "dd/mm/yyyy hh:mm",
}
NARROWEST, WIDEST = 11, 60
"""Characters of a column."""
A4 = 9
SAMPLED = 200
"""So many rows say how wide a column is."""
SHEET_NAME_MOST = 31
ABOUT = "Giải thích"


def xlsx_file(report: Report) -> bytes:
    made = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(made, options)
    book.set_properties({"title": report.title, "created": report.made_at.astimezone(UTC).replace(tzinfo=None)})
    looks = _looks(book)
    for sheet in report.sheets:
        _write(book.add_worksheet(sheet.title[:SHEET_NAME_MOST]), sheet, looks)
    _explain(book.add_worksheet(ABOUT), report)
    book.close()
    return made.getvalue()


_Looks = dict[tuple[CellKind, bool], Any]


def _looks(book: Any) -> _Looks:
    """Formats by the kind of cell, and whether it is in a head or a total."""
    return {
        (kind, bold): book.add_format({"num_format": form, "bold": bold, "text_wrap": bold and kind is CellKind.TEXT})
        for kind, form in FORMATS.items()
        for bold in (False, True)
    }


def _write(page: Any, sheet: Sheet, looks: _Looks) -> None:
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, _width(column, (row[place] for row in sheet.rows[:SAMPLED])))
        page.write_string(0, place, column.title, looks[CellKind.TEXT, True])
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
    for number, row in enumerate(sheet.rows, start=1):
        _write_row(page, number, sheet.columns, row, looks, bold=False)
    if sheet.total:
        _write_row(page, len(sheet.rows) + 1, sheet.columns, sheet.total, looks, bold=True)


def _write_row(page: Any, number: int, columns: tuple[Column, ...], row: Row, looks: _Looks, *, bold: bool) -> None:
    for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
        look = looks[CellKind.PERCENT if isinstance(cell, float) else column.kind, bold]
        match cell:
            case None:
                continue
            case str():
                page.write_string(number, place, cell, look)
            case date():
                page.write_datetime(number, place, cell, look)
            case _:
                page.write_number(number, place, cell, look)


def _width(column: Column, cells: Iterable[Cell]) -> int:
    if column.kind is not CellKind.TEXT:
        return max(NARROWEST, len(FORMATS[column.kind]) + 2, max(map(len, column.title.split())) + 4)
    return min(WIDEST, max(NARROWEST, *(len(str(cell or "")) + 2 for cell in (column.title, *cells))))


def _explain(page: Any, report: Report) -> None:
    page.set_column(0, 0, 120)
    made_at = f"Lập lúc {report.made_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"
    whose = (f"Cơ quan {report.agency} và các đơn vị trực thuộc",) if report.agency else ()
    lines = [report.title, report.period.text, *whose, made_at, *report.notes]
    lines += [f"{sheet.title}: {note}" for sheet in report.sheets for note in sheet.notes]
    for number, line in enumerate(lines):
        page.write_string(number, 0, line)
