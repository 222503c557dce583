"""The pretend SMS gateway: eSMS's JSON interface (developers.esms.vn: send, error codes, callback, status by SMSID)."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from notifier.sandbox.callbacks import wait
from notifier.sandbox.esms_status import AT_CARRIER, FINISHED, WAITING, WAITING_FOR_APPROVAL, Statuses
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import SMS, Act
from notifier.sandbox.wire import WIRE_FAULTS, answered, think, wire_fault

_BASE = "/esms/MainService.svc/json"
_MOBILE = re.compile(r"(?:0|\+?84)[35789]\d{8}")
_SERVICE_TYPE_CARE = "2"
_DOUBLE = "124"
_REPEATED = "159"
"""Invented: that it is refused is documented, its code is not."""
_REMEMBERED = timedelta(hours=24)
_TAKES_NOTHING = frozenset({"refuse", "no_code", *WIRE_FAULTS})

TEXTS = {
    "99": "Number blocked",
    "101": "Authorize Failed",
    "103": "Balance not enough",
    "104": "Brandname not found",
    "108": "Phone number is not valid",
    "124": "RequestId is duplicated",
    "146": "Template CSKH is invalid",
    "177": "Brandname is not registered for this telco",
    "300": "SmsType is missing",
    "301": "SmsType is not supported",
}


class Gateway:
    """One account at the gateway, and which RequestIds it remembers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._requests: dict[str, datetime] = {}
        self._texts: dict[tuple[str, str], datetime] = {}
        self._statuses = Statuses(parts)

    def routes(self) -> list[web.RouteDef]:
        send = f"{_BASE}/SendMultipleMessage_V4_post_json"
        return [
            web.post(send, self.send),
            web.post(f"{send}/", self.send),
            web.get(f"{_BASE}/GetSendStatus", self._statuses.answer),
        ]

    async def send(self, request: web.Request) -> web.StreamResponse:
        fields = await _strings(request)
        if fields is None:
            return web.json_response({"error": "Invalid request"})
        wrong = self._fault(fields)
        if wrong == _DOUBLE:
            self._parts.ledger.dropped(SMS, fields["RequestId"])
        if wrong is not None:
            return _refusal(wrong)
        await think(self._parts)
        act = self._parts.script.take(SMS, fields["Phone"])
        if act.name in _TAKES_NOTHING:
            return await self._misbehave(act)
        if fields.get("Sandbox") == "1":
            return _accepted(uuid4().hex)
        return await answered(request, act, await self._accept(fields, act), self._parts)

    def _known(self, fields: Mapping[str, str]) -> bool:
        account = self._parts.settings.sms
        return (fields.get("ApiKey"), fields.get("SecretKey")) == (account.api_key, account.secret_key)

    def _fault(self, fields: dict[str, str]) -> str | None:
        """The CodeResult that refuses the request by the gateway's own rules, or None."""
        registered = self._parts.settings.sms.brandname
        if not self._known(fields):
            return "101"
        if "SmsType" not in fields:
            return "300"
        if fields["SmsType"] != _SERVICE_TYPE_CARE:
            return "301"
        if not fields.get("Brandname") or (registered and fields["Brandname"].lower() != registered.lower()):
            return "104"
        if not _MOBILE.fullmatch(fields.get("Phone", "")):
            return "108"
        now = self._parts.clock()
        seen = self._requests.get(fields.get("RequestId", ""))
        if seen and now - seen < _REMEMBERED:
            return _DOUBLE
        said = self._texts.get((fields["Phone"], fields.get("Content", "")))
        again = timedelta(seconds=self._parts.settings.sms.repeat_seconds)
        return _REPEATED if said and now - said < again else None

    async def _misbehave(self, act: Act) -> web.Response:
        match act.name:
            case "refuse":
                return _refusal(str(act.args.get("code", "99")))
            case "no_code":
                return web.json_response({"error": "Invalid request"})
            case _:
                return await wire_fault(act, self._parts)

    async def _accept(self, fields: dict[str, str], act: Act) -> web.Response:
        smsid, request_id = uuid4().hex, fields.get("RequestId", "")
        if request_id:
            self._requests[request_id] = self._parts.clock()
        self._texts[fields["Phone"], fields.get("Content", "")] = self._parts.clock()
        self._statuses.took(smsid, request_id)
        self._parts.ledger.took(SMS, request_id or smsid)
        message = self._parts.messages.add(
            channel=SMS,
            to=fields["Phone"],
            at=self._parts.clock(),
            content={
                "text": fields.get("Content", ""),
                "brandname": fields["Brandname"],
                "unicode": fields.get("IsUnicode") == "1",
            },
            reference=smsid,
            tracking_id=request_id or None,
        )
        reporting = self._report(message, fields.get("CallbackUrl", ""), act)
        if act.name == "receipt_first":
            await reporting
        else:
            self._parts.callbacks.soon(reporting)
        return _accepted(smsid)

    async def _report(self, message: Captured, url: str, act: Act) -> None:
        """Hand to the carrier (7), then finish (5), and call back at each step."""
        success, failed = {"fail": (0, 1), "zero_receipt": (0, 0)}.get(act.name, (1, 0))
        waits = [(WAITING_FOR_APPROVAL, 0, 0), (WAITING, 0, 0)] if act.name == "wait_approval" else []
        steps = [*waits, (AT_CARRIER, 0, 0), (FINISHED, success, failed)]
        for step in reversed(steps) if act.name == "reversed_receipts" else steps:
            await wait(self._parts.settings.delays.receipt_seconds, act)
            self._statuses.move(message.reference, *step)
            if step[0] == FINISHED and (success or failed):
                self._parts.messages.move(message, State.DELIVERED if success else State.FAILED)
            if url and act.name == "forged_receipt":
                await self._forge(message, url)
            if url and act.name != "no_receipt":
                for _ in range(2 if act.name == "duplicate_receipt" else 1):
                    said = _callback(message, step) | ({"RequestId": ""} if act.name == "no_request_id" else {})
                    await self._parts.callbacks.call("GET", url, params=said, again_on_refusal=False)

    async def _forge(self, message: Captured, url: str) -> None:
        """Say that it failed, to an address whose secret last part is a guess."""
        lie = _callback(message, (FINISHED, 0, 1))
        await self._parts.callbacks.call("GET", f"{url}-guessed", params=lie, again_on_refusal=False)


async def _strings(request: web.Request) -> dict[str, str] | None:
    """The fields of a request; None unless it is a JSON object of strings, the only thing the gateway reads."""
    try:
        fields: Any = json.loads(await request.read())
    except ValueError:
        return None
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        return None
    return fields


def _accepted(smsid: str) -> web.Response:
    return web.json_response({"CodeResult": "100", "CountRegenerate": 0, "SMSID": smsid})


def _refusal(code: str) -> web.Response:
    """A refusal as the gateway words it: 146 still carries an SMSID, 124 a SendStatus and no SMSID."""
    body: dict[str, Any] = {"CodeResult": code, "CountRegenerate": 0, "ErrorMessage": TEXTS.get(code, "Error")}
    if code == "146":
        body["SMSID"] = uuid4().hex
    if code == "124":
        body["SendStatus"] = WAITING
    return web.json_response(body)


def _callback(message: Captured, step: tuple[int, int, int]) -> dict[str, str]:
    status, success, failed = step
    return {
        "SMSID": message.reference,
        "RequestId": message.tracking_id or "",
        "SendStatus": str(status),
        "SendSuccess": str(success),
        "SendFailed": str(failed),
        "TotalReceiver": "1",
        "TotalSent": str(success + failed),
        # the document's sample and its table spell it differently
        "TotalPrice" if status == FINISHED else "Totalprice": "600",
        "TypeId": "2",
        "telcoid": "3",
        "phonenumber": message.to,
    }
