"""Hand one mail over on an open connection, in two waits where the peer lets commands be sent together (RFC 2920).

aiosmtplib opens connections, speaks TLS and logs in, but waits for each reply before its next command: four waits for a
mail. So for the length of one mail its connection answers to this protocol instead, and to aiosmtplib again thereafter.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from aiosmtplib import SMTP

from channels.smtp_codes import Phase

MOST_BYTES = 32_768
"""Of one reply, however many lines it has."""
NO_REPLY = -1
"""The code of what came in a reply's place."""
_OK, _WILL_FORWARD, _START_INPUT = 250, 251, 354
_END = b".\r\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that the mail does not get past."""

    phase: Phase
    code: int
    text: str
    """Of all its lines, without the basic code."""


@contextmanager
def handover(smtp: SMTP) -> "Iterator[Handover]":
    """Take over a connection for one mail. It is aiosmtplib's again afterwards, whatever happened.

    Raises ConnectionResetError where it is closed, here and in every step.
    """
    if not smtp.is_connected or smtp.transport is None or smtp.protocol is None:
        raise ConnectionResetError
    transport, theirs = cast("asyncio.Transport", smtp.transport), smtp.protocol
    ours = Handover(transport, theirs, is_pipelined=smtp.supports_extension("pipelining"))
    transport.set_protocol(ours)
    try:
        yield ours
    finally:
        transport.set_protocol(theirs)


class Handover(asyncio.Protocol):
    """The dialogue about one mail: `propose` its envelope, then `hand_over` its data."""

    def __init__(self, transport: asyncio.Transport, theirs: asyncio.Protocol, *, is_pipelined: bool) -> None:
        self._transport = transport
        self._theirs = theirs
        self._is_pipelined = is_pipelined
        self._held = b""
        self._said: list[bytes] = []
        self._replies: deque[tuple[int, str]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_lost = False

    async def propose(self, mail: bytes, rcpt: bytes) -> Refusal | None:
        """Say MAIL, RCPT and DATA, whose lines are given without an end. None: the peer waits for the data.

        Nothing of the mail has left us when this ends, however it ends.
        """
        commands = {
            mail: (Phase.MAIL, {_OK}),
            rcpt: (Phase.RCPT, {_OK, _WILL_FORWARD}),
            b"DATA": (Phase.DATA, {_START_INPUT}),
        }
        if self._is_pipelined:
            self._write(b"".join(line + b"\r\n" for line in commands))
        refusal, code = None, NO_REPLY
        try:
            for line, (phase, welcome) in commands.items():
                if not self._is_pipelined:
                    self._write(line + b"\r\n")
                code, text = await self._reply()
                if code not in welcome and refusal is None:
                    refusal = Refusal(phase, code, text)
                    if not self._is_pipelined:
                        return refusal
            if refusal is not None and code == _START_INPUT:  # it waits for data that nobody shall have
                self._write(_END)
                await self._reply()
        except ConnectionResetError:
            if refusal is None:
                raise
        return refusal

    async def hand_over(self, data: bytes) -> Refusal | None:
        """Send the mail, whose lines end in CRLF, the last one too. None: the peer has taken it."""
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        self._write((b"." if stuffed.startswith(b".") else b"") + stuffed + _END)
        code, text = await self._reply()
        return None if code == _OK else Refusal(Phase.DATA, code, text)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\n") + 1) > 0:
            line, self._held = self._held[:end], self._held[end:]
            self._said.append(line)
            if line[3:4] != b"-" or not line[:3].isdigit():
                self._answered(_read(self._said))
        if len(self._held) + sum(map(len, self._said)) > MOST_BYTES:
            self._answered((NO_REPLY, "Response too long"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._wake()
        self._theirs.connection_lost(exc)

    def _answered(self, reply: tuple[int, str]) -> None:
        self._said = []
        self._replies.append(reply)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._is_lost or self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(data)

    async def _reply(self) -> tuple[int, str]:
        while not self._replies:
            if self._is_lost:
                raise ConnectionResetError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._replies.popleft()


def _read(lines: list[bytes]) -> tuple[int, str]:
    """The code of the last line and the words of all."""
    code = lines[-1][:3]
    words = b"\n".join(line[4:].strip() for line in lines).decode("utf-8", "replace")
    return (int(code) if code.isdigit() else NO_REPLY), words
