"""Reports over HTTP, for the tools of heads."""

import csv
from collections.abc import AsyncIterator
from dataclasses import replace
from io import BytesIO, StringIO
from random import Random

import aiohttp
import openpyxl
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from notifier.domain.clock import move_clock
from notifier.reminders.reports.question import TABLES, ReportName
from notifier.settings import ApiToken, Scope
from notifier.web.app import web_application
from notifier.web.keys import REPORTING
from tests.support.reports import NOW, Rows, directory, dockets, keep, reminders

TOKEN = "a-token-of-the-office-of-the-head"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def server(ground, app) -> AsyncIterator[TestServer]:
    """A web process over a small month that knows a token with the scope `reports`."""
    rows, random = Rows(), Random(5)
    directory(rows)
    reminders(rows, random, 40)
    dockets(rows, random, 80)
    async with app.pool.acquire() as connection:
        await keep(connection, rows)
    move_clock(ground.clock_file, NOW)
    office = ApiToken(token=SecretStr(TOKEN), scopes=frozenset({Scope.REPORTS}))
    settings = app.settings.model_copy(update={"api_tokens": {**app.settings.api_tokens, "office": office}})
    async with TestServer(web_application(replace(app, settings=settings)), access_log=None) as made:
        yield made


@pytest.fixture
async def office(server) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(base_url=str(server.make_url("/")), headers=headers) as session:
        yield session


async def test_only_a_token_with_the_scope_reads_reports(client, ground):
    async with client.get("/v1/reports/coverage") as answer:
        assert answer.status == 401
    async with client.get("/v1/reports/coverage", headers={"Authorization": f"Bearer {ground.api_token}"}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")


@pytest.mark.parametrize("name", list(ReportName))
async def test_each_report_has_its_tables(office, name):
    async with office.get(f"/v1/reports/{name}") as answer:
        report = await answer.json()

    assert (answer.status, report["report"]) == (200, name)
    assert tuple(table["name"] for table in report["tables"]) == TABLES[name]
    assert report["made_at"] == "2026-12-05T09:00:00+07:00"


async def test_period_agency_and_table_are_chosen_by_parameters(office):
    query = {"from": "2026-11-01", "to": "2026-11-20", "agency": "H01.14", "table": "agencies"}
    async with office.get("/v1/reports/coverage", params=query) as answer:
        report = await answer.json()

    assert (report["period"]["from"], report["period"]["to"], report["agency"]) == (
        "2026-11-01",
        "2026-11-20",
        "H01.14",
    )
    assert [[row["agency"] for row in table["rows"]] for table in report["tables"]] == [["H01.14"]]


@pytest.mark.parametrize(("query", "headers"), [({"format": "csv"}, {}), ({}, {"Accept": "text/csv, */*;q=0.1"})])
async def test_csv_is_asked_for_by_parameter_or_header(office, query, headers):
    async with office.get("/v1/reports/late-list", params=query, headers=headers) as answer:
        content = await answer.read()

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''late-list-2026-11-01-2026-11-30.csv"
    assert next(csv.reader(StringIO(content.decode("utf-8-sig"))))[:2] == ["Mã cơ quan", "Cơ quan"]


async def test_a_workbook_can_be_opened(office):
    async with office.get("/v1/reports/acceptance", params={"format": "xlsx"}) as answer:
        content = await answer.read()

    assert answer.headers["Content-Type"] == XLSX
    assert openpyxl.load_workbook(BytesIO(content)).sheetnames == ["Theo cơ quan", "Hồ sơ quá 8 giờ", "Giải thích"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"of": "2026-13"}, '"2026-13" names no period of the kind ky21_20; write it like 2026-11.'),
        ({"period": "nam"}, '"nam" is no kind of period; there are ky21_20, thang, quy, quy15_14, tuan.'),
        ({"from": "hôm qua", "to": "2026-11-01"}, '"hôm qua" is no day; write it like 2026-01-02 or 02/01/2026.'),
        ({"from": "2026-11-01"}, "of the days from and to one is missing; both are included."),
        ({"agency": "a'; DROP TABLE docket"}, "is no code of an agency"),
        ({"table": "citizens"}, '"citizens" is no table of the report coverage'),
        ({"format": "pdf"}, "The parameter format is one of json, csv, xlsx."),
        ({"colour": "red"}, "'colour' is no parameter"),
    ],
)
async def test_a_question_that_is_not_understood_is_a_problem_that_says_what_is_expected(office, query, said):
    async with office.get("/v1/reports/coverage", params=query) as answer:
        problem = await answer.json()

    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert (answer.status, problem["code"]) == (400, "invalid-query")
    assert said in problem["detail"]


async def test_a_report_of_another_name_is_not_found(office):
    async with office.get("/v1/reports/everything") as answer:
        problem = await answer.json()

    assert (answer.status, problem["code"]) == (404, "not-found")


async def test_while_a_report_is_made_the_next_one_is_asked_to_wait(office, server):
    async with server.app[REPORTING], office.get("/v1/reports/coverage") as answer:
        problem = await answer.json()

    assert (answer.status, problem["code"], answer.headers["Retry-After"]) == (503, "busy", "2")
