"""Back-pressure: intake slows down before anything breaks.

What is taken in is safe in the database, so a backlog costs no memory. Two things must not grow without bound: the
requests that this process reads at once, and the work that all workers are behind with.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from notifier.store import gauges
from notifier.web.problems import ProblemError
from workers.wiring import App

LOOK_SECONDS = 5.0


class Pressure:
    """Of one web process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._under_way = 0
        self._behind = 0
        self._looked = float("-inf")
        self._looking = asyncio.Lock()

    @asynccontextmanager
    async def taking_in(self) -> AsyncIterator[None]:
        """Around one request that brings events. Raises the problems `busy` and `backlog`, before its body is read."""
        limits = self._app.settings.web
        if self._under_way >= limits.max_requests:
            raise ProblemError("busy", f"{limits.max_requests} requests are being read at this moment.", close=True)
        self._under_way += 1
        try:
            if await self._is_behind(limits.max_backlog):
                raise ProblemError("backlog", f"More than {limits.max_backlog} messages wait to be sent.", close=True)
            yield
        finally:
            self._under_way -= 1

    async def _is_behind(self, most: int) -> bool:
        """Looked at now and then, by one request at a time; the others go by what was seen last."""
        if time.monotonic() - self._looked >= LOOK_SECONDS and not self._looking.locked():
            async with self._looking, self._app.pool.acquire() as connection:
                self._behind = await gauges.behind(connection, self._app.clock(), most + 1)
                self._looked = time.monotonic()
        return self._behind > most


PRESSURE = web.AppKey("pressure", Pressure)
