"""One worker's lane: take what is due, run the step that it waits for, and again, until nothing is due any more."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, SourceName
from notifier.store import callbacks, due
from notifier.store.due import Kind
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
ANY = 1
"""However few of a kind were taken, there may be more."""
LONGEST_SECONDS = 10.0
"""Then the job ends, so that RQ hears of this worker; the next one goes on."""
LINGER_SECONDS = 0.5
"""So long a worker that has nothing to do attends its lane: the next event needs no job, nor room that is made."""
STEP_SECONDS = 240.0
SEARCH_SECONDS = 1.0
"""How often it is looked for what needs no provider among all that waits for one."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done for one kind of work. Where `most` rows were taken there may be more."""

    name: str
    take: Callable[[Connection], Awaitable[Sequence[Any]]]
    run: Callable[[Sequence[Any]], Awaitable[None]]
    most: int


class Lane:
    """Of one worker process, with the calls and posts under way. Let it `finish` before the app is closed."""

    def __init__(self, app: App, urgency: Urgency) -> None:
        self._app = app
        self._urgency = urgency
        self._calls = steps.new_calls(app, urgency)
        self._tellings = steps.Tellings(app)
        self._is_ending = False
        self._searched = float("-inf")
        self._steps = {
            Kind.EVENT: Step("route", self._events, partial(steps.route, app), EVENTS),
            Kind.DELIVERY: Step("deliver", self._deliveries, partial(steps.deliver, app, self._calls), ANY),
        }
        if urgency is RECEIPT_LANE:
            self._steps[Kind.RECEIPT] = Step("receipts", self._receipts, partial(steps.receipts, app), MOST)
        if urgency is CALLBACK_LANE:
            run = partial(steps.callbacks, app, self._tellings)
            self._steps[Kind.CALLBACK] = Step("callbacks", self._callbacks, run, ANY)

    async def work_off(self) -> None:
        """Work until nothing was due for a while, or for so long that others must hear of it.

        A process that is not believed to be alive takes nothing: it would be taken from it at once.
        """
        bell, until = self._app.bell, time.monotonic() + LONGEST_SECONDS
        async with bell.attending(self._urgency, self._steps):
            bell.hear(*self._steps)
            while await bell.hears(LINGER_SECONDS) and self._goes_on(until):
                await self._round()
        for kind in bell.heard:
            bell.ring(kind, self._urgency)

    def _goes_on(self, until: float) -> bool:
        return time.monotonic() < until and self._app.heartbeat.is_believed() and not self._is_ending

    def end(self) -> None:
        """The round under way is the last one."""
        self._is_ending = True
        self._app.bell.hear()

    async def _round(self) -> None:
        """Each step that was rung for. One that fails leaves its rows, which are free again after `due.TAKEN_FOR`."""
        for kind, step in self._steps.items():
            if kind not in self._app.bell.heard:
                continue
            self._app.bell.heard.discard(kind)
            async with self._app.pool.acquire() as connection:
                taken = await step.take(connection)
            if len(taken) >= step.most:
                self._app.bell.hear(kind)
            if taken:
                await self._run(step, taken)

    async def _run(self, step: Step, taken: Sequence[Any]) -> None:
        try:
            await asyncio.wait_for(step.run(taken), STEP_SECONDS)
        except Exception:
            STEP_FAILURES.labels(step.name).inc()
            log.exception("a step failed", extra={"step": step.name, "count": len(taken)})

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
        return await due.take_deliveries(connection, self._urgency, room, self._app.name, now, MOST, search=search)

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
