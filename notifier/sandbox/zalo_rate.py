"""The limit of the pretend OA host: so many calls a minute, with what is left in two headers of every answer.

Zalo documentation, "Rate limit", checked 2026-09. Templates by phone are not counted.
"""

from collections import deque
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.sandbox.parts import Parts
from notifier.sandbox.zalo_errors import Fault


class Rate:
    def __init__(self, parts: Parts) -> None:
        self._clock = parts.clock
        self._most = parts.settings.zalo.rate_per_minute
        self._calls: deque[datetime] = deque()

    def counted(self, handler: Handler) -> Handler:
        """The same handler, refused where too many calls came before it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            now = self._clock()
            while self._calls and now - self._calls[0] >= timedelta(minutes=1):
                self._calls.popleft()
            is_over = len(self._calls) >= self._most
            if not is_over:
                self._calls.append(now)
            answer = Fault(-32).reply() if is_over else await handler(request)
            if not answer.prepared:
                answer.headers["X-RateLimit-Limit"] = str(self._most)
                answer.headers["X-RateLimit-Remain"] = str(self._most - len(self._calls))
            return answer

        return handle
