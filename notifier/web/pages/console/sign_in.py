"""Signing in with a local account: login, password and the code of the moment, all three at once.

Whatever is wrong gets one answer that takes as long: nobody learns which accounts there are.
"""

import unicodedata

from aiohttp import web
from multidict import MultiMapping

from notifier.domain.operators import PASSWORD_LONGEST, Operator
from notifier.store import operator_accounts
from notifier.web.access import passwords
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
from notifier.web.access.sealing import unseal
from notifier.web.keys import APP, HASHING
from notifier.web.pages.page import page
from workers.wiring import App

LOGIN_LONGEST = 60
TOTP_PURPOSE = "totp"


async def show_sign_in(request: web.Request) -> web.Response:
    """The form, and the way to the identity provider where one is configured."""
    return _form(request, request.query.get("next"), failed=request.query.get("failed", ""))


async def sign_in(request: web.Request) -> web.Response:
    """Begin a session, or show the form again."""
    form = await posted_by_visitor(request)
    who = await _proven(request.app[APP], request, form)
    if who is None:
        return _form(request, form.get("next"), failed="proof", login=form.get("login", "")[:LOGIN_LONGEST], status=403)
    return await let_operator_in(request, who, path_after(form.get("next"), CONSOLE))


async def _proven(app: App, request: web.Request, form: MultiMapping[str]) -> Operator | None:
    login, password = login_of(form.get("login", "")), form.get("password", "")[: PASSWORD_LONGEST + 1]
    now = app.clock()
    async with app.pool.acquire() as connection:
        proof = await operator_accounts.try_sign_in(connection, login, now)
    async with request.app[HASHING]:
        fits = await passwords.fits(password, proof.password_hash if proof else None)
    if proof is None or not fits:
        return None
    secret = unseal(app.secret, TOTP_PURPOSE, proof.totp_secret)
    step = passwords.step_of(secret, form.get("code", ""), now) if secret else None
    if step is None:
        return None
    async with app.pool.acquire() as connection:
        return proof.operator if await operator_accounts.succeed(connection, proof, step, now) else None


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
