"""The pretend SMSC: an SMPP 3.4 server that takes binds and submits, brings receipts over any bind, and misbehaves.

Refusals come without a body, as many real SMSCs send them. A receipt is brought again, over this bind or another, until
it is answered with OK.
"""

import asyncio
import re
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from channels.smpp.pdu import (
    HEADER,
    Bind,
    BindResponse,
    Body,
    Command,
    Empty,
    Pdu,
    ShortMessage,
    SmppError,
    Taken,
    decode,
    encode,
    read_head,
)
from notifier.sandbox.callbacks import wait
from notifier.sandbox.ledger import keyless
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import SMS, Act
from notifier.sandbox.settings import SmscAccount
from notifier.sandbox.smsc_parts import Assemblies, Ids, receipt
from notifier.sandbox.wire import think

OK, INVALID_COMMAND, INVALID_BIND_STATUS, ALREADY_BOUND, SYSTEM_ERROR = 0x00, 0x03, 0x04, 0x05, 0x08
INVALID_SOURCE, INVALID_DESTINATION, BIND_FAILED, WRONG_PASSWORD, WRONG_SYSTEM_ID = 0x0A, 0x0B, 0x0D, 0x0E, 0x0F
THROTTLED = 0x58
_BINDS = {Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER}
_MOBILE = re.compile(r"84[35789]\d{8}")
_AT_BIND = frozenset({"refuse_bind"})
_RECEIPT_WANTED = 0x03
_ANSWER_SECONDS = 2.0
_EMPTY = Empty()


class Connection:
    """One connection of a client: what it is bound as, and which of our requests it has not answered yet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.bound: Command | None = None
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[int]] = {}

    @property
    def receives(self) -> bool:
        return self.bound in {Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER} and not self.writer.is_closing()

    def say(self, command: Command, sequence: int, body: Body = _EMPTY, status: int = OK) -> None:
        if not self.writer.is_closing():
            self.writer.write(encode(Pdu(command, sequence, body, status)))

    async def ask(self, command: Command, body: Body) -> int | None:
        """The status of the client's answer; None where none comes."""
        self._sequence += 1
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[self._sequence] = answer
        self.say(command, self._sequence, body)
        with suppress(TimeoutError):
            return await asyncio.wait_for(answer, _ANSWER_SECONDS)
        return None

    def answered(self, sequence: int, status: int) -> None:
        answer = self._waiting.pop(sequence, None)
        if answer is not None and not answer.done():
            answer.set_result(status)

    def cut(self) -> None:
        self.writer.transport.abort()


class Smsc:
    """The listening server with its one account."""

    def __init__(self, parts: Parts, account: SmscAccount) -> None:
        self._parts = parts
        self._account = account
        self._assemblies = Assemblies()
        self._ids = Ids(account)
        self._connections: list[Connection] = []
        self._handlers: set[asyncio.Task[None]] = set()
        self._recent: deque[float] = deque()
        self._turn = 0
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen(self) -> None:
        settings = self._parts.settings
        self._server = await asyncio.start_server(self._serve, settings.host, settings.smpp_port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for handler in self._handlers:
                handler.cancel()
            await asyncio.gather(*self._handlers, return_exceptions=True)
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, task = Connection(reader, writer), asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in a task of its own
        self._handlers.add(task)
        self._connections.append(connection)
        watching = asyncio.create_task(self._watch(connection))
        try:
            while await self._hear(connection):
                pass
        except (OSError, EOFError, SmppError, asyncio.CancelledError):
            pass
        finally:
            watching.cancel()
            self._connections.remove(connection)
            self._handlers.discard(task)
            connection.cut()

    async def _watch(self, connection: Connection) -> None:
        """Ask now and then whether the client is there; cut one that is not."""
        while True:
            await asyncio.sleep(self._account.enquire_link_seconds)
            if await connection.ask(Command.ENQUIRE_LINK, Empty()) is None:
                connection.cut()
                return

    async def _hear(self, connection: Connection) -> bool:
        """Read one PDU and answer it; False ends the connection."""
        octets = await connection.reader.readexactly(HEADER.size)
        head = read_head(octets)
        octets += await connection.reader.readexactly(head.length - HEADER.size)
        if head.is_response:
            connection.answered(head.sequence, head.status)
            return True
        try:
            pdu = decode(octets)
        except SmppError:
            connection.say(Command.GENERIC_NACK, head.sequence, status=INVALID_COMMAND)
            return True
        if pdu.command in _BINDS and isinstance(pdu.body, Bind):
            return self._bind(connection, pdu, pdu.body)
        if pdu.command is Command.SUBMIT_SM and isinstance(pdu.body, ShortMessage):
            self._soon(self._submitted(connection, pdu.sequence, pdu.body))
        elif pdu.command in {Command.ENQUIRE_LINK, Command.UNBIND}:
            connection.say(Command(pdu.command | 0x8000_0000), pdu.sequence)
        else:
            connection.say(Command.GENERIC_NACK, pdu.sequence, status=INVALID_COMMAND)
        return pdu.command is not Command.UNBIND

    def _bind(self, connection: Connection, pdu: Pdu, body: Bind) -> bool:
        account = self._account
        act = self._parts.script.take(SMS, body.system_id, only=_AT_BIND)
        bound = sum(each.bound is not None for each in self._connections)
        if act.name == "refuse_bind":
            status = int(act.args.get("status", BIND_FAILED))
        elif body.system_id != account.system_id:
            status = WRONG_SYSTEM_ID
        elif body.password != account.password:
            status = WRONG_PASSWORD
        elif connection.bound is not None or bound >= account.binds:
            status = ALREADY_BOUND
        else:
            status, connection.bound = OK, pdu.command
        answer = BindResponse("SANDBOX") if status == OK else Empty()
        connection.say(Command(pdu.command | 0x8000_0000), pdu.sequence, answer, status)
        return status == OK

    async def _submitted(self, connection: Connection, sequence: int, body: ShortMessage) -> None:
        wrong = self._fault(connection, body)
        await think(self._parts)
        act = Act() if wrong else self._parts.script.take(SMS, body.dest, never=_AT_BIND)
        seconds = float(act.args.get("seconds", self._parts.settings.delays.hang_seconds))
        status = wrong or _refusal(act)
        if act.name == "hang":
            return
        if act.name == "cut":
            connection.cut()
        elif act.name == "html":
            connection.writer.write(b"<html><body>Bad gateway</body></html>")
        elif status:
            connection.say(Command.SUBMIT_SM_RESP, sequence, status=status)
        else:
            message_id = self._ids.new()
            reporting = self._report(body, message_id, self._keep(body, message_id), act)
            if act.name == "receipt_first":
                await reporting
            else:
                self._soon(reporting)
            if act.name == "accept_then_cut":
                connection.cut()
            elif act.name != "accept_then_hang":
                await asyncio.sleep(seconds if act.name == "slow" else 0)
                connection.say(
                    Command.SUBMIT_SM_RESP, sequence, Empty() if act.name == "no_code" else Taken(message_id)
                )

    def _fault(self, connection: Connection, body: ShortMessage) -> int:
        """The status that refuses a submit by the SMSC's own rules; 0 where it is good."""
        registered = self._parts.settings.sms.brandname
        if connection.bound not in {Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER}:
            return INVALID_BIND_STATUS
        if registered and body.source.lower() != registered.lower():
            return INVALID_SOURCE
        if not _MOBILE.fullmatch(body.dest):
            return INVALID_DESTINATION
        return THROTTLED if self._is_too_fast() else OK

    def _is_too_fast(self) -> bool:
        now, rate = asyncio.get_running_loop().time(), self._account.rate_per_second
        while self._recent and now - self._recent[0] > 1:
            self._recent.popleft()
        if rate is not None and len(self._recent) >= rate:
            return True
        self._recent.append(now)
        return False

    def _keep(self, body: ShortMessage, message_id: str) -> Captured | None:
        """The message, once this part completes it."""
        whole = self._assemblies.whole(body)
        if whole is None:
            return None
        text, parts = whole
        self._parts.ledger.took(SMS, keyless(body.dest, {"text": text}))
        content = {"text": text, "brandname": body.source, "unicode": body.data_coding == 8, "parts": parts}  # noqa: PLR2004
        return self._parts.messages.add(
            channel=SMS, to=body.dest, at=self._parts.clock(), content=content, reference=message_id, tracking_id=None
        )

    async def _report(self, body: ShortMessage, message_id: str, message: Captured | None, act: Act) -> None:
        """On its way, then the end; brought as receipts if this part asked for them."""
        end = {"fail": "UNDELIV", "zero_receipt": "UNKNOWN"}.get(act.name, "DELIVRD")
        err = str(act.args.get("err", "000" if end == "DELIVRD" else "0A1"))
        account = replace(self._account, receipt_form=act.args.get("form", self._account.receipt_form))
        steps = [("ENROUTE", "000"), (str(act.args.get("stat", end)), err)]
        for stat, error in reversed(steps) if act.name == "reversed_receipts" else steps:
            await wait(self._parts.settings.delays.receipt_seconds, act)
            if message is not None and stat == "DELIVRD":
                self._parts.messages.move(message, State.DELIVERED)
            elif message is not None and stat == "UNDELIV":
                self._parts.messages.move(message, State.FAILED)
            if act.name == "no_receipt" or not body.registered_delivery & _RECEIPT_WANTED:
                continue
            written_id = self._ids.in_receipt(message_id)
            told = receipt(account, body, message_id, written_id, stat, error, self._parts.clock())
            if act.name == "forged_receipt":
                await self._forge(told)
            for _ in range(2 if act.name == "duplicate_receipt" else 1):
                await self._bring(told)

    async def _bring(self, told: ShortMessage) -> None:
        """Until it is answered with OK, over one bind after the other."""
        pauses = self._parts.settings.delays.retry_seconds
        tries = 0
        while tries == 0 or pauses:
            listening = [each for each in self._connections if each.receives]
            if listening:
                self._turn += 1
                if await listening[self._turn % len(listening)].ask(Command.DELIVER_SM, told) == OK:
                    return
            await asyncio.sleep(pauses[min(tries, len(pauses) - 1)])
            tries += 1

    async def _forge(self, told: ShortMessage) -> None:
        """Somebody posts a receipt to the web endpoint, where none of an SMSC comes in."""
        url = f"{self._parts.settings.notifier_url}/v1/receipts/sms"
        await self._parts.callbacks.call(
            "POST", url, body=encode(Pdu(Command.DELIVER_SM, 1, told)), again_on_refusal=False
        )

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        self._parts.callbacks.soon(work)


def _refusal(act: Act) -> int:
    match act.name:
        case "refuse":
            return int(act.args.get("status", INVALID_DESTINATION))
        case "throttle":
            return THROTTLED
        case "server_error":
            return SYSTEM_ERROR
        case _:
            return OK
