"""Signing in with a local account: login, password and the code of the moment, all three at once."""

import unicodedata

from aiohttp import web
from multidict import MultiMapping

from notifier.domain.operators import Operator
from notifier.store import operator_accounts
from notifier.web.access.browser import csrf_token, set_cookie
from notifier.web.access.entrance import (
    CONSOLE,
    VISITOR_COOKIE,
    VISITOR_SECONDS,
    let_operator_in,
    path_after,
    posted_by_visitor,
    visitor_of,
)
from notifier.web.access.local_accounts import proven
from notifier.web.keys import APP
from notifier.web.pages.page import page

LOGIN_LONGEST = 60


async def show_sign_in(request: web.Request) -> web.Response:
    """The form, and the way to the identity provider where one is configured."""
    return _form(request, request.query.get("next"), failed=request.query.get("failed", ""))


async def sign_in(request: web.Request) -> web.Response:
    """Begin a session, or show the form again."""
    form = await posted_by_visitor(request)
    who = await _operator(request, form)
    if who is None:
        return _form(request, form.get("next"), failed="proof", login=form.get("login", "")[:LOGIN_LONGEST], status=403)
    return await let_operator_in(request, who, path_after(form.get("next"), CONSOLE))


async def _operator(request: web.Request, form: MultiMapping[str]) -> Operator | None:
    """Whom both factors prove; their code is used up by that."""
    found = await proven(request, login_of(form.get("login", "")), form.get("password", ""), form.get("code", ""))
    if found is None:
        return None
    app = request.app[APP]
    async with app.pool.acquire() as connection:
        is_first = await operator_accounts.succeed(connection, found.proof, found.step, app.clock())
    return found.proof.operator if is_first else None


def login_of(text: str) -> str:
    """A login as it is stored, however somebody types it. A text that can be none gives an empty one."""
    login = unicodedata.normalize("NFC", text).strip().lower()
    return login if len(login) <= LOGIN_LONGEST and login.isprintable() else ""


def _form(
    request: web.Request, wish: str | None, *, failed: str = "", login: str = "", status: int = 200
) -> web.Response:
    app, visitor = request.app[APP], visitor_of(request)
    provider = app.settings.console.identity
    facts = {
        "csrf": csrf_token(app.secret, visitor),
        "next": path_after(wish, CONSOLE),
        "failed": failed,
        "login": login,
        "provider": provider.label if provider else None,
    }
    response = page(request, "console/sign_in", facts, status=status, forms=True)
    set_cookie(response, VISITOR_COOKIE, visitor, VISITOR_SECONDS)
    return response
