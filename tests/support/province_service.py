"""The invented province through the real service: posted, routed, timed, put together, sent to the sandbox, received.

The clock goes from one thing that is due to the next, so that nothing comes later than it would.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestServer
from redis import Redis

from notifier.cli.playground import Playground, playground
from notifier.domain.clock import VIETNAM, move_clock, shifted_clock
from notifier.domain.directory import Kind
from notifier.domain.dossiers import Consent
from notifier.domain.events import DossierEvent
from notifier.sandbox.app import running
from notifier.sandbox.settings import Delays
from notifier.settings import load_settings
from notifier.store.calendar import put_days, put_week
from notifier.store.directory_keeping import put
from notifier.web.app import web_application
from tests.support.province import Province
from tests.support.province_documents import envelope
from tests.support.province_people import OWN_DAYS, OWN_WEEKS
from tests.support.stack import CALLS, fresh_database, grant_zalo, post_event, settle
from workers import steps
from workers.wiring import App, open_app

EVE = datetime(2027, 1, 17, 12, tzinfo=VIETNAM)
AT_ONCE = Delays(receipt_seconds=(0.0, 0.0), read_seconds=(3600.0, 3600.0))
"""Receipts come at once, and nobody reads within the test: the clock runs ahead of both."""


@asynccontextmanager
async def played(
    drawn: Province, directory: Path, template_database: str, redis_url: str, end: datetime
) -> AsyncIterator[tuple[App, Playground]]:
    """The service after this province's month, with everything still open."""
    Redis.from_url(redis_url).flushall()
    async with fresh_database(template_database) as url:
        made = playground(directory, database_url=url, redis_url=redis_url, environment="test")
        ground = replace(made, sandbox=replace(made.sandbox, delays=AT_ONCE))
        move_clock(ground.clock_file, EVE)
        async with (
            running(ground.sandbox, clock=shifted_clock(ground.clock_file)),
            open_app(load_settings(ground.environ), name="province") as app,
        ):
            await grant_zalo(app, ground)
            await _write_down(app, drawn)
            CALLS[app.name] = steps.new_calls(app)
            server = TestServer(web_application(app), port=app.settings.web.port, access_log=None)
            async with server, aiohttp.ClientSession(base_url=str(server.make_url("/"))) as client:
                await _play(app, ground, client, posts(drawn), end)
                yield app, ground
            await CALLS.pop(app.name).finish(5)


def posts(drawn: Province) -> list[DossierEvent]:
    """What is posted, in that order, some of it twice. Citizens want Zalo at most: they are not what this is about."""
    quiet = [
        replace(each, dossier=replace(each.dossier, consent=Consent(False, False, each.dossier.consent.zalo)))
        for each in (*drawn.events, *drawn.repeats)
    ]
    return sorted(quiet, key=lambda each: each.received_at)


async def _write_down(app: App, drawn: Province) -> None:
    async with app.pool.acquire() as connection:
        await put(connection, Kind.AGENCIES, drawn.agencies, by="test", now=EVE)
        await put(connection, Kind.OFFICERS, drawn.officers, by="test", now=EVE)
        await put_days(connection, OWN_DAYS, by="test", now=EVE)
        for week in OWN_WEEKS:
            await put_week(connection, week, by="test", now=EVE)


async def _play(
    app: App, ground: Playground, client: aiohttp.ClientSession, posted: Sequence[DossierEvent], end: datetime
) -> None:
    for event in posted:
        if event.received_at >= end:
            break
        await _pass_to(app, ground, event.received_at)
        status, answer = await post_event(client, ground, envelope(event))
        assert status == 202, answer
        await settle(app)
    await _pass_to(app, ground, end)


_NEXT = """
SELECT least(
    (SELECT min(due_at) FROM timer WHERE due_at IS NOT NULL),
    (SELECT min(due_at) FROM event WHERE due_at IS NOT NULL),
    (SELECT min(due_at) FROM delivery WHERE due_at IS NOT NULL))
"""


async def _pass_to(app: App, ground: Playground, moment: datetime) -> None:
    """Let the time pass, and stop wherever something is due."""
    while True:
        async with app.pool.acquire() as connection:
            due = await connection.fetchval(_NEXT)
        if due is None or due >= moment:
            break
        move_clock(ground.clock_file, max(due, app.clock()))
        await settle(app)
    move_clock(ground.clock_file, moment)
