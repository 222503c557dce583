"""`notifier remind` as an administrator uses it."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import pytest

from notifier.domain.clock import VIETNAM, move_clock
from notifier.settings import ROOT
from notifier.store.calendar import put_days
from tests.support.calendar import off
from tests.support.command import run as run_command
from tests.support.intake import event
from tests.support.stack import post_event, settle

HANDLER, HEAD = "pv.pho", "lt.vidu"
WEEK = ("--from", "2026-11-25", "--to", "2026-12-05")


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM)


def step(number: int) -> dict[str, Any]:
    """A step that ends on 27 November at 17:00, of a dossier that is due on 2 December."""
    return event(
        {
            "/id": f"step-{number}",
            "/data/HoSo/MaHoSo": f"H01.14-261125-{number:04}",
            "/data/HoSo/NgayHenTra": "20261202170000",
            "/data/TienDo/NgayKetThucTheoQuyDinh": "20261127170000",
        },
        of="04",
    )


@pytest.fixture
def typed(ground):
    """Runs a command line; answers exit code, output and errors."""

    async def run(*arguments: str) -> tuple[int, str, str]:
        return await run_command("remind", *arguments, environ={"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]})

    return run


@pytest.fixture
async def two_dossiers(app, client, ground, sandbox):
    move_clock(ground.clock_file, at(25, 8, 0))
    for number in (1, 2):
        assert (await post_event(client, ground, step(number)))[0] == 202
    await settle(app)


# What is planned


async def test_the_list_names_time_dossier_reminder_and_its_meaning_the_next_first(typed, two_dossiers):
    code, out, _ = await typed("list", "--dossier", "H01.14-261125-0002")
    assert code == 0
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "Fri 27/11/2026 07:00 H01.14-261125-0002 han.hoso_sap_den 1 Sắp đến hạn trả",
        "Fri 27/11/2026 11:00 H01.14-261125-0002 han.buoc_sap_den 1 Bước sắp đến hạn",
        "Fri 27/11/2026 17:00 H01.14-261125-0002 han.buoc_qua 1 Quá hạn bước",
        "Tue 01/12/2026 07:00 H01.14-261125-0002 han.can_xin_loi 1 Cần xin lỗi",
        "Tue 01/12/2026 07:00 H01.14-261125-0002 han.hoso_sap_den 2 Sắp đến hạn trả",
        "Wed 02/12/2026 07:00 H01.14-261125-0002 han.can_xin_loi 2 Cần xin lỗi",
        "Thu 03/12/2026 07:00 H01.14-261125-0002 han.hoso_qua 1 Quá hạn trả",
        "7 planned.",
    ]


async def test_the_list_ends_at_a_time(typed, two_dossiers):
    _, out, _ = await typed("list", "--until", "2026-11-27T12:00")
    assert out.endswith("\n4 planned.\n")


async def test_a_list_that_is_cut_says_so(typed, two_dossiers):
    _, out, _ = await typed("list", "--limit", "3")
    assert out.endswith("\n3 planned, and there may be more: --limit.\n")


async def test_a_dossier_that_nobody_knows_has_nothing_planned(typed, two_dossiers):
    assert await typed("list", "--dossier", "H01.14-000000-0000") == (0, "0 planned.\n", "")


# Planned anew


async def planned(app) -> list[tuple[Any, ...]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT dossier_code, type, basis, number, state, due_at FROM timer ORDER BY id")
    return [tuple(row) for row in rows]


async def test_to_plan_anew_changes_nothing_where_nothing_changed(app, typed, two_dossiers):
    before = await planned(app)
    assert await typed("replan") == (0, "2 open dossiers planned anew.\n", "")
    assert await planned(app) == before


async def test_a_new_day_off_moves_what_is_planned(app, typed, two_dossiers):
    async with app.pool.acquire() as connection:
        await put_days(connection, [off("2026-12-01")], by="test", now=app.clock())
    await typed("replan")
    _, out, _ = await typed("list", "--dossier", "H01.14-261125-0001")
    assert "Mon 30/11/2026 07:00" in out
    assert "01/12/2026" not in out


# Played again


async def test_the_simulation_says_who_is_told_what_and_when(typed, two_dossiers):
    code, out, err = await typed("simulate", *WEEK, "--officer", HEAD)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[:4] == [
        "at audience person channels dossiers what",
        "Wed 25/11 14:00 head lt.vidu zalo H01.14-261125-0001 and 1 more nhac.tong_hop: 2 hoso.chuyen_buoc",
        "Fri 27/11 17:00 head lt.vidu zalo H01.14-261125-0001 and 1 more nhac.tong_hop: 2 han.buoc_qua",
        "Tue 01/12 07:00 head lt.vidu zalo, sms H01.14-261125-0001 and 1 more nhac.tong_hop: 2 han.can_xin_loi",
    ]


async def test_the_simulation_sends_nothing(app, typed, two_dossiers):
    before = await planned(app)
    async with app.pool.acquire() as connection:
        attempts = await connection.fetchval("SELECT count(*) FROM attempt")
        await typed("simulate", *WEEK)
        assert await connection.fetchval("SELECT count(*) FROM attempt") == attempts
    assert await planned(app) == before


async def test_as_json_a_message_has_lists(typed, two_dossiers):
    _, out, _ = await typed("simulate", *WEEK, "--officer", HANDLER, "--format", "json")
    messages = json.loads(out)
    assert messages[0] == {
        "at": "2026-11-25T08:00+07:00",
        "audience": "handler",
        "person": HANDLER,
        "channels": ["zalo"],
        "type": "hoso.chuyen_buoc",
        "number": None,
        "tells": ["hoso.chuyen_buoc"],
        "dossiers": ["H01.14-261125-0001"],
    }
    assert {tuple(each["tells"]) for each in messages[1:]} >= {("han.buoc_qua", "han.buoc_qua")}


async def test_as_csv_a_message_is_a_row(typed, two_dossiers):
    _, out, _ = await typed("simulate", *WEEK, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    digest = next(row for row in rows if row["type"] == "nhac.tong_hop")
    assert (digest["at"], digest["person"], digest["channels"]) == ("2026-11-25T14:00+07:00", HEAD, "zalo")
    assert digest["dossiers"].split() == ["H01.14-261125-0001", "H01.14-261125-0002"]


async def test_counts_say_how_much_there_is_of_what_and_who_gets_the_most(typed, two_dossiers):
    _, out, _ = await typed("simulate", *WEEK, "--format", "counts")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "6 han.buoc_qua" in lines
    assert lines[-2] == "25 messages with all this to 3 people"
    assert lines[-1] == "3 the most to one officer in one day: pv.pho on 27/11/2026"


async def test_other_rules_tell_otherwise_and_change_nothing(typed, two_dossiers, tmp_path):
    rules = (ROOT / "rules.toml").read_text(encoding="utf-8")
    other = tmp_path / "rules.toml"
    other.write_text(rules.replace("before_working_hours = [4]", "before_working_hours = [8, 4]"), encoding="utf-8")
    _, now, _ = await typed("simulate", *WEEK, "--format", "counts")
    _, then, _ = await typed("simulate", *WEEK, "--format", "counts", "--rules", str(other))
    assert "4  han.buoc_sap_den" in now
    assert "8  han.buoc_sap_den" in then


async def test_for_one_who_is_told_nothing_nothing_is_counted(typed, two_dossiers):
    _, out, _ = await typed("simulate", *WEEK, "--officer", "nobody", "--format", "counts")
    assert out == "      0  messages with all this to 0 people\n"


@pytest.mark.parametrize(
    ("span", "sentence"),
    [
        (("--from", "soon", "--to", "2026-12-05"), '"soon" is no time; write it like 2026-11-25T08:00'),
        (("--from", "2026-12-05", "--to", "2026-11-25"), "it has to lie after --from"),
    ],
)
async def test_a_span_that_is_none_is_refused_with_what_to_write(typed, span, sentence):
    code, _, err = await typed("simulate", *span)
    assert code == 2
    assert sentence in err


async def test_a_year_without_a_calendar_is_named(app, typed, client, ground, sandbox):
    far = event({"/data/HoSo/NgayHenTra": "20280105170000"}, of="04")
    await post_event(client, ground, far)
    await settle(app)
    code, _, err = await typed("simulate", *WEEK)
    assert code == 0
    assert "The calendar of 2028 is missing" in err
