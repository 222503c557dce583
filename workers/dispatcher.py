"""The dispatcher: finds what is due and in nobody's hands, and rings for it.

It is what makes Redis dispensable and time real: retries, quiet hours that end, receipts that did not come,
rows of a process that died. Several may run; one leads, and another takes over when it is silent for a few seconds.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import asyncpg

from notifier.store import due, endpoints, pauses, processes
from notifier.store.due import Kind
from notifier.store.pool import DATABASE_DOWN, Connection
from notifier.telemetry.marks import Mark, pass_by
from notifier.telemetry.metrics import RINGS_REPEATED
from workers.heartbeat import BEAT_SECONDS
from workers.queues import CALLBACK_LANE, RECEIPT_LANE
from workers.receivers import endpoints_of
from workers.steps.reminding import fire
from workers.wiring import App

log = logging.getLogger(__name__)

ROLE = "dispatcher"
TERM = timedelta(seconds=5)
TICK_SECONDS = 0.5
CHORES_SECONDS = 60.0
AGAIN_SECONDS = 1.0
CLOCK_SLACK = timedelta(seconds=2)
LATE = timedelta(seconds=5)
"""By then after a jump of the clock, what was begun before it is written."""
GRACE_SECONDS = 2 * BEAT_SECONDS + 1
"""After the database was away, or after this process slept, the others need time to say that they are alive."""


async def dispatch(app: App, stop: asyncio.Event) -> None:
    """Ring for due work until `stop` is set. A lost database is waited for."""
    grace = 0.0
    while not stop.is_set():
        try:
            async with app.pool.acquire() as connection:
                await _serve(app, connection, stop, grace)
        except (*DATABASE_DOWN, asyncpg.PostgresError, TimeoutError):
            log.warning("the dispatcher cannot reach the database", exc_info=True)
            grace = GRACE_SECONDS
            await _pause(stop, AGAIN_SECONDS)


async def _serve(app: App, connection: Connection, stop: asyncio.Event, grace: float) -> None:
    """Lead whenever nobody else does; stand by otherwise."""
    leads, chores = False, asyncio.create_task(_nothing())
    ticked = time.monotonic()
    reap_from, chores_from = ticked + grace, ticked
    watch = ClockWatch(app.clock())
    try:
        while not stop.is_set():
            await watch.look(connection, app.clock())
            led, leads = leads, await processes.lead(connection, ROLE, app.name, TERM)
            if leads is not led:
                log.info("the dispatcher leads" if leads else "the dispatcher stands by")
            if not leads:
                await _pause(stop, AGAIN_SECONDS)
                continue
            if not led:
                await endpoints.configure(connection, endpoints_of(app.settings), app.clock())
            before, ticked = ticked, time.monotonic()
            if ticked - before > TERM.total_seconds():
                reap_from = ticked + GRACE_SECONDS
            if ticked >= reap_from:
                await reap(connection)
            if ticked >= chores_from and chores.done():
                chores_from = ticked + CHORES_SECONDS
                chores = asyncio.create_task(_chores(app))
            await pauses.end_due(connection, app.name, app.clock())
            await fire(app, connection, app.clock())
            await ring_due(app, connection, app.clock())
            await _pause(stop, TICK_SECONDS)
    finally:
        await chores  # a token may be on its way
        with suppress(*DATABASE_DOWN, asyncpg.PostgresError):
            await processes.resign(connection, ROLE, app.name)


class ClockWatch:
    """Where the clock was set back, nothing waits until it shows the time of before again."""

    def __init__(self, now: datetime) -> None:
        self._seen = self._before = now
        self._late_until = float("-inf")

    async def look(self, connection: Connection, now: datetime) -> None:
        seen, self._seen = self._seen, now
        if seen - now > CLOCK_SLACK:
            self._before, since = seen, now
            self._late_until = time.monotonic() + LATE.total_seconds()
            log.warning("the clock was set back")
        elif time.monotonic() < self._late_until:
            since = max(now, self._before - LATE)
        else:
            return
        await due.clock_was_set_back(connection, now, since, self._before + LATE)


async def _chores(app: App) -> None:
    """What needs a look now and then, beside the ringing, which waits for none of it."""
    chores: list[Callable[[], Awaitable[None]]] = [each.keep for each in app.accounts.values()]
    chores.append(partial(app.gate.prefer, app.clock()))
    for chore in chores:
        try:
            await chore()
        except Exception:
            log.exception("a chore of the dispatcher failed")


async def _nothing() -> None:
    """Be done at once."""


async def reap(connection: Connection) -> None:
    """Take from dead processes what they held; the next ring finds it."""
    if not (dead := await processes.dead(connection)):
        return
    await processes.cut_off(connection, dead)
    taken = await due.take_back(connection, dead)
    await processes.bury(connection, dead)
    pass_by(Mark.REAP_AFTER_COMMIT)
    log.warning("processes died, their work is taken up by others", extra={"count": taken})


_LANES = {Kind.RECEIPT: RECEIPT_LANE, Kind.CALLBACK: CALLBACK_LANE}


async def ring_due(app: App, connection: Connection, now: datetime) -> set[Kind]:
    """Ring for the lanes in which something is due that nobody works on; answers what."""
    closed = await app.gate.closed(connection, now)
    found = await due.look(connection, closed, now)
    pass_by(Mark.RING_AFTER_COMMIT)
    for kind, lane in found:
        app.bell.call_in(kind, lane or _LANES[kind])
    kinds = {kind for kind, _ in found}
    for kind in kinds:
        RINGS_REPEATED.labels(kind).inc()
    return kinds


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not past `stop`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
