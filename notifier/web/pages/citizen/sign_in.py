"""Signing in to the own inbox by the province's identity provider, and signing out."""

from aiohttp import web

from notifier.store import inbox, passes
from notifier.web.access.browser import drop_cookie
from notifier.web.access.entrance import INBOX, path_after
from notifier.web.access.gate import hash_of
from notifier.web.access.provider import CITIZENS
from notifier.web.access.visits import CITIZEN_COOKIE, INBOX_SIGN_IN, CitizenVisit
from notifier.web.keys import APP
from notifier.web.pages.page import page


async def show_sign_in(request: web.Request) -> web.Response:
    """The way to the identity provider, or what to do where none is configured."""
    settings, provider = request.app[APP].settings.identity, request.app[CITIZENS]
    facts = {
        "next": path_after(request.query.get("next"), INBOX),
        "failed": request.query.get("failed", ""),
        "can": provider is not None,
        "can_be_officer": bool(settings and settings.citizen_claim and settings.officer_claim),
        "label": (settings.label if settings else "") or "VNeID",
    }
    return page(request, "citizen/sign_in", facts)


async def sign_out(visit: CitizenVisit) -> web.Response:
    """End this browser's session of the inbox, in its other windows too."""
    async with visit.app.pool.acquire() as connection:
        await passes.end_session(connection, hash_of(visit.session))
        await inbox.tell(connection, visit.who)
    response = web.Response(status=303, headers={"Location": f"{INBOX_SIGN_IN}?failed=out"})
    drop_cookie(response, CITIZEN_COOKIE)
    return response
