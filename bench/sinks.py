"""The providers of a run, in one process: they take everything, note when, and report of SMS and Zalo a moment later.

`python -m bench.sinks SPEC`, with the JSON of a `Spec`. What was taken is asked for at `/bench/taken`.
"""

import asyncio
import hashlib
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import uvloop
from aiohttp import web

from bench.events import NUMBER_IN_ADDRESS, NUMBER_IN_TEXT
from bench.sink_mail import MailSink

TRIES = 40
AGAIN_SECONDS = 0.25
CONNECTIONS = 32
"""To those who are told."""


@dataclass(frozen=True, slots=True)
class Spec:
    """`zalo_url` is where the app's console says that events of Zalo go; empty: nowhere."""

    http_port: int
    smtp_port: int
    zalo_url: str
    app_id: str
    oa_id: str
    oa_secret: str
    receipt_seconds: float

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class Sinks:
    """`taken`: channel → number of the event → when its message came first, in seconds of the monotonic clock."""

    def __init__(self, spec: Spec, session: aiohttp.ClientSession) -> None:
        self._spec = spec
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()
        self.forget()

    def forget(self) -> None:
        self.taken: dict[str, dict[int, float]] = {channel: {} for channel in ("email", "sms", "zalo", "portal")}
        self.doubles: Counter[str] = Counter()
        self.strange = 0
        self.receipts: Counter[str] = Counter()

    def took(self, channel: str, found: Any) -> None:
        """Note a message. `found` is where its number stands; without one it is strange."""
        if found is None:
            self.strange += 1
            return
        number = int(found[1])
        if number in self.taken[channel]:
            self.doubles[channel] += 1
        else:
            self.taken[channel][number] = time.monotonic()

    def mail(self) -> asyncio.Protocol:
        return MailSink(lambda recipient: self.took("email", NUMBER_IN_ADDRESS.search(recipient)))

    async def sms(self, request: web.Request) -> web.Response:
        """eSMS: JSON in, an SMSID out, the report by GET to the address that the request named."""
        body = await request.read()
        self.took("sms", NUMBER_IN_TEXT.search(body))
        fields, smsid = json.loads(body), uuid4().hex
        said = {
            "SMSID": smsid,
            "RequestId": fields["RequestId"],
            "SendStatus": "5",
            "SendSuccess": "1",
            "SendFailed": "0",
            "TotalReceiver": "1",
            "TotalSent": "1",
            "TotalPrice": "600",
            "TypeId": "2",
            "telcoid": "3",
        }
        if "CallbackUrl" in fields:
            self._soon("GET", fields["CallbackUrl"], params=said)
        return web.json_response({"CodeResult": "100", "CountRegenerate": 0, "SMSID": smsid})

    async def zalo(self, request: web.Request) -> web.Response:
        """A template by phone or by user id; "received" is posted to the address of the app, signed."""
        body = await request.read()
        self.took("zalo", NUMBER_IN_TEXT.search(body))
        fields, message_id, at = json.loads(body), uuid4().hex, str(int(time.time() * 1000))  # noqa: TID251 - a provider's clock is its own
        by_phone = "phone" in fields
        given = {"msg_id": message_id} if by_phone else {"message_id": message_id}
        answer = web.json_response({"error": 0, "message": "Success", "data": given | {"sent_time": at}})
        if not self._spec.zalo_url:
            return answer
        about = {"msg_id": message_id}
        if by_phone:
            about |= {"delivery_time": at, "tracking_id": fields["tracking_id"]}
        event = {
            "event_name": "user_received_message",
            "sender": {"id": self._spec.oa_id},
            "recipient": {"id": fields["phone" if by_phone else "user_id"]},
            "message": about,
            "app_id": self._spec.app_id,
            "timestamp": at,
        }
        told = json.dumps(event, separators=(",", ":")).encode()
        mac = hashlib.sha256(
            self._spec.app_id.encode() + told + at.encode() + self._spec.oa_secret.encode()
        ).hexdigest()
        headers = {"Content-Type": "application/json", "X-ZEvent-Signature": f"mac={mac}"}
        self._soon("POST", self._spec.zalo_url, data=told, headers=headers)
        return answer

    async def portal(self, request: web.Request) -> web.Response:
        """An inbox that is posted to: for peers that have none of their own."""
        self.took("portal", NUMBER_IN_TEXT.search(await request.read()))
        return web.json_response({"ok": True})

    def _soon(self, method: str, url: str, **what: Any) -> None:
        task = asyncio.create_task(self._tell(method, url, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, method: str, url: str, what: dict[str, Any]) -> None:
        """Tell until it is heard, as providers do."""
        await asyncio.sleep(self._spec.receipt_seconds)
        for _ in range(TRIES):
            try:
                async with self._session.request(method, url, **what) as reply:
                    self.receipts[str(reply.status)] += 1
                    if reply.ok:
                        return
            except (aiohttp.ClientError, TimeoutError):
                self.receipts["silence"] += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def answer_taken(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "taken": {channel: list(found.items()) for channel, found in self.taken.items()},
                "doubles": self.doubles,
                "strange": self.strange,
                "receipts": self.receipts,
            }
        )

    async def answer_count(self, _request: web.Request) -> web.Response:
        return web.json_response({channel: len(found) for channel, found in self.taken.items()})

    async def answer_forget(self, _request: web.Request) -> web.Response:
        self.forget()
        return web.Response(status=204)


async def serve(spec: Spec) -> None:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=20)) as session:
        sinks = Sinks(spec, session)
        application = web.Application()
        application.add_routes(
            [
                web.post("/esms/MainService.svc/json/SendMultipleMessage_V4_post_json/", sinks.sms),
                web.post("/zalo/business/message/template", sinks.zalo),
                web.post("/zalo/openapi/v3.0/oa/message/template", sinks.zalo),
                web.post("/portal", sinks.portal),
                web.get("/bench/taken", sinks.answer_taken),
                web.get("/bench/count", sinks.answer_count),
                web.post("/bench/forget", sinks.answer_forget),
            ]
        )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await asyncio.get_running_loop().create_server(sinks.mail, "127.0.0.1", spec.smtp_port)
        await web.TCPSite(runner, "127.0.0.1", spec.http_port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Spec(**json.loads(sys.argv[1]))))
