"""SMS through Kannel, or a gateway that speaks its `sendsms`: a GET that asks for reports on an address of ours.

Document: Kannel 1.4.5 User's Guide, chapter "Using the HTTP interface", tables of parameters and escape codes (checked
2026-11, and with Kannel 1.4.5). The answer holds no id of the message, so ours stands in the report's address and is the
reference. There is no duplicate key: a call without an answer stays unknown until a report comes. Kannel reports once
unless `http-request-retry` is set, so a report can be missing. Password and number stand in the address of the call:
keep Kannel beside the workers, and its access log short.
"""

from typing import Annotated
from urllib.parse import quote

from pydantic import Field, HttpUrl, SecretStr

from channels.base import AddressKind, Capabilities, Message, Ports, callback_url, carried, delivery_named, has_key
from channels.faults import Fault, outcome_of, outcome_of_silence
from channels.http import NoReply, Reply, retry_after
from channels.smpp.receipts import report_of_text
from channels.sms_sender import SmsClass, SmsSettings, number_for, sender_of
from notifier.domain.content import ContentKind, SmsContent, SmsEncoding
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.receipts import RawReceipt, ReceiptFact, ReceiptKind

DELIVERED, NOT_DELIVERED, BUFFERED, ACCEPTED, REJECTED = 1, 2, 4, 8, 16
WANTED = DELIVERED | NOT_DELIVERED | REJECTED
EVENTS: dict[str, ReceiptKind] = {
    str(DELIVERED): ReceiptKind.DELIVERED,
    str(NOT_DELIVERED): ReceiptKind.FAILED,
    str(REJECTED): ReceiptKind.FAILED,
    str(BUFFERED): ReceiptKind.INFO,
    str(ACCEPTED): ReceiptKind.INFO,
}
ESCAPES = "event=%d&answer=%A&foreign=%F"
"""What Kannel writes into the address of a report: the kind, the SMSC's own words, the SMSC's id."""
TAKEN = 202
ABOUT_THE_NUMBER = ("receiver", "number", "msisdn")


class Settings(SmsSettings):
    url: HttpUrl
    """Kannel's sendsms, usually /cgi-bin/sendsms on port 13013."""
    username: str
    password: SecretStr
    receipt_key: SecretStr
    """The last part of the address of the reports: Kannel signs nothing, so the address itself is the secret."""
    class_codes: dict[SmsClass, str] = Field(default_factory=dict)
    """The `smsc` by which a class leaves; it needs `allowed-smsc-id` there, or Kannel spreads messages over all."""
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0


def capabilities(_settings: Settings) -> Capabilities:
    return Capabilities(content=ContentKind.SMS, address=AddressKind.PHONE, proves_delivery=True)


async def connect(settings: Settings, ports: Ports) -> "KannelChannel":
    return KannelChannel(settings, ports)


class KannelChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._http = ports.http
        self._reports = callback_url(ports, quote(settings.receipt_key.get_secret_value(), safe=""))

    async def send(self, message: Message) -> Outcome:
        settings, content = self._settings, carried(message, SmsContent)
        phone = number_for(message, content, settings)
        if not isinstance(phone, str):
            return phone
        reply = await self._http.request(
            "GET",
            str(settings.url),
            params=self._request(message, content, phone),
            timeout_seconds=settings.timeout_seconds,
        )
        return outcome_of_reply(reply, message.idempotency_key)

    async def close(self) -> None:
        """Nothing of its own is held open: the HTTP client belongs to whoever opened it."""

    def _request(self, message: Message, content: SmsContent, phone: str) -> dict[str, str]:
        settings, sender = self._settings, sender_of(self._settings, message)
        smsc = settings.class_codes.get(sender.message_class)
        return {
            "username": settings.username,
            "password": settings.password.get_secret_value(),
            "from": sender.brandname,
            "to": phone,
            "text": content.text,
            "charset": "UTF-8",
            "coding": "2" if content.encoding is SmsEncoding.UCS2 else "0",
            "dlr-mask": str(WANTED),
            "dlr-url": f"{self._reports}?id={message.idempotency_key}&{ESCAPES}",
            **({"smsc": smsc} if smsc else {}),
        }


def outcome_of_reply(reply: Reply | NoReply, key: str) -> Outcome:
    """202 alone is taken. 503 says that it is not, but Kannel may still hold it, so it counts as unclear."""
    if isinstance(reply, NoReply):
        return outcome_of_silence(reply)
    code = f"http_{reply.status}"
    match reply.status:
        case 202:
            return Accepted(key)
        case 429:
            return outcome_of(Fault.QUOTA, code, retry_after(reply))
        case 400:
            words = reply.body[:500].decode("latin-1").lower()
            is_about_it = any(word in words for word in ABOUT_THE_NUMBER)
            return outcome_of(Fault.RECIPIENT if is_about_it else Fault.CONFIG, code)
        case status if 400 <= status < 500:  # noqa: PLR2004 - any other refusal of the request
            return outcome_of(Fault.CONFIG, code)
        case _:
            return outcome_of(Fault.AMBIGUOUS, code)


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    return has_key(raw, settings.receipt_key)


def facts(raw: RawReceipt, _settings: Settings) -> tuple[ReceiptFact, ...]:
    """One fact per report. `%A` is the receipt's text, or the status of a refusal: NACK/0x0000000b/Invalid+…"""
    delivery_id = delivery_named(raw.query.get("id"))
    if delivery_id is None:
        return ()
    kind = EVENTS.get(raw.query.get("event", ""), ReceiptKind.INFO)
    answer = raw.query.get("answer", "")
    code = answer.split("/")[1][:20] if answer.startswith("NACK/") else report_of_text(answer).code
    return (ReceiptFact(kind, delivery_id, None, None, code=code or None),)
