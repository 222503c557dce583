"""The working calendar in the database, and `notifier calendar` as an administrator uses it."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.domain.reasons import Reason, ReasonCode
from notifier.reminders.calendar import reading
from notifier.store import calendar
from notifier.store.calendar import Change
from tests.support.calendar import DAYS, off, week, worked

NOW = datetime(2026, 11, 25, tzinfo=UTC)
HEAD = "date,kind,hours,agency,note,source\n"
DAY_IN_YEAR_2028 = [f"2028-{day},off,,,Nghỉ lễ,Thông báo thử" for day in (
    "01-03", "01-25", "01-26", "01-27", "01-28", "01-31", "04-04", "05-01", "05-02", "09-01", "09-04")]  # fmt: skip


@pytest.fixture
def typed(ground, monkeypatch):
    """Runs a command line; answers exit code and everything it printed."""
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["calendar", *arguments])
        return result.exit_code, result.output

    return run


@pytest.fixture
def csv_file(tmp_path):
    def write(*lines: str) -> str:
        file: Path = tmp_path / "2028.csv"
        file.write_text(HEAD + "\n".join(lines), encoding="utf-8")
        return str(file)

    return write


async def audited(app) -> list[tuple[str, Reason]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT actor, reason, details FROM audit WHERE reason LIKE 'calendar.%' ORDER BY seq"
        )
    return [(row["actor"], Reason(ReasonCode(row["reason"]), row["details"])) for row in rows]


async def kept(app):
    async with app.pool.acquire() as connection:
        return await calendar.read(connection)


async def put(app, *days):
    async with app.pool.acquire() as connection:
        return await calendar.put_days(connection, days, by="lan", now=NOW)


# The store


async def test_a_new_database_keeps_the_seeded_days(app):
    assert (await kept(app)).days == DAYS


async def test_a_new_day_is_kept_and_audited(app):
    assert await put(app, off("2026-12-24")) == {Change.NEW: 1}
    assert off("2026-12-24") in (await kept(app)).days
    ((actor, reason),) = await audited(app)
    assert actor == "operator:lan"
    assert reason.text() == "lan ghi ngày 2026-12-24 là off (*), trước đó -: Thử (nguồn: Thử)"


async def test_a_correction_is_audited_with_what_stood_before(app):
    assert await put(app, worked("2027-02-04")) == {Change.CHANGED: 1}
    ((_, reason),) = await audited(app)
    assert (reason.values["before"], reason.values["kind"]) == ("off", "work")


async def test_a_day_that_stands_already_is_left_as_it_is(app):
    await put(app, off("2026-12-24"))
    assert await put(app, off("2026-12-24")) == {Change.SAME: 1}
    assert len(await audited(app)) == 1


async def test_the_hours_of_an_agency_are_kept_and_audited(app):
    own = week("mon-fri 07:30-11:30,13:00-17:00; sat 07:30-11:30", "H01.14", "2026-12-01")
    async with app.pool.acquire() as connection:
        assert await calendar.put_week(connection, own, by="lan", now=NOW) is Change.NEW
        assert await calendar.put_week(connection, own, by="lan", now=NOW) is Change.SAME
    assert reading((await kept(app)).of("H01.14"), date(2026, 12, 5)).hours == own.days[5]
    ((_, reason),) = await audited(app)
    assert reason.code is ReasonCode.CALENDAR_HOURS


async def test_the_days_left_end_with_the_last_year_that_is_kept(app):
    async with app.pool.acquire() as connection:
        assert await calendar.days_left(connection, datetime(2027, 12, 1, tzinfo=UTC)) == 31
        assert await calendar.days_left(connection, datetime(2028, 1, 1, tzinfo=UTC)) == 0


async def test_the_days_left_are_measured(client):
    async with client.get("/metrics") as answer:
        assert "notifier_calendar_days_left 4" in await answer.text()


# The command


async def test_check_says_of_each_day_whether_when_and_why(app, typed):
    code, out = await typed("check", "2026-01-02", "10/01/2026", "2026-01-03", "2026-01-05")
    assert code == 0, out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        "02/01/2026 thứ Sáu nghỉ Hoán đổi, làm bù thứ Bảy 10/01/2026",
        "nguồn: Công văn 12729/VPCP-KGVX ngày 25/12/2025",
        "10/01/2026 thứ Bảy làm việc 07:00–11:30, 13:30–17:00 Làm bù cho thứ Sáu 02/01/2026",
        "nguồn: Công văn 12729/VPCP-KGVX ngày 25/12/2025",
        "03/01/2026 thứ Bảy nghỉ nghỉ hằng tuần (Giờ hành chính thông dụng, tuần làm việc 40 giờ)",
        "nguồn: Mặc định của Notifier; tuần 40 giờ: Quyết định 188/1999/QĐ-TTg",
        "05/01/2026 thứ Hai làm việc 07:00–11:30, 13:30–17:00 ngày thường (Giờ hành chính thông dụng, tuần làm việc 40 giờ)",
        "nguồn: Mặc định của Notifier; tuần 40 giờ: Quyết định 188/1999/QĐ-TTg",
    ]


async def test_check_fails_for_a_year_that_is_not_kept_and_tells_the_others(app, typed):
    code, out = await typed("check", "2028-01-03", "2026-11-24")
    assert code == 1
    assert "Ngày Văn hóa Việt Nam" in out
    assert "NOTIFIER-CAL-001" in out


async def test_between_counts_working_time(app, typed):
    assert await typed("between", "2026-02-13T15:00", "2026-02-23T09:00") == (0, "4 giờ\n")


async def test_add_enters_a_day_of_one_agency_and_shows_it(app, typed):
    code, out = await typed(
        *("add", "28/11/2026", "work", "--hours", "07:00-11:30", "--agency", "H01.14"),
        *("--note", "Trực Một cửa", "--source", "Kế hoạch 12", "--by", "lan"),
    )
    assert code == 0, out
    assert "1 ngày: 1 mới, 0 sửa, 0 giữ nguyên." in out
    assert "làm việc 07:00–11:30  Trực Một cửa" in out
    assert "nghỉ hằng tuần" in (await typed("check", "2026-11-28"))[1]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("2026-02-30", "off", "--note", "a", "--source", "b"), "is no day"),
        (("2026-02-03", "off", "--note", "gọi 0912000303", "--source", "b"), "telephone number"),
        (("2026-02-03", "off", "--note", "a", "--source", "b", "--hours", "07:00-11:30"), "no hours"),
        (("2026-02-03", "off", "--note", " ", "--source", "b"), "note is missing"),
    ],
)
async def test_add_refuses_what_cannot_stand_in_the_calendar(app, typed, arguments, word):
    code, out = await typed("add", *arguments)
    assert (code, word in out) == (2, True), out
    assert await audited(app) == []


async def test_add_tells_that_a_year_is_still_incomplete(app, typed):
    code, out = await typed("add", "2028-01-03", "off", "--note", "Nghỉ bù", "--source", "Điều 111")
    assert code == 0
    assert "Năm 2028 vẫn chưa đủ 11 ngày nghỉ" in out


async def test_import_enters_a_whole_year(app, typed, csv_file):
    code, out = await typed("import", csv_file(*DAY_IN_YEAR_2028), "--by", "lan")
    assert (code, out) == (0, "11 ngày: 11 mới, 0 sửa, 0 giữ nguyên.\n")
    assert 2028 in (await kept(app)).years()
    assert len(await audited(app)) == 11


async def test_import_tells_that_a_year_is_still_incomplete(app, typed, csv_file):
    code, out = await typed("import", csv_file(*DAY_IN_YEAR_2028[:10]))
    assert code == 0
    assert "Năm 2028 vẫn chưa đủ 11 ngày nghỉ" in out


async def test_a_trial_of_an_import_counts_and_changes_nothing(app, typed, csv_file):
    code, out = await typed("import", csv_file(*DAY_IN_YEAR_2028), "--dry-run")
    assert (code, out) == (0, "11 ngày: 11 mới, 0 sửa, 0 giữ nguyên. Thử, chưa ghi gì.\n")
    assert (await kept(app)).days == DAYS
    assert await audited(app) == []


async def test_one_wrong_row_stops_an_import_and_is_named(app, typed, csv_file):
    wrong = ("2028-01-40,off,,,Sai,Thử", "2028-03-01,off,,,hỏi le.thu@example.vn,Thử")
    code, out = await typed("import", csv_file(*DAY_IN_YEAR_2028, *wrong))
    assert code == 1
    assert "dòng 13: NOTIFIER-CAL-002" in out
    assert "dòng 14: it holds what looks like" in out
    assert "13 dòng, 2 dòng sai: không ghi gì." in out
    assert (await kept(app)).days == DAYS


async def test_list_shows_a_year_and_how_much_of_it_is_provisional(app, typed):
    code, out = await typed("list", "2027")
    assert code == 0
    assert "15 ngày: 15 nghỉ, 0 làm việc; 6 ngày mới là dự kiến." in out


async def test_list_fails_for_a_year_that_is_not_kept(app, typed):
    assert (await typed("list", "2028"))[0] == 1


async def test_hours_are_set_for_an_agency_and_shown(app, typed):
    week_option = ("--week", "mon-fri 07:30-11:30,13:00-17:00", "--since", "2026-12-01")
    code, out = await typed("hours", "H01.14", *week_option, "--note", "Giờ riêng", "--source", "QĐ 12")
    assert code == 0, out
    assert "mới: H01.14, từ 01/12/2026: mon-fri 07:30-11:30,13:00-17:00" in out
    assert "07:30–11:30, 13:00–17:00" in (await typed("check", "2026-12-02", "--agency", "H01.14"))[1]
    assert "toàn tỉnh, từ 01/01/2000" in (await typed("hours"))[1]


async def test_hours_without_a_source_are_refused(app, typed):
    code, _ = await typed("hours", "H01.14", "--week", "mon-fri 07:30-11:30", "--since", "2026-12-01")
    assert code == 2
