import getpass
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from notifier.audit.dead import fault_of_name, fault_of_why, moment
from notifier.cli.calendar_lines import CHANGES, counted, day_lines, day_text, incomplete, kind_text, week_line
from notifier.cli.database import with_database
from notifier.domain.errors import EntryError, YearMissing
from notifier.reminders.calendar import (
    PROVINCE,
    PROVISIONAL,
    Calendars,
    Day,
    DayKind,
    Span,
    Week,
    working_time_between,
)
from notifier.reminders.calendar_text import (
    duration_text,
    read_agency,
    read_csv,
    read_date,
    read_day,
    read_week,
)
from notifier.settings import load_settings
from notifier.store import calendar as store
from notifier.store.calendar import Change
from notifier.store.pool import Connection

_T = TypeVar("_T")


def _parsed(read: Callable[[str], _T]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A callback of click that reads one text or several, and says what is wrong as wrong usage."""

    def callback(_context: click.Context, _parameter: click.Parameter, given: Any) -> Any:
        try:
            return tuple(read(each) for each in given) if isinstance(given, tuple) else given and read(given)
        except EntryError as error:
            raise click.BadParameter(str(error)) from error

    return callback


def _time(text: str) -> datetime:
    if (at := moment(text)) is None:
        raise EntryError(f'"{text}" is no time; write it like 2026-01-02T16:30 (Vietnam) or 2026-01-02')
    return at


_agency = click.option(
    "--agency", default=PROVINCE, callback=_parsed(read_agency), help="Code of an agency; else the whole province."
)
_by = click.option("--by", default=getpass.getuser, show_default="your login", help="Who changes it.")
_note = click.option("--note", required=True, help="Why, as everybody may read it.")
_source = click.option("--source", required=True, help="The document that says so, with number and date.")


@click.group("calendar")
def command() -> None:
    """The working calendar: holidays, make-up Saturdays and hours, for the whole province or one agency.

    \b
    notifier calendar check 2026-01-02 2026-01-10
    notifier calendar list 2027
    notifier calendar import 2028.csv --dry-run
    """


@command.command("check")
@click.argument("days", nargs=-1, required=True, metavar="DATE...", callback=_parsed(read_date))
@_agency
@click.pass_context
def check(context: click.Context, days: tuple[date, ...], agency: str) -> None:
    """Say of each day whether it is worked, in which hours, and why. Exit code 1 if a year is not kept.

    \b
    notifier calendar check 2026-01-02 2026-01-10
    notifier calendar check 24/11/2026
    notifier calendar check 2026-08-22 --agency H01.14
    """
    calendar = with_database(load_settings(), "calendar", _read).of(agency)
    missing = set()
    for day in days:
        try:
            for line in day_lines(calendar, day):
                click.echo(line)
        except YearMissing as error:
            missing.add(error.year)
            click.echo(f"{day_text(day)}  chưa có lịch năm {error.year}")
    for year in sorted(missing):
        click.echo(str(YearMissing(year)), err=True)
    context.exit(1 if missing else 0)


@command.command("between")
@click.argument("start", callback=_parsed(_time))
@click.argument("end", callback=_parsed(_time))
@_agency
def between(start: datetime, end: datetime, agency: str) -> None:
    """Count the working time from START to END. Times are those of Vietnam.

    \b
    notifier calendar between 2026-01-01T16:00 2026-01-05T08:00
    notifier calendar between 2026-02-13T15:00 2026-02-23T09:00
    notifier calendar between 2026-08-21T16:00 2026-08-24T08:00 --agency H01.14
    """
    click.echo(
        duration_text(working_time_between(with_database(load_settings(), "calendar", _read).of(agency), start, end))
    )


@command.command("list")
@click.argument("year", type=click.IntRange(2000, 2199))
@_agency
@click.pass_context
def list_(context: click.Context, year: int, agency: str) -> None:
    """List the days of a year that are not like their weekday. Exit code 1 if the year is not kept.

    \b
    notifier calendar list 2026
    notifier calendar list 2027 --agency H01.14
    notifier calendar list 2028
    """
    calendars = with_database(load_settings(), "calendar", _read)
    days = [day for day in calendars.days if day.date.year == year and day.agency in (PROVINCE, agency)]
    for day in days:
        click.echo(f"{day_text(day.date)}  {kind_text(day):8}  {day.note}  [{day.source}]")
    off = sum(day.kind is DayKind.OFF for day in days)
    guessed = sum(day.note.startswith(PROVISIONAL) for day in days)
    click.echo(f"{len(days)} ngày: {off} nghỉ, {len(days) - off} làm việc; {guessed} ngày mới là dự kiến.")
    if year not in calendars.years():
        click.echo(str(YearMissing(year)), err=True)
        context.exit(1)


@command.command("add")
@click.argument("day", metavar="DATE")
@click.argument("kind", type=click.Choice([kind.value for kind in DayKind]))
@_note
@_source
@click.option("--hours", default="", help="Of this day alone, like 07:00-11:30; else those of a usual day.")
@_agency
@_by
def add(day: str, kind: str, note: str, source: str, hours: str, agency: str, by: str) -> None:
    """Enter a day off or a day worked, or correct one. What stood before is kept in the audit trail.

    \b
    notifier calendar add 2027-02-11 off --note "Tết Đinh Mùi, mùng 6" --source "Thông báo của Bộ Nội vụ"
    notifier calendar add 2027-02-04 work --note "Không nghỉ" --source "Thông báo của Bộ Nội vụ"
    notifier calendar add 14/11/2026 work --hours 07:00-11:30 --agency H01.14 --note "Trực" --source "Kế hoạch 12"
    """
    fields = {"date": day, "kind": kind, "hours": hours, "agency": agency, "note": note, "source": source}
    try:
        entry = read_day(fields)
    except EntryError as error:
        raise click.UsageError(str(error)) from error
    _refuse_personal(by, note, source)

    async def write(connection: Connection, now: datetime) -> tuple[Counter[Change], Calendars]:
        return await store.put_days(connection, [entry], by=by, now=now), await store.read(connection)

    counts, calendars = with_database(load_settings(), "calendar", write)
    click.echo(counted(counts))
    if entry.date.year not in calendars.years():
        click.echo(incomplete(entry.date.year))
        return
    for line in day_lines(calendars.of(entry.agency), entry.date):
        click.echo(line)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check the file, change nothing.")
@_by
@click.pass_context
def import_(context: click.Context, file: Path, dry_run: bool, by: str) -> None:  # noqa: FBT001 - click's way
    """Enter the days of a CSV file: date, kind (off or work), hours, agency, note, source. One wrong row stops all.

    \b
    notifier calendar import 2028.csv --dry-run
    notifier calendar import 2028.csv
    notifier calendar import 2028.csv --by lan
    """
    days, faults = _entries(file)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        click.echo(f"{len(days) + len(faults)} dòng, {len(faults)} dòng sai: không ghi gì.")
        context.exit(1)
    _refuse_personal(by)

    async def write(connection: Connection, now: datetime) -> tuple[Counter[Change], Calendars]:
        transaction = connection.transaction()
        await transaction.start()
        try:
            counts = await store.put_days(connection, days, by=by, now=now)
            calendars = await store.read(connection)
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if dry_run else transaction.commit())
        return counts, calendars

    counts, calendars = with_database(load_settings(), "calendar", write)
    click.echo(f"{counted(counts)}{' Thử, chưa ghi gì.' if dry_run else ''}")
    for year in sorted({day.date.year for day in days} - calendars.years()):
        click.echo(incomplete(year))


def _entries(file: Path) -> tuple[list[Day], list[str]]:
    days: list[Day] = []
    faults: list[str] = []
    try:
        for line in read_csv(file.read_text(encoding="utf-8")):
            if isinstance(line.read, Day):
                fault = fault_of_why(line.read.note) or fault_of_why(line.read.source)
                days.append(line.read)
                if fault is None:
                    continue
                days.pop()
            else:
                fault = str(line.read)
            faults.append(f"dòng {line.number}: {fault}")
    except UnicodeDecodeError as error:
        raise EntryError(f"{file.name} is not written in UTF-8; save it as CSV UTF-8") from error
    return days, faults


@command.command("hours")
@click.argument("agency", default=PROVINCE, callback=_parsed(read_agency))
@click.option("--week", callback=_parsed(read_week), help='Like "mon-fri 07:30-11:30,13:00-17:00; sat 07:30-11:30".')
@click.option("--since", callback=_parsed(read_date), help="The first day of these hours.")
@click.option("--note", help="Why, as everybody may read it.")
@click.option("--source", help="The document that says so, with number and date.")
@_by
def hours(
    agency: str,
    week: tuple[tuple[Span, ...], ...] | None,
    since: date | None,
    note: str | None,
    source: str | None,
    by: str,
) -> None:
    """Show the usual hours, or set those of an agency (none named: the whole province) from a day on.

    \b
    notifier calendar hours
    notifier calendar hours H01.14
    notifier calendar hours H01.14 --week "mon-fri 07:30-11:30,13:00-17:00" --since 2026-04-15 --note Hè --source "QĐ 12"
    """
    if week is None:
        for each in with_database(load_settings(), "calendar", _read).weeks:
            if agency in (PROVINCE, each.agency):
                click.echo(week_line(each))
        return
    if since is None or not note or not source:
        raise click.UsageError("--week needs --since, --note and --source")
    _refuse_personal(by, note, source)
    entry = Week(agency=agency, since=since, days=week, note=note, source=source)

    async def write(connection: Connection, now: datetime) -> Change:
        return await store.put_week(connection, entry, by=by, now=now)

    click.echo(f"{CHANGES[with_database(load_settings(), 'calendar', write)]}: {week_line(entry)}")


def _refuse_personal(by: str, *texts: str) -> None:
    if fault := fault_of_name(by) or next(filter(None, map(fault_of_why, texts)), None):
        raise click.UsageError(fault)


async def _read(connection: Connection, _now: datetime) -> Calendars:
    return await store.read(connection)
