"""Mail over SMTP to the agency's relay, on our own pool of connections.

Documents: RFC 5321 (SMTP), RFC 3461 and 3464 (delivery status), RFC 3834 (automatic mail), RFC 3463 and the IANA
registry of enhanced codes; aiosmtplib 5.1 (checked 2026-11). SMTP never reports a duplicate, so a connection lost
once the data has begun is Unknown.
"""

import asyncio
import hmac
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Annotated, Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from channels.base import AddressKind, Capabilities, Message, Ports, carried
from channels.email_bounce import bounce_facts
from channels.email_message import bounce_token, compose
from channels.faults import Fault, outcome_of
from channels.smtp_codes import Phase, classify
from channels.smtp_pool import Limits, SmtpPool
from notifier.domain.content import ContentKind, EmailContent
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.receipts import RawReceipt, ReceiptFact

WAITING_FOR_CONNECTION = 4
"""Mails under way for each connection: those of one source keep all of them busy, and wait for them only shortly."""
ADDRESS = r"^[^\s@<>]+@[^\s@<>]+$"


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    port: Annotated[int, Field(gt=0, lt=65536)] = 587
    tls: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    local_hostname: str
    """Our own name in EHLO; many relays compare it with DNS."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    """For connecting and the envelope; once more for the data."""
    sender_address: Annotated[str, Field(pattern=ADDRESS)]
    sender_name: str
    bounce_domain: str | None = None
    """Where bounces come in; without it the sender's domain."""
    bounce_secret: SecretStr
    receipt_key: SecretStr
    """The last part of the address to which the mail system posts bounces."""
    dsn_notify: tuple[Literal["SUCCESS", "FAILURE", "DELAY"], ...] = ("SUCCESS", "FAILURE", "DELAY")
    """What to ask of a relay that offers delivery status notifications; empty asks for nothing."""
    expects_success_dsn: bool = False
    """The relay reports success too, so that a delivery can be proven."""
    connections: Annotated[int, Field(gt=0, le=100)] = 4
    connection_max_age_seconds: Annotated[float, Field(gt=0)] = 300.0
    connection_max_messages: Annotated[int, Field(gt=0)] = 100
    connection_max_idle_seconds: Annotated[float, Field(gt=0)] = 30.0

    @property
    def sender_domain(self) -> str:
        return self.sender_address.rpartition("@")[2]


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.EMAIL,
        address=AddressKind.EMAIL,
        proves_delivery=settings.expects_success_dsn,
        calls_at_once=WAITING_FOR_CONNECTION * settings.connections,
    )


async def connect(settings: Settings, _ports: Ports) -> "SmtpChannel":
    return SmtpChannel(settings)


@dataclass(frozen=True, slots=True)
class _Letter:
    """A mail with its envelope. One recipient each, so that a peer can never refuse half of it."""

    token: str
    sender: str
    recipient: str
    message_id: str
    data: bytes


class SmtpChannel:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = SmtpPool(
            self._new_client,
            Limits(
                connections=settings.connections,
                max_age_seconds=settings.connection_max_age_seconds,
                max_messages=settings.connection_max_messages,
                max_idle_seconds=settings.connection_max_idle_seconds,
            ),
        )

    async def send(self, message: Message) -> Outcome:
        letter = _letter(message, self._settings)
        if letter is None:
            return outcome_of(Fault.RECIPIENT, "bad_address")
        seconds, phase = self._settings.timeout_seconds, Phase.CONNECT
        try:
            async with asyncio.timeout(seconds) as deadline, self._pool.connection() as smtp:
                try:
                    phase = Phase.MAIL
                    await smtp.mail(letter.sender, options=_mail_options(smtp, letter))
                    phase = Phase.RCPT
                    await smtp.rcpt(letter.recipient, options=self._rcpt_options(smtp))
                    _extend(deadline, seconds)
                    phase = Phase.DATA
                    await smtp.data(letter.data)
                except SMTPResponseException as refusal:
                    if not deadline.expired():
                        deadline.reschedule(None)
                    await _start_over(smtp, refusal)
                    return outcome_of(*classify(refusal.code, refusal.message, phase))
        except (SMTPException, OSError) as failure:
            return _outcome_of_failure(failure, phase)
        return Accepted(letter.message_id)

    async def close(self) -> None:
        await self._pool.close()

    def _new_client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            local_hostname=settings.local_hostname,
            timeout=settings.timeout_seconds,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
        )

    def _rcpt_options(self, smtp: SMTP) -> list[str]:
        asked = ",".join(self._settings.dsn_notify)
        return [f"NOTIFY={asked}"] if asked and smtp.supports_extension("dsn") else []


def _letter(message: Message, settings: Settings) -> _Letter | None:
    """The mail of a message; None where the address is missing or cannot be written in ASCII mail."""
    address = message.contact.email or ""
    if not address.isascii():
        return None
    try:
        to = Address(addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        return None
    message_id = f"<{message.delivery_id.hex}@{settings.sender_domain}>"
    token = bounce_token(message.delivery_id, settings.bounce_secret.get_secret_value().encode())
    data = compose(
        carried(message, EmailContent),
        delivery_id=message.delivery_id,
        message_id=message_id,
        sender=Address(settings.sender_name, addr_spec=settings.sender_address),
        to=to,
        created_at=message.created_at,
    )
    sender = f"bounce+{token}@{settings.bounce_domain or settings.sender_domain}"
    return _Letter(token, sender, address, message_id, data)


def _mail_options(smtp: SMTP, letter: _Letter) -> list[str]:
    size = [f"SIZE={len(letter.data)}"] if smtp.supports_extension("size") else []
    report = ["RET=HDRS", f"ENVID={letter.token}"] if smtp.supports_extension("dsn") else []
    return size + report


def _extend(deadline: asyncio.Timeout, seconds: float) -> None:
    """Start the deadline anew. Raises TimeoutError where it has passed already."""
    if deadline.expired():
        raise TimeoutError
    deadline.reschedule(asyncio.get_running_loop().time() + seconds)


async def _start_over(smtp: SMTP, refusal: SMTPResponseException) -> None:
    """Make the connection ready for the next mail after a refusal; close it where that is in doubt."""
    is_refusal = 400 <= refusal.code < 600  # noqa: PLR2004 - SMTP's two classes of refusal
    if is_refusal and smtp.is_connected:
        with suppress(SMTPException):
            await smtp.rset(timeout=2)
            return
    smtp.close()


def _outcome_of_failure(failure: Exception, phase: Phase) -> Outcome:
    """No answer, or none to the mail itself. Only what comes after the data has begun is ambiguous."""
    if isinstance(failure, SMTPResponseException):  # the greeting, EHLO or the login was refused
        return outcome_of(*classify(failure.code, failure.message, phase))
    if isinstance(failure.__cause__ or failure, ssl.SSLError):
        return outcome_of(Fault.CONFIG, "tls")
    if isinstance(failure, TimeoutError):
        code = "timeout"
    elif isinstance(failure, OSError):
        code = "connect" if phase is Phase.CONNECT else "lost"
    else:  # the relay does not offer STARTTLS or a way to log in
        return outcome_of(Fault.CONFIG, "not_supported")
    return outcome_of(Fault.AMBIGUOUS if phase is Phase.DATA else Fault.TRANSIENT, code)


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    expected = settings.receipt_key.get_secret_value().encode()
    return hmac.compare_digest((raw.key or "").encode("utf-8", "replace"), expected)


def facts(raw: RawReceipt, settings: Settings) -> tuple[ReceiptFact, ...]:
    return bounce_facts(raw.body, settings.bounce_secret.get_secret_value().encode())
