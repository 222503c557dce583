"""Zalo template messages (ZBS, formerly ZNS): by the person's id at our Official Account, else by phone number.

Documents: developers.zalo.me "ZBS Template Message", docs.zaloplatforms.com "Webhook" (checked 2026-09).
`error: 0` means taken, not delivered, and every other answer may come with HTTP 200 too. Zalo promises nothing about
a second call with the same tracking_id, so an answer that does not come is Unknown, and waits for the webhook, which
names our tracking_id: Zalo can be asked by its own id only (`zalo_status`).

An officer whose interaction with the account is recent enough may get the same as a consultation message
(`staff_consultation`). Where Zalo refuses that plainly, because the window was over after all, say, nothing was taken
and the template goes out in the same attempt: one more call after a refusal is no double.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr

from channels.base import AddressKind, Asks, Capabilities, Message, Ports, Question, Quota, carried, delivery_named
from channels.faults import Fault, outcome_of, outcome_of_silence
from channels.http import NoReply, Reply, json_object, retry_after
from channels.zalo_codes import (
    ACCOUNT_AUTH,
    ACCOUNT_CODES,
    NOT_A_FOLLOWER,
    PHONE_AUTH,
    PHONE_CODES,
    WINDOW_OVER,
    code_of,
    fault_of,
)
from channels.zalo_relations import moment
from channels.zalo_status import STATUS_PATH, answer_of
from notifier.domain.answers import Answer, NoAnswer
from notifier.domain.content import ContentKind, ZaloContent
from notifier.domain.errors import TokenLost
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled
from notifier.domain.receipts import RawReceipt, ReceiptFact, ReceiptKind


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    oauth_url: HttpUrl = HttpUrl("https://oauth.zaloapp.com")
    business_url: HttpUrl = HttpUrl("https://business.openapi.zalo.me")
    openapi_url: HttpUrl = HttpUrl("https://openapi.zalo.me")
    app_id: str
    oa_id: str
    app_secret: SecretStr
    oa_secret: SecretStr
    """The Official Account's secret key shown beside the webhook address; signs the webhook."""
    templates: dict[str, str] = {}
    """Our name of a template → Zalo's id of it."""
    appsecret_proof: bool = True
    mode: Literal["normal", "development"] = "normal"
    """`development` reaches administrators of the app only, and costs nothing."""
    staff_by_phone: bool = False
    """Whether officers without a linked account are written to by phone number."""
    staff_consultation: Literal["off", "free", "paid"] = "off"
    """Whether linked officers get consultation messages: never, while they are free, or while they can be sent."""
    consultation_free_hours: Annotated[float, Field(gt=0)] = 48.0
    """How long after an interaction a consultation message costs nothing."""
    consultation_days: Annotated[float, Field(gt=0)] = 7.0
    """How long after an interaction Zalo takes a consultation message at all."""
    opens_at: time = time(6, 5)
    closes_at: time = time(21, 55)
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0


def capabilities(settings: Settings) -> Capabilities:
    return Capabilities(
        content=ContentKind.ZALO,
        address=AddressKind.ZALO,
        proves_delivery=True,
        proves_reading=True,
        window=(settings.opens_at, settings.closes_at),
        asks=Asks.REFERENCE,
        quota=Quota.DAILY,
    )


async def connect(settings: Settings, ports: Ports) -> "ZaloChannel":
    return ZaloChannel(settings, ports)


@dataclass(frozen=True, slots=True)
class _Host:
    """One of the two ways to send, with its own codes and its own name for the message id."""

    codes: dict[int, Fault]
    auth_codes: frozenset[int]
    id_field: str


_PHONE = _Host(PHONE_CODES, PHONE_AUTH, "msg_id")
_ACCOUNT = _Host(ACCOUNT_CODES, ACCOUNT_AUTH, "message_id")


@dataclass(frozen=True, slots=True)
class _Request:
    host: _Host
    method: str
    url: str
    body: dict[str, Any] | None = None
    params: dict[str, str] | None = None


class ZaloChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._http = ports.http
        self._tokens = ports.tokens
        self._relations = ports.relations

    async def send(self, message: Message) -> Outcome:
        content = carried(message, ZaloContent)
        template_id = self._settings.templates.get(content.template)
        if template_id is None:
            return outcome_of(Fault.TEMPLATE, "template_not_configured")
        request = self._request(message, {"template_id": template_id, "template_data": content.parameters})
        if request is None:
            return outcome_of(Fault.RECIPIENT, "no_zalo_address")
        try:
            consulted = await self._consult(message, content)
            if consulted is not None:
                return consulted
            reply = await self._reply(request)
        except TokenLost:
            return outcome_of(Fault.CONFIG, "token_lost")
        return _outcome(request.host, reply, message.idempotency_key)

    async def _consult(self, message: Message, content: ZaloContent) -> Outcome | None:
        """What came of a consultation message; None if it may not be sent, or was plainly refused. Raises TokenLost."""
        settings, person = self._settings, message.contact.zalo_uid
        window = _window(settings)
        if window is None or person is None or content.text is None or not message.staff:
            return None
        since = await self._relations.since_interaction(settings.oa_id, person)
        if since is None or since > window:
            return None
        body = {"recipient": {"user_id": person}, "message": {"text": content.text}}
        reply = await self._reply(_Request(_ACCOUNT, "POST", f"{_base(settings.openapi_url)}/v3.0/oa/message/cs", body))
        code = code_of(reply)
        if code in NOT_A_FOLLOWER | WINDOW_OVER:
            await self._relations.refused(settings.oa_id, person, follows=False if code in NOT_A_FOLLOWER else None)
        outcome = _outcome(_ACCOUNT, reply, message.idempotency_key)
        refused = isinstance(outcome, Permanent | Throttled) and code not in ACCOUNT_AUTH
        return None if refused else outcome

    async def ask(self, question: Question) -> Answer:
        if question.contact.zalo_uid:
            return NoAnswer("no_status_by_uid")
        if question.reference in {None, question.idempotency_key}:
            return NoAnswer("no_message_id")
        request = _Request(
            _PHONE,
            "GET",
            _base(self._settings.business_url) + STATUS_PATH,
            params={"message_id": str(question.reference)},
        )
        try:
            return answer_of(await self._reply(request))
        except TokenLost:
            return NoAnswer("token_lost")

    async def close(self) -> None:
        """Nothing of its own is held open: the HTTP client belongs to whoever opened it."""

    def _request(self, message: Message, template: dict[str, Any]) -> _Request | None:
        settings, contact = self._settings, message.contact
        if contact.zalo_uid:
            url = f"{_base(settings.openapi_url)}/v3.0/oa/message/template"
            return _Request(_ACCOUNT, "POST", url, {"user_id": contact.zalo_uid, **template})
        if contact.phone is None or (message.staff and not settings.staff_by_phone):
            return None
        body = {"phone": contact.phone.removeprefix("+"), "tracking_id": message.idempotency_key, **template}
        if settings.mode == "development":
            body["mode"] = settings.mode
        return _Request(_PHONE, "POST", f"{_base(settings.business_url)}/message/template", body)

    async def _reply(self, request: _Request) -> Reply | NoReply:
        """The reply to a call; where the token is refused, to a second one with a newer token. Raises TokenLost."""
        token = await self._tokens.current()
        reply = await self._call(request, token)
        if code_of(reply) in request.host.auth_codes:
            return await self._call(request, await self._tokens.refused(token))
        return reply

    async def _call(self, request: _Request, token: str) -> Reply | NoReply:
        headers = {"access_token": token}
        if self._settings.appsecret_proof:
            headers["appsecret_proof"] = appsecret_proof(token, self._settings.app_secret.get_secret_value())
        return await self._http.request(
            request.method,
            request.url,
            json=request.body,
            params=request.params,
            headers=headers,
            timeout_seconds=self._settings.timeout_seconds,
        )


def appsecret_proof(token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _base(url: HttpUrl) -> str:
    return str(url).rstrip("/")


def _window(settings: Settings) -> timedelta | None:
    """How old an interaction may be for a consultation message; None: none is sent."""
    match settings.staff_consultation:
        case "off":
            return None
        case "free":
            return timedelta(hours=settings.consultation_free_hours)
        case "paid":
            return timedelta(days=settings.consultation_days)


def _outcome(host: _Host, reply: Reply | NoReply, idempotency_key: str) -> Outcome:
    if isinstance(reply, NoReply):
        return outcome_of_silence(reply)
    if reply.status == 429:  # noqa: PLR2004 - Too Many Requests
        return outcome_of(Fault.QUOTA, "http_429", retry_after(reply))
    if reply.status >= 500:  # noqa: PLR2004 - any server fault
        return outcome_of(Fault.AMBIGUOUS, f"http_{reply.status}")
    code, body = code_of(reply), json_object(reply.body)
    if code is None or body is None:
        return outcome_of(Fault.AMBIGUOUS, "garbled")
    if code == 0:
        data = body.get("data")
        reference = data.get(host.id_field) if isinstance(data, dict) else None
        return Accepted(str(reference or idempotency_key))
    if code in host.auth_codes:
        return outcome_of(Fault.CONFIG, str(code))
    return outcome_of(fault_of(host.codes, code, str(body.get("message"))), str(code), retry_after(reply))


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    """`X-ZEvent-Signature: mac=` SHA-256 of app_id, the raw body, timestamp and the account's secret, put together."""
    event = json_object(raw.body)
    if event is None:
        return False
    app_id, timestamp = (str(event.get(name, "")).encode("utf-8", "replace") for name in ("app_id", "timestamp"))
    secret = settings.oa_secret.get_secret_value().encode()
    mac = hashlib.sha256(app_id + raw.body + timestamp + secret).hexdigest()
    given = raw.headers.get("x-zevent-signature", "").encode("utf-8", "replace")
    return hmac.compare_digest(given, f"mac={mac}".encode())


def facts(raw: RawReceipt, settings: Settings) -> tuple[ReceiptFact, ...]:
    """What an event says about messages of ours. An event of another Official Account says nothing."""
    event = json_object(raw.body)
    if event is None:
        return ()
    account = event.get("oa_id") or event.get("oaId")
    if account is not None and str(account) != settings.oa_id:
        return ()
    content = event.get("message")
    content = content if isinstance(content, dict) else {}
    name, at = event.get("event_name"), moment(event.get("timestamp"))
    if name == "user_seen_message":
        seen = content.get("msg_ids")
        ids = [i for i in seen if isinstance(i, str) and i] if isinstance(seen, list) else []
        return tuple(ReceiptFact(ReceiptKind.READ, None, reference, at) for reference in ids)
    delivery_id, reference = delivery_named(content.get("tracking_id")), content.get("msg_id") or event.get("msg_id")
    reference = reference if isinstance(reference, str) else None
    if not isinstance(name, str) or (delivery_id is None and reference is None):
        return ()
    if name == "user_received_message":
        at = moment(content.get("delivery_time")) or at
        return (ReceiptFact(ReceiptKind.DELIVERED, delivery_id, reference, at),)
    return (ReceiptFact(ReceiptKind.INFO, delivery_id, reference, at, code=name),)
