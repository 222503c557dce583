"""A report as a file, opened again by somebody else's reader."""

import csv
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO, StringIO
from zipfile import ZipFile

import click
import openpyxl
import pytest

from notifier.cli.report_text import report_lines
from notifier.reminders.reports.csv_file import csv_file
from notifier.reminders.reports.periods import PeriodKind, period_named
from notifier.reminders.reports.sheets import CellKind, Column, Report, Sheet, as_json, number, percent, text
from notifier.reminders.reports.xlsx_file import xlsx_file
from tests.support.calendar import at

COLUMNS = (
    text("agency_name", "Cơ quan"),
    number("owed", "Lượt phải nhắc"),
    percent("covered_percent", "Tỷ lệ đến (%)"),
    Column("due", "Hạn trả", CellKind.DATE),
    Column("filed_at", "Nộp lúc", CellKind.TIME),
)
ROWS = (
    ("UBND xã Bình Mẫu", 1234, 97.3, date(2026, 11, 20), datetime(2026, 11, 20, 16, 30)),  # noqa: DTZ001 - as cells hold it
    ("Sở Thử", 0, None, None, None),
)
SHEET = Sheet("agencies", "Theo cơ quan", COLUMNS, ROWS, ("Tổng cộng", 1234, 97.3, None, None), ("Mẫu số: lượt.",))
REPORT = Report(
    name="coverage",
    title="Nhắc việc cán bộ qua Zalo",
    period=period_named(PeriodKind.KY21_20, "2026-11"),
    agency="H01.14",
    made_at=at("2026-11-21 08:00"),
    sheets=(SHEET,),
)
FORMULAS = ("=1+1", "+84", "-1+1", "@SUM(A1)", '=HYPERLINK("http://a.example.vn")', "＝1", "http://a.example.vn")


def named(*names: str) -> Report:
    rows = tuple((name, 1, 1.0, None, None) for name in names)
    return replace(REPORT, sheets=(replace(SHEET, rows=rows, total=None),))


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_begins_with_the_mark_that_makes_excel_read_utf8():
    assert csv_file(SHEET).startswith(b"\xef\xbb\xbf")


def test_csv_holds_titles_rows_and_the_total():
    assert read_csv(csv_file(SHEET)) == [
        ["Cơ quan", "Lượt phải nhắc", "Tỷ lệ đến (%)", "Hạn trả", "Nộp lúc"],
        ["UBND xã Bình Mẫu", "1234", "97.3", "2026-11-20", "2026-11-20 16:30"],
        ["Sở Thử", "0", "", "", ""],
        ["Tổng cộng", "1234", "97.3", "", ""],
    ]


@pytest.mark.parametrize("name", FORMULAS[:-1])
def test_no_cell_of_csv_begins_like_a_formula(name):
    _, row = read_csv(csv_file(named(name).sheets[0]))

    assert row[0] == "'" + name


def test_a_negative_number_stays_a_number_in_csv():
    assert read_csv(csv_file(replace(SHEET, rows=(("-118", -3, None, None, None),), total=None)))[1][:2] == [
        "-118",
        "-3",
    ]


def opened(report: Report) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(xlsx_file(report)))


def test_a_workbook_holds_typed_cells():
    page = opened(REPORT)["Theo cơ quan"]

    heads, first, second, last = page.iter_rows(values_only=True)
    assert heads == tuple(column.title for column in COLUMNS)
    assert first == ("UBND xã Bình Mẫu", 1234, 97.3, datetime(2026, 11, 20), datetime(2026, 11, 20, 16, 30))  # noqa: DTZ001
    assert second == ("Sở Thử", 0, None, None, None)
    assert last == ("Tổng cộng", 1234, 97.3, None, None)


def test_numbers_of_a_workbook_show_as_many_decimals_as_they_have():
    sheet = replace(SHEET, rows=(("A", 1234, 97.3, None, None), ("B", 7.5, 100.0, None, None)), total=None)
    page = opened(replace(REPORT, sheets=(sheet,)))["Theo cơ quan"]

    assert [page[place].number_format for place in ("B2", "C2", "B3", "C3")] == [
        "#,##0",
        "#,##0.0",
        "#,##0.0",
        "#,##0.0",
    ]


def test_a_workbook_says_what_it_is_and_how_it_was_counted():
    page = opened(REPORT)["Giải thích"]

    assert [line for (line,) in page.iter_rows(values_only=True)] == [
        "Nhắc việc cán bộ qua Zalo",
        "kỳ tháng 11/2026 (21/10/2026–20/11/2026)",
        "Cơ quan H01.14 và các đơn vị trực thuộc",
        "Lập lúc 08:00 ngày 21/11/2026",
        "Theo cơ quan: Mẫu số: lượt.",
    ]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(name):
    cell = opened(named(name))["Theo cơ quan"]["A2"]

    assert (cell.value, cell.data_type, cell.hyperlink) == (name, "s", None)


def test_the_same_report_makes_the_same_workbook():
    def parts() -> dict[str, bytes]:
        with ZipFile(BytesIO(xlsx_file(REPORT))) as file:
            return {name: file.read(name) for name in file.namelist()}

    assert parts() == parts()


def test_programs_get_rows_by_the_keys_of_their_columns():
    (table,) = as_json(REPORT)["tables"]

    assert table["rows"][0] == {
        "agency_name": "UBND xã Bình Mẫu",
        "owed": 1234,
        "covered_percent": 97.3,
        "due": "2026-11-20",
        "filed_at": "2026-11-20T16:30:00",
    }


# On the screen


def shown(report: Report, width: int | None = None) -> list[str]:
    return [click.unstyle(line) for line in report_lines(report, width)]


def test_numbers_are_written_as_in_vietnam_and_the_total_stands_under_a_line():
    lines = shown(REPORT)

    assert [" ".join(line.split()) for line in lines[-5:-1]] == [
        "UBND xã Bình Mẫu 1.234 97,3 20/11/2026 20/11/2026 16:30",
        "Sở Thử 0 – – –",
        " ".join(lines[-3].split()),
        "Tổng cộng 1.234 97,3 – –",
    ]
    assert set(lines[-3]) == {" ", "─"}


def test_a_table_fits_its_terminal_and_cuts_names_rather_than_numbers():
    long = named("Trung tâm Phục vụ hành chính công xã Bình Mẫu, thị trấn Thử, huyện Ví Dụ")

    assert max(map(len, shown(long, 80))) <= 80
    assert any("Trung tâm" in line and "…" in line for line in shown(long, 80))


def test_a_long_table_says_how_to_get_the_rest():
    lines = shown(named(*(f"Cơ quan {place}" for place in range(2000))))

    assert any("còn 1.960 dòng: --format csv --table agencies" in line for line in lines)


def test_an_empty_table_says_so():
    assert "  không có gì trong kỳ này" in shown(named())
