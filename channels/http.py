"""The one client for calls out: every call has a deadline, a size cap and an address guard, and no redirect is followed."""

import json as json_text
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

LONGEST_RETRY_AFTER = timedelta(days=1)
"""No peer can make us wait longer, whatever it writes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the peer answered: `headers` have lower-case names, `body` is at most the size cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoReplyKind(StrEnum):
    NOT_SENT = "not_sent"
    """The request surely did not reach the peer: no connection, or a forbidden address."""
    UNCERTAIN = "uncertain"
    """The request may have been taken: time-out or loss after it left, or an answer past the size cap."""


@dataclass(frozen=True, slots=True)
class NoReply:
    kind: NoReplyKind
    code: str
    """`connect`, `timeout`, `lost`, `too_large`, `forbidden_address`."""


@dataclass(slots=True)
class _Call:
    """Whether a connection was at hand: from then on the request may have left."""

    connected: bool = False


class HttpClient:
    """Calls the allowed addresses and no other. `allowed` holds `host:port`, as `address_of` writes it.

    Open it anywhere; its connections belong to the loop of the first call. `timeout_seconds` is the deadline of
    the whole call, with connecting and reading. Never raises for what a network or a peer does.
    """

    def __init__(self, allowed: frozenset[str], *, max_bytes: int = 256 * 1024) -> None:
        self._allowed = allowed
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float,
    ) -> Reply | NoReply:
        """One of `json`, `form` and `body` at most; `body` goes out byte by byte as it is."""
        if address_of(url) not in self._allowed:
            return NoReply(NoReplyKind.NOT_SENT, "forbidden_address")
        call = _Call()
        try:
            async with self._open_session().request(
                method,
                url,
                json=json,
                data=form if body is None else body,
                params=params,
                headers={"Accept-Encoding": "identity", **(headers or {})},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
                trace_request_ctx=call,
            ) as response:
                body = await self._read(response)
                if body is None:
                    return NoReply(NoReplyKind.UNCERTAIN, "too_large")
                return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, body)
        except TimeoutError:
            return _no_reply(call, "timeout")
        except (aiohttp.ClientError, OSError):
            return _no_reply(call, "lost")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        """The body, or None when it is longer than the cap."""
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                response.close()
                return None
        return bytes(body)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=100),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trace_configs=[_connection_trace()],
            )
        return self._session


def address_of(url: str) -> str | None:
    """`host:port` of an http or https address, the port always written; None for anything else."""
    try:
        parsed = URL(url)
    except ValueError:
        return None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.user is not None:
        return None
    return f"{parsed.host}:{parsed.port}"


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a peer's text holds; None for any other text. Never raises."""
    try:
        value = json_text.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def retry_after(reply: Reply) -> timedelta | None:
    """What Retry-After asks for (RFC 9110, 10.2.3): seconds, or a date counted from the reply's own Date.

    A past date means now, more than a day a day; a garbled or negative value is ignored.
    """
    text = reply.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(timedelta(seconds=int(text)), LONGEST_RETRY_AFTER)
    at, now = internet_date(text), internet_date(reply.headers.get("date", ""))
    return min(max(at - now, timedelta()), LONGEST_RETRY_AFTER) if at and now else None


def internet_date(text: str) -> datetime | None:
    """A date as mail and HTTP headers write it; None for anything else. Without a zone it is UTC. Never raises."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _no_reply(call: _Call, code: str) -> NoReply:
    if call.connected:
        return NoReply(NoReplyKind.UNCERTAIN, code)
    return NoReply(NoReplyKind.NOT_SENT, "connect")


def _connection_trace() -> aiohttp.TraceConfig:
    async def connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.connected = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    return trace
