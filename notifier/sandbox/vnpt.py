"""The pretend gateway that takes template ids: it puts the message together from the wording that it has registered.

The form of its requests is that of published integrations; its codes are invented, for a contract's table is not public.
"""

import re
from typing import Any

from aiohttp import web

from notifier.sandbox.callbacks import wait
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import SMS, Act
from notifier.sandbox.wire import WIRE_FAULTS, answered, think, wire_fault

_MOBILE = re.compile(r"84[35789]\d{8}")
TEXTS = {
    "0": "success",
    "1": "Invalid request",
    "2": "Authentication failed",
    "3": "Template is not registered",
    "4": "Parameters do not fit the template",
    "5": "Mobile number is not valid",
    "9": "Quota exceeded",
}


class TemplateGateway:
    """One account; its user and password are the keys of `SmsAccount`, its templates the wordings there."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/vnpt/smsmarketing/api", self.send)]

    async def send(self, request: web.Request) -> web.StreamResponse:
        try:
            asked: dict[str, Any] = (await request.json())["RQST"]
            fields = {name: str(asked[name]) for name in ("APIUSER", "APIPASS", "TEMPLATEID", "MOBILELIST", "LABELID")}
            given = {str(each["NUM"]): str(each["CONTENT"]) for each in asked["PARAMS"]}
        except (ValueError, KeyError, TypeError):
            return _reply("1")
        if (wrong := self._fault(fields, given)) is not None:
            return _reply(wrong)
        await think(self._parts)
        act = self._parts.script.take(SMS, fields["MOBILELIST"])
        if act.name == "refuse":
            return _reply(str(act.args.get("code", "5")))
        if act.name == "no_code":
            return web.json_response({"RPLY": {"name": "send_sms_list"}})
        if act.name in WIRE_FAULTS:
            return await wire_fault(act, self._parts)
        message = self._keep(fields, given, asked)
        self._parts.callbacks.soon(self._deliver(message, act))
        return await answered(request, act, _reply("0"), self._parts)

    def _fault(self, fields: dict[str, str], given: dict[str, str]) -> str | None:
        account = self._parts.settings.sms
        wording = account.wordings.get(fields["TEMPLATEID"])
        if (fields["APIUSER"], fields["APIPASS"]) != (account.api_key, account.secret_key):
            return "2"
        if wording is None:
            return "3"
        if set(re.findall(r"\{(\d+)\}", wording)) != set(given):
            return "4"
        return None if _MOBILE.fullmatch(fields["MOBILELIST"]) else "5"

    def _keep(self, fields: dict[str, str], given: dict[str, str], asked: dict[str, Any]) -> Captured:
        wording = self._parts.settings.sms.wordings[fields["TEMPLATEID"]]
        text = re.sub(r"\{(\d+)\}", lambda hole: given[hole[1]], wording)
        request_id = str(asked.get("REQID", ""))
        self._parts.ledger.took(SMS, request_id)
        content = {"text": text, "brandname": fields["LABELID"], "unicode": asked.get("DATACODING") == "8"}
        return self._parts.messages.add(
            channel=SMS,
            to=fields["MOBILELIST"],
            at=self._parts.clock(),
            content=content,
            reference=request_id,
            tracking_id=request_id,
        )

    async def _deliver(self, message: Captured, act: Act) -> None:
        """It reports nothing; only the phone shows what became of it."""
        await wait(self._parts.settings.delays.receipt_seconds, act)
        self._parts.messages.move(message, State.FAILED if act.name == "fail" else State.DELIVERED)


def _reply(error: str) -> web.Response:
    body = {"name": "send_sms_list", "ERROR": error, "ERROR_DESC": TEXTS.get(error, "Error")}
    return web.json_response({"RPLY": body})
