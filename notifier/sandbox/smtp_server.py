"""The pretend mail server: real SMTP with 8BITMIME, SIZE and DSN, and every way a mail server can fail."""

import asyncio
import re
from typing import cast
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session

from notifier.sandbox import dsn, mail
from notifier.sandbox.callbacks import wait
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import EMAIL, Act
from notifier.sandbox.wire import think

_SENDER_ACTS = frozenset({"refuse_sender"})
_TAKES_NOTHING = frozenset({"refuse_content", "hang", "drop"})
_SIZE_LIMIT = 10 * 1024 * 1024
_DRIPS = 10


class _Connection(SMTP):
    """aiosmtpd's server side, which knows no DSN: this takes its parameters off before the base class sees them."""

    def __init__(self, parts: Parts, open_connections: "set[_Connection]") -> None:
        self.dsn: dict[str, str] = {}
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = open_connections
        super().__init__(
            _Conversation(parts),
            hostname=dsn.REPORTING_MTA,
            ident="Notifier sandbox",
            data_size_limit=_SIZE_LIMIT,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._open.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - the names of aiosmtpd
        rest, self.dsn = dsn.split_parameters(arg or "", frozenset({"RET", "ENVID"}))
        await super().smtp_MAIL(rest or None)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        rest, self.dsn = dsn.split_parameters(arg or "", frozenset({"NOTIFY", "ORCPT"}))
        await super().smtp_RCPT(rest or None)

    async def cut(self, last_words: str | None = None) -> str:
        """End the connection, at once or after a last reply. Never returns: the base class is cancelled by it."""
        if last_words is None:
            self.abort()
        else:
            await self.push(last_words)
            cast("asyncio.Transport", self.transport).close()
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    def abort(self) -> None:
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()


class _Conversation:
    """aiosmtpd's handler for one connection: the transaction in hand, and what the script wants of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._envid: str | None = None
        self._acts: dict[str, tuple[Act, dsn.Asked]] = {}

    async def handle_EHLO(  # noqa: N802
        self, server: _Connection, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        return [*responses[:-1], "250-ENHANCEDSTATUSCODES", "250-DSN", responses[-1]]

    async def handle_MAIL(  # noqa: N802
        self, server: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        self._acts = {}
        self._envid = dsn.from_xtext(server.dsn["ENVID"]) if "ENVID" in server.dsn else None
        act = self._parts.script.take(EMAIL, address, only=_SENDER_ACTS)
        if act.name == "refuse_sender":
            return await _refuse(server, act, "451 4.7.1 Try again later")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(  # noqa: N802
        self, server: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        act = self._parts.script.take(EMAIL, address, never=_SENDER_ACTS)
        if act.name == "refuse":
            return await _refuse(server, act, "550 5.1.1 No such mailbox")
        self._acts[address] = (act, dsn.asked(server.dsn))
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server: _Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del session
        odd = next((act for act, _ in self._acts.values() if act.name != "accept"), Act())
        silence = float(odd.args.get("seconds", self._parts.settings.delays.hang_seconds))
        await think(self._parts)
        if odd.name not in _TAKES_NOTHING:
            self._keep(envelope)
            await think(self._parts)
        match odd.name:
            case "refuse_content":
                return await _refuse(server, odd, "554 5.6.0 Content refused")
            case "drop" | "accept_then_drop":
                return await server.cut()
            case "drop_after_reply":
                return await server.cut("250 2.0.0 Queued")
            case "hang" | "accept_then_hang":
                await asyncio.sleep(silence)
                return await server.cut("421 4.4.2 Timeout")
            case "slow":
                return await _drip(server, silence)
            case _:
                return "250 2.0.0 Queued"

    def _keep(self, envelope: Envelope) -> None:
        raw, sender = envelope.original_content or b"", envelope.mail_from or ""
        for address, (act, ask) in self._acts.items():
            message = self._parts.messages.add(
                channel=EMAIL,
                to=address,
                at=self._parts.clock(),
                content={**mail.summary(raw), "sender": sender, "notify": sorted(ask.notify)},
                reference=uuid4().hex,
                tracking_id=self._envid,
                raw=raw,
            )
            self._parts.ledger.took(EMAIL, message.content["message_id"])
            self._parts.callbacks.soon(_afterwards(self._parts, message, act, ask))


async def _drip(server: _Connection, seconds: float) -> str:
    """One reply of many lines, each a while after the one before."""
    for _ in range(_DRIPS):
        await server.push("250-2.0.0 Still queueing")
        await asyncio.sleep(seconds / _DRIPS)
    return "250 2.0.0 Queued"


async def _refuse(server: _Connection, act: Act, usual: str) -> str:
    reply = str(act.args.get("reply", usual))
    return await server.cut(reply) if reply.startswith("421") else reply


async def _afterwards(parts: Parts, message: Captured, act: Act, ask: dsn.Asked) -> None:
    """Deliver or bounce a mail that was taken, and send the reports that its sender asked for."""
    for fate in _fates(act):
        await wait(parts.settings.delays.receipt_seconds, act)
        if fate.action != "delayed":
            parts.messages.move(message, State.DELIVERED if fate.action == "delivered" else State.FAILED)
        if fate.wish in ask.notify and act.name != "no_receipt" and message.content["sender"] not in ("", "<>"):
            if act.name == "forged_receipt":
                lie = dsn.Fate("failed", "5.1.1", "550 5.1.1 not delivered")
                await _post_report(parts, message, ask, lie, forged=True)
            for _ in range(2 if act.name == "duplicate_receipt" else 1):
                await _post_report(parts, message, ask, fate)


def _fates(act: Act) -> list[dsn.Fate]:
    status = str(act.args.get("status", "5.1.1"))
    reply = "550" if re.match(r"5\.1\.", status) else "554"
    failed = dsn.Fate("failed", status, str(act.args.get("diagnostic", f"{reply} {status} not delivered")))
    if act.name == "delay_then_fail":
        return [dsn.Fate("delayed", "4.4.1", "451 4.4.1 no answer from the next host"), failed]
    return [failed] if act.name == "fail" else [dsn.DELIVERED]


async def _post_report(
    parts: Parts, message: Captured, ask: dsn.Asked, fate: dsn.Fate, *, forged: bool = False
) -> None:
    body = dsn.report(
        raw=message.raw,
        sender="bounce@example.vn" if forged else message.content["sender"],
        recipient=message.to,
        envid=f"{message.tracking_id}0" if forged else message.tracking_id,
        ask=ask,
        fate=fate,
        at=parts.clock(),
    )
    url = f"{parts.settings.notifier_url}/v1/receipts/email/{parts.settings.email_receipt_key}"
    await parts.callbacks.call("POST", url, body=body, headers={"Content-Type": "message/rfc822"})


class SmtpServer:
    """The listening mail server."""

    def __init__(self, server: asyncio.Server, connections: set[_Connection]) -> None:
        self._server = server
        self._connections = connections
        self.port: int = server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut what is open."""
        self._server.close()
        ending = list(self._connections)
        for connection in ending:
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in ending))
        await self._server.wait_closed()


async def listen(parts: Parts) -> SmtpServer:
    """Listen on the host and SMTP port of the settings."""
    connections: set[_Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(parts, connections), parts.settings.host, parts.settings.smtp_port
    )
    return SmtpServer(server, connections)
