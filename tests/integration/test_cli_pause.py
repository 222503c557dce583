"""`notifier pause`, as an administrator uses it on the server."""

import asyncio
from datetime import timedelta

import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.domain.clock import VIETNAM, move_clock
from notifier.store import pauses
from notifier.store.pauses import Kind
from tests.support.intake import event
from tests.support.stack import post_event
from tests.support.waiting import until
from workers.dispatcher import dispatch

SOURCE = "mcdt.angiang.gov.vn"


@pytest.fixture
def typed(ground, monkeypatch):
    """Runs a command line; answers exit code and everything it printed."""
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["pause", *arguments])
        return result.exit_code, result.output

    return run


async def trail(app) -> list[tuple[str, str, str | None]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT reason, actor, details ->> 'why' AS why FROM audit WHERE reason ~ '^(source|channel)[.]' ORDER BY seq"
        )
    return [(row["reason"], row["actor"], row["why"]) for row in rows]


async def test_a_source_is_paused_and_lifted_in_counts_and_with_its_reasons(app, client, ground, typed):
    await post_event(client, ground, event({"/id": "one"}, of="02"))
    code, out = await typed("source", SOURCE, "--why", "bảo trì", "--by", "lan")
    assert (code, "1 sự kiện đang chờ" in out) == (0, True), out
    assert f"nguồn {SOURCE}" in (await typed("list"))[1]
    code, out = await typed("lift", "source", SOURCE, "--why", "xong", "--by", "an")
    assert (code, "chạy lại, 1 sự kiện đi tiếp" in out) == (0, True), out
    assert "Nothing is paused" in (await typed("list"))[1]
    assert await trail(app) == [("source.paused", "operator:lan", "bảo trì"), ("source.resumed", "operator:an", "xong")]


async def test_a_channel_is_paused_until_its_time_has_come(app, ground, typed):
    end = app.clock() + timedelta(hours=2)
    written = end.astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M")
    assert (await typed("channel", "sms", "--why", "đối soát", "--by", "lan", "--until", written))[0] == 0
    assert ", đến " in (await typed("list"))[1]
    async with app.pool.acquire() as connection:
        await pauses.end_due(connection, "d1", app.clock())
        assert await pauses.channels(connection) == ["sms"]
        move_clock(ground.clock_file, end + timedelta(seconds=1))
        await pauses.end_due(connection, "d1", app.clock())
        assert await pauses.channels(connection) == []
        row = await connection.fetchrow("SELECT actor, details FROM audit WHERE reason = 'channel.pause_over'")
    assert (row["actor"], row["details"]) == ("d1", {"channel": "sms", "by": "lan"})


async def test_the_dispatcher_ends_a_pause_whose_time_has_come(app, ground):
    stop, end = asyncio.Event(), app.clock() + timedelta(hours=1)
    async with app.pool.acquire() as connection:
        await pauses.begin(connection, Kind.CHANNEL, "sms", by="lan", why="đối soát", now=app.clock(), until=end)
        move_clock(ground.clock_file, end + timedelta(seconds=1))
        dispatcher = asyncio.create_task(dispatch(app, stop))

        async def is_over() -> bool:
            return not await pauses.standing(connection)

        await until(is_over, 10, "the pause to end")
        stop.set()
        await dispatcher


async def test_a_trial_changes_nothing(app, typed):
    code, out = await typed("channel", "sms", "--why", "thử", "--dry-run")
    assert (code, "sẽ tạm dừng" in out) == (0, True)
    await typed("channel", "sms", "--why", "thật", "--by", "lan")
    code, out = await typed("lift", "channel", "sms", "--why", "thử", "--dry-run")
    assert (code, "sẽ chạy lại" in out) == (0, True)
    assert await trail(app) == [("channel.paused", "operator:lan", "thật")]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("channel", "pigeon", "--why", "thử"), 1, "there is no channel pigeon; known are: "),
        (("source", "nobody", "--why", "thử"), 1, "there is no source nobody; known are: "),
        (("lift", "channel", "sms", "--why", "thử"), 1, "the channel sms is not paused"),
        (("channel", "sms", "--why", "gọi 0912000303"), 2, "telephone number"),
        (("channel", "sms", "--why", "thử", "--until", "2020-01-01"), 2, "which has passed"),
        (("channel", "sms"), 2, "--why"),
    ],
)
async def test_what_cannot_be_done_is_said(app, typed, arguments, code, said):
    found, out = await typed(*arguments)
    assert (found, said in out) == (code, True), out
    assert await trail(app) == []


async def test_a_pause_is_not_begun_twice(app, typed):
    await typed("channel", "sms", "--why", "một", "--by", "lan")
    code, out = await typed("channel", "sms", "--why", "hai")
    assert (code, "is paused already" in out) == (1, True)
    assert await trail(app) == [("channel.paused", "operator:lan", "một")]
