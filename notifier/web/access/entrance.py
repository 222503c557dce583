"""Signing in: what a browser carries before anybody is known, how its session begins, and where it leads.

A form before the session is tied to its browser by a cookie of its own, so that no other site can sign somebody in
under another name. A session always begins with a fresh token.
"""

import re
import secrets
from datetime import timedelta

from aiohttp import web
from multidict import MultiDict

from notifier.domain.ids import InboxOwner
from notifier.domain.opaque import token_hash
from notifier.domain.operators import Operator
from notifier.store import operators, passes
from notifier.store.passes import Kind, Opened
from notifier.web.access.browser import TOKEN, posted, set_cookie
from notifier.web.access.gate import SESSION, hash_of
from notifier.web.access.visits import CITIZEN_COOKIE, OPERATOR_COOKIE
from notifier.web.keys import APP

VISITOR_COOKIE = "__Host-visitor"
VISITOR_SECONDS = 3600
NEXT_LONGEST = 1000
"""Characters of an address that is kept in a cookie while somebody signs in."""
CONSOLE, INBOX = "/console", "/hop-thu"
NEVER_NEXT = frozenset(
    {f"{CONSOLE}/sign-in", f"{CONSOLE}/sign-out", f"{INBOX}/dang-nhap", f"{INBOX}/dang-xuat"},
)
_PATH = re.compile(r"(/[a-z-]+(?:/[\w.~%:@!$&'()*+,;=-]+)*/?)(\?[!-\[\]-~]*)?", re.ASCII)


def visitor_of(request: web.Request) -> str:
    """What this browser is known by before anybody signs in; a new token where it carries none of ours."""
    known = request.cookies.get(VISITOR_COOKIE, "")
    return known if TOKEN.fullmatch(known) else secrets.token_urlsafe(32)


async def posted_by_visitor(request: web.Request) -> MultiDict[str]:
    """The form that was posted. Raises `forbidden` unless a page that this browser was shown made it."""
    return await posted(request, visitor_of(request))  # a new token fits no form


def path_after(wish: str | None, home: str) -> str:
    """Where a sign-in leads: the wish if it is a page below `home`, else `home`. Never to another site."""
    found = _PATH.fullmatch(wish or "")
    if found is None or len(found[0]) > NEXT_LONGEST or ".." in found[1].lower().replace("%2e", "."):
        return home
    is_below = found[1] == home or found[1].startswith(f"{home}/")
    return found[0] if is_below and found[1].rstrip("/") not in NEVER_NEXT else home


async def let_operator_in(request: web.Request, who: Operator, leads_to: str) -> web.Response:
    """Begin a session of this operator in this browser; one that it had before ends."""
    app, now, token = request.app[APP], request.app[APP].clock(), secrets.token_urlsafe(32)
    lasts = timedelta(minutes=app.settings.console.session_minutes)
    async with app.pool.acquire() as connection, connection.transaction():
        if TOKEN.fullmatch(before := request.cookies.get(OPERATOR_COOKIE, "")):
            await operators.end_session(connection, token_hash(before))
        await operators.begin_session(connection, token_hash(token), who.id, now, now + lasts)
    response = _leading_to(leads_to)
    set_cookie(response, OPERATOR_COOKIE, token, lasts.total_seconds())
    return response


async def let_citizen_in(request: web.Request, owner: InboxOwner, leads_to: str, lasts: timedelta) -> web.Response:
    """Open this inbox to this browser; one that was open before is closed."""
    app, now, token = request.app[APP], request.app[APP].clock(), SESSION + secrets.token_urlsafe(32)
    opened = Opened(owner, now + lasts)
    async with app.pool.acquire() as connection, connection.transaction():
        await passes.end_session(connection, hash_of(request.cookies.get(CITIZEN_COOKIE, "")))
        await passes.issue(connection, token_hash(token), Kind.SESSION, opened, opened.until, now)
    response = _leading_to(leads_to)
    set_cookie(response, CITIZEN_COOKIE, token, lasts.total_seconds())
    return response


def _leading_to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})
