"""Starts and stops the sandbox: one process with real sockets (HTTP, SMTP, SMPP), loopback only."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.domain.clock import Clock, system_clock
from notifier.domain.errors import SettingsError
from notifier.sandbox import control, ledger, smtp_server, zalo_catalogue, zalo_people, zalo_tokens
from notifier.sandbox.callbacks import Callbacks
from notifier.sandbox.esms import Gateway
from notifier.sandbox.kannel import Kannel
from notifier.sandbox.messages import Captured, Messages
from notifier.sandbox.parts import Parts
from notifier.sandbox.portal import Portal
from notifier.sandbox.portal_push import PortalSite
from notifier.sandbox.screens import Screens
from notifier.sandbox.script import Script
from notifier.sandbox.settings import SandboxSettings, is_loopback
from notifier.sandbox.sign_in import SignIn
from notifier.sandbox.smsc import Smsc
from notifier.sandbox.vnpt import TemplateGateway
from notifier.sandbox.zalo_send import Sender

_LARGEST_BODY = 1024 * 1024
_SHUTDOWN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: where it listens, and what it took."""

    http_url: str
    smtp_port: int
    smpp_port: int
    """0 without an SMSC."""
    smtps_port: int | None
    """Where it speaks TLS at once; None without a certificate."""
    _messages: Messages = field(repr=False)

    @property
    def messages(self) -> list[Captured]:
        return self._messages.all()


@asynccontextmanager
async def running(settings: SandboxSettings, *, clock: Clock = system_clock) -> AsyncIterator[Sandbox]:
    """Run the sandbox for as long as the context is open; then nothing of it is left."""
    messages, script = Messages(settings.messages_kept), Script()
    if settings.script_file is not None:
        script.add(_read_script(settings.script_file))
    async with AsyncExitStack() as opened:
        session = await opened.enter_async_context(aiohttp.ClientSession())
        callbacks = Callbacks(session, settings.delays)
        parts = Parts(settings, clock, messages, script, callbacks, ledger.Ledger(clock))
        portal = Portal(settings, session, messages)
        runner = web.AppRunner(_application(parts, portal), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        opened.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.http_port).start()
        mail = await smtp_server.listen(parts)
        opened.push_async_callback(mail.close)
        smpp_port = await _open_smsc(parts, opened)
        opened.push_async_callback(callbacks.close)
        opened.callback(messages.close)
        _watch_inboxes(settings, portal, callbacks)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield Sandbox(f"http://{host}:{runner.addresses[0][1]}", mail.port, smpp_port, mail.tls_port, messages)


async def _open_smsc(parts: Parts, opened: AsyncExitStack) -> int:
    if parts.settings.smsc is None:
        return 0
    smsc = Smsc(parts, parts.settings.smsc)
    await smsc.listen()
    opened.push_async_callback(smsc.close)
    return smsc.port


def _watch_inboxes(settings: SandboxSettings, portal: Portal, callbacks: Callbacks) -> None:
    for at, person in enumerate(settings.people):
        if settings.portal is not None and person.lookup is not None:
            callbacks.soon(portal.watch(at))


def _read_script(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise SettingsError(f"sandbox.script_file {path} cannot be read as JSON: {wrong}") from wrong


def _application(parts: Parts, portal: Portal) -> web.Application:
    application = web.Application(middlewares=[_only_from_here], client_max_size=_LARGEST_BODY)
    grants = zalo_tokens.Grants(parts.settings.zalo, parts.clock)
    application.add_routes(zalo_tokens.routes(parts, grants))
    people = zalo_people.People(parts)
    application.add_routes(zalo_people.routes(people))
    templates = zalo_catalogue.Templates(parts)
    application.add_routes(zalo_catalogue.routes(templates))
    application.add_routes(Sender(parts, grants, people, templates).routes())
    application.add_routes(Gateway(parts).routes())
    application.add_routes(Kannel(parts).routes())
    application.add_routes(TemplateGateway(parts).routes())
    if parts.settings.portal_push is not None:
        application.add_routes(PortalSite(parts, parts.settings.portal_push).routes())
    application.add_routes(SignIn(parts).routes())
    application.add_routes(control.routes(parts))
    application.add_routes(ledger.routes(parts.ledger))
    application.add_routes(Screens(parts, portal).routes())
    return application


@web.middleware
async def _only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a page of another site makes a browser send: a foreign name for this host, or a foreign form."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname):
        raise web.HTTPForbidden(text="The sandbox answers to loopback names only.")
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise web.HTTPForbidden(text="The sandbox takes no requests from other sites.")
    return await handler(request)
