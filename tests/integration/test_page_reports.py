"""The reports of the console: as on the command line, in both languages, for the own agencies only."""

import csv
from io import BytesIO, StringIO
from random import Random

import openpyxl
import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import OperatorRole
from notifier.reminders.reports.periods import PeriodKind, containing
from notifier.reminders.reports.question import ReportName
from notifier.reminders.reports.sheets import CellKind
from notifier.store import reports
from notifier.web.keys import REPORTING
from notifier.web.pages.console.figures import FIGURES, NAMES, PLOTS, REPORTS, SHEETS
from tests.support.pages import headers, look, operator_cookie
from tests.support.reports import NOW, Rows, directory, dockets, keep, reminders

HOME = "/console/reports"
OFFICE = OperatorRole.VIEWER


@pytest.fixture
async def month(app, ground) -> None:
    rows, random = Rows(), Random(5)
    directory(rows)
    reminders(rows, random, 40)
    dockets(rows, random, 80)
    async with app.pool.acquire() as connection:
        await keep(connection, rows)
    move_clock(ground.clock_file, NOW)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", list(ReportName))
async def test_a_viewer_reads_every_report_with_its_plot(client, app, month, name, language):
    status, html = await look(client, f"{HOME}?report={name}&lang={language}", await operator_cookie(app, OFFICE))
    assert (status, "<table>" in html, '<svg class="bar"' in html) == (200, True, True)


@pytest.mark.parametrize("name", list(ReportName))
async def test_every_number_of_a_report_is_explained_and_every_column_has_an_english_title(app, month, name):
    question = reports.Question(name, containing(PeriodKind.KY21_20, NOW.date()))
    async with app.pool.acquire() as connection:
        report = await reports.make(connection, question, NOW)
    columns = [column for sheet in report.sheets for column in sheet.columns]
    numbers = {column.key for column in columns if column.kind in {CellKind.NUMBER, CellKind.PERCENT}}
    assert numbers - FIGURES[name].keys() == set()
    assert {column.key for column in columns} - numbers - NAMES.keys() == set()
    assert {sheet.name for sheet in report.sheets} - SHEETS.keys() == set()
    assert {key for key, _ in PLOTS[name]} <= {column.key for column in report.sheets[0].columns} | {
        "covered",
        "missed",
    }
    assert REPORTS[name][0][0] == report.title


async def test_the_page_shows_the_figures_of_the_report(client, app, month):
    question = reports.Question(ReportName.ON_TIME, containing(PeriodKind.MONTH, NOW.date()))
    async with app.pool.acquire() as connection:
        report = await reports.make(connection, question, NOW)
    _, html = await look(client, f"{HOME}?report=on-time&when=thang:2026-12", await operator_cookie(app, OFFICE))
    total = "".join(f'<td class="number">{value}</td>' for value in report.sheets[0].total[2:8])
    assert total in html


async def test_a_workbook_of_all_tables_and_one_table_as_csv_can_be_taken(client, app, month):
    cookie = await operator_cookie(app, OFFICE)
    ask = f"{HOME}/download?report=late-list&from=2026-11-01&to=2026-11-30"
    async with client.get(f"{ask}&format=xlsx", headers=headers(cookie)) as answer:
        book = openpyxl.load_workbook(BytesIO(await answer.read()))
        assert answer.headers["Content-Disposition"].endswith("late-list-2026-11-01-2026-11-30.xlsx")
    async with client.get(f"{ask}&format=csv&table=officers", headers=headers(cookie)) as answer:
        lines = list(csv.reader(StringIO((await answer.read()).decode("utf-8-sig"))))
    assert (book.sheetnames[0], lines[0][2]) == ("Theo cơ quan", "Mã cán bộ")


@pytest.mark.parametrize("path", [HOME, f"{HOME}/download"])
async def test_another_agency_is_refused_like_one_that_does_not_exist(client, app, month, path):
    cookie = await operator_cookie(app, OFFICE, "H01.15")
    asked = [f"{path}?report=on-time&format=csv&agency={agency}" for agency in ("H01.14", "NO-SUCH", "000.14.00.H01")]
    assert [(await look(client, each, cookie))[0] for each in asked] == [404, 404, 404]


async def test_who_works_for_one_agency_gets_its_report_unasked(client, app, month):
    _, html = await look(client, f"{HOME}?report=on-time", await operator_cookie(app, OFFICE, "H01.15"))
    assert ("UBND xã 15" in html, "UBND xã 14" in html, "H01.14" in html) == (True, False, False)


@pytest.mark.parametrize("ask", ["report=on-time&when=thang:2026-13", "report=on-time&from=2026-11-01"])
async def test_a_question_that_is_not_understood_is_answered_with_the_form_and_what_is_wrong(client, app, ask):
    status, html = await look(client, f"{HOME}?{ask}", await operator_cookie(app, OFFICE))
    assert (status, 'role="alert"' in html, "<form" in html) == (400, True, True)


async def test_while_a_report_is_made_the_next_one_is_asked_to_wait(client, app, web):
    cookie = await operator_cookie(app, OFFICE)
    async with web.app[REPORTING]:
        answers = [
            (await look(client, f"{HOME}{path}", cookie))[0]
            for path in ("?report=on-time", "/download?report=on-time&format=csv")
        ]
    assert answers == [503, 503]
