"""SMS through eSMS (ViHAT): JSON in, JSON out, a delivery report by GET.

Documents: developers.esms.vn — "Send OTP/customer-care message", "Table of error codes", "Callback URL", "Check a
message by SMSID" (checked 2026-11). RequestId is their duplicate key for a day, so the same call twice makes one
message: after a call without an answer, making it again is the question, and 124 the answer that they hold it. The
status call is documented for their own SMSID only, and for seven days.
Every code that is not in the table is Unknown: it may have been taken.
"""

from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr

from channels.base import (
    AddressKind,
    Asks,
    Capabilities,
    Message,
    Ports,
    Question,
    Quota,
    callback_url,
    carried,
    delivery_named,
    has_key,
)
from channels.esms_status import LONGEST_CODE, STATUS_PATH, answer_of, code_of, kind_of
from channels.faults import Fault, outcome_of, outcome_of_silence
from channels.http import NoReply, Reply, json_object, retry_after
from channels.sms_sender import PhoneForm, SmsClass, SmsSettings, number_for, sender_of
from notifier.domain.answers import Answer, NoAnswer
from notifier.domain.content import ContentKind, SmsContent, SmsEncoding
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.receipts import RawReceipt, ReceiptFact

SEND_PATH = "/MainService.svc/json/SendMultipleMessage_V4_post_json/"

CUSTOMER_CARE = "2"
ACCEPTED = "100"
DUPLICATE = "124"
"""The RequestId is known: eSMS holds the message already, and says so without an SMSID."""

CODES: dict[str, Fault] = {
    "99": Fault.RECIPIENT,  # the number is blocked
    "101": Fault.CONFIG,  # wrong keys
    "102": Fault.CONFIG,  # no price list
    "103": Fault.QUOTA,  # no balance
    "104": Fault.CONFIG,  # brandname missing or inactive
    "107": Fault.CONFIG,  # advertising: fewer than 30 numbers
    "108": Fault.RECIPIENT,  # phone number malformed
    "110": Fault.CONFIG,  # 110, 204, 210, 687, 789-791, 799: Zalo only
    "120": Fault.CONFIG,  # advertising: too many numbers
    "140": Fault.CONFIG,  # our address is not on their list
    "146": Fault.TEMPLATE,  # no registered template matches
    "177": Fault.RECIPIENT,  # brandname not registered with this person's carrier
    "204": Fault.CONFIG,
    "210": Fault.CONFIG,
    "300": Fault.CONFIG,  # message type missing
    "301": Fault.CONFIG,  # message type unsupported
    "687": Fault.CONFIG,
    "789": Fault.CONFIG,
    "790": Fault.CONFIG,
    "791": Fault.CONFIG,
    "799": Fault.CONFIG,
}


class Settings(SmsSettings):
    base_url: HttpUrl = HttpUrl("https://rest.esms.vn")
    api_key: SecretStr
    secret_key: SecretStr
    class_codes: dict[SmsClass, str] = Field(default_factory=dict)
    """The SmsType of each class; without an entry it is that of customer care."""
    phone_form: PhoneForm = "0"
    receipt_key: SecretStr
    """The last part of our callback address: eSMS signs nothing, so the address itself is the secret."""
    status_by_request_id: bool = False
    """The status call takes our RequestId in the place of an SMSID. Not documented: have eSMS confirm it first."""
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.SMS,
        address=AddressKind.PHONE,
        proves_delivery=True,
        deduplicates=True,
        asks=Asks.KEY if settings.status_by_request_id else Asks.REFERENCE,
        quota=Quota.BALANCE,
    )


async def connect(settings: Settings, ports: Ports) -> "EsmsChannel":
    return EsmsChannel(settings, ports)


class EsmsChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._http = ports.http
        self._base_url = str(settings.base_url).rstrip("/")
        self._callback_url = callback_url(ports, settings.receipt_key.get_secret_value())

    async def send(self, message: Message) -> Outcome:
        settings, content = self._settings, carried(message, SmsContent)
        phone = number_for(message, content, settings)
        if not isinstance(phone, str):
            return phone
        reply = await self._http.request(
            "POST",
            self._base_url + SEND_PATH,
            json=self._request(message, content, phone),
            timeout_seconds=settings.timeout_seconds,
        )
        return outcome_of_reply(reply, message.idempotency_key)

    async def ask(self, question: Question) -> Answer:
        settings, asked = self._settings, question.reference or question.idempotency_key
        if asked == question.idempotency_key and not settings.status_by_request_id:
            return NoAnswer("no_smsid")
        keys = {"ApiKey": settings.api_key.get_secret_value(), "SecretKey": settings.secret_key.get_secret_value()}
        reply = await self._http.request(
            "GET",
            self._base_url + STATUS_PATH,
            params={"RefId": asked, **keys},
            timeout_seconds=settings.timeout_seconds,
        )
        return answer_of(reply, asked)

    async def close(self) -> None:
        """Nothing of its own is held open: the HTTP client belongs to whoever opened it."""

    def _request(self, message: Message, content: SmsContent, phone: str) -> dict[str, str]:
        settings, sender = self._settings, sender_of(self._settings, message)
        return {
            "ApiKey": settings.api_key.get_secret_value(),
            "SecretKey": settings.secret_key.get_secret_value(),
            "Phone": phone,
            "Content": content.text,
            "Brandname": sender.brandname,
            "SmsType": settings.class_codes.get(sender.message_class, CUSTOMER_CARE),
            "IsUnicode": "1" if content.encoding is SmsEncoding.UCS2 else "0",
            "RequestId": message.idempotency_key,
            "CallbackUrl": self._callback_url,
        }


def outcome_of_reply(reply: Reply | NoReply, request_id: str) -> Outcome:
    if isinstance(reply, NoReply):
        return outcome_of_silence(reply)
    if reply.status == 429:  # noqa: PLR2004 - Too Many Requests
        return outcome_of(Fault.QUOTA, "http_429", retry_after(reply))
    body = json_object(reply.body)
    if reply.status >= 500:  # noqa: PLR2004 - any server fault
        return outcome_of(Fault.AMBIGUOUS, f"http_{reply.status}")
    if body is None:
        return outcome_of(Fault.AMBIGUOUS, "garbled")
    if "CodeResult" not in body:
        # their answer to a malformed request: {"error": "Invalid request"}
        return outcome_of(Fault.CONFIG if "error" in body else Fault.AMBIGUOUS, "no_code")
    code = str(body["CodeResult"])[:LONGEST_CODE]
    if code in {ACCEPTED, DUPLICATE}:
        return Accepted(str(body.get("SMSID") or request_id))
    return outcome_of(CODES.get(code, Fault.AMBIGUOUS), code)


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    return has_key(raw, settings.receipt_key)


def facts(raw: RawReceipt, _settings: Settings) -> tuple[ReceiptFact, ...]:
    """One fact per report. The reason of a failure never comes with it."""
    query = {key.lower(): value for key, value in raw.query.items()}
    delivery_id, reference = delivery_named(query.get("requestid")), query.get("smsid") or None
    if delivery_id is None and reference is None:
        return ()
    status = query.get("sendstatus", "")
    kind = kind_of(status, query.get("sendsuccess"), query.get("sendfailed"))
    return (ReceiptFact(kind, delivery_id, reference, None, code=code_of(status)),)
