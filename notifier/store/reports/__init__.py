"""Reports, made from what is stored: one moment of the database for all tables of a report."""

from datetime import datetime

from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Officer, by_every_code
from notifier.reminders.reports import coverage_sheets
from notifier.reminders.reports import on_time as on_time_report
from notifier.reminders.reports.acceptance import Acceptances
from notifier.reminders.reports.apologies import Apologies
from notifier.reminders.reports.late_list import LateList
from notifier.reminders.reports.question import TITLES, Question, ReportName
from notifier.reminders.reports.sheets import Report, Sheet
from notifier.reminders.reports.units import Agencies
from notifier.store import calendar, directory
from notifier.store.pool import Connection
from notifier.store.reports import coverage, dockets
from notifier.store.reports.scope import STATEMENT_SECONDS, Scope, scope_of


async def make(connection: Connection, question: Question, now: datetime) -> Report:
    """The report that is asked for. It may take as long as `STATEMENT_SECONDS` for each statement, and reads only."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
        agencies = Agencies(by_every_code(await directory.agencies(connection)))
        sheets = await _sheets(connection, question, agencies, now)
    agency = agencies.named(question.agency) if question.agency else None
    notes: tuple[str, ...] = ()
    if agency is not None and agency.code not in agencies.by_code:
        notes = (f"Danh bạ không có cơ quan mã {agency.code}.",)
    return Report(
        name=question.name,
        title=TITLES[question.name],
        period=question.period,
        agency=agency.code if agency else None,
        made_at=now,
        sheets=tuple(sheet for sheet in sheets if question.table in (None, sheet.name)),
        notes=notes,
    )


async def _sheets(connection: Connection, question: Question, agencies: Agencies, now: datetime) -> tuple[Sheet, ...]:
    scope = scope_of(question, agencies)
    today = now.astimezone(VIETNAM).date()
    match question.name:
        case ReportName.COVERAGE:
            found = await coverage.read(connection, scope)
            officers = await _officers(connection, scope, now)
            return coverage_sheets.sheets(found.by_person, found.by_type, found.steps, agencies, officers)
        case ReportName.ACCEPTANCE:
            answers = Acceptances(agencies, await calendar.read(connection), now)
            async for filed in dockets.filed_online(connection, scope):
                answers.add(filed)
            return answers.sheets()
        case ReportName.APOLOGIES:
            apologies = Apologies(agencies, await calendar.read(connection), today)
            async for due in dockets.due(connection, scope):
                apologies.add(due)
            return apologies.sheets()
        case ReportName.ON_TIME:
            as_of = question.period.days_until(today)
            return on_time_report.sheets(await dockets.punctuality(connection, scope, as_of), agencies)
        case ReportName.LATE_LIST:
            late_list = LateList(agencies, await _officers(connection, scope, now), today)
            async for late in dockets.late(connection, scope, today):
                late_list.add(late)
            return late_list.sheets()


async def _officers(connection: Connection, scope: Scope, now: datetime) -> dict[str, Officer]:
    """Those who work at the agencies that are asked for, by code."""
    today = now.astimezone(VIETNAM).date()
    found = await directory.officers(connection, directory.Wanted(unit=scope.own), today)
    return {officer.code: officer for officer in found if not officer.gone(today)}
