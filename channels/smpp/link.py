"""One connection to an SMSC: requests matched with their answers, what the SMSC sends told, silence noticed.

A link that is lost stays lost. Whatever waits for an answer then gets `LinkLost`: it may have been taken.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from channels.smpp.codes import INVALID_COMMAND, OK, TEMPORARY_FAULT
from channels.smpp.pdu import (
    HEADER,
    LAST_SEQUENCE,
    Body,
    Command,
    Empty,
    Head,
    Pdu,
    SmppError,
    Taken,
    decode,
    encode,
    read_head,
)

log = logging.getLogger(__name__)

UNBIND_SECONDS = 1.0


class LinkLost(Exception):
    """The connection is gone."""


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: for an answer, and how long nothing may be heard before the SMSC is asked whether it is there."""

    answer: float
    idle: float


class Link:
    """Speaks over an open connection. `take` stores a deliver_sm, as its octets came, before it is answered."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: Patience,
        take: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._take = take
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Pdu]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = asyncio.get_running_loop().time()
        self._over = asyncio.Event()
        self._start(self._read())
        self._start(self._watch())

    @property
    def is_lost(self) -> bool:
        return self._over.is_set()

    async def request(self, command: Command, body: Body) -> Pdu:
        """The answer. Raises LinkLost, TimeoutError where none came in time, SmppError for a body that cannot be sent."""
        if self.is_lost:
            raise LinkLost
        self._sequence = self._sequence % LAST_SEQUENCE + 1
        sequence = self._sequence
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        octets = encode(Pdu(command, sequence, body))
        self._waiting[sequence] = answer
        try:
            async with asyncio.timeout(self._patience.answer):
                self._writer.write(octets)
                await self._writer.drain()
                return await answer
        except TimeoutError:
            raise
        except OSError:
            self.cut()
            raise LinkLost from None
        finally:
            self._waiting.pop(sequence, None)
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # looked at, so that nobody complains that nobody did

    async def lost(self) -> None:
        """Wait until the link is lost."""
        await self._over.wait()

    def cut(self) -> None:
        """End it at once."""
        if self.is_lost:
            return
        self._over.set()
        self._writer.transport.abort()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(LinkLost())

    async def close(self) -> None:
        """Unbind, if the SMSC still answers, and end everything."""
        if not self.is_lost:
            with suppress(LinkLost, TimeoutError, SmppError):
                async with asyncio.timeout(UNBIND_SECONDS):
                    await self.request(Command.UNBIND, Empty())
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                octets = await self._reader.readexactly(HEADER.size)
                head = read_head(octets)
                octets += await self._reader.readexactly(head.length - HEADER.size)
                self._heard = asyncio.get_running_loop().time()
                self._hear(head, octets)
        except (OSError, EOFError):
            log.info("the connection to an SMSC has ended")
        except SmppError as error:
            log.warning("an SMSC sends what is no SMPP: %s", error)
        finally:
            self.cut()

    def _hear(self, head: Head, octets: bytes) -> None:
        if head.is_response:
            answer = self._waiting.get(head.sequence)
            if answer is not None and not answer.done():
                answer.set_result(_answer(head, octets))
            return
        match head.command:
            case Command.DELIVER_SM:
                self._start(self._store(head.sequence, octets))
            case Command.ENQUIRE_LINK:
                self._say(Pdu(Command.ENQUIRE_LINK_RESP, head.sequence))
            case Command.UNBIND:
                self._say(Pdu(Command.UNBIND_RESP, head.sequence))
                raise EOFError
            case _:
                self._say(Pdu(Command.GENERIC_NACK, head.sequence, status=INVALID_COMMAND))

    async def _store(self, sequence: int, octets: bytes) -> None:
        """Answer a deliver_sm once it is stored; else ask the SMSC to bring it again."""
        status = OK
        try:
            await self._take(octets)
        except Exception:
            log.exception("a message from an SMSC could not be stored now")
            status = TEMPORARY_FAULT
        self._say(Pdu(Command.DELIVER_SM_RESP, sequence, Taken(), status))

    async def _watch(self) -> None:
        """Ask whether the SMSC is there when nothing was heard for a while; no answer is the end of the link."""
        while not self.is_lost:
            silence = asyncio.get_running_loop().time() - self._heard
            await asyncio.sleep(max(self._patience.idle - silence, 0))
            if asyncio.get_running_loop().time() - self._heard < self._patience.idle:
                continue
            try:
                await self.request(Command.ENQUIRE_LINK, Empty())
            except (TimeoutError, LinkLost):
                log.warning("an SMSC does not answer any more")
                self.cut()

    def _say(self, pdu: Pdu) -> None:
        if not self.is_lost:
            self._writer.write(encode(pdu))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _answer(head: Head, octets: bytes) -> Pdu:
    """A garbled answer is one without a body: what its status says still counts."""
    try:
        return decode(octets)
    except SmppError:
        return Pdu(Command.GENERIC_NACK, head.sequence, status=head.status)
