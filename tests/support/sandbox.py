"""A sandbox with quick delays, and a listener in Notifier's place that keeps what is posted to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from notifier.sandbox.settings import Delays, SandboxSettings, SmsAccount, ZaloApp

ZALO = ZaloApp(app_id="111", app_secret="APPSECRET", oa_id="222", oa_secret="OASECRET", refresh_token="first-refresh")
SMS = SmsAccount(api_key="sms-key", secret_key="sms-secret", brandname="VIDU")
QUICK = Delays(
    receipt_seconds=(0.0, 0.01),
    read_seconds=(0.0, 0.01),
    retry_seconds=(0.01, 0.01, 0.01),
    hang_seconds=0.2,
    fresh_seconds=0.0,
    portal_seconds=0.02,
)


def sandbox_settings(notifier_url: str = "http://127.0.0.1:9", **changes: Any) -> SandboxSettings:
    """Settings for tests; nobody answers at the default Notifier."""
    values: dict[str, Any] = {
        "notifier_url": notifier_url,
        "zalo": ZALO,
        "sms": SMS,
        "email_receipt_key": "bounce-key",
        "delays": QUICK,
    }
    return SandboxSettings(**(values | changes))


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """What arrived, in order. `answers` are the statuses of the next replies; then 200."""

    url: str
    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path.startswith(path)]


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener("")

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        listener.calls.append(Call(request.method, request.path, dict(request.query), headers, body))
        return web.Response(status=listener.answers.pop(0) if listener.answers else 200)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", take)
    async with serving(application) as url:
        listener.url = url
        yield listener


@asynccontextmanager
async def serving(application: web.Application, port: int = 0) -> AsyncIterator[str]:
    """Serve an application, by default on a free port; answers its address."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
