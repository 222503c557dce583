"""The pretend mail server: real SMTP with TLS, log-in and the usual extensions, and every way a mail server can fail."""

import asyncio
import ssl
from collections import Counter
from contextlib import suppress
from typing import cast
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, TLSSetupException

from notifier.sandbox import dsn, mail
from notifier.sandbox.mail_reports import afterwards
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import EMAIL, Act
from notifier.sandbox.settings import MailServer
from notifier.sandbox.wire import think

_SENDER_ACTS = frozenset({"refuse_sender"})
_OFFERS = ("AUTH", "STARTTLS")
_TAKES_NOTHING = frozenset({"refuse_content", "hang", "drop"})
_SIZE_LIMIT = 10 * 1024 * 1024
_DRIPS = 10


class _Doors:
    """What all connections of one server share."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.open: set[_Connection] = set()
        self.second = 0
        self.mails: Counter[str] = Counter()

    def enter(self, context: ssl.SSLContext | None) -> asyncio.Protocol:
        most = self.parts.settings.mail.most_connections
        return _TurnedAway() if most is not None and len(self.open) >= most else _Connection(self, context)

    def is_too_fast(self, address: str) -> bool:
        """Whether the address' domain has had its mails of this second."""
        rate, second = self.parts.settings.mail.domain_rate, int(self.parts.clock().timestamp())
        if second != self.second:
            self.second, self.mails = second, Counter()
        domain = address.rpartition("@")[2].lower()
        self.mails[domain] += 1
        return rate is not None and self.mails[domain] > rate


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        door = cast("asyncio.Transport", transport)
        door.write(b"421 4.3.2 Too many connections\r\n")
        door.close()


class _Connection(SMTP):
    """aiosmtpd's server side, which knows no DSN: this takes its parameters off before the base class sees them.

    `context`: STARTTLS is offered.
    """

    def __init__(self, doors: _Doors, context: ssl.SSLContext | None) -> None:
        self.dsn: dict[str, str] = {}
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = doors.open
        self._conversation = _Conversation(doors)
        offered = doors.parts.settings.mail
        super().__init__(
            self._conversation,
            hostname=dsn.REPORTING_MTA,
            ident="Notifier sandbox",
            data_size_limit=_SIZE_LIMIT,
            enable_SMTPUTF8="SMTPUTF8" in offered.extensions,
            tls_context=context,
            auth_require_tls=False,
            auth_exclude_mechanism=None if offered.login else ("LOGIN", "PLAIN"),
            authenticator=self._conversation.check_login,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._leave()

    def _leave(self) -> None:
        self._open.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        below = cast("asyncio.Transport", self.transport)
        with suppress(TLSSetupException):
            await super().smtp_STARTTLS(arg)
        if below.is_closing():  # a client that does not like our certificate goes, and asyncio tells nobody
            self._leave()
            await self.cut()

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - the names of aiosmtpd
        rest, self.dsn = dsn.split_parameters(arg or "", frozenset({"RET", "ENVID"}))
        await super().smtp_MAIL(rest or None)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        rest, self.dsn = dsn.split_parameters(arg or "", frozenset({"NOTIFY", "ORCPT"}))
        await super().smtp_RCPT(rest or None)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        refusal = await self._conversation.refusal_of_data(self)
        if refusal is None:
            await super().smtp_DATA(arg)
        else:
            await self.push(refusal)

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
            with suppress(AttributeError):  # asyncio of 3.11 has let go of a TLS connection that was closed twice
                cast("asyncio.Transport", self.transport).abort()


class _Conversation:
    """aiosmtpd's handler for one connection: the transaction in hand, and what the script wants of it."""

    def __init__(self, doors: _Doors) -> None:
        self._doors = doors
        self._parts = doors.parts
        self._envid: str | None = None
        self._acts: dict[str, tuple[Act, dsn.Asked]] = {}

    def check_login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        del server, session, envelope, mechanism
        name, password = self._parts.settings.mail.login or ("", "")
        return AuthResult(success=given == LoginPassword(name.encode(), password.encode()), handled=False)

    async def handle_EHLO(  # noqa: N802
        self, server: _Connection, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        wanted = self._parts.settings.mail.extensions
        greeting, *offers, help_ = responses
        offers = [each for each in offers if each.strip()[4:].split(" ")[0] in (*wanted, *_OFFERS)]
        offers += [f"250-{name}" for name in ("ENHANCEDSTATUSCODES", "DSN", "PIPELINING") if name in wanted]
        return [greeting, *(each for each in offers if each.strip() != "250-AUTH"), help_]

    async def handle_MAIL(  # noqa: N802
        self, server: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._parts.settings.mail.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
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
        if act.name == "drop_at_rcpt":
            return await server.cut()
        if self._doors.is_too_fast(address):
            return await server.cut("421 4.7.0 Too many messages to this domain, slow down")
        self._acts[address] = (act, dsn.asked(server.dsn))
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient ok"

    async def refusal_of_data(self, server: _Connection) -> str | None:
        """The answer to DATA in the place of 354."""
        act = next((act for act, _ in self._acts.values() if act.name == "refuse_data"), None)
        return await _refuse(server, act, "451 4.3.0 Try again later") if act else None

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
            self._parts.callbacks.soon(afterwards(self._parts, message, act, ask))


async def _drip(server: _Connection, seconds: float) -> str:
    """One reply of many lines, each a while after the one before."""
    for _ in range(_DRIPS):
        await server.push("250-2.0.0 Still queueing")
        await asyncio.sleep(seconds / _DRIPS)
    return "250 2.0.0 Queued"


async def _refuse(server: _Connection, act: Act, usual: str) -> str:
    reply = str(act.args.get("reply", usual))
    return await server.cut(reply) if reply.startswith("421") else reply


class SmtpServer:
    """The listening mail server."""

    def __init__(self, doors: _Doors, server: asyncio.Server, tls_server: asyncio.Server | None) -> None:
        self._doors = doors
        self._servers = [each for each in (server, tls_server) if each is not None]
        self.port: int = server.sockets[0].getsockname()[1]
        self.tls_port: int | None = tls_server.sockets[0].getsockname()[1] if tls_server else None

    async def close(self) -> None:
        """Stop listening and cut what is open."""
        for server in self._servers:
            server.close()
        ending = list(self._doors.open)
        for connection in ending:
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in ending))
        for server in self._servers:
            await server.wait_closed()


async def listen(parts: Parts) -> SmtpServer:
    """Listen on the host and SMTP port of the settings; with a certificate on a free port for TLS at once too."""
    doors, loop, host = _Doors(parts), asyncio.get_running_loop(), parts.settings.host
    context = _context(parts.settings.mail)
    server = await loop.create_server(lambda: doors.enter(context), host, parts.settings.smtp_port)
    tls_server = await loop.create_server(lambda: doors.enter(None), host, 0, ssl=context) if context else None
    return SmtpServer(doors, server, tls_server)


def _context(settings: MailServer) -> ssl.SSLContext | None:
    if settings.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate)
    return context
