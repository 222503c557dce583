"""The two addresses of a sign-in by an identity provider, for operators and for citizens: there, and back."""

import logging
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web

from notifier.web.access.bearer import inboxes
from notifier.web.access.browser import drop_cookie, set_cookie
from notifier.web.access.entrance import CONSOLE, INBOX, let_citizen_in, let_operator_in, path_after
from notifier.web.access.provided import operator_of
from notifier.web.access.provider import CITIZENS, JOURNEY_LASTS, OPERATORS, Declined, Provider
from notifier.web.access.visits import CONSOLE_SIGN_IN, INBOX_SIGN_IN
from notifier.web.keys import APP
from notifier.web.problems import ProblemError

log = logging.getLogger(__name__)

AS_OFFICER = "officer"
OPERATOR_JOURNEY, CITIZEN_JOURNEY = "__Host-console-journey", "__Host-inbox-journey"


async def send_operator(request: web.Request) -> web.Response:
    """To the identity provider of operators."""
    return await _send(request, request.app[OPERATORS], OPERATOR_JOURNEY, CONSOLE)


async def send_citizen(request: web.Request) -> web.Response:
    """To the identity provider of citizens, with `as=officer` for the inbox of an officer's work."""
    return await _send(request, request.app[CITIZENS], CITIZEN_JOURNEY, INBOX)


async def _send(request: web.Request, provider: Provider | None, cookie: str, home: str) -> web.Response:
    if provider is None:
        raise ProblemError("not-found", "No identity provider is configured.")
    as_officer = request.query.get("as") == AS_OFFICER
    address, journey = await provider.begin(path_after(request.query.get("next"), home), as_officer=as_officer)
    response = web.Response(status=303, headers={"Location": address})
    set_cookie(response, cookie, journey, JOURNEY_LASTS.total_seconds())
    return response


async def take_operator(request: web.Request) -> web.Response:
    """Let the operator in whom the provider's answer proves."""
    app, provider, settings = request.app[APP], request.app[OPERATORS], request.app[APP].settings.console.identity
    if provider is None or settings is None:
        raise ProblemError("not-found", "No identity provider is configured.")
    sealed = request.cookies.get(OPERATOR_JOURNEY, "")
    try:
        claims, journey = await provider.finish(request.query, sealed)
    except Declined as declined:
        return _back(_sign_in(CONSOLE_SIGN_IN, "provider", provider.wish(sealed)), OPERATOR_JOURNEY, declined)
    async with app.pool.acquire() as connection:
        who = await operator_of(connection, claims, settings, app.clock())
    if who is None:
        return _back(_sign_in(CONSOLE_SIGN_IN, "account", journey.leads_to), OPERATOR_JOURNEY, "no account")
    response = await let_operator_in(request, who, journey.leads_to)
    drop_cookie(response, OPERATOR_JOURNEY)
    return response


async def take_citizen(request: web.Request) -> web.Response:
    """Open the inbox of the person whom the provider's answer proves."""
    app, provider, settings = request.app[APP], request.app[CITIZENS], request.app[APP].settings.identity
    if provider is None or settings is None:
        raise ProblemError("not-found", "No identity provider is configured.")
    sealed = request.cookies.get(CITIZEN_JOURNEY, "")
    try:
        claims, journey = await provider.finish(request.query, sealed)
    except Declined as declined:
        return _back(_sign_in(INBOX_SIGN_IN, "provider", provider.wish(sealed)), CITIZEN_JOURNEY, declined)
    citizen, officer = inboxes(claims, settings, app.secret)
    owner = officer if journey.as_officer else citizen or officer
    if owner is None:
        why = "the agreed claims name nobody"
        return _back(_sign_in(INBOX_SIGN_IN, "account", journey.leads_to), CITIZEN_JOURNEY, why)
    response = await let_citizen_in(request, owner, journey.leads_to, timedelta(minutes=settings.session_minutes))
    drop_cookie(response, CITIZEN_JOURNEY)
    return response


def _sign_in(address: str, failed: str, wish: str | None) -> str:
    """The sign-in with what to say there, and the page that was wanted. Of the provider's answer nothing is in it."""
    wanted = {} if wish in {None, CONSOLE, INBOX} else {"next": wish}
    return f"{address}?{urlencode({'failed': failed, **wanted})}"


def _back(address: str, cookie: str, why: object) -> web.Response:
    log.info("a sign-in by the identity provider failed: %s", why)
    response = web.Response(status=303, headers={"Location": address})
    drop_cookie(response, cookie)
    return response
