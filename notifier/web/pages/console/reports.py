"""The reports of the province: which one, which period, whose; as tables with plots, and as files to take away."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from aiohttp import web

from notifier.domain.clock import VIETNAM
from notifier.domain.errors import EntryError
from notifier.domain.recipients import Locale
from notifier.reminders.reports import csv_file, xlsx_file
from notifier.reminders.reports.periods import NAMED, ONE_DAY, PeriodKind, containing
from notifier.reminders.reports.question import Question, ReportName, question
from notifier.reminders.reports.sheets import Cell, CellKind, Column, Report, Sheet
from notifier.store import reports
from notifier.web.access.visits import OperatorVisit
from notifier.web.keys import REPORTING
from notifier.web.pages.console.figures import FIGURES, KINDS, NAMES, PLOTS, REPORTS, SHEETS, period_words
from notifier.web.pages.console.looking import Sight, address, sight_of
from notifier.web.pages.page import language_of, visited
from notifier.web.problems import ProblemError

HOME = "/console/reports"
FILES = {"csv": csv_file.MEDIA_TYPE, "xlsx": xlsx_file.MEDIA_TYPE}
PERIODS_SHOWN, ROWS_SHOWN, BARS = 6, 100, 20


async def show_reports(visit: OperatorVisit) -> web.Response:
    """The form, and under it the report that it asks for."""
    language, today = language_of(visit.request), visit.app.clock().astimezone(VIETNAM).date()
    asked, fault, report, sight = None, None, None, await _sight(visit)
    if visit.request.query.get("report"):
        try:
            asked = _question(visit, sight, today)
        except EntryError as error:
            fault = str(error.args[0])
    busy = asked is not None and visit.request.app[REPORTING].locked()
    if asked is not None and not busy:
        async with visit.request.app[REPORTING]:
            report = await _made(visit, asked)
    facts = {
        "sight": sight,
        "reports": REPORTS,
        "periods": [(kind, KINDS[kind], list(_recent(kind, today))) for kind in NAMED],
        "asked": asked,
        "given": visit.request.query,
        "fault": fault,
        "busy": busy,
        "report": report,
        "words": period_words,
        "plot": _plot(report, language) if report else None,
        "tables": [_table(report, sheet, language) for sheet in report.sheets] if report else [],
        "taken": lambda form, table=None: _file_address(visit, form, table),
    }
    return visited(visit, "console/reports", facts, status=503 if busy else 400 if fault else 200)


async def download(visit: OperatorVisit) -> web.Response:
    """The report as a workbook, or one of its tables as CSV."""
    form = visit.request.query.get("format", "")
    if form not in FILES:
        raise ProblemError("invalid-query", f"The parameter format is one of {', '.join(FILES)}.")
    try:
        asked = _question(visit, await _sight(visit), visit.app.clock().astimezone(VIETNAM).date())
    except EntryError as error:
        raise ProblemError("invalid-query", f"{error.args[0]}.") from None
    if visit.request.app[REPORTING].locked():
        raise ProblemError("busy", "Another report is being made; ask again shortly.")
    async with visit.request.app[REPORTING]:
        report = await _made(visit, asked)
        content = await asyncio.to_thread(_content, report, form)
    name = f"{report.file_name}{f'-{asked.table}' if asked.table else ''}.{form}"
    return web.Response(
        body=content,
        content_type=FILES[form],
        charset="utf-8" if form == "csv" else None,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


async def _sight(visit: OperatorVisit) -> Sight:
    async with visit.app.pool.acquire() as connection:
        return await sight_of(connection, visit)


async def _made(visit: OperatorVisit, asked: Question) -> Report:
    async with visit.app.pool.acquire() as connection:
        return await reports.make(connection, asked, visit.app.clock())


def _content(report: Report, form: str) -> bytes:
    return csv_file.csv_file(report.sheets[0]) if form == "csv" else xlsx_file.xlsx_file(report)


def _question(visit: OperatorVisit, sight: Sight, today: date) -> Question:
    """What the form asks. Who has agencies of their own and names none gets the first of those. Raises `EntryError`."""
    given = visit.request.query
    name = given.get("report", "")
    if name not in tuple(ReportName):
        raise ProblemError("not-found", "There is no report of this name.")
    own = visit.who.agencies
    period: dict[str, str | None] = {"from": given.get("from"), "to": given.get("to")}
    if not period["from"] and not period["to"]:
        kind, _, of = given.get("when", "").partition(":")
        period = {"period": kind, "of": of}
    agency = sight.asked or (own[0] if own else None)
    return question(ReportName(name), period | {"agency": agency, "table": given.get("table")}, today)


def _recent(kind: PeriodKind, today: date) -> Iterator[tuple[str, tuple[str, str], bool]]:
    """The period that runs and those before it: their names in the form, their words, whether they run."""
    period = containing(kind, today)
    for number in range(PERIODS_SHOWN):
        yield f"{kind}:{period.name}", period_words(period), number == 0
        period = containing(kind, period.first - ONE_DAY)


def _file_address(visit: OperatorVisit, form: str, table: str | None) -> str:
    given: dict[str, str | None] = {**visit.request.query, "format": form, "table": table}
    given.pop("lang", None)
    return address(f"{HOME}/download", given)


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as the page shows it. `columns` have title, whether they are numbers, and what they count."""

    name: str
    title: str
    columns: tuple[tuple[str, bool, str | None], ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None
    left: int
    """So many rows more are in the files."""
    notes: tuple[str, ...]


def _table(report: Report, sheet: Sheet, language: Locale) -> Table:
    figures = FIGURES[ReportName(report.name)]
    columns = []
    for column in sheet.columns:
        figure = figures.get(column.key) if column.kind in {CellKind.NUMBER, CellKind.PERCENT} else None
        meaning = (figure.en if language is Locale.EN else figure.vi) if figure else None
        columns.append((title_of(report.name, column, language), figure is not None, meaning))
    shown = sheet.rows[:ROWS_SHOWN]
    return Table(
        sheet.name,
        SHEETS[sheet.name] if language is Locale.EN else sheet.title,
        tuple(columns),
        tuple(tuple(cell_text(cell, language) for cell in row) for row in shown),
        tuple(cell_text(cell, language) for cell in sheet.total) if sheet.total else None,
        len(sheet.rows) - len(shown),
        sheet.notes,
    )


def title_of(report: str, column: Column, language: Locale) -> str:
    if language is Locale.VI:
        return column.title
    figure = FIGURES[ReportName(report)].get(column.key)
    is_figure = column.kind in {CellKind.NUMBER, CellKind.PERCENT}
    return figure.english if figure and is_figure else NAMES.get(column.key, column.title)


def cell_text(cell: Cell, language: Locale) -> str:
    """As people of that language write it: `1.234` and `98,5`, or `1,234` and `98.5`."""
    match cell:
        case None:
            return "–"
        case float():
            text = f"{cell:,.1f}"
        case int():
            text = f"{cell:,}"
        case datetime():
            return f"{cell:%H:%M %d/%m/%Y}"
        case date():
            return f"{cell:%d/%m/%Y}"
        case _:
            return cell
    return text if language is Locale.EN else text.translate(str.maketrans(",.", ".,"))


@dataclass(frozen=True, slots=True)
class Bar:
    """One agency of a plot: parts of it with their tone, where they begin and how long they are, of 100 in all."""

    name: str
    parts: tuple[tuple[str, float, float], ...]
    said: str


@dataclass(frozen=True, slots=True)
class Plot:
    legend: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    left: int


def _plot(report: Report, language: Locale) -> Plot | None:
    """The agencies with the most, the most first; None where nothing was counted."""
    sheet = next((each for each in report.sheets if each.name == "agencies"), None)
    if sheet is None:
        return None
    drawn: Mapping[str, str] = dict(PLOTS[ReportName(report.name)])
    places = {column.key: place for place, column in enumerate(sheet.columns)}
    counted = []
    for row in sheet.rows:
        values = [int(row[places[key]] or 0) for key in drawn]  # type: ignore[arg-type]  # columns of numbers
        if sum(values):
            counted.append((f"{row[1] or row[0] or '–'}", values))
    counted.sort(key=lambda each: -sum(each[1]))
    most = max((sum(values) for _, values in counted), default=0)
    titles = {each.key: title_of(report.name, each, language) for each in sheet.columns}
    legend = tuple((titles[key], tone) for key, tone in drawn.items())
    bars = tuple(_bar(name, values, list(legend), most, language) for name, values in counted[:BARS])
    return Plot(legend, bars, len(counted) - len(bars)) if bars else None


def _bar(name: str, values: list[int], legend: list[tuple[str, str]], most: int, language: Locale) -> Bar:
    parts, begin = [], 0.0
    for value, (_, tone) in zip(values, legend, strict=True):
        length = value * 100 / most
        if value:
            parts.append((tone, round(begin, 3), round(length, 3)))
        begin += length
    said = ", ".join(
        f"{title}: {cell_text(value, language)}" for value, (title, _) in zip(values, legend, strict=True) if value
    )
    return Bar(name, tuple(parts), said)
