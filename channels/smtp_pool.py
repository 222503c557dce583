"""Our own SMTP connections, kept open over messages. aiosmtplib has one connection per object and no pool."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiosmtplib import SMTP, SMTPException

NOOP_AFTER_SECONDS = 2.0
"""A connection idle for longer is asked with NOOP before it is used."""


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int
    max_age_seconds: float
    max_messages: int
    max_idle_seconds: float


@dataclass(slots=True)
class _Connection:
    smtp: SMTP
    opened_at: float = field(default_factory=time.monotonic)
    used_at: float = field(default_factory=time.monotonic)
    messages: int = 0


class SmtpPool:
    """At most `limits.connections` open connections, each used by one task at a time, recycled by age, count and idle.

    `new` opens a connection, greeted and logged in, or raises.
    """

    def __init__(self, new: Callable[[], Awaitable[SMTP]], limits: Limits) -> None:
        self._new = new
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.connections)
        self._idle: list[_Connection] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[SMTP]:
        """A connection that answers. It is kept only if the block ends without an exception and it is still open.

        Raises what connecting raises.
        """
        async with self._slots:
            connection = await self._reuse() or _Connection(await self._new())
            try:
                yield connection.smtp
            except BaseException:
                connection.smtp.close()
                raise
            connection.messages += 1
            connection.used_at = time.monotonic()
            if connection.smtp.is_connected:
                self._idle.append(connection)

    async def close(self) -> None:
        while self._idle:
            await _quit(self._idle.pop().smtp)

    async def _reuse(self) -> _Connection | None:
        """The idle connection used last, if it is fresh and answers; stale ones met on the way are closed."""
        while self._idle:
            connection = self._idle.pop()
            try:
                if self._is_fresh(connection) and await _answers(connection):
                    return connection
            except BaseException:
                connection.smtp.close()
                raise
            await _quit(connection.smtp)
        return None

    def _is_fresh(self, connection: _Connection) -> bool:
        now = time.monotonic()
        return (
            connection.smtp.is_connected
            and now - connection.opened_at < self._limits.max_age_seconds
            and now - connection.used_at < self._limits.max_idle_seconds
            and connection.messages < self._limits.max_messages
        )


async def _answers(connection: _Connection) -> bool:
    if time.monotonic() - connection.used_at < NOOP_AFTER_SECONDS:
        return True
    try:
        await connection.smtp.noop()
    except SMTPException:
        return False
    return connection.smtp.is_connected


async def _quit(smtp: SMTP) -> None:
    if smtp.is_connected:
        with suppress(SMTPException, TimeoutError):
            await smtp.quit(timeout=1)
    smtp.close()
