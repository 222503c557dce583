"""A bind that is kept: opened anew with growing pauses for as long as it is wanted, closed with an unbind."""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from channels.faults import Fault, outcome_of
from channels.smpp.codes import OK, fault_of, name_of
from channels.smpp.link import Link, LinkLost, Patience
from channels.smpp.pdu import Bind, Command, SmppError
from notifier.domain.outcomes import Outcome

log = logging.getLogger(__name__)

PAUSE_BASE, PAUSE_CAP = 0.5, 60.0
STEADY_SECONDS = 10.0
"""A bind that lived for so long is opened again without a pause."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where and as whom to bind. `vendor` are the SMSC's own statuses."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    credentials: Bind
    patience: Patience
    vendor: Mapping[int, Fault]


class BoundLink:
    """One bind as a transceiver. `wanted` begins it; it then lives until `close`."""

    def __init__(self, target: Target, take: Callable[[bytes], Awaitable[None]]) -> None:
        self._target = target
        self._take = take
        self._link: Link | None = None
        self._why_not: Outcome = outcome_of(Fault.TRANSIENT, "not_bound")
        self._tried = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def wanted(self) -> None:
        """Begin to keep it bound, if that is not so already."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def link(self) -> Link | Outcome:
        """The bound link, once a try that is under way has ended; else the outcome of a message that found none."""
        self.wanted()
        await self._tried.wait()
        if self._link is not None and not self._link.is_lost:
            return self._link
        return self._why_not

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        self._tried.set()

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            self._link = await self._open()
            self._tried.set()
            opened = clock()
            if self._link is not None:
                await self._live(self._link)
            failures = 0 if clock() - opened >= STEADY_SECONDS else failures + 1
            if failures:
                pause = min(PAUSE_CAP, PAUSE_BASE * 2 ** min(failures, 10))
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter
            self._tried.clear()

    async def _live(self, link: Link) -> None:
        try:
            await link.lost()
        finally:
            await link.close()
        self._failed(Fault.TRANSIENT, "lost")

    async def _open(self) -> Link | None:
        """Connect and bind; None, with the reason kept, where that does not succeed."""
        target = self._target
        try:
            async with asyncio.timeout(target.patience.answer):
                reader, writer = await asyncio.open_connection(target.host, target.port, ssl=target.tls)
        except ssl.SSLError:
            self._failed(Fault.CONFIG, "tls")
            return None
        except OSError:  # a time-out is one too
            self._failed(Fault.TRANSIENT, "connect")
            return None
        link = Link(reader, writer, target.patience, self._take)
        is_bound = False
        try:
            is_bound = await self._bind(link)
        finally:
            if not is_bound:
                await link.close()
        return link if is_bound else None

    async def _bind(self, link: Link) -> bool:
        try:
            answer = await link.request(Command.BIND_TRANSCEIVER, self._target.credentials)
        except TimeoutError:
            self._failed(Fault.TRANSIENT, "bind_timeout")
        except LinkLost:
            self._failed(Fault.TRANSIENT, "bind_lost")
        except SmppError:
            self._failed(Fault.CONFIG, "credentials")
        else:
            if answer.status == OK and answer.command is Command.BIND_TRANSCEIVER_RESP:
                return True
            fault = fault_of(answer.status, self._target.vendor)
            self._failed(Fault.TRANSIENT if fault is Fault.AMBIGUOUS else fault, name_of(answer.status))
        return False

    def _failed(self, fault: Fault, code: str) -> None:
        """Messages that find no bind are told why; none of them was taken."""
        log.warning("there is no bind", extra={"code": code})
        self._why_not = outcome_of(fault, code)
