"""A mail server that takes everything at once, to measure those who send. It reads no more of SMTP than it has to."""

import asyncio
from collections.abc import Callable
from typing import cast

GREETING = b"220 sink.example.vn ESMTP\r\n"
EHLO = b"".join(
    b"250%c%b\r\n" % (b" " if word == b"ENHANCEDSTATUSCODES" else b"-", word)
    for word in (
        b"sink.example.vn",
        b"PIPELINING",
        b"SIZE 10485760",
        b"8BITMIME",
        b"SMTPUTF8",
        b"DSN",
        b"ENHANCEDSTATUSCODES",
    )
)
END_OF_DATA = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": EHLO,
    b"HELO": b"250 sink.example.vn\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"DATA": b"354 Go ahead\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class MailSink(asyncio.Protocol):
    """One connection. `took` is told the argument of RCPT of each mail once its last line is there."""

    def __init__(self, took: Callable[[bytes], None]) -> None:
        self._took = took
        self._held = b""
        self._recipient = b""
        self._is_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        """Answer all that is complete in one piece: a client may send its commands together (RFC 2920)."""
        self._held += data
        answers = []
        while (answer := self._next()) is not None:
            answers.append(answer)
        self._transport.write(b"".join(answers))
        if ANSWERS[b"QUIT"] in answers:
            self._transport.close()

    def _next(self) -> bytes | None:
        return self._mail() if self._is_data else self._command()

    def _mail(self) -> bytes | None:
        before, end, rest = self._held.partition(END_OF_DATA)
        if not end:
            return None
        del before
        self._held, self._is_data = rest, False
        self._took(self._recipient)
        return b"250 2.0.0 Queued\r\n"

    def _command(self) -> bytes | None:
        line, end, rest = self._held.partition(b"\r\n")
        if not end:
            return None
        self._held, verb = rest, line[:4].upper()
        if verb == b"RCPT":
            self._recipient = line
        self._is_data = verb == b"DATA"
        return ANSWERS.get(verb, b"502 5.5.1 What?\r\n")
