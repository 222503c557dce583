"""The pretend sending hosts of Zalo: template messages by phone (old ZNS) and by user id, each with its own errors.

Zalo documentation, error tables of the phone channel and of the OA API, checked 2026-09. Errors come with HTTP 200.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from notifier.sandbox import zalo_events
from notifier.sandbox.ledger import keyless
from notifier.sandbox.messages import Captured, State, same_address
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import STATUS, ZALO, Act
from notifier.sandbox.wire import WIRE_FAULTS, answered, think, wire_fault
from notifier.sandbox.zalo_tokens import Grants

_PHONE = re.compile(r"\+?84[35789]\d{8}")
_USER_ID = re.compile(r"\d{10,24}")
_TAKES_NOTHING = frozenset({"refuse", *WIRE_FAULTS})


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """The code of one host for each fault that both hosts know."""

    stale_token: int
    wrong_proof: int
    not_json: int
    unknown_template: int
    not_approved: int
    missing_parameter: int
    too_long: int
    out_of_quota: int


PHONE_ERRORS = ErrorTable(
    stale_token=-124,
    wrong_proof=-1241,
    not_json=-122,
    unknown_template=-109,
    not_approved=-131,
    missing_parameter=-1123,
    too_long=-1121,
    out_of_quota=-144,
)
OA_ERRORS = ErrorTable(
    stale_token=-216,
    wrong_proof=-242,
    not_json=-201,
    unknown_template=-201,
    not_approved=-201,
    missing_parameter=-201,
    too_long=-201,
    out_of_quota=-211,
)

TEXTS = {
    -100: "Unknown exception",
    -108: "Phone number is invalid",
    -109: "Template ID is invalid",
    -1121: "Template data is too long",
    -1123: "Template data is missing a parameter",
    -118: "Zalo account not existed",
    -122: "Body data is not JSON",
    -124: "Access token is invalid",
    -1241: "appsecret_proof is invalid",
    -131: "Template is not approved",
    -139: "User refused this type of message",
    -144: "OA reached its daily quota",
    -201: "Parameter is invalid",
    -211: "Out of quota",
    -216: "Access token is invalid",
    -240: "This API was shut down",
    -242: "appsecret_proof is invalid",
}


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a call is refused."""

    code: int
    detail: str | None = None

    def reply(self) -> web.Response:
        text = self.detail or TEXTS.get(self.code, "Error")
        return web.json_response({"error": self.code, "message": text, "data": None})


class Sender:
    """Both hosts: they share tokens, templates, quota and message ids."""

    def __init__(self, parts: Parts, grants: Grants) -> None:
        self._parts = parts
        self._app = parts.settings.zalo
        self._grants = grants
        self._remaining = parts.settings.zalo.daily_quota
        self._sent: dict[str, Captured] = {}

    def routes(self) -> list[web.RouteDef]:
        phone, oa = "/zalo/business/message", "/zalo/openapi/v3.0/oa/message"
        closed = ["/zalo/openapi/v2.0/oa/message", f"{oa}/transaction", f"{oa}/promotion"]
        return [
            web.post(f"{phone}/template", self._by_phone),
            web.get(f"{phone}/status", self._status),
            web.get(f"{phone}/quota", self._quota),
            web.post(f"{oa}/template", self._by_uid),
            *(web.post(path, _closed) for path in closed),
        ]

    async def _by_phone(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request, PHONE_ERRORS)
        if isinstance(body, _Fault):
            return body.reply()
        phone = body.get("phone")
        if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
            return _Fault(-108).reply()
        local = same_address(phone)
        if any(same_address(each.phone or "") == local and not each.has_zalo for each in self._parts.settings.people):
            return _Fault(-118).reply()
        return await self._send(request, body, phone, PHONE_ERRORS)

    async def _by_uid(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request, OA_ERRORS)
        if isinstance(body, _Fault):
            return body.reply()
        user_id = body.get("user_id")
        if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
            return _Fault(-201, "user_id is invalid").reply()
        return await self._send(request, body, user_id, OA_ERRORS)

    def _who(self, request: web.Request, errors: ErrorTable) -> _Fault | None:
        """What is wrong with the caller's token or proof."""
        token = request.headers.get("access_token")
        if token is None or not self._grants.accepts(token):
            return _Fault(errors.stale_token)
        if not self._grants.proves(token, request.headers.get("appsecret_proof")):
            return _Fault(errors.wrong_proof)
        return None

    async def _read(self, request: web.Request, errors: ErrorTable) -> dict[str, Any] | _Fault:
        """The body of a call by somebody who may call."""
        fault = self._who(request, errors)
        if fault is not None:
            return fault
        try:
            body: Any = json.loads(await request.read())
        except ValueError:
            return _Fault(errors.not_json)
        return body if isinstance(body, dict) else _Fault(errors.not_json)

    def _wrong_template(self, body: dict[str, Any], errors: ErrorTable) -> _Fault | None:
        template, data = body.get("template_id"), body.get("template_data")
        if not isinstance(template, str) or not template:
            return _Fault(errors.unknown_template, "template_id is invalid")
        if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
            return _Fault(errors.missing_parameter, "template_data is invalid")
        rule = self._app.templates.get(template)
        if rule is None:
            return None
        if not rule.approved:
            return _Fault(errors.not_approved, "template_id is not approved")
        for name, longest in rule.parameters.items():
            if not data.get(name) and name not in rule.optional:
                return _Fault(errors.missing_parameter, f"template_data is missing {name}")
            if len(data.get(name, "")) > longest:
                return _Fault(errors.too_long, f"{name} is longer than {longest}")
        return None

    async def _send(
        self, request: web.Request, body: dict[str, Any], to: str, errors: ErrorTable
    ) -> web.StreamResponse:
        await think(self._parts)
        act = self._parts.script.take(ZALO, to, never={"lose_token_reply"})
        if act.name in _TAKES_NOTHING:
            return await self._misbehave(act)
        fault = self._wrong_template(body, errors)
        if fault is None and self._remaining <= 0:
            fault = _Fault(errors.out_of_quota)
        if fault is not None:
            return fault.reply()
        self._remaining -= 1
        message = self._capture(body, to, by="phone" if errors is PHONE_ERRORS else "uid")
        reply = self._phone_reply(message) if errors is PHONE_ERRORS else self._uid_reply(message, to)
        telling = zalo_events.tell(self._parts, message, act)
        if act.name == "receipt_first":
            await telling
        else:
            self._parts.callbacks.soon(telling)
        if act.name == "error_but_sent":
            return _Fault(-100).reply()
        reply_of_success = web.json_response({"error": 0, "message": "Success", "data": reply})
        return await answered(request, act, reply_of_success, self._parts)

    def _capture(self, body: dict[str, Any], to: str, *, by: str) -> Captured:
        template = body["template_id"]
        rule = self._app.templates.get(template)
        message = self._parts.messages.add(
            channel=ZALO,
            to=to,
            at=self._parts.clock(),
            content={
                "by": by,
                "addressed_to": to,
                "template_id": template,
                "title": rule.title if rule else "",
                "button": rule.button if rule else "",
                "parameters": body["template_data"],
            },
            reference=uuid4().hex,
            tracking_id=body.get("tracking_id"),
        )
        self._sent[message.reference] = message
        self._parts.ledger.took(ZALO, message.tracking_id or keyless(to, body["template_data"]))
        return message

    def _phone_reply(self, message: Captured) -> dict[str, Any]:
        """The phone channel writes every number as a string."""
        return {
            "msg_id": message.reference,
            "sent_time": zalo_events.milliseconds(self._parts),
            "sending_mode": "1",
            "quota": {"dailyQuota": str(self._app.daily_quota), "remainingQuota": str(self._remaining)},
        }

    def _uid_reply(self, message: Captured, user_id: str) -> dict[str, Any]:
        return {
            "message_id": message.reference,
            "user_id": user_id,
            "sent_time": zalo_events.milliseconds(self._parts),
            "quota": {"quota_type": "purchase_quota", "remain": self._remaining},
        }

    async def _misbehave(self, act: Act) -> web.Response:
        match act.name:
            case "refuse":
                return _Fault(int(act.args.get("error", -118)), act.args.get("message")).reply()
            case _:
                return await wire_fault(act, self._parts)

    async def _status(self, request: web.Request) -> web.Response:
        """-1: an id never given for a message by phone; 0: not on the phone yet; 1: on the phone."""
        act = self._parts.script.take(ZALO, STATUS, only=WIRE_FAULTS)
        if act.name in WIRE_FAULTS:
            return await wire_fault(act, self._parts)
        fault = self._who(request, PHONE_ERRORS)
        if fault is not None:
            return fault.reply()
        sent = self._sent.get(request.query.get("message_id", ""))
        held = self._parts.messages.find(sent.id) if sent and sent.content["by"] == "phone" else None
        status = -1 if held is None else int(held.state in (State.DELIVERED, State.READ))
        data = {"status": status, "delivery_time": zalo_events.milliseconds(self._parts) if status == 1 else ""}
        return web.json_response({"error": 0, "message": "Success", "data": data})

    async def _quota(self, request: web.Request) -> web.Response:
        """Here the numbers are numbers."""
        fault = self._who(request, PHONE_ERRORS)
        if fault is not None:
            return fault.reply()
        data = {"dailyQuota": self._app.daily_quota, "remainingQuota": self._remaining}
        return web.json_response({"error": 0, "message": "Success", "data": data})


async def _closed(request: web.Request) -> web.Response:
    """The endpoints that Zalo ended. Documented for the old one only; the others must merely fail."""
    del request
    return _Fault(-240).reply()
