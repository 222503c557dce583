"""The dispatcher: finds what is due and in nobody's hands, and rings for it.

It is what makes Redis dispensable and time real: retries, quiet hours that end, receipts that did not come,
rows of a worker that died. Several may run; an advisory lock lets one work.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

import asyncpg

from notifier.store import deliveries, events, receipts
from notifier.store.pool import DATABASE_DOWN, Connection
from notifier.telemetry.metrics import RINGS_REPEATED
from workers.queues import RECEIPT_LANE, Step
from workers.wiring import App

log = logging.getLogger(__name__)

LEADER_LOCK = 720_118_002
TICK_SECONDS = 0.5
BATCH = 1000
TOKEN_CHECK_TICKS = 120


async def dispatch(app: App, stop: asyncio.Event) -> None:
    """Ring for due work until `stop` is set. A lost database is waited for."""
    while not stop.is_set():
        try:
            async with app.pool.acquire() as connection:
                await _lead(app, connection, stop)
        except (*DATABASE_DOWN, asyncpg.PostgresError, TimeoutError):
            log.warning("the dispatcher cannot reach the database", exc_info=True)
            await _pause(stop, 2)


async def _lead(app: App, connection: Connection, stop: asyncio.Event) -> None:
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK):
        if await _pause(stop, 2):
            return
    log.info("dispatcher leads")
    tick = 0
    try:
        while not stop.is_set():
            found = await ring_due(app, connection, app.clock())
            if tick % TOKEN_CHECK_TICKS == 0:
                await app.tokens.keep_fresh()
            tick += 1
            if found < BATCH:
                await _pause(stop, TICK_SECONDS)
    finally:
        with suppress(*DATABASE_DOWN, asyncpg.PostgresError):
            await connection.execute("SELECT pg_advisory_unlock($1)", LEADER_LOCK)


async def ring_due(app: App, connection: Connection, now: datetime) -> int:
    """One round: ring once for everything that is due; answers how many rows that were."""
    lanes = await app.bell.short_lanes()
    if not lanes:
        return 0
    due_events = await events.ring(connection, now, BATCH, lanes)
    due_deliveries = await deliveries.ring(connection, now, BATCH, lanes)
    due_receipts = await receipts.ring(connection, now, BATCH) if RECEIPT_LANE in lanes else []
    for lane in lanes:
        if ids := [id_ for id_, its_lane in due_events if its_lane is lane]:
            app.bell.ring(lane, Step.ROUTE, ids)
        if work := [id_ for id_, its_lane in due_deliveries if its_lane is lane]:
            app.bell.ring(lane, Step.DELIVER, work)
    if due_receipts:
        app.bell.ring(RECEIPT_LANE, Step.RECEIPTS, due_receipts)
    for kind, rows in (("event", due_events), ("delivery", due_deliveries), ("receipt", due_receipts)):
        RINGS_REPEATED.labels(kind).inc(len(rows))
    return max(len(due_events), len(due_deliveries), len(due_receipts))


async def _pause(stop: asyncio.Event, seconds: float) -> bool:
    """Wait, but not past `stop`; answers whether it is set."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
