"""The pretend notification API of a provincial portal that keeps its inboxes itself (Standard Webhooks both ways)."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from notifier.intake.signature import Rejection, parse_secret, sign, verify
from notifier.sandbox.callbacks import wait
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import PORTAL, Act
from notifier.sandbox.settings import PushAccount
from notifier.sandbox.wire import WIRE_FAULTS, answered, think, wire_fault

_TAKES_NOTHING = frozenset({"refuse", *WIRE_FAULTS})
_TOLERANCE = timedelta(minutes=5)
_TYPES = {
    State.DELIVERED: "thongbao.da_nhan",
    State.READ: "thongbao.da_doc",
    State.FAILED: "thongbao.that_bai",
}


class PortalSite:
    """One account at the portal. It knows every inbox, and remembers each `webhook-id` for ever."""

    def __init__(self, parts: Parts, account: PushAccount) -> None:
        self._parts = parts
        self._account = account
        self._taken: dict[str, Captured] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/portal/notifications", self.take)]

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        keys = [parse_secret(self._account.secret)]
        proof = verify(keys, request.headers, body, self._parts.clock(), _TOLERANCE)
        if isinstance(proof, Rejection):
            return web.json_response({"code": proof.value}, status=401)
        notice = _notice(body)
        if notice is None:
            return web.json_response({"code": "invalid-notice"}, status=422)
        known = self._taken.get(proof.message_id)
        if known is not None:
            self._parts.ledger.dropped(PORTAL, proof.message_id)
            return web.json_response({"id": known.reference})
        await think(self._parts)
        act = self._parts.script.take(PORTAL, notice["inbox"])
        if act.name in _TAKES_NOTHING:
            return await self._misbehave(act)
        return await answered(request, act, await self._accept(proof.message_id, notice, act), self._parts)

    async def _misbehave(self, act: Act) -> web.Response:
        if act.name == "refuse":
            return web.json_response({"code": "unknown-person"}, status=int(act.args.get("status", 404)))
        return await wire_fault(act, self._parts)

    async def _accept(self, key: str, notice: dict[str, Any], act: Act) -> web.Response:
        self._parts.ledger.took(PORTAL, key)
        message = self._parts.messages.add(
            channel=PORTAL,
            to=notice["inbox"],
            at=self._parts.clock(),
            content={name: notice.get(name) for name in ("title", "body", "link", "audience")},
            reference=uuid4().hex,
            tracking_id=notice["id"],
        )
        self._taken[key] = message
        reporting = self._report(message, act)
        if act.name == "receipt_first":
            await reporting
        else:
            self._parts.callbacks.soon(reporting)
        return web.json_response({"id": message.reference}, status=201)

    async def _report(self, message: Captured, act: Act) -> None:
        """Put it into the inbox, let the person read it, and tell Notifier of both."""
        delays = self._parts.settings.delays
        steps = {"fail": [State.FAILED], "not_read": [State.DELIVERED]}.get(act.name, [State.DELIVERED, State.READ])
        for step in reversed(steps) if act.name == "reversed_receipts" else steps:
            await wait(delays.receipt_seconds if step is steps[0] else delays.read_seconds, act)
            self._parts.messages.move(message, step)
            if act.name == "forged_receipt":
                await self._post(message, State.FAILED, forged=True)
            if act.name != "no_receipt":
                for _ in range(2 if act.name == "duplicate_receipt" else 1):
                    await self._post(message, step, forged=act.name == "wrong_signature")

    async def _post(self, message: Captured, state: State, *, forged: bool) -> None:
        data = {"id": message.tracking_id, **({"code": "inbox_closed"} if state is State.FAILED else {})}
        now = self._parts.clock()
        event = {"type": _TYPES[state], "timestamp": now.isoformat(), "data": data}
        body = json.dumps(event, ensure_ascii=False).encode()
        key = b"guessed" * 5 if forged else parse_secret(self._account.receipt_secret)
        await self._parts.callbacks.call(
            "POST",
            f"{self._parts.settings.notifier_url}/v1/receipts/portal",
            body=body,
            headers={"Content-Type": "application/json", **sign(key, f"{message.reference}-{state}", now, body)},
            again_on_refusal=not forged,
        )


def _notice(body: bytes) -> dict[str, Any] | None:
    """What a notice says; None for anything that is none."""
    try:
        event = json.loads(body)
    except ValueError:
        return None
    data = event.get("data") if isinstance(event, dict) and event.get("type") == "thongbao.moi" else None
    texts = ("id", "inbox", "title", "body")
    return data if isinstance(data, dict) and all(isinstance(data.get(each), str) for each in texts) else None
