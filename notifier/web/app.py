"""The web process: webhooks in, receipts in, the inbox API, pages for people, and what operators need."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from notifier.settings import Issuer
from notifier.web.access.key_ring import KeyRing
from notifier.web.access.provider import CITIZENS, OPERATORS, Provider
from notifier.web.keys import APP, HASHING, INTAKE, KEYS, PROBLEM_PAGE, REPORTING, WATCH
from notifier.web.live import InboxWatch
from notifier.web.origins import allow_origin, answer_preflights
from notifier.web.pages.problem import problem_page
from notifier.web.pages.routes import PAGES
from notifier.web.pressure import PRESSURE, Pressure
from notifier.web.problems import problems
from notifier.web.routes import ROUTES
from workers.steps import new_intake
from workers.wiring import App

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

HASHED_AT_ONCE = 2
"""Passwords; each takes 19 MiB and a core for some tens of milliseconds."""
LINGER_SECONDS = 1
"""How long a client that was refused early may go on sending, so that it reads the answer before the line is cut."""


def web_application(app: App) -> web.Application:
    """The aiohttp application over an open `App`."""
    application = web.Application(middlewares=[answer_preflights, problems])
    application[APP] = app
    application[INTAKE] = new_intake(app)
    application[KEYS] = KeyRing(app.settings.identity, app.clock) if app.settings.identity else None
    application[CITIZENS] = _provider(app, app.settings.identity, "/hop-thu/oidc")
    application[OPERATORS] = _provider(app, app.settings.console.identity, "/console/oidc")
    application[PRESSURE] = Pressure(app)
    limits = app.settings.inbox
    application[WATCH] = InboxWatch(app.pool, most_each=limits.max_streams_each, most=limits.max_streams)
    application[REPORTING] = asyncio.Lock()
    application[HASHING] = asyncio.Semaphore(HASHED_AT_ONCE)
    application[PROBLEM_PAGE] = problem_page
    for route in ROUTES:
        application.router.add_route(route.method, route.path, route.handler)
    for each in PAGES:
        application.router.add_route(each.method, each.path, each.handler)
    application.on_response_prepare.extend([_secure, allow_origin])
    application.on_shutdown.append(_end_streams)
    application.cleanup_ctx.append(_listen)
    application.on_cleanup.extend([_close_intake, _close_keys])
    return application


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


async def _listen(application: web.Application) -> AsyncIterator[None]:
    listener = asyncio.create_task(application[WATCH].listen())
    yield
    listener.cancel()
    with suppress(asyncio.CancelledError):
        await listener


def _provider(app: App, settings: Issuer | None, back: str) -> Provider | None:
    """Where people sign in, if the provider knows our pages."""
    if settings is None or settings.client_id is None:
        return None
    return Provider(settings, app.clock, app.secret, app.settings.public_url + back)


async def _close_intake(application: web.Application) -> None:
    await application[INTAKE].close()


async def _close_keys(application: web.Application) -> None:
    for each in (application[KEYS], application[CITIZENS], application[OPERATORS]):
        if each is not None:
            await each.close()


async def _end_streams(application: web.Application) -> None:
    application[WATCH].close()


async def serve(app: App, stop: asyncio.Event) -> None:
    """Answer on the configured address until `stop` is set; requests under way are finished."""
    runner = web.AppRunner(
        web_application(app), access_log=None, shutdown_timeout=10, keepalive_timeout=30, lingering_time=LINGER_SECONDS
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, app.settings.web.host, app.settings.web.port).start()
        await stop.wait()
    finally:
        await runner.cleanup()
