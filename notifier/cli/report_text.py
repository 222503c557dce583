"""A report for the eye: tables of even columns that fit the terminal, long ones cut with a word on how to get all."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import click

from notifier.domain.clock import VIETNAM
from notifier.reminders.reports.sheets import Cell, CellKind, Column, Report, Sheet

ROWS_MOST = 40
NARROWEST = 9
HEAD_LINES = (3, 4, 5)
"""So many lines a title may take; more only where the table is too wide."""
GAP = "  "


def report_lines(report: Report, width: int | None) -> Iterator[str]:
    """`width` is that of the terminal; None where nothing has to fit."""
    yield click.style(f"{report.title}, {report.period.text}", bold=True)
    made_at = f"lập lúc {report.made_at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
    yield f"{f'cơ quan {report.agency} và đơn vị trực thuộc, ' if report.agency else ''}{made_at}"
    yield from report.notes
    for sheet in report.sheets:
        yield ""
        yield click.style(sheet.title, bold=True)
        yield from _table(sheet, width) if sheet.rows else ("  không có gì trong kỳ này",)
        yield from (f"  {line}" for note in sheet.notes for line in _wrapped(note, width))


def terminal_width() -> int | None:
    """The width to fit; None where the lines go to a file or a program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _table(sheet: Sheet, width: int | None) -> Iterator[str]:
    shown = sheet.rows[:ROWS_MOST]
    grid = [[column.title for column in sheet.columns]]
    grid += [[_shown(cell, column) for cell, column in zip(row, sheet.columns, strict=True)] for row in shown]
    if sheet.total:
        grid.append([_shown(cell, column) for cell, column in zip(sheet.total, sheet.columns, strict=True)])
    heads, *rows = grid
    widths = _fitted(sheet.columns, heads, rows, width)
    yield from _head(sheet.columns, heads, widths)
    for number, row in enumerate(rows):
        if sheet.total and number == len(rows) - 1:
            yield "  " + GAP.join("─" * each for each in widths)
        yield "  " + GAP.join(map(_cell, row, widths, sheet.columns)).rstrip()
    if len(sheet.rows) > len(shown):
        yield f"  … còn {_grouped(len(sheet.rows) - len(shown))} dòng: --format csv --table {sheet.name}, hoặc xlsx"


def _fitted(columns: Sequence[Column], heads: list[str], rows: list[list[str]], width: int | None) -> list[int]:
    """A column is as wide as its cells, and its title over some lines; texts give way where the line is too long."""
    cells = [max((len(row[place]) for row in rows), default=0) for place in range(len(heads))]
    widths = cells
    for lines in HEAD_LINES:
        widths = [max(_head_width(head, lines), cell) for head, cell in zip(heads, cells, strict=True)]
        if width is None or _total(widths) <= width:
            return widths
    texts = [place for place, column in enumerate(columns) if column.kind is CellKind.TEXT]
    while width and _total(widths) > width:
        widest = max(texts, key=lambda place: widths[place])
        if widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _head(columns: Sequence[Column], heads: list[str], widths: list[int]) -> Iterator[str]:
    """Titles, broken at their words over as many lines as it takes."""
    broken = [_broken(head, width) for head, width in zip(heads, widths, strict=True)]
    height = max(len(lines) for lines in broken)
    padded = [[""] * (height - len(lines)) + lines for lines in broken]
    for parts in zip(*padded, strict=True):
        yield click.style("  " + GAP.join(map(_cell, parts, widths, columns)).rstrip(), dim=True)


def _total(widths: list[int]) -> int:
    return sum(widths) + len(GAP) * len(widths)


def _head_width(head: str, lines: int) -> int:
    """The least in which a title takes no more than so many lines."""
    return next(width for width in range(1, len(head) + 1) if _fits(_broken(head, width), width, lines))


def _fits(broken: list[str], width: int, lines: int) -> bool:
    return len(broken) <= lines and max(map(len, broken)) <= width


def _broken(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return [line for line in lines if line]


def _wrapped(text: str, width: int | None) -> list[str]:
    return _broken(text, width - len(GAP)) if width else [text]


def _cell(text: str, width: int, column: Column) -> str:
    cut = text if len(text) <= width else text[: width - 1] + "…"
    return f"{cut:<{width}}" if column.kind is CellKind.TEXT else f"{cut:>{width}}"


def _shown(cell: Cell, column: Column) -> str:
    match cell:
        case None:
            return "–"
        case str():
            return cell
        case datetime():
            return f"{cell:%d/%m/%Y %H:%M}"
        case date():
            return f"{cell:%d/%m/%Y}"
        case _ if column.kind is CellKind.PERCENT:
            return f"{cell:.1f}".replace(".", ",")
        case float():
            return f"{cell:.1f}".replace(".", ",")
        case _:
            return _grouped(cell)


def _grouped(number: int) -> str:
    """1.234, as it is written in Vietnam."""
    return f"{number:,}".replace(",", ".")
