"""Mail that comes back, over LMTP (RFC 2033) or SMTP: proven by the token in its address, kept as it came, answered.

It takes the same way as callbacks over HTTP: 250 means that it is committed; a worker understands it later. Nothing is
ever answered by mail, so no loop can begin.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.base import AddressKind
from notifier.domain.receipts import ENVELOPE_RECIPIENT, RawReceipt
from notifier.settings import Bounces
from notifier.store.pool import DATABASE_DOWN
from notifier.telemetry.metrics import RECEIPTS
from workers.wiring import App

log = logging.getLogger(__name__)

IDLE_SECONDS = 60
MOST_RECIPIENTS = 100
LATER = "451 4.3.0 Nothing was kept, try again later"


class BounceHandler:
    """aiosmtpd's handler: which addresses are ours, and what is kept."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._method = app.settings.bounces.protocol.upper()

    async def handle_RCPT(  # noqa: N802 - the names of aiosmtpd
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._receipt(address, b"") is None:
            RECEIPTS.labels("bounces", "refused").inc()
            return "550 5.1.1 No mail of ours was sent from this address"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One answer for each recipient in LMTP, one for all in SMTP."""
        body = envelope.original_content or b""
        answers = [await self._keep(address, body) for address in envelope.rcpt_tos]
        if self._method == "LMTP":
            return "\r\n".join(answers)
        return next((each for each in answers if not each.startswith("250")), answers[0])

    async def _keep(self, address: str, body: bytes) -> str:
        raw = self._receipt(address, body)
        if raw is None:
            return "550 5.1.1 No mail of ours was sent from this address"
        try:
            await self._app.receipts.do(raw)
        except (*DATABASE_DOWN, TimeoutError):
            log.warning("a bounce could not be kept; the mail system will bring it again")
            return LATER
        return "250 2.0.0 Kept"

    def _receipt(self, address: str, body: bytes) -> RawReceipt | None:
        """The mail as a callback of the provider whose token stands in its address; None where there is none."""
        for setup in self._app.providers.values():
            raw = RawReceipt(setup.name, self._method, None, {ENVELOPE_RECIPIENT: address}, {}, body)
            is_mail = setup.capabilities.address is AddressKind.EMAIL
            if is_mail and address.isascii() and setup.module.authentic(raw, setup.settings):
                return raw
        return None


class _Busy(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        door = cast("asyncio.Transport", transport)
        door.write(b"421 4.3.2 Too many connections, try again later\r\n")
        door.close()


class _Door:
    """Makes the server side of each connection, as long as there are not too many."""

    def __init__(self, app: App) -> None:
        self._handler = BounceHandler(app)
        self._settings = app.settings.bounces
        self._kind = _connection(LMTP if self._settings.protocol == "lmtp" else SMTP, self)
        self.open: set[Any] = set()

    def __call__(self) -> asyncio.BaseProtocol:
        if len(self.open) >= self._settings.max_connections:
            return _Busy()
        made: asyncio.BaseProtocol = self._kind(
            self._handler,
            data_size_limit=self._settings.max_bytes,
            enable_SMTPUTF8=True,
            ident="Notifier bounces",
            timeout=IDLE_SECONDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        return made


def _connection(base: Any, door: _Door) -> Any:
    """Aiosmtpd's server side, which the door knows of while it is open."""

    class Connection(base):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            door.open.add(self)
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            door.open.discard(self)
            super().connection_lost(error)

    return Connection


@asynccontextmanager
async def listening(app: App) -> AsyncIterator[int]:
    """Take bounces on the configured address for as long as the context is open; gives the port."""
    settings: Bounces = app.settings.bounces
    door = _Door(app)
    server = await asyncio.get_running_loop().create_server(door, settings.host, settings.port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in tuple(door.open):
            if connection.transport is not None:
                connection.transport.close()
        await server.wait_closed()
