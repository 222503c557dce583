"""Setting up a local account: who opened the link chooses a password, and proves that their phone shows codes.

A link is changed for a cookie, so that it stands in no later address and opens nothing again. Only a form does that:
programs that look at links before their readers do, as messengers for a preview, use up nothing.
"""

import re
import secrets

from aiohttp import web
from markupsafe import Markup
from multidict import MultiMapping

from notifier.domain.opaque import token_hash
from notifier.domain.operators import PASSWORD_SHORTEST, faults_of_choice
from notifier.rendering.qr import qr_svg
from notifier.store import set_ups
from notifier.store.set_ups import SetUp
from notifier.web.access import passwords
from notifier.web.access.browser import TOKEN, csrf_token, drop_cookie, posted, set_cookie
from notifier.web.access.entrance import (
    CONSOLE,
    VISITOR_COOKIE,
    VISITOR_SECONDS,
    let_operator_in,
    posted_by_visitor,
    visitor_of,
)
from notifier.web.access.local_accounts import TOTP_PURPOSE
from notifier.web.access.sealing import seal, unseal
from notifier.web.access.set_up_links import BROWSER_LIVES, SET_UP
from notifier.web.keys import APP, HASHING
from notifier.web.pages.page import page
from notifier.web.problems import ProblemError
from workers.wiring import App

SET_UP_COOKIE = "__Host-set-up"


async def show_link(request: web.Request) -> web.Response:
    """The page that begins the set-up, for a link that still opens."""
    app, link, visitor = request.app[APP], request.match_info["token"], visitor_of(request)
    async with app.pool.acquire() as connection:
        if not TOKEN.fullmatch(link) or not await set_ups.is_offered(connection, token_hash(link), app.clock()):
            raise _spent()
    response = page(request, "console/set_up_begin", {"csrf": csrf_token(app.secret, visitor)}, forms=True)
    set_cookie(response, VISITOR_COOKIE, visitor, VISITOR_SECONDS)
    return response


async def open_link(request: web.Request) -> web.Response:
    """Change the link for this browser's cookie."""
    await posted_by_visitor(request)
    app, link, cookie = request.app[APP], request.match_info["token"], secrets.token_urlsafe(32)
    now = app.clock()
    sealed = seal(app.secret, TOTP_PURPOSE, passwords.new_secret())
    async with app.pool.acquire() as connection:
        if not TOKEN.fullmatch(link) or not await set_ups.open_once(
            connection, token_hash(link), token_hash(cookie), sealed, now, now + BROWSER_LIVES
        ):
            raise _spent()
    response = web.Response(status=303, headers={"Location": SET_UP})
    set_cookie(response, SET_UP_COOKIE, cookie, BROWSER_LIVES.total_seconds())
    return response


async def show_set_up(request: web.Request) -> web.Response:
    """The form with the QR code."""
    cookie = request.cookies.get(SET_UP_COOKIE, "")
    return _form(request, cookie, await _begun(request.app[APP], cookie))


async def set_up(request: web.Request) -> web.Response:
    """Keep password and second factor, and let the operator in; or show the form again with what is wrong."""
    app, cookie = request.app[APP], request.cookies.get(SET_UP_COOKIE, "")
    begun = await _begun(app, cookie)
    form = await posted(request, cookie)
    step = passwords.step_of(_secret(app, begun), form.get("code", ""), app.clock())
    wrong = _wrong(form, begun, has_code=step is not None)
    if wrong or step is None:
        return _form(request, cookie, begun, wrong=wrong, status=422)
    async with request.app[HASHING]:
        stored = await passwords.hashed(form["password"])
    async with app.pool.acquire() as connection:
        if not await set_ups.finish(connection, token_hash(cookie), begun.operator, stored, step, app.clock()):
            raise _spent()
    response = await let_operator_in(request, begun.operator, CONSOLE)
    drop_cookie(response, SET_UP_COOKIE)
    return response


def _wrong(form: MultiMapping[str], begun: SetUp, *, has_code: bool) -> dict[str, str]:
    """Field → what is wrong with it."""
    wrong = faults_of_choice(form.get("password", ""), form.get("again", ""), begun.operator)
    return wrong if has_code else {**wrong, "code": "wrong"}


async def _begun(app: App, cookie: str) -> SetUp:
    async with app.pool.acquire() as connection:
        begun = await set_ups.opened(connection, token_hash(cookie), app.clock()) if TOKEN.fullmatch(cookie) else None
    if begun is None:
        raise _spent()
    return begun


def _secret(app: App, begun: SetUp) -> str:
    secret = unseal(app.secret, TOTP_PURPOSE, begun.totp_secret)
    if secret is None:  # sealed before secret_key was changed
        raise _spent()
    return secret


def _form(
    request: web.Request, cookie: str, begun: SetUp, *, wrong: dict[str, str] | None = None, status: int = 200
) -> web.Response:
    app = request.app[APP]
    secret = _secret(app, begun)
    facts = {
        "csrf": csrf_token(app.secret, cookie),
        "who": begun.operator,
        "wrong": wrong or {},
        "shortest": PASSWORD_SHORTEST,
        "picture": Markup(qr_svg(passwords.enrolment(secret, begun.operator.login), scale=5)),  # noqa: S704 - it holds no text
        "secret": " ".join(re.findall("....", secret)),
    }
    return page(request, "console/set_up", facts, status=status, forms=True)


def _spent() -> ProblemError:
    return ProblemError("ticket-spent", "The link is unknown, was opened before, or is over. Ask for a new one.")
