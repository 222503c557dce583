"""Live inboxes as server-sent events (HTML standard): first what was missed, then the news as it comes.

There is no gap between the two: a watcher is registered before the first look into the database, what is sent is always
what the database has after the last number sent, and the numbers of an inbox become visible in their order.
"""

import asyncio
import json
from contextlib import suppress
from datetime import datetime

from aiohttp import web

from notifier.domain.ids import InboxOwner
from notifier.store import inbox, own, passes
from notifier.store.pool import DATABASE_DOWN
from notifier.web.access.gate import Access, by_ticket, inbox_access
from notifier.web.api.inbox import as_json, portal_page
from notifier.web.keys import APP, WATCH
from notifier.web.live import FullError
from notifier.web.problems import ProblemError
from notifier.web.requests import digits

BATCH = 100
RETRY_MILLISECONDS = 3000
STALLED_SECONDS = 30
"""A client that takes nothing for so long is gone."""
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


async def stream(request: web.Request) -> web.StreamResponse:
    """Messages with their `seq` as the event's id, and `unread` with the count whenever that has changed.

    It begins after `Last-Event-ID`, or `last_event_id` of the address; without them with what comes from now on. A
    stream that loses the database ends, as does one whose session or token ends; the client comes back by itself.
    """
    ticket = request.query.get("ticket")
    return await open_stream(
        request, await inbox_access(request) if ticket is None else await by_ticket(request, ticket)
    )


async def open_stream(request: web.Request, access: Access) -> web.StreamResponse:
    """The stream of an inbox that is open to this request. Raises `too-many-streams`."""
    watch = request.app[WATCH]
    try:
        with watch.watching(access.owner) as news:
            return await _Stream(request, access).run(news)
    except FullError:
        raise ProblemError("too-many-streams", "As many streams as may be are open.") from None


class _Stream:
    """One open stream: what it has sent so far."""

    def __init__(self, request: web.Request, access: Access) -> None:
        self._request = request
        self._app = request.app[APP]
        self._owner: InboxOwner = access.owner
        self._until: datetime | None = access.until
        self._session: bytes | None = access.session
        self._unread: int | None = None
        self._response = web.StreamResponse(headers=_HEADERS)

    async def run(self, news: asyncio.Event) -> web.StreamResponse:
        async with self._app.pool.acquire() as connection:
            last = last_event_id(self._request)
            seen = last if last is not None else await inbox.newest_seq(connection, self._owner)
        await self._response.prepare(self._request)
        with suppress(*DATABASE_DOWN, TimeoutError):
            await self._write(f"retry: {RETRY_MILLISECONDS}\n\n")
            while not self._request.app[WATCH].closing.is_set() and not self._is_over():
                news.clear()
                if await self._has_signed_out():
                    break
                seen = await self._send_new(seen)
                await self._wait(news)
        return self._response

    async def _send_new(self, seen: int) -> int:
        while True:
            async with self._app.pool.acquire() as connection:
                fresh = await inbox.after(connection, self._owner, seen, BATCH)
                unread = await inbox.unread(connection, self._owner)
                origins = await own.origins(connection, fresh) if fresh else {}
            for message in fresh:
                at_portal = portal_page(self._app.settings, message, origins.get(message.id))
                data = json.dumps(as_json(message, at_portal), ensure_ascii=False)
                await self._write(f"id: {message.seq}\nevent: message\ndata: {data}\n\n")
                seen = message.seq
            if len(fresh) < BATCH:
                break
        if unread != self._unread:
            self._unread = unread
            await self._write(f'event: unread\ndata: {{"unread": {unread}}}\n\n')
        return seen

    async def _wait(self, news: asyncio.Event) -> None:
        """Until there may be something new, and not longer than the client may be left without a sign of life."""
        patience = self._app.settings.inbox.heartbeat_seconds
        if self._until is not None:
            patience = min(patience, max((self._until - self._app.clock()).total_seconds(), 0))
        try:
            await asyncio.wait_for(news.wait(), patience)
        except TimeoutError:
            await self._write(": still here\n\n")

    async def _has_signed_out(self) -> bool:
        if self._session is None:
            return False
        async with self._app.pool.acquire() as connection:
            return await passes.session(connection, self._session, self._app.clock()) is None

    def _is_over(self) -> bool:
        return self._until is not None and self._app.clock() >= self._until

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(STALLED_SECONDS):
            await self._response.write(text.encode())


def last_event_id(request: web.Request) -> int | None:
    """The number of the last message that the client has: from the header, which a browser sends when it comes back."""
    return digits(request.headers.get("Last-Event-ID", request.query.get("last_event_id", "")))
