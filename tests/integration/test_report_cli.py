"""`notifier report` as an administrator types it, in a process of its own."""

import csv
import json
from io import StringIO
from random import Random

import openpyxl
import pytest

from notifier.domain.clock import move_clock
from notifier.reminders.reports.question import ReportName
from tests.support.command import run
from tests.support.reports import NOW, Rows, directory, dockets, keep, reminders


@pytest.fixture
async def typed(ground, app):
    """Runs `notifier report …` over a small month; answers exit code, output and complaints."""
    rows, random = Rows(), Random(5)
    directory(rows)
    reminders(rows, random, 40)
    dockets(rows, random, 80)
    async with app.pool.acquire() as connection:
        await keep(connection, rows)
    move_clock(ground.clock_file, NOW)

    async def type_(*arguments: str) -> tuple[int, str, str]:
        return await run("report", *arguments, environ={"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]})

    return type_


@pytest.mark.parametrize("name", list(ReportName))
async def test_each_report_is_shown_as_tables(typed, name):
    code, out, err = await typed(name)

    assert (code, err) == (0, "")
    expected = "tháng 11/2026" if name is ReportName.LATE_LIST else "kỳ tháng 11/2026 (21/10/2026–20/11/2026)"
    assert expected in out.splitlines()[0]
    assert "Theo cơ quan" in out


async def test_csv_goes_to_the_standard_output_as_one_table(typed):
    _, out, _ = await typed("coverage", "--format", "csv", "--table", "agencies")

    head, *rows = csv.reader(StringIO(out.removeprefix("\ufeff")))
    assert head[:2] == ["Mã cơ quan", "Cơ quan"]
    assert [row[0] for row in rows] == ["H01.14", "H01.15", "H01.27", "Tổng cộng"]


async def test_the_name_of_the_file_says_its_form(typed, tmp_path):
    file = tmp_path / "trễ hạn.xlsx"
    code, out, _ = await typed("late-list", "--output", str(file))

    assert code == 0
    assert out.startswith(f"{file}: Danh sách trễ hạn, tháng 11/2026, ")
    assert openpyxl.load_workbook(file).sheetnames == ["Theo cơ quan", "Theo cán bộ", "Hồ sơ trễ hạn", "Giải thích"]


async def test_json_is_for_programs(typed):
    _, out, _ = await typed("on-time", "--period", "tuan", "--of", "2026-W47", "--format", "json")

    answer = json.loads(out)
    assert (answer["report"], answer["period"]["from"], answer["period"]["to"]) == (
        "on-time",
        "2026-11-16",
        "2026-11-22",
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--of", "2026-Q4"), '"2026-Q4" names no period of the kind ky21_20; write it like 2026-11'),
        (("--from", "2026-11-01"), "of the days from and to one is missing"),
        (("--agency", "H01 14"), '"H01 14" is no code of an agency'),
        (("--period", "nam"), "'nam' is not one of 'ky21_20', 'thang', 'quy', 'quy15_14', 'tuan'"),
    ],
)
async def test_a_question_that_is_not_understood_is_wrong_usage(typed, arguments, complaint):
    code, _, err = await typed("coverage", *arguments)

    assert code == 2
    assert complaint in err


async def test_a_file_that_cannot_be_written_leaves_nothing_behind(typed, tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "x.csv").mkdir()
    code, _, err = await typed("coverage", "--output", str(tmp_path / "reports" / "x.csv" / "y.csv" / "z.csv"))

    assert code == 1
    assert "z.csv" in err
    assert "Traceback" not in err
    assert [each.name for each in (tmp_path / "reports").rglob("*")] == ["x.csv"]
