"""Reports for heads and their tools: as JSON, as CSV, or as a workbook. Scope `reports`: they name officers."""

import asyncio
from urllib.parse import quote

from aiohttp import web

from notifier.domain.clock import VIETNAM
from notifier.domain.errors import EntryError
from notifier.reminders.reports import csv_file, xlsx_file
from notifier.reminders.reports.question import Question, ReportName, question
from notifier.reminders.reports.sheets import Report, as_json
from notifier.settings import Scope
from notifier.store import reports
from notifier.web.keys import APP, REPORTING
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path, require

JSON = "application/json"
FORMATS = {"json": JSON, "csv": csv_file.MEDIA_TYPE, "xlsx": xlsx_file.MEDIA_TYPE}
PARAMETERS = frozenset({"period", "of", "from", "to", "agency", "table", "format"})


async def show_report(request: web.Request) -> web.Response:
    """One report. A process makes one at a time, so that they never take the connections that messages need."""
    require(request, Scope.REPORTS)
    app, now = request.app[APP], request.app[APP].clock()
    name = name_in_path(request, "name")
    if name not in tuple(ReportName):
        raise ProblemError("not-found", f"There is no report of this name; there are {', '.join(ReportName)}.")
    form = _form(request)
    try:
        asked = question(ReportName(name), _given(request), now.astimezone(VIETNAM).date())
    except EntryError as error:
        raise ProblemError("invalid-query", f"{error.args[0]}.") from None
    reporting = request.app[REPORTING]
    if reporting.locked():
        raise ProblemError("busy", "Another report is being made; ask again shortly.")
    async with reporting:
        async with app.pool.acquire() as connection:
            report = await reports.make(connection, asked, now)
        return await _answer(report, asked, form)


def _given(request: web.Request) -> dict[str, str]:
    given = dict(request.query)
    if strange := sorted(given.keys() - PARAMETERS):
        raise ProblemError(
            "invalid-query", f"{strange[0]!r} is no parameter; there are {', '.join(sorted(PARAMETERS))}."
        )
    return given


def _form(request: web.Request) -> str:
    """What the parameter `format` says, else the first form that `Accept` names and that we have, else JSON."""
    if (form := request.query.get("format")) is not None:
        if form not in FORMATS:
            raise ProblemError("invalid-query", f"The parameter format is one of {', '.join(FORMATS)}.")
        return form
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(",")]
    return next((form for media_type in accepted for form, own in FORMATS.items() if own == media_type), "json")


async def _answer(report: Report, asked: Question, form: str) -> web.Response:
    if form == "json":
        return web.json_response(as_json(report))
    content = await asyncio.to_thread(_file, report, form)
    name = f"{report.file_name}{f'-{asked.table}' if asked.table else ''}.{form}"
    return web.Response(
        body=content,
        content_type=FORMATS[form],
        charset="utf-8" if form == "csv" else None,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def _file(report: Report, form: str) -> bytes:
    return csv_file.csv_file(report.sheets[0]) if form == "csv" else xlsx_file.xlsx_file(report)
