"""Saying that this process is alive, and knowing whether the others still believe it."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import timedelta

import asyncpg

from notifier.store import processes
from notifier.store.pool import DATABASE_DOWN, Pool

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
LIFE = timedelta(seconds=8)
"""Without a beat for so long a process counts as dead, and what it held is worked on by others."""
AGAIN_SECONDS = 0.5
"""After a beat that failed: a process that wakes up finds its connections cut, and lives again by the next one."""


class Heartbeat:
    """Of one process. Until it is started, the process counts as alive: nobody watches it."""

    def __init__(self, pool: Pool, name: str) -> None:
        self._pool = pool
        self._name = name
        self._believed_until = float("inf")
        self._beating: asyncio.Task[None] | None = None

    def is_believed(self) -> bool:
        """Whether what this process holds is surely still its own. After a long sleep it is not."""
        return time.monotonic() < self._believed_until

    async def start(self) -> None:
        """Say so now, and again and again. Raises what the database raises the first time."""
        await self._beat()
        self._beating = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """End in order: this process holds nothing any more."""
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
            with suppress(*DATABASE_DOWN, asyncpg.PostgresError, TimeoutError):
                async with self._pool.acquire(timeout=BEAT_SECONDS) as connection:
                    await processes.forget(connection, self._name)

    async def _go_on(self) -> None:
        pause = BEAT_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                await self._beat()
            except Exception:  # whatever it was: who stops saying so is taken for dead for ever
                log.warning("this process could not say that it is alive", exc_info=True)
                pause = AGAIN_SECONDS
            else:
                pause = BEAT_SECONDS

    async def _beat(self) -> None:
        began = time.monotonic()
        async with asyncio.timeout(BEAT_SECONDS), self._pool.acquire() as connection:
            await processes.beat(connection, self._name, LIFE)
        self._believed_until = began + LIFE.total_seconds()
