"""Rows and files of the directory: what is read from what people write, and how a wrong cell is told."""

from dataclasses import replace
from datetime import date

import pytest

from notifier.domain.directory import Kind, Origin, Role
from notifier.domain.errors import DirectoryError
from notifier.intake.contacts import desk_phone
from notifier.intake.directory_csv import decoded, guarded, read_csv, write_csv
from notifier.intake.directory_rows import Fault, entry, read_values
from tests.support.directory import DESK, UNIT, agency, officer


def value(kind: Kind, **texts: str):
    values, faults = read_values(kind, texts)
    assert not faults, faults
    return values


def fault(kind: Kind, **texts: str) -> Fault:
    values, faults = read_values(kind, texts)
    assert not values
    (found,) = faults
    return found


def lines(kind: Kind, text: str) -> list[tuple[int, list[str]]]:
    return [(row.number, [each.column for each in row.faults]) for row in read_csv(kind, text)]


# Values


@pytest.mark.parametrize(
    "text", ["0912000303", "0912 000 303", "+84912000303", "84912000303", "912000303", "0912.000.303"]
)
def test_a_mobile_number_is_read_however_it_is_written_or_a_spreadsheet_left_it(text):
    assert value(Kind.OFFICERS, phone=text) == {"phone": "+84912000303"}


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("0296 3852 901", "+842963852901"),
        ("0912 000 303", "+84912000303"),
        ("1900 1022", "19001022"),
        ("1800.1234", "18001234"),
        ("1022", "1022"),
        ("0296", None),
        ("+44 20 7946 0000", None),
        ("", None),
    ],
)
def test_a_desk_is_called_by_land_line_mobile_or_hotline(text, phone):
    assert desk_phone(text) == phone


@pytest.mark.parametrize("text", ["2026-12-01", "01/12/2026", "1/12/2026"])
def test_days_are_read_as_written_and_as_a_vietnamese_spreadsheet_leaves_them(text):
    assert value(Kind.OFFICERS, gone_at=text) == {"gone_at": date(2026, 12, 1)}


def test_an_account_has_one_spelling():
    assert value(Kind.OFFICERS, code=" PT.Thu ", deputy="VV.Mau") == {"code": "pt.thu", "deputy": "vv.mau"}


def test_a_unit_is_written_level_one_first():
    assert value(Kind.OFFICERS, unit="000.00.07.H33") == {"unit": "H33.07"}


def test_the_other_order_of_a_code_is_kept_as_another_code():
    values = value(Kind.AGENCIES, code="000.02.14.H01", name="A")
    stands = agency("H01.14.02", name="A", other_codes=("H33.07",))
    assert entry(Kind.AGENCIES, None, values) == agency("H01.14.02", name="A", other_codes=("000.02.14.H01",))
    assert entry(Kind.AGENCIES, stands, values) == replace(stands, other_codes=("000.02.14.H01", "H33.07"))


def test_other_codes_are_kept_as_written_and_level_one_first():
    assert value(Kind.AGENCIES, other_codes="000.00.07.H33, CU7") == {"other_codes": ("000.00.07.H33", "CU7", "H33.07")}


def test_the_code_itself_is_none_of_the_other_codes():
    assert value(Kind.AGENCIES, code=UNIT, other_codes=f"{UNIT} H33.07")["other_codes"] == ("H33.07",)


def test_user_ids_are_told_apart_by_account():
    assert value(Kind.OFFICERS, zalo="111", **{"zalo:hue": "222"}) == {"zalo": {"zalo": "111", "hue": "222"}}


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("phone", "0296 3852 901", "a Vietnamese mobile number"),
        ("phone", "9,12E+08", "a Vietnamese mobile number"),
        ("email", "pt.thu", "a mail address"),
        ("zalo", "3.84957E+18", "a spreadsheet rounds"),
        ("gone_at", "30/02/2026", "a day"),
        ("role", "boss", "officer, head or director"),
        ("unit", "xã Bình Mẫu", "the code of an agency"),
        ("name", "a\nb", "on one line"),
        ("name", "a" * 256, "at most 255"),
        ("origin", "me", "admin or event"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_is_expected(column, text, expected):
    found = fault(Kind.OFFICERS, **{column: text})
    assert (found.column, found.found, expected in found.expected) == (column, text, True), found


def test_all_wrong_cells_of_a_row_are_told():
    _, faults = read_values(Kind.OFFICERS, {"phone": "1", "email": "2", "name": "A"})
    assert [each.column for each in faults] == ["phone", "email"]


# Entries


def test_a_new_row_has_the_usual_values():
    assert entry(Kind.OFFICERS, None, {"code": "a", "name": "A"}) == officer(
        "a", name="A", unit=None, role=Role.OFFICER
    )


def test_what_a_row_does_not_name_stays():
    standing = officer("a", title="Chuyên viên", zalo={"zalo": "111", "hue": "222"})
    found = entry(Kind.OFFICERS, standing, {"code": "a", "title": None, "zalo": {"zalo": None}})
    assert found == officer("a", zalo={"hue": "222"})


@pytest.mark.parametrize(
    ("kind", "values", "column"),
    [
        (Kind.OFFICERS, {"name": None}, "name"),
        (Kind.OFFICERS, {"deputy": "a"}, "deputy"),
        (Kind.OFFICERS, {"leave_from": date(2026, 12, 2), "leave_until": date(2026, 12, 1)}, "leave_until"),
        (Kind.OFFICERS, {"leave_until": date(2026, 12, 1)}, "leave_from"),
        (Kind.AGENCIES, {"parent": "a"}, "parent"),
        (Kind.AGENCIES, {"successor": "a"}, "successor"),
        (Kind.AGENCIES, {"valid_from": date(2026, 12, 2), "valid_until": date(2026, 12, 1)}, "valid_until"),
    ],
)
def test_what_contradicts_itself_is_no_entry(kind, values, column):
    found = entry(kind, None, {"code": "a", "name": "A", **values})
    assert isinstance(found, Fault)
    assert found.column == column


def test_an_agency_may_have_ended_without_anybody_knowing_when_it_began():
    assert entry(Kind.AGENCIES, None, {"code": "a", "name": "A", "valid_until": date(2025, 6, 30)}).valid_from is None


# Files


@pytest.mark.parametrize(
    "content",
    [
        "code,name\npt.thu,Phạm Thị Thử\n".encode(),
        "\ufeffcode,name\r\npt.thu,Phạm Thị Thử\r\n".encode(),
        "CODE;Name\npt.thu;Phạm Thị Thử\n".encode(),
        'code,name\n\n"pt.thu","Phạm Thị Thử"'.encode(),
        "code,name\npt.thu,Phạm Thị Thử\n,\n".encode(),
    ],
    ids=["plain", "byte order mark", "semicolons", "quotes and empty lines", "a row of empty cells"],
)
def test_files_are_read_as_spreadsheets_write_them(content):
    (row,) = read_csv(Kind.OFFICERS, decoded(content))
    assert (row.values, row.faults) == ({"code": "pt.thu", "name": "Phạm Thị Thử"}, ())


def test_text_is_kept_in_one_form():
    (row,) = read_csv(Kind.OFFICERS, decoded("code,name\na,Tha\u0306\u0301ng".encode()))
    assert row.values["name"] == "Thắng"


def test_every_row_is_checked_and_told_by_its_line():
    text = 'code,name,phone\na,A,1\nb,"B, C",0912000303\nc,C,x\nd\n,D,\na,A,\n'
    assert lines(Kind.OFFICERS, text) == [
        (2, ["phone"]),
        (3, []),
        (4, ["phone"]),
        (5, [""]),
        (6, ["code"]),
        (7, ["code"]),
    ]


def test_two_spellings_of_one_code_are_one_row():
    assert lines(Kind.AGENCIES, "code,name\nH01.14,A\n000.00.14.H01,A\n")[1] == (3, ["code"])


def test_what_is_no_csv_ends_the_file_with_a_fault():
    assert lines(Kind.OFFICERS, 'code,name\na,"A\n')[-1][1] == [""]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "does not name code"),
        ("pt.thu,Phạm Thị Thử\n", "does not name code"),
        ("code,name,phon\n", "phon"),
        ("code,name,name\n", "twice"),
        ("code,zalo,zalo:zalo\n", "twice"),
    ],
)
def test_a_head_that_cannot_be_used_stops_all(text, word):
    with pytest.raises(DirectoryError, match=word):
        read_csv(Kind.OFFICERS, text)


def test_a_file_without_a_head_is_refused_without_quoting_it():
    with pytest.raises(DirectoryError) as refused:
        read_csv(Kind.OFFICERS, "pt.thu,Phạm Thị Thử\n")
    assert "Phạm" not in str(refused.value)


def test_another_encoding_is_named():
    with pytest.raises(DirectoryError, match="UTF-8"):
        decoded("code;name\na;Thử".encode("utf-16"))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+cmd", "'+cmd"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("9990000000000000901", "'9990000000000000901"),
        ("0012", "'0012"),
        ("'a", "''a"),
        ("+84912000303", "+84912000303"),
        ("1022", "1022"),
        ("H01.14", "H01.14"),
        ("", ""),
    ],
)
def test_cells_are_guarded_where_a_spreadsheet_would_run_or_spoil_them(cell, written):
    assert guarded(cell) == written


def test_a_file_begins_with_its_columns():
    head, line = write_csv(Kind.OFFICERS, [officer("a", name="A", unit=DESK, zalo={"hue": "1"})])
    assert head == (
        "\ufeffcode,name,title,unit,role,phone,email,leave_from,leave_until,deputy,gone_at,origin,zalo,zalo:hue\r\n"
    )
    assert line == "a,A,,H01.14.02,officer,,,,,,,admin,,1\r\n"


def test_an_agency_is_written_with_its_other_codes():
    _, line = write_csv(Kind.AGENCIES, [agency(UNIT, name="A", other_codes=("B", "C"), origin=Origin.EVENT)])
    assert line == "H01.14,A,B C,,,,,,event\r\n"
