"""Reports made from rows agree with a naive count over the same rows."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from notifier.reminders.reports.question import ReportName, question
from notifier.store import reports
from tests.support.calendar import SEEDED
from tests.support.report_cells import cells, total
from tests.support.reports import (
    END,
    NOW,
    OTHER_ORDER,
    START,
    Rows,
    answers_of,
    directory,
    docket,
    dockets,
    event,
    keep,
    recipient,
    reminders,
)

VN = ZoneInfo("Asia/Ho_Chi_Minh")
TODAY = NOW.date()
COVERED = {"delivered", "read"}


def day(at):
    return at.astimezone(VN).date()


async def make(app, name: str, **given):
    asked = question(ReportName(name), {"period": "ky21_20", "of": "2026-11"} | given, TODAY)
    async with app.pool.acquire() as connection:
        report = await reports.make(connection, asked, NOW)
    return {sheet.name: sheet for sheet in report.sheets}


async def stored(app, rows: Rows) -> None:
    async with app.pool.acquire() as connection:
        await keep(connection, rows)


@pytest.fixture
async def month(app):
    """A month of reminders and dossiers; what was written, and who was told of what."""
    rows, random = Rows(), Random(20261120)
    directory(rows)
    told = reminders(rows, random, 150)
    dockets(rows, random, 250)
    await stored(app, rows)
    return rows, told


# Coverage


def naive(told, key):
    owed, covered = Counter(), Counter()
    for each in told:
        owed[key(each)] += 1
        covered[key(each)] += each.state in COVERED
    return sorted((*key_, count, covered[key_]) for key_, count in owed.items())


@pytest.mark.parametrize(
    ("table", "columns", "key"),
    [
        ("agencies", ("agency",), lambda each: (each.agency,)),
        ("officers", ("agency", "officer"), lambda each: (each.agency, each.officer)),
        ("types", ("type",), lambda each: (each.type,)),
    ],
)
async def test_coverage_agrees_with_a_naive_count(app, month, table, columns, key):
    _, told = month
    found = (await make(app, "coverage"))[table]

    assert sorted(row for row in cells(found, *columns, "owed", "covered") if row[-2]) == naive(told, key)


async def test_reasons_agree_with_a_naive_count(app, month):
    _, told = month
    found = (await make(app, "coverage"))["reasons"]
    missing = [each for each in told if each.state not in COVERED]

    assert total(found, "missed", "instead") == (len(missing), sum(bool(each.instead) for each in missing))
    by_name = {(name, code): count for name, code, count in cells(found, "reason", "code", "missed")}
    expected = Counter((each.state, each.reason) for each in missing)
    assert by_name["Cán bộ chưa liên kết Zalo", ""] == expected["suppressed", "suppressed.no_zalo_link"]
    assert by_name["Zalo không gửi được", "-118"] == expected["failed", "failed.refused"]
    assert by_name["Quy tắc không gửi Zalo", ""] == expected[None, None]
    assert by_name["Đang chờ gửi", ""] == expected["planned", None]


async def test_a_gathered_reminder_stands_as_its_digest_does(app, month):
    rows, told = month
    found = (await make(app, "coverage"))["summary"]
    in_period = {each["id"] for each in rows.event if START <= each["received_at"] < END}
    gathered = sum("gathered_into" in each and each["event_id"] in in_period for each in rows.delivery)

    assert 0 < total(found, "gathered")[0] < gathered
    assert total(found, "owed", "covered") == (len(told), sum(each.state in COVERED for each in told))


async def test_coverage_of_an_agency_counts_it_under_all_its_codes(app, month):
    _, told = month
    found = (await make(app, "coverage", agency="000.14.00.H01"))["agencies"]

    assert cells(found, "agency", "owed") == [("H01.14", sum(each.agency == "H01.14" for each in told))]


async def test_steps_without_an_officer_are_counted_beside(app, month):
    rows, _ = month
    found = (await make(app, "coverage"))["types"]
    staffed = {each["event_id"] for each in rows.recipient if each["audience"] != "citizen"}
    expected = Counter()
    for each in rows.event:
        if START <= each["received_at"] < END and each["type"].startswith("hoso.") and each["id"] not in staffed:
            expected[each["type"]] += 1

    assert {row for row in cells(found, "type", "untold") if row[1]} == {
        (type_, count) for type_, count in expected.items() if type_ != "hoso.khac"
    }


async def test_officers_whom_zalo_never_reached_are_found(app, month):
    _, told = month
    found = (await make(app, "coverage"))["unreached"]
    reached = {each.officer for each in told if each.state in COVERED}
    unlinked = {f"cb{number}" for number in range(0, 10, 3)}

    expected = ({each.officer for each in told} | unlinked) - reached
    assert {officer for (officer,) in cells(found, "officer")} == expected


async def test_an_event_belongs_to_the_period_in_which_it_came(app):
    rows = Rows()
    second = timedelta(seconds=1)
    for number, when in enumerate((START - second, START, END - second, END)):
        recipient(rows, event(rows, when, occurred_at=START), f"cb{number}")
    await stored(app, rows)

    assert {officer for (officer,) in cells((await make(app, "coverage"))["officers"], "officer")} == {"cb1", "cb2"}


# Acceptance


def worked_minutes(start, end) -> float:
    """Minutes of working time, counted minute by minute."""
    calendar = SEEDED.of()
    spans = zip(calendar.opens, calendar.closes, strict=True)
    overlaps = (min(end, closes) - max(start, opens) for opens, closes in spans if closes > start and opens < end)
    return sum(each.total_seconds() for each in overlaps) / 60


def fate(rows, row) -> str:
    told = min(answers_of(rows, row), default=None)
    accepted = row["accepted_at"]
    if row["status"] == 7 and accepted >= row["since"]:
        accepted = None
    times = [at for at in (told, accepted) if at is not None] if row["status"] not in {None, 1} else []
    if not times and row["status"] == 7:
        return "withdrawn"
    minutes = worked_minutes(row["filed_at"], min(times, default=NOW))
    return ("in_time" if minutes <= 480 else "late") if times else ("open" if minutes <= 480 else "overdue")


async def test_acceptance_agrees_with_a_naive_count(app, month):
    rows, _ = month
    found = await make(app, "acceptance")
    filed = [row for row in rows.docket if row["filed_by"] == 2 and START <= row["filed_at"] < END]
    expected = Counter((unit_of(row, "receiving_unit", "handling_unit"), fate(rows, row)) for row in filed)

    for agency, *counts in cells(found["agencies"], "agency", "in_time", "late", "overdue", "open", "withdrawn"):
        names = ("in_time", "late", "overdue", "open", "withdrawn")
        assert counts == [expected[agency, name] for name in names], agency
    late = [row for row in filed if fate(rows, row) in {"late", "overdue"}]
    assert total(found["agencies"], "filed") == (len(filed),)
    assert {code for (code,) in cells(found["dossiers"], "dossier")} == {row["dossier_code"] for row in late}


def unit_of(row, first, second):
    unit = row[first] or row[second] or ""
    return OTHER_ORDER.get(unit, unit)


# Apologies


def due_of(row):
    return row["apologised_for"] or row["due_at"]


def end_of(row):
    return row["since"] if row["status"] in {3, 7} else row["finished_at"]


def letter_fate(row) -> str:
    due, end = day(due_of(row)), end_of(row)
    if end and day(end) <= due:
        return "finished"
    if not end and due >= TODAY:
        return "not_due_yet"
    if row["status"] in {5, 6, 8} and day(row["since"]) <= due:
        return "paused"
    if not row["apologised_at"]:
        return "none"
    before = due - timedelta(days=1)
    while not any(opens.astimezone(VN).date() == before for opens in SEEDED.of().opens):
        before -= timedelta(days=1)
    return "in_time" if day(row["apologised_at"]) <= before else "late"


async def test_apologies_agree_with_a_naive_count(app, month):
    rows, _ = month
    found = await make(app, "apologies")
    known = [row for row in rows.docket if row["status"] not in {None, 1, 3} and due_of(row)]
    due = [row for row in known if START <= due_of(row) < END]
    fates = Counter(map(letter_fate, due))
    names = ("finished", "in_time", "late", "none", "paused", "not_due_yet")

    assert total(found["agencies"], "due", *names) == (len(due), *(fates[name] for name in names))
    assert all(fates[name] for name in ("finished", "in_time", "late", "none"))
    assert len(found["dossiers"].rows) == fates["late"] + fates["none"]


# On time and late


def standing(row) -> str:
    end, due = end_of(row), due_of(row) and day(due_of(row))
    if end and end < END:
        return "undated" if not due else "before" if day(end) < due else "on" if day(end) == due else "late"
    if row["status"] in {5, 6, 8} and row["since"] < END:
        return "paused"
    return "running_undated" if not due else "running_late" if due < day(END) else "running"


async def test_on_time_agrees_with_a_naive_count(app, month):
    rows, _ = month
    found = await make(app, "on-time")
    seen = [
        row
        for row in rows.docket
        if row["status"] not in {None, 1, 3}
        and (row["accepted_at"] or row["filed_at"]) < END
        and (end_of(row) is None or end_of(row) >= START)
    ]
    counts = Counter(map(standing, seen))
    carried = sum((row["accepted_at"] or row["filed_at"]) < START for row in seen)
    names = ("before", "on", "late", "undated", "running", "running_late", "paused", "running_undated")

    expected = (carried, len(seen) - carried, *(counts[name] for name in names))
    assert total(found["agencies"], "carried", "received", *names) == expected
    assert total(found["procedures"], "carried", "received", *names) == expected
    assert {code for (code,) in cells(found["procedures"], "procedure")} == {"1.004884", "2.000815", "TT-1", ""}


async def test_a_procedure_is_named_as_its_last_event_names_it(app):
    rows = Rows()
    last = docket(rows, "H01-1", procedure_code="1.004884.H01", accepted_at=START)
    rows.event_payload.append({"event_id": last, "document": {"HoSo": {"TenTTHC": "Đăng ký lại khai sinh"}}})
    await stored(app, rows)
    found = (await make(app, "on-time"))["procedures"]

    assert cells(found, "procedure", "procedure_name") == [("1.004884", "Đăng ký lại khai sinh")]


async def test_the_late_list_agrees_with_a_naive_count(app, month):
    rows, _ = month
    found = await make(app, "late-list", period="thang", of="2026-11")
    first, end = datetime(2026, 11, 1, tzinfo=VN), datetime(2026, 12, 1, tzinfo=VN)
    expected = {}
    for row in rows.docket:
        if row["status"] in {None, 1, 3} or not due_of(row) or due_of(row) >= end:
            continue
        due, ended = day(due_of(row)), end_of(row)
        if ended and (ended < first or day(ended) <= due):
            continue
        if not ended and (row["status"] in {5, 6, 8} or due >= TODAY):
            continue
        expected[row["dossier_code"]] = ((day(ended) if ended else TODAY) - due).days

    assert dict(cells(found["dossiers"], "dossier", "days_late")) == expected
    assert total(found["agencies"], "late") == (len(expected),)
    assert expected


async def test_the_late_list_names_no_citizen(app, month):
    found = await make(app, "late-list", period="thang", of="2026-11")
    keys = {column.key for sheet in found.values() for column in sheet.columns}

    assert not {key for key in keys if "name" in key} - {"agency_name", "officer_name", "officer_names"}


@pytest.mark.parametrize("name", list(ReportName))
async def test_a_report_of_nothing_is_empty_and_says_so(app, name):
    for sheet in (await make(app, name)).values():
        assert {cell for row in sheet.rows for cell in row} <= {"Bước xử lý hồ sơ", "Nhắc hạn", 0, None}
        assert sheet.total is None or set(sheet.total) <= {"Tổng cộng", "", 0, None}


async def test_an_agency_that_nobody_knows_is_said_to_be_unknown(app):
    asked = question(ReportName.COVERAGE, {"agency": "H99.99"}, TODAY)
    async with app.pool.acquire() as connection:
        report = await reports.make(connection, asked, NOW)

    assert report.notes == ("Danh bạ không có cơ quan mã H99.99.",)
    assert report.made_at == NOW.astimezone(UTC)
