"""Callbacks of providers: proven genuine, stored as they came, answered; understood later by a worker."""

from dataclasses import replace

from aiohttp import web

from channels.registry import ProviderSetup
from channels.zalo_settings import Settings as ZaloSettings
from channels.zalo_webhook import parties
from notifier.domain.ids import ProviderName
from notifier.domain.receipts import RawReceipt
from notifier.telemetry.metrics import RECEIPTS
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import read_body
from workers.wiring import App

KEPT_HEADERS = frozenset(
    {
        "content-type",
        "num_retry",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-zevent-server",
        "x-zevent-signature",
    }
)


async def take_receipt(request: web.Request) -> web.Response:
    """200 once the callback is committed. A forged one gets 401 and leaves no trace but a count."""
    app = request.app[APP]
    setup = app.providers.get(ProviderName(request.match_info["provider"]))
    if setup is None:
        raise ProblemError("not-found", "No provider of this name sends receipts.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    raw = RawReceipt(
        provider=setup.name,
        method=request.method,
        key=request.match_info.get("key"),
        query={_storable(name.lower()): _storable(value) for name, value in request.query.items()},
        headers={name: _storable(value) for name, value in headers.items() if name in KEPT_HEADERS},
        body=await read_body(request),
    )
    setup = _speaker(app, setup, raw)
    raw = replace(raw, provider=setup.name)
    if not setup.module.authentic(raw, setup.settings):
        RECEIPTS.labels(setup.name, "refused").inc()
        raise ProblemError("invalid-signature", "The callback does not prove that it comes from the provider.")
    await app.receipts.do(raw)
    return web.Response(text="OK")


def _speaker(app: App, named: ProviderSetup, raw: RawReceipt) -> ProviderSetup:
    """Of which provider the callback speaks: all Official Accounts of an app share the address of one of them.

    What it says is only believed with that account's own secret.
    """
    if not isinstance(named.settings, ZaloSettings):
        return named
    about = parties(raw)
    accounts = (each for each in app.setups[named.channel].providers if isinstance(each.settings, ZaloSettings))
    return next((each for each in accounts if each.settings.oa_id in about), named)


def _storable(text: str) -> str:
    """The text without what a database cannot hold: NUL, and bytes that are not UTF-8."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")
