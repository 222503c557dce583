import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from notifier.audit.dead import fault_of_name
from notifier.cli.database import with_database
from notifier.cli.directory_lines import (
    agency_line,
    agency_lines,
    fault_line,
    officer_line,
    officer_lines,
    outcome,
)
from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Entry, Kind, Officer, Role, officer_code, people_of, stands_in
from notifier.domain.dossiers import Person
from notifier.intake.codes import agency_code
from notifier.intake.directory_csv import decoded, read_csv, write_csv
from notifier.intake.directory_rows import ZALO, Fault, entry, read_values, references
from notifier.settings import load_settings
from notifier.store import directory as store
from notifier.store import directory_keeping as keeping
from notifier.store.directory import Wanted
from notifier.store.directory_keeping import NOBODY, Report
from notifier.store.pool import Connection

_C = TypeVar("_C", bound=Callable[..., Any])

_by = click.option("--by", default=getpass.getuser, show_default="your login", help="Who changes it.")
_oa = click.option("--oa", default=ZALO, show_default=True, help="The Official Account: name of its provider.")
_contacts = click.option("--contacts", is_flag=True, help="Show telephone numbers, addresses and ids in full.")


def _kind(help_text: str, **options: Any) -> Callable[[_C], _C]:
    kinds = click.Choice([kind.value for kind in Kind])
    return click.option("--kind", type=kinds, callback=lambda _c, _p, given: Kind(given), help=help_text, **options)


@click.group("directory")
def command() -> None:
    """Agencies and officers: how to reach them, who answers for what, who is away and who stands in.

    \b
    notifier directory list --no-zalo
    notifier directory import officers.csv --kind officers --dry-run
    notifier directory leave pt.thu --from 2026-12-01 --to 2026-12-05 --deputy vv.mau
    """


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_kind("What the file holds.", required=True)
@click.option("--dry-run", is_flag=True, help="Read and check the file and count, change nothing.")
@click.option("--skip-bad", is_flag=True, help="Write the good rows although others are wrong.")
@_by
@click.pass_context
def import_(context: click.Context, file: Path, kind: Kind, by: str, *, dry_run: bool, skip_bad: bool) -> None:
    """Write the rows of a CSV file. Columns that it lacks stay as they are. Exit code 1 if any row is wrong.

    \b
    notifier directory import agencies.csv --kind agencies --dry-run
    notifier directory import officers.csv --kind officers
    notifier directory import officers.csv --kind officers --skip-bad --by lan
    """
    _refuse_name(by)
    text = decoded(file.read_bytes())
    with _bar(text.count("\n")) as passed:
        rows = []
        for row in read_csv(kind, text):
            rows.append(row)
            passed(1)

        async def write(connection: Connection, now: datetime) -> Report:
            options = {"dry_run": dry_run, "skip_bad": skip_bad}
            return await keeping.import_rows(connection, kind, rows, by=by, now=now, passed=passed, **options)

        report = with_database(load_settings(), "directory", write)
    for number, fault in report.faults:
        click.echo(fault_line(number, fault), err=True)
    click.echo(outcome(kind, report, dry_run=dry_run, skip_bad=skip_bad))
    context.exit(1 if report.faults else 0)


@contextmanager
def _bar(rows: int) -> Iterator[Callable[[int], None]]:
    """On a terminal a long file shows how far it is: each row is read, then written."""
    if rows <= keeping.WRITTEN_AT_ONCE or not sys.stderr.isatty():
        yield lambda _rows: None
        return
    with click.progressbar(length=2 * rows, file=sys.stderr) as bar:
        yield bar.update


@command.command("export")
@_kind("Which rows.", required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; else it is printed.")
def export(kind: Kind, out: Path | None) -> None:
    """Write the rows as the CSV file that import reads, safe to be opened in a spreadsheet. It holds contacts.

    \b
    notifier directory export --kind officers --out officers.csv
    notifier directory export --kind agencies --out agencies.csv
    notifier directory export --kind agencies
    """

    async def load(connection: Connection, now: datetime) -> list[Entry]:
        if kind is Kind.AGENCIES:
            return [*await store.agencies(connection)]
        return [*await store.officers(connection, Wanted(), _day(now))]

    entries = with_database(load_settings(), "directory", load)
    content = "".join(write_csv(kind, entries)).encode()
    if out is None:
        click.echo(content, nl=False)
        return
    out.touch(mode=0o600)
    out.write_bytes(content)
    click.echo(f"{len(entries)} dòng: {out}")


@command.command("show")
@click.argument("code")
@_oa
@_contacts
@click.pass_context
def show(context: click.Context, code: str, oa: str, *, contacts: bool) -> None:
    """All that is known of an officer or an agency, and who hears in their place today.

    \b
    notifier directory show pt.thu
    notifier directory show pt.thu --contacts
    notifier directory show H01.14
    """

    async def load(connection: Connection, now: datetime) -> list[str]:
        today = _day(now)
        officer = await store.officer(connection, officer_code(code))
        agency = await store.agency(connection, agency_code(code))
        around = await store.around(connection, [code], [agency_code(code)])
        lines: list[str] = []
        if officer:
            hears = stands_in(around, Person(name=officer.name, code=officer.code), today, oa)
            lines += officer_lines(officer, hears, today, contacts=contacts)
        if agency:
            heads, directors = (
                people_of(around, [agency.code], role, today, oa) for role in (Role.HEAD, Role.DIRECTOR)
            )
            lines += agency_lines(agency, heads, directors)
        return lines

    lines = with_database(load_settings(), "directory", load)
    if not lines:
        click.echo(f"Nobody in the directory has the code {code}; `notifier directory list` shows who does.", err=True)
        context.exit(1)
    click.echo("\n".join(lines))


@command.command("list")
@_kind("Which rows.", default=Kind.OFFICERS.value, show_default=True)
@click.option("--unit", help="Only this unit and those under it, like H01.14.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Only officers with this role.")
@click.option("--no-zalo", is_flag=True, help="Only officers who are not linked with the Official Account.")
@click.option("--not-following", is_flag=True, help="Only linked officers who are not known to follow the account.")
@_oa
@_contacts
def list_(
    kind: Kind, unit: str | None, role: str | None, oa: str, *, no_zalo: bool, not_following: bool, contacts: bool
) -> None:
    """Officers or agencies, a line each, contacts masked.

    \b
    notifier directory list --unit H01.14
    notifier directory list --no-zalo --unit H01.14
    notifier directory list --not-following
    notifier directory list --kind agencies
    """
    if kind is Kind.AGENCIES and (role or no_zalo or not_following):
        raise click.UsageError("--role, --no-zalo and --not-following ask for officers, not for agencies")
    if no_zalo and not_following:
        raise click.UsageError("either --no-zalo or --not-following")
    code = agency_code(unit) if unit else None

    async def load(connection: Connection, now: datetime) -> list[str]:
        today = _day(now)
        if kind is Kind.AGENCIES:
            return [agency_line(each, today) for each in await store.agencies(connection, code)]
        wanted = Wanted(code, Role(role) if role else None, oa if no_zalo else None, oa if not_following else None)
        found = await store.officers(connection, wanted, today)
        return [officer_line(each, today, contacts=contacts) for each in found]

    lines = with_database(load_settings(), "directory", load)
    for line in lines:
        click.echo(line)
    click.echo(f"{len(lines)} {'cơ quan' if kind is Kind.AGENCIES else 'cán bộ'}.")


@command.command("leave")
@click.argument("code")
@click.option("--from", "first", help="The first day of the leave, like 2026-12-01.")
@click.option("--to", "last", help="The last day of it; without it, until further notice.")
@click.option("--deputy", help="Account of the officer who hears meanwhile; without it, the one named before.")
@click.option("--cancel", is_flag=True, help="There is no leave (any more).")
@_by
def leave(code: str, first: str | None, last: str | None, deputy: str | None, by: str, *, cancel: bool) -> None:
    """Say that an officer is away, and who hears in their place.

    \b
    notifier directory leave pt.thu --from 2026-12-01 --to 2026-12-05 --deputy vv.mau
    notifier directory leave pt.thu --from 2026-12-01
    notifier directory leave pt.thu --cancel
    """
    if cancel == bool(first) or (cancel and last):
        raise click.UsageError("either --from, and perhaps --to, or --cancel")
    texts = {"leave_from": first or "", "leave_until": last or "", **({"deputy": deputy} if deputy else {})}
    _show_change(_altered(code, texts, by, written=False))


@command.command("link")
@click.argument("code")
@_oa
@click.option("--uid", help="The officer's user id with this Official Account.")
@click.option("--remove", is_flag=True, help="The officer is not linked (any more).")
@_by
def link(code: str, oa: str, uid: str | None, by: str, *, remove: bool) -> None:
    """Link an officer with a Zalo Official Account, so that reminders reach them there.

    \b
    notifier directory link pt.thu --uid 9990000000000000901
    notifier directory link pt.thu --oa zalo --uid 9990000000000000901 --by lan
    notifier directory link pt.thu --remove
    """
    if remove == bool(uid):
        raise click.UsageError("either --uid or --remove")
    _show_change(_altered(code, {f"{ZALO}:{oa}": uid or ""}, by, written=True))


def _altered(code: str, texts: dict[str, str], by: str, *, written: bool) -> tuple[Officer, date]:
    """The officer with these fields; `written`: from now on the row is an administrator's."""
    _refuse_name(by)
    values, faults = read_values(Kind.OFFICERS, texts)
    for fault in faults:
        raise click.UsageError(_wrong(fault))

    def change(officer: Officer) -> Officer:
        made = entry(Kind.OFFICERS, officer, values if written else {"origin": officer.origin, **values})
        if isinstance(made, Officer):
            return made
        raise click.UsageError(_wrong(made) if isinstance(made, Fault) else f"{code} is no officer")

    async def write(connection: Connection, now: datetime) -> tuple[Officer | None, date]:
        for name, whose, meant in references(Kind.OFFICERS, values):
            if await store.strangers(connection, whose, [meant]):
                raise click.UsageError(_wrong(Fault(name, meant, NOBODY[name])))
        return await keeping.alter_officer(connection, officer_code(code), change, by=by, now=now), _day(now)

    officer, today = with_database(load_settings(), "directory", write)
    if officer is None:
        raise click.UsageError(f"no officer has the account {code}; `notifier directory list` shows who does")
    return officer, today


def _show_change(changed: tuple[Officer, date]) -> None:
    officer, today = changed
    click.echo(officer_line(officer, today, contacts=False))


def _wrong(fault: Fault) -> str:
    return f'{fault.column}: "{fault.found}"; expected: {fault.expected}'


def _refuse_name(by: str) -> None:
    if fault := fault_of_name(by):
        raise click.UsageError(f"--by: {fault}")


def _day(now: datetime) -> date:
    return now.astimezone(VIETNAM).date()
