"""The pretend Kannel: its sendsms interface, and its reports on the address that the sender gave (User's Guide 1.4.5).

It reports each event once, as Kannel does without `http-request-retry`: a report that meets nobody is lost.
"""

from urllib.parse import quote_plus

from aiohttp import web

from notifier.domain.clock import VIETNAM
from notifier.sandbox.callbacks import wait
from notifier.sandbox.ledger import keyless
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import SMS, Act
from notifier.sandbox.wire import WIRE_FAULTS, answered, think, wire_fault

_DELIVERED, _NOT_DELIVERED, _BUFFERED, _ACCEPTED, _REJECTED = 1, 2, 4, 8, 16


class Kannel:
    """One sendsms user; name and password are the keys of `SmsAccount`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/kannel/cgi-bin/sendsms", self.send)]

    async def send(self, request: web.Request) -> web.StreamResponse:
        asked, account = request.query, self._parts.settings.sms
        if (asked.get("username"), asked.get("password")) != (account.api_key, account.secret_key):
            return _said(403, "Authorization failed for sendsms")
        if not asked.get("to"):
            return _said(400, "Missing receiver number, rejected")
        await think(self._parts)
        act = self._parts.script.take(SMS, asked["to"])
        if act.name == "refuse":
            return _said(
                int(act.args.get("status", 400)), "Number(s) has/have been denied by white- and/or black-lists."
            )
        if act.name in WIRE_FAULTS:
            return await wire_fault(act, self._parts)
        message = self._keep(request)
        reporting = self._report(message, asked.get("dlr-url", ""), int(asked.get("dlr-mask", "0")), act)
        if act.name == "receipt_first":
            await reporting
        else:
            self._parts.callbacks.soon(reporting)
        return await answered(request, act, _said(202, "0: Accepted for delivery"), self._parts)

    def _keep(self, request: web.Request) -> Captured:
        """The message as a phone shows it: without `charset`, a text with coding 2 is read as UTF-16."""
        asked = request.query
        text, is_unicode = asked.get("text", ""), asked.get("coding") == "2"
        if is_unicode and asked.get("charset", "").upper() != "UTF-8":
            text = text.encode().decode("utf-16-be", "replace")
        self._parts.ledger.took(SMS, keyless(asked["to"], {"text": text}))
        content = {"text": text, "brandname": asked.get("from", ""), "unicode": is_unicode}
        reference = f"{self._parts.clock():%H%M%S%f}"
        return self._parts.messages.add(
            channel=SMS, to=asked["to"], at=self._parts.clock(), content=content, reference=reference, tracking_id=None
        )

    async def _report(self, message: Captured, url: str, mask: int, act: Act) -> None:
        """What the SMSC took, then how it ended. The fake driver of Kannel tells the end first."""
        end = {"fail": _NOT_DELIVERED, "zero_receipt": _BUFFERED}.get(act.name, _DELIVERED)
        steps = [(_ACCEPTED, "ACK/"), (end, self._words(end, act))]
        for event, words in reversed(steps) if act.name == "reversed_receipts" else steps:
            await wait(self._parts.settings.delays.receipt_seconds, act)
            if event in {_DELIVERED, _NOT_DELIVERED}:
                self._parts.messages.move(message, State.DELIVERED if event == _DELIVERED else State.FAILED)
            if not url or not event & mask or act.name == "no_receipt":
                continue
            filled = _filled(url, {"d": str(event), "A": words, "F": message.reference, "p": message.to})
            if act.name == "forged_receipt":
                forged = _filled(
                    url.replace("?", "-guessed?", 1), {"d": str(_NOT_DELIVERED), "A": "", "F": "", "p": ""}
                )
                await self._parts.callbacks.call("GET", forged, once=True)
            for _ in range(2 if act.name == "duplicate_receipt" else 1):
                await self._parts.callbacks.call("GET", filled, once=True)

    def _words(self, event: int, act: Act) -> str:
        """The text of the SMSC's own receipt."""
        stat = {_DELIVERED: "DELIVRD", _NOT_DELIVERED: "UNDELIV"}.get(event, "ENROUTE")
        err = act.args.get("err", "000" if event == _DELIVERED else "0A1")
        date = f"{self._parts.clock().astimezone(VIETNAM):%y%m%d%H%M}"
        return f"id:1 sub:001 dlvrd:001 submit date:{date} done date:{date} stat:{stat} err:{err} text:"


def _filled(url: str, values: dict[str, str]) -> str:
    for escape, value in values.items():
        url = url.replace(f"%{escape}", quote_plus(value))
    return url


def _said(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=words, content_type="text/html")
