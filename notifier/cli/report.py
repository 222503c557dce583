import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from notifier.cli.report_text import report_lines, terminal_width
from notifier.domain.clock import VIETNAM
from notifier.domain.errors import EntryError, NotifierError
from notifier.reminders.reports.csv_file import csv_file
from notifier.reminders.reports.periods import NAMED
from notifier.reminders.reports.question import TABLES, ReportName, question, usual
from notifier.reminders.reports.sheets import Report, as_json
from notifier.reminders.reports.xlsx_file import xlsx_file
from notifier.settings import Settings, load_settings
from notifier.store import reports
from notifier.store.pool import DATABASE_DOWN, open_pool
from notifier.store.reports.scope import STATEMENT_SECONDS
from workers.wiring import clock_of

FORMATS = ("table", "csv", "xlsx", "json")
_C = TypeVar("_C", bound=Callable[..., Any])


@click.group("report")
def command() -> None:
    """Reports: reminders that Zalo delivered, dossiers answered in 8 hours, apologies in time, on time, the late list.

    Without a period: the last completed one, from the 21st to the 20th; for the late list the last month.

    \b
    notifier report coverage
    notifier report on-time --period quy --of 2026-Q4 --agency H01.14
    notifier report late-list --format xlsx --output tre-han.xlsx
    """


def _asked(name: ReportName) -> Callable[[_C], _C]:
    """The options of a report, in one place."""
    options = (
        click.option(
            "--period",
            type=click.Choice([kind.value for kind in NAMED]),
            help=f"Kind of period. Default: {usual(name)}.",
        ),
        click.option(
            "--of", metavar="NAME", help="Which one: 2026-11, 2026-Q4, 2026-W47. Default: the last completed."
        ),
        click.option("--from", "first", metavar="DATE", help="Instead: from this day on, e.g. 2026-11-01."),
        click.option("--to", "last", metavar="DATE", help="Until this day, which is included."),
        click.option("--agency", metavar="CODE", help="Only this one and those below it."),
        click.option(
            "--table", type=click.Choice(TABLES[name]), help="Only this table. Default: all; for CSV the first."
        ),
        click.option("--format", "form", type=click.Choice(FORMATS), help="Default: table, or as --output ends."),
        click.option(
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write into this file instead of showing it.",
        ),
    )

    def decorate(function: _C) -> _C:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@command.command(ReportName.COVERAGE.value)
@_asked(ReportName.COVERAGE)
def coverage(**given: Any) -> None:
    """Reminders of officers: how many Zalo has delivered, by agency, officer and type of event, and why not the others.

    \b
    notifier report coverage --of 2026-11
    notifier report coverage --table unreached --agency H01.14
    notifier report coverage --period tuan --format xlsx --output nhac-viec.xlsx
    """
    _report(ReportName.COVERAGE, **given)


@command.command(ReportName.ACCEPTANCE.value)
@_asked(ReportName.ACCEPTANCE)
def acceptance(**given: Any) -> None:
    """Online dossiers answered within 8 working hours of filing, by agency, and those that were not.

    \b
    notifier report acceptance
    notifier report acceptance --period thang --of 2026-11
    notifier report acceptance --table dossiers --format csv --output qua-8-gio.csv
    """
    _report(ReportName.ACCEPTANCE, **given)


@command.command(ReportName.APOLOGIES.value)
@_asked(ReportName.APOLOGIES)
def apologies(**given: Any) -> None:
    """Dossiers not finished by their due date: with a letter of apology in time, too late, or without one.

    \b
    notifier report apologies
    notifier report apologies --from 2026-11-01 --to 2026-11-20
    notifier report apologies --table dossiers --agency H01.14
    """
    _report(ReportName.APOLOGIES, **given)


@command.command(ReportName.ON_TIME.value)
@_asked(ReportName.ON_TIME)
def on_time(**given: Any) -> None:
    """Dossiers finished before, on and after their due date, and how the others stand, by agency and procedure.

    \b
    notifier report on-time
    notifier report on-time --period quy15_14 --of 2026-Q4
    notifier report on-time --table procedures --format csv --output dung-han.csv
    """
    _report(ReportName.ON_TIME, **given)


@command.command(ReportName.LATE_LIST.value)
@_asked(ReportName.LATE_LIST)
def late_list(**given: Any) -> None:
    """The list of the 5th: dossiers that were late in the month, by agency and officer, with days. Names no citizen.

    \b
    notifier report late-list
    notifier report late-list --period thang --of 2026-11
    notifier report late-list --agency H01.14 --format xlsx --output tre-han.xlsx
    """
    _report(ReportName.LATE_LIST, **given)


def _report(
    name: ReportName, *, form: str | None, output: Path | None, first: str | None, last: str | None, **given: str | None
) -> None:
    form = form or _form_of(output)
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook is no text: say --output FILE.xlsx")
    settings = load_settings()
    report = _made(settings, name, given | {"from": first, "to": last})
    if form == "table" and output is None:
        click.echo("\n".join(report_lines(report, terminal_width())))
        return
    content = _content(report, form)
    if output is None:
        click.echo(content, nl=False)
        return
    _write(output, content)
    rows = sum(len(sheet.rows) for sheet in report.sheets[: 1 if form == "csv" else None])
    click.echo(f"{output}: {report.title}, {report.period.text}, {rows} dòng.")


def _form_of(output: Path | None) -> str:
    ending = output.suffix.lower().lstrip(".") if output else ""
    return ending if ending in FORMATS else "table"


def _content(report: Report, form: str) -> bytes:
    match form:
        case "csv":
            return csv_file(report.sheets[0])
        case "xlsx":
            return xlsx_file(report)
        case "json":
            return (json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n").encode()
        case _:
            return ("\n".join(map(click.unstyle, report_lines(report, None))) + "\n").encode()


def _write(output: Path, content: bytes) -> None:
    """All of it or nothing: what stood there before is kept until the new file is whole."""
    fresh = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        fresh.write_bytes(content)
        fresh.replace(output)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise click.FileError(str(output), error.strerror) from None


def _made(settings: Settings, name: ReportName, given: dict[str, str | None]) -> Report:
    async def run() -> Report:
        now: datetime = clock_of(settings)()
        asked = question(name, given, now.astimezone(VIETNAM).date())
        url = settings.database.url.get_secret_value()
        async with (
            await open_pool(url, size=1, statement_timeout_seconds=STATEMENT_SECONDS, name="notifier-report") as pool,
            pool.acquire() as connection,
        ):
            return await reports.make(connection, asked, now)

    try:
        return asyncio.run(run())
    except EntryError as error:
        raise click.UsageError(error.args[0]) from None
    except (*DATABASE_DOWN, TimeoutError) as error:
        raise NotifierError(f"the database does not answer ({type(error).__name__}): try `notifier doctor`") from None
