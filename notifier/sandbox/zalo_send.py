"""The pretend sending hosts of Zalo: templates by phone (old ZNS) and by user id, and consultation messages."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import web

from notifier.sandbox import zalo_events
from notifier.sandbox.ledger import keyless
from notifier.sandbox.messages import Captured, State, same_address
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import STATUS, ZALO, Act
from notifier.sandbox.wire import WIRE_FAULTS, answered, think, wire_fault
from notifier.sandbox.zalo_catalogue import Templates
from notifier.sandbox.zalo_errors import OA_ERRORS, PHONE_ERRORS, ErrorTable, Fault
from notifier.sandbox.zalo_people import People
from notifier.sandbox.zalo_rate import Rate
from notifier.sandbox.zalo_tokens import Grants

_PHONE = re.compile(r"\+?84[35789]\d{8}")
_USER_ID = re.compile(r"\d{10,24}")
_LONGEST_TEXT = 2000
_REFUSED = {(True, "type"): -139, (True, "account"): -141, (False, "type"): -244, (False, "account"): -244}
"""By phone or not, and what the person does not want."""
_TAKES_NOTHING = frozenset({"refuse", *WIRE_FAULTS})


@dataclass(frozen=True, slots=True)
class _Order:
    """A message that somebody with a good token wants sent."""

    to: str
    fault: Callable[[], Fault | None]
    """Why it is refused, asked once it is about to be taken."""
    content: dict[str, Any]
    key: str
    """Of the ledger."""
    reply: Callable[[Captured], dict[str, Any]]
    tracking_id: str | None = None


class Sender:
    """Both hosts: they share tokens, templates, quota and message ids."""

    def __init__(self, parts: Parts, grants: Grants, people: People, templates: Templates) -> None:
        self._parts = parts
        self._people = people
        self._app = parts.settings.zalo
        self._grants = grants
        self._templates = templates
        self._sent: dict[str, Captured] = {}
        self._by_key: dict[str, dict[str, Any]] = {}
        self._rate = Rate(parts)

    def routes(self) -> list[web.RouteDef]:
        phone, oa, template = "/zalo/business/message", "/zalo/openapi/v3.0/oa/message", "/zalo/business/template"
        closed = ["/zalo/openapi/v2.0/oa/message", f"{oa}/transaction", f"{oa}/promotion"]
        return [
            web.post(f"{phone}/template", self._by_phone),
            web.post(f"{phone}/template/hashphone", self._by_phone),
            web.get(f"{phone}/status", self._status),
            web.get(f"{phone}/quota", self._quota),
            web.get(f"{template}/all", self._list),
            web.get(f"{template}/info/v2", self._detail),
            web.get(f"{template}/sample-data", self._sample),
            web.post(f"{oa}/template", self._rate.counted(self._by_uid)),
            web.post(f"{oa}/cs", self._rate.counted(self._consult)),
            web.get("/zalo/openapi/v2.0/oa/getoa", self._rate.counted(self._official)),
            *(web.post(path, _closed) for path in closed),
        ]

    async def _by_phone(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request, PHONE_ERRORS)
        if isinstance(body, Fault):
            return body.reply()
        phone = self._number(body) if request.path.endswith("hashphone") else body.get("phone")
        if not isinstance(phone, str) or not _PHONE.fullmatch(phone):
            return Fault(-108).reply()
        local = same_address(phone)
        if any(same_address(each.phone or "") == local and not each.has_zalo for each in self._parts.settings.people):
            return Fault(-118).reply()
        return await self._send(request, self._template(body, phone, PHONE_ERRORS))

    async def _by_uid(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request, OA_ERRORS)
        if isinstance(body, Fault):
            return body.reply()
        user_id = body.get("user_id")
        if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
            return Fault(-201, "user_id is invalid").reply()
        return await self._send(request, self._template(body, user_id, OA_ERRORS))

    async def _consult(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request, OA_ERRORS)
        if isinstance(body, Fault):
            return body.reply()
        recipient, message = body.get("recipient"), body.get("message")
        user_id = recipient.get("user_id") if isinstance(recipient, dict) else None
        text = message.get("text") if isinstance(message, dict) else None
        if not isinstance(user_id, str) or not _USER_ID.fullmatch(user_id):
            return Fault(-201, "user_id is invalid").reply()
        if not isinstance(text, str) or not text:
            return Fault(-201, "text is invalid").reply()
        if len(text) > _LONGEST_TEXT:
            return Fault(-210).reply()
        return await self._send(request, self._consultation(user_id, text))

    def _consultation(self, user_id: str, text: str) -> _Order:
        def fault() -> Fault | None:
            code = self._people.refusal(user_id)
            return None if code is None else Fault(code)

        def reply(message: Captured) -> dict[str, Any]:
            return self._uid_reply(message) | {"quota": self._people.answered(user_id)}

        content = {"by": "uid", "addressed_to": user_id, "text": text}
        return _Order(user_id, fault, content, keyless(user_id, {"text": text}), reply)

    def _template(self, body: dict[str, Any], to: str, errors: ErrorTable) -> _Order:
        template, data, tracking_id = body.get("template_id"), body.get("template_data"), body.get("tracking_id")
        rule = self._templates.rule(template)
        content = {
            "by": "phone" if errors is PHONE_ERRORS else "uid",
            "addressed_to": to,
            "template_id": template,
            "title": rule.title if rule else "",
            "button": rule.button if rule else "",
            "parameters": data,
        }

        def fault() -> Fault | None:
            if refused := self._people.refuses(to):
                return Fault(_REFUSED[errors is PHONE_ERRORS, refused])
            is_admin = to.removeprefix("+") in self._app.admins
            return self._templates.fault(body, errors, is_admin=is_admin)

        def reply(message: Captured) -> dict[str, Any]:
            self._templates.took(body)
            return self._phone_reply(message) if errors is PHONE_ERRORS else self._uid_reply(message)

        key = tracking_id or (keyless(to, data) if isinstance(data, dict) else "")
        return _Order(to, fault, content, key, reply, tracking_id)

    def _who(self, request: web.Request, errors: ErrorTable) -> Fault | None:
        """What is wrong with the caller's token or proof."""
        token = request.headers.get("access_token")
        if token is None or not self._grants.accepts(token):
            return Fault(errors.stale_token)
        if not self._grants.proves(token, request.headers.get("appsecret_proof")):
            return Fault(errors.wrong_proof)
        return None

    async def _read(self, request: web.Request, errors: ErrorTable) -> dict[str, Any] | Fault:
        """The body of a call by somebody who may call."""
        fault = self._who(request, errors)
        if fault is not None:
            return fault
        try:
            body: Any = json.loads(await request.read())
        except ValueError:
            return Fault(errors.not_json)
        return body if isinstance(body, dict) else Fault(errors.not_json)

    async def _send(self, request: web.Request, order: _Order) -> web.StreamResponse:
        await think(self._parts)
        act = self._parts.script.take(ZALO, order.to, never={"lose_token_reply"})
        if act.name in _TAKES_NOTHING:
            return await self._misbehave(act)
        fault = order.fault()
        if fault is not None:
            return fault.reply()
        if self._app.deduplicates and order.tracking_id and order.key in self._by_key:
            self._parts.ledger.dropped(ZALO, order.key)
            return _told(self._by_key[order.key])
        message = self._capture(order)
        reply = order.reply(message)
        if self._app.deduplicates:
            self._by_key[order.key] = reply
        telling = zalo_events.tell(self._parts, message, act)
        if act.name == "receipt_first":
            await telling
        else:
            self._parts.callbacks.soon(telling)
        if act.name == "error_but_sent":
            return Fault(-100).reply()
        reply_of_success = web.json_response({"error": 0, "message": "Success", "data": reply})
        return await answered(request, act, reply_of_success, self._parts)

    def _capture(self, order: _Order) -> Captured:
        message = self._parts.messages.add(
            channel=ZALO,
            to=order.to,
            at=self._parts.clock(),
            content=order.content,
            reference=uuid4().hex,
            tracking_id=order.tracking_id,
        )
        self._sent[message.reference] = message
        self._parts.ledger.took(ZALO, order.key)
        return message

    def _phone_reply(self, message: Captured) -> dict[str, Any]:
        """The phone channel writes every number as a string."""
        return {
            "msg_id": message.reference,
            "sent_time": zalo_events.milliseconds(self._parts),
            "sending_mode": "1",
            "quota": {"dailyQuota": str(self._templates.daily), "remainingQuota": str(self._templates.remaining)},
        }

    def _uid_reply(self, message: Captured) -> dict[str, Any]:
        return {
            "message_id": message.reference,
            "user_id": message.content["addressed_to"],
            "sent_time": zalo_events.milliseconds(self._parts),
            "quota": {"quota_type": "purchase_quota", "remain": self._templates.remaining},
        }

    async def _misbehave(self, act: Act) -> web.Response:
        match act.name:
            case "refuse":
                return Fault(int(act.args.get("error", -118)), act.args.get("message")).reply()
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
        return _told({"dailyQuota": self._templates.daily, "remainingQuota": self._templates.remaining})

    async def _list(self, request: web.Request) -> web.Response:
        fault = self._who(request, PHONE_ERRORS)
        if fault is not None:
            return fault.reply()
        found = self._templates.listed(dict(request.query))
        return _told(found, metadata={"total": len(self._app.templates)})

    async def _detail(self, request: web.Request) -> web.Response:
        id_ = request.query.get("template_id", "")
        fault = self._who(request, PHONE_ERRORS) or (None if self._templates.rule(id_) else Fault(-109))
        return fault.reply() if fault else _told(self._templates.row(id_, fully=True))

    async def _sample(self, request: web.Request) -> web.Response:
        rule = self._templates.rule(request.query.get("template_id", ""))
        fault = self._who(request, PHONE_ERRORS) or (None if rule else Fault(-109))
        if fault is not None or rule is None:
            return (fault or Fault(-109)).reply()
        return _told(dict.fromkeys(rule.parameters, "Mẫu"))

    async def _official(self, request: web.Request) -> web.Response:
        fault = self._who(request, OA_ERRORS)
        if fault is not None:
            return fault.reply()
        account = {
            "oaid": self._app.oa_id,
            "name": "Hành chính công tỉnh Mẫu",
            "is_verified": True,
            "oa_type": 4,
            "num_follower": 0,
            "package_name": "Nâng cao",
            "package_valid_through_date": f"{self._parts.clock() + timedelta(days=200):%d/%m/%Y}",
            "linked_ZCA": "ZCA-1",
        }
        return _told(account)

    def _number(self, body: dict[str, Any]) -> str | None:
        """The number behind a hash: the pretend Zalo knows those of its people."""
        numbers = (
            f"84{same_address(each.phone).removeprefix('0')}" for each in self._parts.settings.people if each.phone
        )
        wanted = body.get("hash_phone")
        return next((number for number in numbers if sha256(number.encode()).hexdigest() == wanted), None)


def _told(data: Any, **more: Any) -> web.Response:
    return web.json_response({"error": 0, "message": "Success", "data": data, **more})


async def _closed(request: web.Request) -> web.Response:
    """The endpoints that Zalo ended. Documented for the old one only; the others must merely fail."""
    del request
    return Fault(-240).reply()
