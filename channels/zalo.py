"""Zalo template messages (ZBS, formerly ZNS): by the person's id at our Official Account, else by phone number.

Documents: developers.zalo.me "ZBS Template Message", docs.zaloplatforms.com "Webhook" (checked 2026-09).
`error: 0` means taken, not delivered, and every other answer may come with HTTP 200 too. Zalo promises nothing about
a second call with the same tracking_id, so an answer that does not come is Unknown, and waits for the webhook, which
names our tracking_id: Zalo can be asked by its own id only (`zalo_status`).

What Zalo would surely refuse is not asked for: a template that is not enabled, or that these values do not fit, by what
`zalo_templates` last read; a person who wants no such messages.

An officer whose interaction with the account is recent enough may get the same as a consultation message
(`staff_consultation`). Where Zalo refuses that plainly, because the window was over after all, say, nothing was taken
and the template goes out in the same attempt: one more call after a refusal is no double.
"""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from channels.base import AddressKind, Asks, Capabilities, Message, Ports, Question, Quota, carried
from channels.faults import Fault, outcome_of
from channels.zalo_api import ACCOUNT, PHONE, Request, ZaloApi, outcome
from channels.zalo_codes import ACCOUNT_AUTH, BY_PHONE_ONLY, NOT_A_FOLLOWER, WINDOW_OVER, code_of
from channels.zalo_settings import Settings
from channels.zalo_status import STATUS_PATH, answer_of
from channels.zalo_webhook import authentic, facts
from notifier.domain.answers import Answer, NoAnswer
from notifier.domain.approved import ENABLED, ApprovedTemplate, misfits
from notifier.domain.content import ContentKind, ZaloContent
from notifier.domain.errors import TokenLost
from notifier.domain.outcomes import Outcome, Permanent, Throttled
from notifier.domain.recipients import Contact

__all__ = ["Settings", "ZaloChannel", "authentic", "capabilities", "connect", "facts"]


CONSULTATION = "/v3.0/oa/message/cs"


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


class ZaloChannel:
    def __init__(self, settings: Settings, ports: Ports) -> None:
        self._settings = settings
        self._api = ZaloApi(settings, ports.http, ports.tokens)
        self._relations = ports.relations
        self._approvals = ports.approvals

    async def send(self, message: Message) -> Outcome:
        content = carried(message, ZaloContent)
        template_id = self._settings.templates.get(content.template)
        if template_id is None:
            return outcome_of(Fault.TEMPLATE, "template_not_configured")
        template = {"template_id": template_id, "template_data": content.parameters}
        request = self._request(message, message.contact, template)
        if request is None:
            return outcome_of(Fault.RECIPIENT, "no_zalo_address")
        try:
            consulted = await self._consult(message, content)
            if consulted is not None:
                return consulted
            approved = await self._approvals.template(self._settings.oa_id, template_id)
            if approved and (refusal := self._refusal(approved, content)):
                return refusal
            kind = (approved and approved.tag) or template_id
            if await self._declined(message.contact, kind):
                return outcome_of(Fault.RECIPIENT, "declined")
            return await self._send(message, request, template, kind)
        except TokenLost:
            return outcome_of(Fault.CONFIG, "token_lost")

    async def _send(self, message: Message, request: Request, template: dict[str, Any], kind: str) -> Outcome:
        """What came of the template. One that may not go by the person's id goes by their number. Raises TokenLost."""
        reply = await self._api.reply(request)
        if request.host is ACCOUNT and code_of(reply) in BY_PHONE_ONLY:
            by_phone = self._request(message, replace(message.contact, zalo_uid=None), template)
            if by_phone is not None:
                request, reply = by_phone, await self._api.reply(by_phone)
        code = code_of(reply)
        if code in request.host.declined_all:
            await self._declines(message.contact, request, None)
        elif code in request.host.declined_kind:
            await self._declines(message.contact, request, kind)
        return outcome(request.host, reply, message.idempotency_key)

    def _refusal(self, approved: ApprovedTemplate, content: ZaloContent) -> Outcome | None:
        """Why Zalo would refuse this, by what it has told of the template; in development a template need not be approved."""
        if approved.status != ENABLED and self._settings.mode == "normal":
            return Permanent("template_not_enabled", f"template {approved.id} is {approved.status}")
        if wrong := misfits(approved, content.parameters):
            return Permanent("template_misfit", f"template {approved.id}: {'; '.join(wrong)}")
        return None

    async def _declined(self, contact: Contact, kind: str) -> bool:
        within = timedelta(days=self._settings.refusal_days)
        address = contact.zalo_uid or contact.phone
        return bool(address) and await self._relations.declined(self._settings.oa_id, address or "", kind, within)

    async def _declines(self, contact: Contact, request: Request, kind: str | None) -> None:
        address = contact.zalo_uid if request.host is ACCOUNT else contact.phone
        await self._relations.declines(self._settings.oa_id, address or "", kind)

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
        reply = await self._api.reply(Request(ACCOUNT, "POST", CONSULTATION, body))
        code = code_of(reply)
        if code in NOT_A_FOLLOWER | WINDOW_OVER:
            await self._relations.refused(settings.oa_id, person, follows=False if code in NOT_A_FOLLOWER else None)
        consulted = outcome(ACCOUNT, reply, message.idempotency_key)
        refused = isinstance(consulted, Permanent | Throttled) and code not in ACCOUNT_AUTH
        return None if refused else consulted

    async def ask(self, question: Question) -> Answer:
        if question.contact.zalo_uid:
            return NoAnswer("no_status_by_uid")
        if question.reference in {None, question.idempotency_key}:
            return NoAnswer("no_message_id")
        request = Request(PHONE, "GET", STATUS_PATH, params={"message_id": str(question.reference)})
        try:
            return answer_of(await self._api.reply(request))
        except TokenLost:
            return NoAnswer("token_lost")

    async def close(self) -> None:
        """Nothing of its own is held open: the HTTP client belongs to whoever opened it."""

    def _request(self, message: Message, contact: Contact, template: dict[str, Any]) -> Request | None:
        settings = self._settings
        if contact.zalo_uid:
            return Request(ACCOUNT, "POST", "/v3.0/oa/message/template", {"user_id": contact.zalo_uid, **template})
        if contact.phone is None or (message.staff and not settings.staff_by_phone):
            return None
        phone = contact.phone.removeprefix("+")
        hashed, path = {"hash_phone": sha256(phone.encode()).hexdigest()}, "/message/template/hashphone"
        to, path = (hashed, path) if settings.hash_phone else ({"phone": phone}, "/message/template")
        body = {**to, **template, "tracking_id": message.idempotency_key}
        if settings.mode != "normal":
            body["mode"] = settings.mode
        return Request(PHONE, "POST", path, body)


def _window(settings: Settings) -> timedelta | None:
    """How old an interaction may be for a consultation message; None: none is sent."""
    match settings.staff_consultation:
        case "off":
            return None
        case "free":
            return timedelta(hours=settings.consultation_free_hours)
        case "paid":
            return timedelta(days=settings.consultation_days)
