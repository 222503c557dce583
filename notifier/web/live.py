"""Who is watching an inbox, and the one PostgreSQL connection that hears of news for all of them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg

from notifier.domain.ids import InboxOwner
from notifier.store import inbox
from notifier.store.pool import DATABASE_DOWN, Connection, Pool

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 2


class FullError(Exception):
    """As many watch this inbox, or all inboxes together, as may."""


class InboxWatch:
    """Wakes those who watch an inbox when it has something new. What is new they read from the database."""

    def __init__(self, pool: Pool, *, most_each: int, most: int) -> None:
        self._pool = pool
        self._most_each = most_each
        self._most = most
        self._watchers: dict[InboxOwner, set[asyncio.Event]] = defaultdict(set)
        self._count = 0
        self.closing = asyncio.Event()

    @contextmanager
    def watching(self, owner: InboxOwner) -> Iterator[asyncio.Event]:
        """An event that is set whenever `owner` may have something new; who waits on it clears it. Raises `FullError`."""
        if len(self._watchers.get(owner, ())) >= self._most_each or self._count >= self._most:
            raise FullError
        news = asyncio.Event()
        self._watchers[owner].add(news)
        self._count += 1
        try:
            yield news
        finally:
            self._count -= 1
            self._watchers[owner].discard(news)
            if not self._watchers[owner]:
                del self._watchers[owner]

    async def listen(self) -> None:
        """Hear of news until cancelled. After a lost connection everybody is woken: they may have missed some."""
        while True:
            try:
                async with self._pool.acquire() as connection:
                    await self._hear(connection)
            except (*DATABASE_DOWN, asyncpg.PostgresError, TimeoutError):
                log.warning("live inboxes have lost the database")
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _hear(self, connection: Connection) -> None:
        lost = asyncio.Event()

        def heard(_connection: object, _pid: int, _channel: str, owner: object) -> None:
            for news in self._watchers.get(InboxOwner(str(owner)), ()):
                news.set()

        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(inbox.CHANGED, heard)
        self._wake_all()
        try:
            await lost.wait()
        finally:
            with suppress(*DATABASE_DOWN):
                await connection.remove_listener(inbox.CHANGED, heard)

    def _wake_all(self) -> None:
        for watchers in self._watchers.values():
            for news in watchers:
                news.set()

    def close(self) -> None:
        """Let every live stream end; the clients come back by themselves."""
        self.closing.set()
        self._wake_all()
