"""`notifier directory` as an administrator uses it."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.domain.directory import Kind, Origin
from notifier.store import directory as store
from notifier.store import directory_keeping as keeping
from notifier.store.directory import Wanted
from tests.support.directory import TODAY, UNIT, agency, head, learned, officer

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
UID = "9990000000000000901"


@pytest.fixture
def typed(ground, monkeypatch):
    """Runs a command line; answers exit code and everything it printed."""
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["directory", *arguments])
        return result.exit_code, result.output

    return run


@pytest.fixture
def csv_file(tmp_path):
    def write(*lines: str) -> str:
        file: Path = tmp_path / "rows.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        return str(file)

    return write


async def put(app, kind, *entries):
    async with app.pool.acquire() as connection:
        await keeping.put(connection, kind, entries, by="lan", now=NOW)


async def kept(app):
    async with app.pool.acquire() as connection:
        return {each.code: each for each in await store.officers(connection, Wanted(), TODAY)}


async def changed_by(app) -> str:
    async with app.pool.acquire() as connection:
        return await connection.fetchval(
            "SELECT actor FROM audit WHERE reason LIKE 'directory.%' ORDER BY seq DESC LIMIT 1"
        )


async def test_import_writes_a_file_and_counts(app, typed, csv_file):
    await put(app, Kind.OFFICERS, officer("a", name="A", unit=None), officer("b", unit=None))
    file = csv_file("code,name", "a,A", "b,B", "c,C")
    assert await typed("import", file, "--kind", "officers", "--by", "lan") == (
        0,
        "3 cán bộ: 1 mới, 1 sửa, 1 giữ nguyên.\n",
    )
    assert (await kept(app))["c"].name == "C"
    assert await changed_by(app) == "operator:lan"


async def test_a_trial_of_an_import_counts_and_changes_nothing(app, typed, csv_file):
    code, out = await typed("import", csv_file("code,name", "a,A"), "--kind", "officers", "--dry-run")
    assert (code, out) == (0, "1 cán bộ: 1 mới, 0 sửa, 0 giữ nguyên. Thử, chưa ghi gì.\n")
    assert await kept(app) == {}


async def test_wrong_rows_are_all_named_and_stop_an_import(app, typed, csv_file):
    file = csv_file("code,name,phone,unit", "a,A,0912000303,", "b,B,12,", "c,,0912000304,H01.99")
    code, out = await typed("import", file, "--kind", "officers")
    assert code == 1
    assert out.splitlines() == [
        "dòng 3, cột phone: “12”; expected: a Vietnamese mobile number, like 0912 000 303 or +84912000303",
        "dòng 4, cột name: trống; expected: a value: nobody can be found without it",
        "dòng 4, cột unit: “H01.99”; expected: the code of an agency that is in the directory, or in the file",
        "3 dòng, 2 dòng sai: không ghi gì.",
    ]
    assert await kept(app) == {}


async def test_wrong_rows_are_skipped_where_that_is_asked_for(app, typed, csv_file):
    file = csv_file("code,name,phone", "a,A,0912000303", "b,B,12")
    code, out = await typed("import", file, "--kind", "officers", "--skip-bad")
    assert code == 1
    assert out.endswith("1 cán bộ: 1 mới, 0 sửa, 0 giữ nguyên. Bỏ qua 1 dòng sai.\n")
    assert (await kept(app)).keys() == {"a"}


async def test_a_file_of_another_kind_is_refused(app, typed, csv_file):
    code, out = await typed("import", csv_file("code,name,role", "a,A,head"), "--kind", "agencies")
    assert (code, "NOTIFIER-DIR-001: columns that mean nothing: role" in out) == (1, True), out


async def test_a_long_file_is_written_whole(app, typed, csv_file):
    file = csv_file("code,name", *(f"o{number},Cán bộ {number}" for number in range(1201)))
    assert await typed("import", file, "--kind", "officers") == (0, "1201 cán bộ: 1201 mới, 0 sửa, 0 giữ nguyên.\n")
    assert len(await kept(app)) == 1201


async def test_what_was_exported_is_imported_without_a_change(app, typed, tmp_path):
    await put(app, Kind.AGENCIES, agency(UNIT, other_codes=("H33.07",)))
    await put(
        app, Kind.OFFICERS, officer("a", zalo={"zalo": UID, "hue": "2"}, deputy="h"), head("h", phone="+84912000303")
    )
    for kind, counted in (("agencies", "1 cơ quan"), ("officers", "2 cán bộ")):
        file = str(tmp_path / f"{kind}.csv")
        await typed("export", "--kind", kind, "--out", file)
        code, out = await typed("import", file, "--kind", kind)
        assert (code, out) == (0, f"{counted}: 0 mới, 0 sửa, {counted[0]} giữ nguyên.\n")


async def test_an_export_is_printed_where_no_file_is_named(app, typed):
    await put(app, Kind.OFFICERS, officer("a", name="=A"))
    code, out = await typed("export", "--kind", "officers")
    assert (code, out.splitlines()[1]) == (0, "a,'=A,,H01.14,officer,,,,,,,admin,")


async def test_an_exported_file_is_for_its_owner_only(app, typed, tmp_path):
    await typed("export", "--kind", "officers", "--out", str(tmp_path / "officers.csv"))
    assert (tmp_path / "officers.csv").stat().st_mode & 0o077 == 0


async def test_the_list_masks_contacts(app, typed):
    await put(app, Kind.OFFICERS, officer("a", phone="+84912000303", email="le.thu@example.vn", zalo={"zalo": UID}))
    code, out = await typed("list")
    assert (code, " ".join(out.split())) == (
        0,
        "a Cán bộ a · cán bộ · H01.14 · •••303 · l•••@example.vn · zalo 1 cán bộ.",
    )
    assert "+84912000303 · le.thu@example.vn" in (await typed("list", "--contacts"))[1]


async def test_the_list_tells_who_is_not_linked(app, typed):
    await put(app, Kind.OFFICERS, officer("a", zalo={"zalo": UID}), officer("b"), officer("c", unit="H01.15"))
    _, out = await typed("list", "--no-zalo", "--unit", UNIT)
    assert [line.split()[0] for line in out.splitlines()] == ["b", "1"]
    assert "chưa nối Zalo" in out


async def test_the_list_tells_who_is_linked_and_does_not_follow(app, typed):
    await put(app, Kind.OFFICERS, officer("a", zalo={"zalo": UID}), officer("b"))
    _, out = await typed("list", "--not-following")
    assert [line.split()[0] for line in out.splitlines()] == ["a", "1"]


async def test_the_list_tells_who_is_away_and_who_has_left(app, typed):
    away = officer("a", leave_from=TODAY, leave_until=date(2026, 12, 1), deputy="b")
    await put(app, Kind.OFFICERS, away, officer("b", gone_at=TODAY))
    _, out = await typed("list")
    assert "nghỉ đến 01/12/2026, b thay" in out
    assert "thôi việc từ 25/11/2026" in out


async def test_the_list_has_agencies_too(app, typed):
    ended = agency("H33.07", valid_until=date(2025, 6, 30), successor=UNIT)
    await put(app, Kind.AGENCIES, ended, agency(UNIT, phone="1022"))
    _, out = await typed("list", "--kind", "agencies")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "H01.14 Đơn vị H01.14 · 1022",
        "H33.07 Đơn vị H33.07 · đến 30/06/2025, nay là H01.14",
        "2 cơ quan.",
    ]


async def test_agencies_cannot_be_asked_for_a_role(app, typed):
    assert (await typed("list", "--kind", "agencies", "--role", "head"))[0] == 2


async def test_show_tells_who_hears_today(app, typed):
    await put(app, Kind.OFFICERS, officer("a", leave_from=TODAY, deputy="b", phone="+84912000303"), officer("b"))
    code, out = await typed("show", "A")
    assert code == 0
    assert ["Cán bộ b (b)" in line for line in out.splitlines() if "hôm nay nhắc" in line] == [True]
    assert "•••303" in out


async def test_show_tells_who_answers_for_an_agency(app, typed):
    await put(app, Kind.AGENCIES, agency(UNIT, phone="1022"))
    await put(app, Kind.OFFICERS, head("h"))
    code, out = await typed("show", "000.00.14.H01")
    assert code == 0
    assert "Cán bộ h (h)" in out
    assert "lan, 25/11/2026 09:00" in out


async def test_show_of_nobody_fails(app, typed):
    assert (await typed("show", "z"))[0] == 1


async def test_a_leave_is_written_with_its_deputy(app, typed):
    await put(app, Kind.OFFICERS, officer("a"), officer("b"))
    code, out = await typed("leave", "a", "--from", "2026-12-01", "--to", "05/12/2026", "--deputy", "B", "--by", "lan")
    assert code == 0, out
    found = (await kept(app))["a"]
    assert (found.leave_from, found.leave_until, found.deputy) == (date(2026, 12, 1), date(2026, 12, 5), "b")


async def test_a_leave_is_cancelled_and_the_deputy_kept(app, typed):
    await put(app, Kind.OFFICERS, officer("b"), officer("a", leave_from=TODAY, deputy="b"))
    assert (await typed("leave", "a", "--cancel"))[0] == 0
    found = (await kept(app))["a"]
    assert (found.leave_from, found.deputy) == (None, "b")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("a",), "either --from"),
        (("a", "--from", "2026-12-01", "--cancel"), "either --from"),
        (("a", "--from", "2026-13-01"), "expected: a day"),
        (("a", "--from", "2026-12-05", "--to", "2026-12-01"), "2026-12-05 or later"),
        (("a", "--from", "2026-12-01", "--deputy", "z"), "the account of an officer"),
        (("a", "--from", "2026-12-01", "--deputy", "a"), "another one"),
        (("z", "--from", "2026-12-01"), "no officer has the account z"),
        (("a", "--cancel", "--by", "lan@example.vn"), "a short name"),
    ],
)
async def test_a_leave_that_cannot_be_is_wrong_usage(app, typed, arguments, word):
    await put(app, Kind.OFFICERS, officer("a"))
    code, out = await typed("leave", *arguments)
    assert (code, word in out) == (2, True), out
    assert (await kept(app))["a"] == officer("a")


async def test_an_officer_is_linked_and_the_row_is_an_administrator_s(app, typed):
    async with app.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO officer (code, name, unit, origin, changed_by, changed_at)"
            " VALUES ('a', 'Cán bộ a', 'H01.14', 'event', 'event', now())"
        )
    assert (await kept(app))["a"] == learned("a")
    code, out = await typed("link", "a", "--oa", "zalo-hue", "--uid", UID)
    assert (code, "zalo-hue" in out, UID in out) == (0, True, False)
    assert (await kept(app))["a"] == officer("a", zalo={"zalo-hue": UID}, origin=Origin.ADMIN)


async def test_a_link_is_removed(app, typed):
    await put(app, Kind.OFFICERS, officer("a", zalo={"zalo": UID, "hue": "2"}))
    assert (await typed("link", "a", "--remove"))[0] == 0
    assert (await kept(app))["a"].zalo == {"hue": "2"}


async def test_a_link_needs_an_id(app, typed):
    assert (await typed("link", "a"))[0] == 2
