"""One worker's lane: take what is due, run the step that it waits for, and again, until nothing is due any more."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, SourceName
from notifier.store import callbacks, due
from notifier.store.pool import Connection
from notifier.telemetry.metrics import STEP_FAILURES
from workers import steps
from workers.queues import CALLBACK_LANE, RECEIPT_LANE
from workers.wiring import App, ChannelSetup

log = logging.getLogger(__name__)

MOST = 128
"""Rows of one kind and source that are taken at once: what one source adds to the wait of another."""
EVENTS = 32
"""Of events fewer: each becomes some messages, which go out while it is still remembered."""
LONGEST_SECONDS = 5.0
"""Then the job ends, so that RQ hears of this worker; the next one goes on."""
STEP_SECONDS = 240.0
SEARCH_SECONDS = 1.0
"""How often it is looked for what needs no provider among all that waits for one."""
ROOM_SECONDS = 0.5
"""So long a lane waits for room at a provider before its job ends. The dispatcher rings again."""


class Step(StrEnum):
    ROUTE = "route"
    DELIVER = "deliver"
    RECEIPTS = "receipts"
    CALLBACKS = "callbacks"


Take = Callable[[Connection], Awaitable[Sequence[Any]]]
Run = Callable[[Sequence[Any]], Awaitable[None]]


class Lane:
    """Of one worker process, with the calls and posts under way. Let it `finish` before the app is closed."""

    def __init__(self, app: App, urgency: Urgency) -> None:
        self._app = app
        self._urgency = urgency
        self._calls = steps.new_calls(app, urgency)
        self._tellings = steps.Tellings(app)
        self.is_ending = False
        """Set from anywhere: the round under way is the last one."""
        self._has_left = False
        self._searched = float("-inf")
        self._steps: dict[Step, tuple[Take, Run]] = {
            Step.ROUTE: (self._events, partial(steps.route, app)),
            Step.DELIVER: (self._deliveries, partial(steps.deliver, app, self._calls)),
        }
        if urgency is RECEIPT_LANE:
            self._steps[Step.RECEIPTS] = (self._receipts, partial(steps.receipts, app))
        if urgency is CALLBACK_LANE:
            self._steps[Step.CALLBACKS] = (self._callbacks, partial(steps.callbacks, app, self._tellings))

    async def work_off(self) -> None:
        """Work until nothing is due, or for so long that others must hear of it. What becomes due meanwhile is heard.

        A process that is not believed to be alive takes nothing: it would be taken from it at once.
        """
        bell, until = self._app.bell, time.monotonic() + LONGEST_SECONDS
        bell.attended = self._urgency
        try:
            while time.monotonic() < until and self._app.heartbeat.is_believed() and not self.is_ending:
                bell.heard.clear()
                if not await self._round() and not await self._hears():
                    return
        finally:
            bell.attended = None
        bell.ring(self._urgency)

    async def _hears(self) -> bool:
        """Whether there is something to do again. While messages wait for room at a provider, it is waited for."""
        heard = self._app.bell.heard
        if self._has_left and not heard.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), ROOM_SECONDS)
        return heard.is_set()

    async def _round(self) -> bool:
        """Whether anything was due. A step that fails leaves its rows, which are free again after `due.TAKEN_FOR`."""
        done = False
        for step, (take, run) in self._steps.items():
            async with self._app.pool.acquire() as connection:
                taken = await take(connection)
            if not taken:
                continue
            done = True
            try:
                await asyncio.wait_for(run(taken), STEP_SECONDS)
            except Exception:
                STEP_FAILURES.labels(step).inc()
                log.exception("a step failed", extra={"step": step, "count": len(taken)})
        return done

    async def finish(self, patience_seconds: float) -> None:
        """End what is under way; see `Calls.finish`."""
        await asyncio.gather(self._calls.finish(patience_seconds), self._tellings.finish(patience_seconds))

    async def _events(self, connection: Connection) -> Sequence[Any]:
        return await due.take_events(connection, self._urgency, self._app.name, self._app.clock(), EVENTS)

    async def _deliveries(self, connection: Connection) -> Sequence[Any]:
        now = self._app.clock()
        closed = await self._app.gate.closed(connection, now)
        room = self._room(closed)
        search = time.monotonic() - self._searched > SEARCH_SECONDS
        self._searched = time.monotonic() if search else self._searched
        taken, filled = await due.take_deliveries(
            connection, self._urgency, room, self._app.name, now, MOST, search=search
        )
        self._has_left = filled or any(not free and channel not in closed for (_, channel), free in room.items())
        return taken

    def _room(self, closed: Collection[ChannelName]) -> due.Room:
        return {
            (source, name): 0 if name in closed else self._free(setup, source)
            for name, setup in self._app.setups.items()
            for source in (*self._app.profiles, steps.OURS)
        }

    def _free(self, setup: ChannelSetup, source: SourceName) -> int:
        """How many more messages of a source may be begun on a channel now."""
        return sum(max(0, self._calls.room(each.name, source)) for each in setup.providers)

    async def _receipts(self, connection: Connection) -> Sequence[Any]:
        return await due.take_receipts(connection, self._app.name, self._app.clock(), MOST)

    async def _callbacks(self, connection: Connection) -> Sequence[Any]:
        return await callbacks.take(connection, self._app.name, self._app.clock())
