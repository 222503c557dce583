"""Mail over SMTP to the agency's relay, on our own pool of connections.

Documents: RFC 5321 (SMTP), RFC 6531 (addresses in UTF-8), RFC 3461 and 3464 (delivery status), RFC 3834 (automatic
mail), RFC 3463 and the IANA registry of enhanced codes; aiosmtplib 5.1 (checked 2026-11). SMTP never reports a
duplicate, so a connection lost once the data has begun is Unknown.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from channels.base import AddressKind, Capabilities, Message, Ports, carried, has_key
from channels.bounce_token import bounce_address, bounce_token, deliveries_in
from channels.dkim import Signer, load_signer
from channels.email_bounce import bounce_facts
from channels.email_message import Sender, Skeleton
from channels.email_settings import Settings
from channels.faults import Fault, outcome_of
from channels.smtp_codes import Phase, classify
from channels.smtp_connection import PlainLoginError, Relay, TlsPolicy, open_connection, tls_fault, trust
from channels.smtp_handover import Refusal, handover
from channels.smtp_pool import Limits, SmtpPool
from notifier.domain.content import ContentKind, EmailContent
from notifier.domain.directory import lineage
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.receipts import ENVELOPE_RECIPIENT, RawReceipt, ReceiptFact
from notifier.intake.contacts import email_address

__all__ = ["Settings", "SmtpChannel", "authentic", "capabilities", "connect", "facts"]

WAITING_FOR_CONNECTION = 4
"""Mails under way for each connection: those of one source keep all of them busy, and wait for them only shortly."""


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.EMAIL,
        address=AddressKind.EMAIL,
        proves_delivery=settings.expects_success_dsn,
        deduplicates=settings.resend_unanswered,
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

    @property
    def is_utf8(self) -> bool:
        """Whether only a peer with SMTPUTF8 can carry it."""
        return not self.recipient.isascii()


class SmtpChannel:
    """Raises `SettingsError` where a file that the settings name cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        relay = _relay(settings)
        self._pool = SmtpPool(
            lambda: open_connection(relay),
            Limits(
                connections=settings.connections,
                max_age_seconds=settings.connection_max_age_seconds,
                max_messages=settings.connection_max_messages,
                max_idle_seconds=settings.connection_max_idle_seconds,
            ),
        )
        keys = {domain: load_signer(domain, key.selector, key.key_file) for domain, key in settings.dkim.items()}
        senders = {agency: settings.sender(agency) for agency in (None, *settings.agencies)}
        self._prepared = {
            agency: _Prepared(sender, Skeleton(sender), keys.get(settings.signing_domain(sender) or ""))
            for agency, sender in senders.items()
        }

    async def send(self, message: Message) -> Outcome:
        letter = self._letter(message)
        if letter is None:
            return outcome_of(Fault.RECIPIENT, "bad_address")
        seconds, phase = self._settings.timeout_seconds, Phase.CONNECT
        try:
            async with asyncio.timeout(seconds) as deadline, self._pool.connection() as smtp:
                if letter.is_utf8 and not smtp.supports_extension("smtputf8"):
                    return outcome_of(Fault.RECIPIENT, "no_smtputf8")
                phase = Phase.MAIL
                with handover(smtp) as peer:
                    refusal = await peer.propose(_mail(smtp, letter), self._rcpt(smtp, letter))
                    if refusal is None:
                        _extend(deadline, seconds)
                        phase = Phase.DATA
                        refusal = await peer.hand_over(letter.data)
                if refusal is not None:
                    if not deadline.expired():
                        deadline.reschedule(None)
                    await _start_over(smtp, refusal)
                    return outcome_of(*classify(refusal.code, refusal.text, refusal.phase))
        except (SMTPException, OSError) as failure:
            return _outcome_of_failure(failure, phase)
        return Accepted(letter.message_id)

    async def close(self) -> None:
        await self._pool.close()

    def _letter(self, message: Message) -> _Letter | None:
        """The mail of a message; None where the address is missing or is none."""
        address = email_address(message.contact.email)
        if address is None:
            return None
        own = next((code for code in lineage(message.agency) if code in self._prepared), None)
        prepared = self._prepared[own]
        message_id = f"<{message.delivery_id.hex}@{self._settings.sender_domain}>"
        token = bounce_token(message.delivery_id, self._settings.bounce_secret.get_secret_value().encode())
        data = prepared.skeleton.filled(
            carried(message, EmailContent),
            delivery_id=message.delivery_id,
            message_id=message_id,
            to=address,
            created_at=message.created_at,
            stop_link=message.stop_link,
        )
        if prepared.signer is not None:
            data = prepared.signer.signed(data, message.created_at)
        sender = bounce_address(token, self._settings.bounce_domain or prepared.sender.domain)
        return _Letter(token, sender, address, message_id, data)

    def _rcpt(self, smtp: SMTP, letter: _Letter) -> bytes:
        asked = ",".join(self._settings.dsn_notify)
        report = f" NOTIFY={asked}" if asked and smtp.supports_extension("dsn") else ""
        return f"RCPT TO:<{letter.recipient}>{report}".encode()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is the same for all mail of one sender."""

    sender: Sender
    skeleton: Skeleton
    signer: Signer | None


def _relay(settings: Settings) -> Relay:
    tls = TlsPolicy(settings.tls)
    return Relay(
        host=settings.host,
        port=settings.port,
        tls=tls,
        local_hostname=settings.local_hostname,
        timeout_seconds=settings.timeout_seconds,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else "",
        allow_plain_login=settings.allow_plain_login,
        context=None if tls is TlsPolicy.NONE else trust(settings.ca_file),
    )


def _mail(smtp: SMTP, letter: _Letter) -> bytes:
    size = f" SIZE={len(letter.data)}" if smtp.supports_extension("size") else ""
    report = f" RET=HDRS ENVID={letter.token}" if smtp.supports_extension("dsn") else ""
    return f"MAIL FROM:<{letter.sender}>{size}{report}{' SMTPUTF8' if letter.is_utf8 else ''}".encode()


def _extend(deadline: asyncio.Timeout, seconds: float) -> None:
    """Start the deadline anew. Raises TimeoutError where it has passed already."""
    if deadline.expired():
        raise TimeoutError
    deadline.reschedule(asyncio.get_running_loop().time() + seconds)


async def _start_over(smtp: SMTP, refusal: Refusal) -> None:
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
    if phase is Phase.CONNECT and (code := tls_fault(failure)):
        return outcome_of(Fault.CONFIG, code)
    if isinstance(failure, TimeoutError):
        code = "timeout"
    elif isinstance(failure, OSError):
        code = "connect" if phase is Phase.CONNECT else "lost"
    elif isinstance(failure, PlainLoginError):
        return outcome_of(Fault.CONFIG, "login_needs_tls")
    else:  # the relay does not offer STARTTLS or a way to log in
        return outcome_of(Fault.CONFIG, "not_supported")
    return outcome_of(Fault.AMBIGUOUS if phase is Phase.DATA else Fault.TRANSIENT, code)


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    """What came as mail is proven by our token in the address it came to; what was posted, by the receipt key."""
    if ENVELOPE_RECIPIENT in raw.query and raw.method not in {"GET", "POST"}:
        return bool(deliveries_in(raw.query[ENVELOPE_RECIPIENT], _bounce_secret(settings)))
    return has_key(raw, settings.receipt_key)


def facts(raw: RawReceipt, settings: Settings) -> tuple[ReceiptFact, ...]:
    return bounce_facts(raw.body, _bounce_secret(settings), raw.query.get(ENVELOPE_RECIPIENT))


def _bounce_secret(settings: Settings) -> bytes:
    return settings.bounce_secret.get_secret_value().encode()
