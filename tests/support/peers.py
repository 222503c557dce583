"""Tiny scripted peers on loopback sockets: an HTTP server, an SMTP server and an SMSC that answer, drop or hang as told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qsl

from channels.smpp.pdu import BindResponse, Command, Empty, Pdu, Taken, decode, encode


class Silence(Enum):
    DROP = "close the connection without an answer"
    HANG = "keep the connection and never answer"


def patience(*scripted: object) -> float:
    """Seconds that a caller should wait for such a peer: long, so that a busy machine is no fault, unless it hangs."""
    return 0.5 if Silence.HANG in scripted else 10


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} X", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def answer_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(value).encode(), headers or {})


class _Peer:
    def __init__(self, tls: SSLContext | None = None) -> None:
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class HttpPeer(_Peer):
    """Gives `answers` in their order, the last one again and again, and keeps every request it read."""

    def __init__(self, *answers: HttpAnswer | Silence) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[HttpRequest] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await _read_request(reader):
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is Silence.DROP:
                return
            if isinstance(answer, Silence):
                await asyncio.Event().wait()
            else:
                writer.write(answer.wire())
                await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> HttpRequest | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return HttpRequest(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@dataclass(slots=True)
class Envelope:
    mail: str = ""
    rcpt: str = ""
    data: bytes = b""


class SmtpPeer(_Peer):
    """Says 250 to everything unless `script` has an answer for the verb: GREETING, EHLO, MAIL, RCPT, DATA, BODY, ….

    BODY is the answer to the end of the data. An answer may be a function of the command line.
    """

    def __init__(self, script: dict[str, Any] | None = None, extensions: tuple[str, ...] = ("SIZE", "DSN")) -> None:
        super().__init__()
        self.script = script or {}
        self.extensions = extensions
        self.connections = 0
        self.commands: list[str] = []
        self.taken: list[Envelope] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if not await self._answer(writer, "GREETING", "", "220 peer.example.vn ESMTP"):
            return
        envelope = Envelope()
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            verb = line.split(" ", 1)[0].upper()
            usual = {"EHLO": self._hello(), "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
            said = await self._answer(writer, verb, line, usual)
            if not said or verb == "QUIT":
                return
            if verb == "MAIL":
                envelope.mail = line
            elif verb == "RCPT":
                envelope.rcpt = line
            elif verb == "DATA" and said.startswith("354"):
                while (line_of_data := await reader.readline()) != b".\r\n":
                    envelope.data += line_of_data
                said = await self._answer(writer, "BODY", "", "250 2.0.0 taken")
                if not said:
                    return
                if said.startswith("250"):
                    self.taken.append(envelope)
                envelope = Envelope()

    def _hello(self) -> str:
        lines = ["peer.example.vn", *self.extensions]
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])

    async def _answer(self, writer: asyncio.StreamWriter, verb: str, line: str, usual: str) -> str | None:
        """Write the scripted or the usual answer and tell what it was; None after a drop."""
        scripted: str | Silence | Callable[[str], str | Silence] = self.script.get(verb, usual)
        answer = scripted(line) if callable(scripted) else scripted
        if answer is Silence.DROP:
            return None
        if isinstance(answer, Silence):
            await asyncio.Event().wait()
            return None
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return answer


class SmppPeer(_Peer):
    """An SMSC that takes every bind and gives `answers` to the submits in their order, the last one again and again.

    An answer is a command_status, octets as they are to be written, or a silence; 0 takes the message as `m1`, `m2` ….
    `tell` sends a PDU over the newest connection; what comes in is kept in `heard`.
    """

    def __init__(self, *answers: int | bytes | Silence, bind: int = 0, tls: SSLContext | None = None) -> None:
        super().__init__(tls)
        self.answers = list(answers) or [0]
        self.bind = bind
        self.binds = 0
        self.taken = 0
        self.heard: list[Pdu] = []
        self._writer: asyncio.StreamWriter | None = None

    def of(self, command: Command) -> list[Pdu]:
        return [pdu for pdu in self.heard if pdu.command is command]

    def tell(self, pdu: Pdu | bytes) -> None:
        assert self._writer is not None
        self._writer.write(pdu if isinstance(pdu, bytes) else encode(pdu))

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        while True:
            head = await reader.readexactly(16)
            pdu = decode(head + await reader.readexactly(int.from_bytes(head[:4], "big") - 16))
            self.heard.append(pdu)
            if pdu.command is Command.SUBMIT_SM:
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is Silence.DROP:
                    return
                if isinstance(answer, bytes):
                    writer.write(answer)
                elif isinstance(answer, int):
                    self.taken += answer == 0
                    body = Empty() if answer else Taken(f"m{self.taken}")
                    writer.write(encode(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body, answer)))
            elif pdu.command is Command.BIND_TRANSCEIVER:
                self.binds += 1
                body = Empty() if self.bind else BindResponse("peer")
                writer.write(encode(Pdu(Command.BIND_TRANSCEIVER_RESP, pdu.sequence, body, self.bind)))
            elif not pdu.command & 0x8000_0000:
                writer.write(encode(Pdu(Command(pdu.command | 0x8000_0000), pdu.sequence)))


@asynccontextmanager
async def running(*peers: _Peer) -> AsyncIterator[None]:
    for peer in peers:
        await peer.start()
    try:
        yield
    finally:
        for peer in peers:
            await peer.stop()


async def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    peer = _Peer()
    await peer.start()
    await peer.stop()
    return peer.port
