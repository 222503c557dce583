"""The Zalo grant: one refresh at a time over all processes, nothing good ever overwritten by something bad."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from channels.http import HttpClient
from channels.registry import addresses
from notifier.domain.errors import TokenLost
from notifier.sandbox.app import Sandbox
from notifier.store import due, tokens
from workers.tokens import ZaloTokens, grant_name
from workers.wiring import App

LONG = timedelta(hours=1)


@pytest.fixture
async def sources(app: App, sandbox: Sandbox):
    """Token sources of ten processes."""
    settings = app.providers["zalo"].settings  # type: ignore[index]
    http = HttpClient(addresses(settings))
    yield [ZaloTokens(app.pool, http, settings, app.clock, f"process-{number}") for number in range(10)]
    await http.close()


async def grant(app: App, sources: list[ZaloTokens]) -> tokens.TokenPair:
    async with app.pool.acquire() as connection:
        pair = await tokens.read(connection, sources[0]._name)
    assert pair is not None
    return pair


async def test_ten_processes_that_start_together_share_one_refresh(app, sources):
    got = await asyncio.gather(*(source.current() for source in sources))
    assert len(set(got)) == 1
    assert (await grant(app, sources)).version == 2


async def test_ten_processes_whose_token_is_refused_share_one_refresh(app, sources):
    dead = await sources[0].current()
    got = await asyncio.gather(*(source.refused(dead) for source in sources))
    assert len(set(got)) == 1
    assert got[0] != dead
    assert (await grant(app, sources)).version == 3


async def test_a_refused_refresh_marks_the_grant_lost_and_keeps_the_pair(app, sources):
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE oauth_token SET refresh_token = 'used before'")
    with pytest.raises(TokenLost):
        await sources[0].current()
    pair = await grant(app, sources)
    assert pair.lost is not None
    assert pair.refresh_token == "used before"


async def test_a_new_grant_ends_the_loss(app, ground, sources):
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE oauth_token SET refresh_token = 'used before'")
    with pytest.raises(TokenLost):
        await sources[0].current()
    async with app.pool.acquire() as connection:
        await tokens.grant(connection, sources[0]._name, ground.refresh_token, app.clock())
    assert await sources[1].current()
    assert (await grant(app, sources)).lost is None


async def test_an_answer_that_never_came_is_no_loss(app, ground, sandbox, sources):
    rule = {"channel": "zalo", "match": "oauth", "behave": "lose_token_reply", "times": 1}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.http_url}/sandbox/script", json=[rule]) as ok,
    ):
        assert ok.status < 300
    with pytest.raises(TokenLost):
        await sources[0].current()
    assert (await grant(app, sources)).lost is None


async def test_the_dispatcher_renews_long_before_the_end(app, sources):
    await sources[0].keep_fresh()
    first = await grant(app, sources)
    await sources[0].keep_fresh()
    assert (await grant(app, sources)).version == first.version == 2
    async with app.pool.acquire() as connection:
        await connection.execute(
            "UPDATE oauth_token SET expires_at = $1::timestamptz + interval '11 hours'", app.clock()
        )
    await sources[0].keep_fresh()
    assert (await grant(app, sources)).version == 3


async def test_a_refresher_that_died_holds_up_nobody_once_it_is_missed(app, sources):
    async with app.pool.acquire() as connection:
        pair = await tokens.read(connection, grant_name(app.providers["zalo"].settings))
        assert await tokens.lease(connection, grant_name(app.providers["zalo"].settings), "dead", LONG, pair.version)
        await due.take_back(connection, ["dead"])
    assert await asyncio.wait_for(sources[0].current(), 5)


async def test_a_refresher_that_slept_through_its_lease_still_brings_its_new_pair_home(app, sources):
    name = grant_name(app.providers["zalo"].settings)
    async with app.pool.acquire() as connection:
        pair = await tokens.lease(connection, name, "sleeper", -LONG, (await tokens.read(connection, name)).version)
        assert await tokens.lease(connection, name, "other", LONG, pair.version)
        await tokens.give_back(connection, name, "other", lost="refused")
        until = app.clock() + LONG
        kept = {"access_token": "new", "refresh_token": "newer", "expires_at": until, "now": app.clock()}
        assert await tokens.replace(connection, name, pair.version, **kept)
        newest = await tokens.read(connection, name)
        assert (newest.access_token, newest.lost) == ("new", None)
        assert not await tokens.replace(connection, name, pair.version, **kept), "a newer pair is never overwritten"
