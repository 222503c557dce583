"""Calls to providers that are under way in this process, each channel within its own limit.

A job does not wait for its calls: a provider that is silent for half a minute must not hold up the lane, let alone
the other channels. What the calls come to is recorded in batches: while one is being recorded, the next gathers.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from notifier.domain.ids import ChannelName

log = logging.getLogger(__name__)

T = TypeVar("T")

AGAIN_SECONDS = 1.0
RECORD_TRIES = 20
"""As long as the lease lasts; after that the row counts as left by a dead worker anyway."""


class Calls(Generic[T]):
    """`record` makes results durable; what it raises is tried again, and in the end left to the lease."""

    def __init__(self, record: Callable[[Sequence[T]], Awaitable[None]], *, most: int) -> None:
        self._record = record
        self._most = most
        self._under_way: Counter[ChannelName] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[T] = []
        self._recorder: asyncio.Task[None] | None = None

    def room(self, channel: ChannelName) -> int:
        """How many more calls this channel may have under way."""
        return self._most - self._under_way[channel]

    def start(self, channel: ChannelName, call: Coroutine[Any, Any, T]) -> None:
        self._under_way[channel] += 1
        task = asyncio.create_task(self._run(channel, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def add(self, result: T) -> None:
        """Record a result that needed no call."""
        self._results.append(result)
        if self._recorder is None or self._recorder.done():
            self._recorder = asyncio.create_task(self._record_all())

    async def finish(self) -> None:
        """Wait for every call under way and for its record."""
        while self._tasks or self._results or (self._recorder and not self._recorder.done()):
            await asyncio.wait({*self._tasks, *({self._recorder} if self._recorder else ())})

    async def _run(self, channel: ChannelName, call: Coroutine[Any, Any, T]) -> None:
        try:
            self.add(await call)
        finally:
            self._under_way[channel] -= 1

    async def _record_all(self) -> None:
        while self._results:
            batch, self._results = self._results, []
            for _ in range(RECORD_TRIES):
                try:
                    await self._record(batch)
                    break
                except Exception:
                    log.exception("results could not be recorded yet", extra={"count": len(batch)})
                    await asyncio.sleep(AGAIN_SECONDS)
