"""SMS through a bind of our own to a carrier's or aggregator's SMSC: SMPP 3.4.

Document: SMPP Protocol Specification v3.4, issue 1.2 (smpp.org). What it leaves to the SMSC (the default alphabet, how
long texts are cut, how receipts write the ids, statuses from 0x400 on) is a setting: take it from the contract's sheet.

A message of several parts goes out part by part, and its last part alone asks for a receipt: the id of that part is the
reference of the whole. A part that is refused for the moment, when one before it is taken already, is offered again
within the call. Receipts come over the bind and are answered when they are stored. There is no key by which an SMSC
drops doubles, so a message whose answer is lost stays unknown.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from channels.base import AddressKind, Capabilities, Message, Ports, carried
from channels.faults import Fault, outcome_of
from channels.smpp.bind import BoundLink, Target
from channels.smpp.codes import INVALID_BIND_STATUS, OK, fault_of, name_of
from channels.smpp.link import Link, LinkLost, Patience
from channels.smpp.pdu import Bind, Command, Pdu, ShortMessage, SmppError, Taken, decode
from channels.smpp.receipts import MessageIds, canonical, report_of
from channels.smpp.text import Alphabet, LongText, Part, parts_of
from channels.sms_sender import SmsClass, SmsSettings, number_for, sender_of
from notifier.domain.content import ContentKind, SmsContent
from notifier.domain.outcomes import Accepted, Outcome, Throttled, Transient, Unknown
from notifier.domain.receipts import RawReceipt, ReceiptFact

METHOD = "SMPP"
"""Stands for GET or POST in a receipt that came over a bind; its body is the deliver_sm."""
RECEIPT_OF_THE_END = 0x01
PART_AGAIN_SECONDS = 0.5


def _status(text: object) -> object:
    try:
        return int(text, 0) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("a status such as 0x0400") from None


class Settings(SmsSettings):
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 2775
    tls: Literal["none", "tls"] = "tls"
    tls_ca_file: Path | None = None
    """The certificates of a carrier's own authority; without it those of this system."""
    system_id: Annotated[str, Field(min_length=1, max_length=15)]
    password: SecretStr
    """The standard allows 8 characters; some SMSCs give out longer ones."""
    system_type: str = ""
    class_codes: dict[SmsClass, Annotated[str, Field(max_length=5)]] = Field(default_factory=dict)
    """The `service_type` by which the SMSC tells the classes apart; without an entry it is empty."""
    source_ton: Annotated[int, Field(ge=0, le=6)] = 5
    source_npi: Annotated[int, Field(ge=0, le=18)] = 0
    dest_ton: Annotated[int, Field(ge=0, le=6)] = 1
    dest_npi: Annotated[int, Field(ge=0, le=18)] = 1
    alphabet: Alphabet = "gsm"
    long_text: LongText = "udh"
    window: Annotated[int, Field(ge=1, le=500)] = 10
    timeout_seconds: Annotated[float, Field(gt=0, le=25)] = 10.0
    enquire_link_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    message_ids: MessageIds = "same"
    receipt_utc_offset_hours: Annotated[float, Field(ge=-12, le=14)] = 7.0
    vendor_statuses: dict[Annotated[int, BeforeValidator(_status)], Fault] = Field(default_factory=dict)
    """Statuses of this SMSC's own, such as "0x0400", with what they mean."""


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.SMS,
        address=AddressKind.PHONE,
        proves_delivery=True,
        calls_at_once=settings.window,
    )


async def connect(settings: Settings, ports: Ports) -> "SmppChannel":
    """A process that stays binds now, for receipts of earlier messages; any other with its first message."""
    channel = SmppChannel(settings, ports)
    if ports.stays:
        channel.bound.wanted()
    return channel


class SmppChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._ports = ports
        self._window = asyncio.Semaphore(settings.window)
        credentials = Bind(settings.system_id, settings.password.get_secret_value(), settings.system_type)
        target = Target(
            settings.host,
            settings.port,
            ssl.create_default_context(cafile=settings.tls_ca_file) if settings.tls == "tls" else None,
            credentials,
            Patience(settings.timeout_seconds, settings.enquire_link_seconds),
            settings.vendor_statuses,
        )
        self.bound = BoundLink(target, self._take)

    async def send(self, message: Message) -> Outcome:
        settings, content = self._settings, carried(message, SmsContent)
        phone = number_for(message, content, settings)
        if not isinstance(phone, str):
            return phone
        reference = int(message.idempotency_key[-2:], 16)
        parts = parts_of(content.text, reference, alphabet=settings.alphabet, long_text=settings.long_text)
        link = await self.bound.link()
        if not isinstance(link, Link):
            return link
        bodies = [self._body(message, phone, part, RECEIPT_OF_THE_END if part is parts[-1] else 0) for part in parts]
        async with self._window:
            return await self._submit_all(link, bodies)

    async def close(self) -> None:
        await self.bound.close()

    def _body(self, message: Message, phone: str, part: Part, registered: int) -> ShortMessage:
        settings, sender = self._settings, sender_of(self._settings, message)
        return ShortMessage(
            service_type=settings.class_codes.get(sender.message_class, ""),
            source_ton=settings.source_ton,
            source_npi=settings.source_npi,
            source=sender.brandname,
            dest_ton=settings.dest_ton,
            dest_npi=settings.dest_npi,
            dest=phone,
            esm_class=part.esm_class,
            registered_delivery=registered,
            data_coding=part.data_coding,
            text=part.text,
            parameters=part.parameters,
        )

    async def _submit_all(self, link: Link, bodies: list[ShortMessage]) -> Outcome:
        """One part after the other. Once a part is taken, nothing but the whole is a clear outcome."""
        patience = asyncio.get_running_loop().time() + self._settings.timeout_seconds
        outcome: Outcome = outcome_of(Fault.CONFIG, "no_text")
        for number, body in enumerate(bodies):
            outcome = await self._submit(link, body)
            while number and isinstance(outcome, Throttled | Transient) and not link.is_lost:
                if asyncio.get_running_loop().time() > patience:
                    break
                await asyncio.sleep(PART_AGAIN_SECONDS)
                outcome = await self._submit(link, body)
            if not isinstance(outcome, Accepted):
                return Unknown("partly_taken", f"part {number + 1}: {outcome.code}") if number else outcome
        return outcome

    async def _submit(self, link: Link, body: ShortMessage) -> Outcome:
        if link.is_lost:
            return outcome_of(Fault.TRANSIENT, "lost")
        try:
            answer = await link.request(Command.SUBMIT_SM, body)
        except LinkLost:
            return outcome_of(Fault.AMBIGUOUS, "lost")
        except TimeoutError:
            return outcome_of(Fault.AMBIGUOUS, "timeout")
        except SmppError:
            return outcome_of(Fault.CONFIG, "not_smpp")
        if answer.status == INVALID_BIND_STATUS:
            link.cut()
        return outcome_of_answer(answer, self._settings)

    async def _take(self, octets: bytes) -> None:
        """Store what the SMSC brings, understood or not."""
        await self._ports.store_receipt(RawReceipt(self._ports.provider, METHOD, None, {}, {}, octets))


def outcome_of_answer(answer: Pdu, settings: Settings) -> Outcome:
    if answer.status != OK:
        return outcome_of(fault_of(answer.status, settings.vendor_statuses), name_of(answer.status))
    if not isinstance(answer.body, Taken) or not (reference := canonical(answer.body.message_id)):
        return outcome_of(Fault.AMBIGUOUS, "no_message_id")
    return Accepted(reference)


def authentic(_raw: RawReceipt, _settings: Settings) -> bool:
    """Nothing that comes over HTTP is: receipts come over the bind, whose password has proven the SMSC."""
    return False


def facts(raw: RawReceipt, settings: Settings) -> tuple[ReceiptFact, ...]:
    """What a deliver_sm reports, by the SMSC's id of the message. A message that a person wrote says nothing here."""
    if raw.method != METHOD:
        return ()
    try:
        body = decode(raw.body).body
    except SmppError:
        return ()
    if not isinstance(body, ShortMessage):
        return ()
    report = report_of(body, settings.message_ids, settings.receipt_utc_offset_hours)
    if report is None:
        return ()
    return (ReceiptFact(report.kind, None, report.message_id, report.done_at, code=report.code),)
