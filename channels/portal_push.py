"""The provincial portal's own notification API, where the portal keeps the inbox and not we: signed JSON out, receipts in.

The interface is ours to propose, because no document of a portal fixes one: Standard Webhooks 1.0.0 both ways
(github.com/standard-webhooks/standard-webhooks, checked 2026-11). `webhook-id` is our idempotency key, so a portal that
keeps to the standard makes one notice of two posts. The person is named by the opaque name that `POST /v1/inbox/lookup`
gives the portal; no number and no address goes out. The receipts `thongbao.da_nhan`, `thongbao.da_doc` and
`thongbao.that_bai` name the notice by `data.id`. A replayed one changes nothing, so its age is not judged.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, field_validator

from channels.base import AddressKind, Capabilities, Message, Ports, carried, delivery_named
from channels.faults import Fault, outcome_of, outcome_of_silence
from channels.http import NoReply, Reply, json_object, retry_after
from notifier.domain.content import ContentKind, InboxContent
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.receipts import RawReceipt, ReceiptFact, ReceiptKind
from notifier.intake.signature import Verified, parse_secret, sign, verify

NOTICE = "thongbao.moi"
LONGEST_CODE = 64
STATUSES: dict[int, Fault] = {
    400: Fault.TEMPLATE,
    401: Fault.CONFIG,
    403: Fault.CONFIG,
    410: Fault.CONFIG,  # Standard Webhooks: the address is retired
    413: Fault.TEMPLATE,
    422: Fault.TEMPLATE,
    429: Fault.QUOTA,
    503: Fault.TRANSIENT,
    **dict.fromkeys((301, 302, 303, 307, 308), Fault.CONFIG),  # never followed
}
"""What is not here is ambiguous: it may have been taken. 404 is the person's if the portal says so in JSON."""
DUPLICATE = 409
_KINDS = {
    "thongbao.da_nhan": ReceiptKind.DELIVERED,
    "thongbao.da_doc": ReceiptKind.READ,
    "thongbao.that_bai": ReceiptKind.FAILED,
}


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    notify_url: HttpUrl
    secrets: Annotated[list[SecretStr], Field(min_length=1, max_length=2)]
    """Standard Webhooks secrets, `whsec_…`; each of them signs, so write two while one is replaced."""
    receipt_secrets: Annotated[list[SecretStr], Field(default_factory=list, max_length=2)]
    """With which the portal signs its receipts, other ones than ours; without them none is believed."""
    confirms_delivery: bool = False
    """The portal reports each notice that it has put into an inbox; else taking it counts as that."""
    deduplicates: bool = True
    """The portal makes one notice of two posts with the same `webhook-id`."""
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 15.0

    @field_validator("secrets", "receipt_secrets")
    @classmethod
    def _can_be_used(cls, secrets: list[SecretStr]) -> list[SecretStr]:
        for secret in secrets:
            parse_secret(secret.get_secret_value())
        return secrets


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.INBOX,
        address=AddressKind.INBOX,
        accepted_is_delivered=not settings.confirms_delivery,
        proves_delivery=settings.confirms_delivery,
        proves_reading=bool(settings.receipt_secrets),
        deduplicates=settings.deduplicates,
        quiet=True,
    )


async def connect(settings: Settings, ports: Ports) -> "PortalPushChannel":
    return PortalPushChannel(settings, ports)


class PortalPushChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._http = ports.http
        self._clock = ports.clock
        self._keys = _keys(settings.secrets)

    async def send(self, message: Message) -> Outcome:
        body = _body(message)
        reply = await self._http.request(
            "POST",
            str(self._settings.notify_url),
            body=body,
            headers=self._headers(message.idempotency_key, body),
            timeout_seconds=self._settings.timeout_seconds,
        )
        return outcome_of_reply(reply, message.idempotency_key)

    async def close(self) -> None:
        """Nothing of its own is held open: the HTTP client belongs to whoever opened it."""

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        signed = [sign(each, key, self._clock(), body) for each in self._keys]
        signatures = " ".join(each["webhook-signature"] for each in signed)
        return {**signed[0], "webhook-signature": signatures, "Content-Type": "application/json"}


def _body(message: Message) -> bytes:
    content = carried(message, InboxContent)
    data = {
        "id": message.idempotency_key,
        "inbox": message.contact.inbox,
        "audience": "officer" if message.staff else "citizen",
        "title": content.title,
        "body": content.body,
        "link": content.link,
    }
    event = {"type": NOTICE, "timestamp": message.created_at.isoformat(), "data": data}
    return json.dumps(event, ensure_ascii=False).encode()


def outcome_of_reply(reply: Reply | NoReply, key: str) -> Outcome:
    if isinstance(reply, NoReply):
        return outcome_of_silence(reply)
    said = json_object(reply.body)
    if 200 <= reply.status < 300 and (said is not None or not reply.body):  # noqa: PLR2004 - taken
        return Accepted(_text((said or {}).get("id")) or key)
    if reply.status == DUPLICATE:
        return Accepted(key)
    if reply.status == 404:  # noqa: PLR2004 - Not Found
        return outcome_of(Fault.CONFIG if said is None else Fault.RECIPIENT, "http_404")
    fault = STATUSES.get(reply.status, Fault.AMBIGUOUS)
    return outcome_of(fault, f"http_{reply.status}", retry_after(reply))


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    seconds = raw.headers.get("webhook-timestamp", "")
    if not settings.receipt_secrets or not seconds.isascii() or not seconds.isdecimal() or len(seconds) > 11:  # noqa: PLR2004
        return False
    own_time = datetime.fromtimestamp(int(seconds), UTC)
    return isinstance(verify(_keys(settings.receipt_secrets), raw.headers, raw.body, own_time), Verified)


def facts(raw: RawReceipt, _settings: Settings) -> tuple[ReceiptFact, ...]:
    """One fact for each receipt that names a notice and says something of it that we know."""
    said = json_object(raw.body) or {}
    data = said.get("data")
    kind = _KINDS.get(_text(said.get("type")) or "")
    delivery_id = delivery_named(data.get("id")) if isinstance(data, dict) else None
    if kind is None or delivery_id is None or not isinstance(data, dict):
        return ()
    return (ReceiptFact(kind, delivery_id, None, _moment(said.get("timestamp")), code=_text(data.get("code"))),)


def _keys(secrets: list[SecretStr]) -> list[bytes]:
    return [parse_secret(secret.get_secret_value()) for secret in secrets]


def _text(value: Any) -> str | None:
    return value[:LONGEST_CODE] if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None
