"""A sheet as CSV: UTF-8 with its mark, so that Excel shows Vietnamese; commas and CRLF (RFC 4180).

Text that a spreadsheet could read as a formula gets an apostrophe before it (OWASP, CSV injection).
"""

import csv
import re
from datetime import date, datetime
from io import StringIO

from notifier.reminders.reports.sheets import Cell, Sheet

MEDIA_TYPE = "text/csv"
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""With the wide forms, which some spreadsheets take for the same."""
NUMBER = re.compile(r"-[0-9]+")
"""A provider's code such as -118 is no formula."""


def csv_file(sheet: Sheet) -> bytes:
    """The titles, the rows, and the total where there is one. Days are 2026-11-20, times 2026-11-20 16:30, local."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(_cell(column.title) for column in sheet.columns)
    for row in (*sheet.rows, *([sheet.total] if sheet.total else [])):
        writer.writerow(_cell(cell) for cell in row)
    return text.getvalue().encode("utf-8-sig")


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell) else cell
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case date():
            return f"{cell:%Y-%m-%d}"
        case _:
            return str(cell)
