"""Calls that are under way in this process, those to each peer within their own limit.

A job does not wait for its calls: a provider that is silent for half a minute must not hold up the lane, let alone
the other providers. What the calls come to is recorded in batches: while one is being recorded, the next gathers.
"""

import asyncio
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from notifier.store.pool import DATABASE_DOWN

log = logging.getLogger(__name__)

T = TypeVar("T")

AGAIN_SECONDS = 1.0
RECORD_TRIES = 20
"""For faults of our own; a database that is away is waited for as long as it takes."""


class Calls(Generic[T]):
    """At most `most` to each peer, to some `fewer`; `eased` hears when a quarter of that is left of those under way.

    `record` makes results durable. What was called for is not lost with the database: it is recorded when it is back.
    """

    def __init__(
        self,
        record: Callable[[Sequence[T]], Awaitable[None]],
        *,
        most: int,
        fewer: Mapping[str, int] = MappingProxyType({}),
        eased: Callable[[], None] = lambda: None,
    ) -> None:
        self._record = record
        self._most = most
        self._fewer = fewer
        self._under_way: dict[str, Counter[str]] = defaultdict(Counter)
        self._tasks: set[asyncio.Task[None]] = set()
        self._eased = eased
        self._about: Counter[Hashable] = Counter()
        self._results: list[tuple[T, Hashable]] = []
        self._recorder: asyncio.Task[None] | None = None

    def room(self, peer: str, party: str | None = None) -> int:
        """How many more calls to this peer may be under way; for one `party`, half of what the others leave to it.

        So there is room for each, however much one of them has to say.
        """
        parties = self._under_way[peer]
        most = self._limit(peer)
        if party is None:
            return most - parties.total()
        mine = parties[party]
        return math.ceil((most - (parties.total() - mine)) / 2) - mine

    def _limit(self, peer: str) -> int:
        return min(self._most, self._fewer.get(peer, self._most))

    @property
    def is_recording(self) -> bool:
        """Whether results are being made durable, or wait for it."""
        return bool(self._results) or (self._recorder is not None and not self._recorder.done())

    def is_about(self, key: Hashable) -> bool:
        """Whether a call about this is under way, or what it came to is not recorded yet."""
        return self._about[key] > 0

    def start(self, peer: str, call: Coroutine[Any, Any, T], party: str = "", about: Hashable = None) -> None:
        self._under_way[peer][party] += 1
        if about is not None:
            self._about[about] += 1
        task = asyncio.create_task(self._run(peer, call, party, about))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def add(self, result: T) -> None:
        """Record a result that needed no call."""
        self._add(result, None)

    def _add(self, result: T, about: Hashable) -> None:
        self._results.append((result, about))
        if self._recorder is None or self._recorder.done():
            self._recorder = asyncio.create_task(self._record_all())

    async def finish(self, patience_seconds: float | None = None) -> None:
        """Wait for every call under way and for its record. Calls that take longer than the patience are cut off."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience_seconds)
            for task in late:
                task.cancel()
        while self._tasks or self.is_recording:
            await asyncio.wait({*self._tasks, *({self._recorder} if self._recorder else ())})

    async def _run(self, peer: str, call: Coroutine[Any, Any, T], party: str, about: Hashable) -> None:
        try:
            self._add(await call, about)
        except BaseException:
            self._forget([about])
            raise
        finally:
            self._under_way[peer][party] -= 1
            if self._under_way[peer].total() == self._limit(peer) // 4:
                self._eased()

    async def _record_all(self) -> None:
        while self._results:
            batch, self._results = self._results, []
            await self._record_surely([result for result, _ in batch])
            self._forget([about for _, about in batch])

    def _forget(self, keys: Iterable[Hashable]) -> None:
        self._about -= Counter(key for key in keys if key is not None)

    async def _record_surely(self, batch: Sequence[T]) -> None:
        faults = 0
        while faults < RECORD_TRIES:
            try:
                await self._record(batch)
            except Exception as error:
                log.exception("results could not be recorded yet", extra={"count": len(batch)})
                faults += not isinstance(error, (*DATABASE_DOWN, TimeoutError))
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return
