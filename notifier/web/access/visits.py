"""Who is looking at a page: an operator of the console, or a person at their own inbox. Pages get nobody else to see.

A handler of a page is given a visit, so it cannot forget to ask: who is not signed in is sent to sign in, who may not
is refused, and a form that was not made by a page of this session never reaches it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar
from urllib.parse import quote

from aiohttp import web
from multidict import MultiDict, MultiMapping

from notifier.domain.ids import InboxOwner
from notifier.domain.opaque import token_hash
from notifier.domain.operators import Operator, Permission
from notifier.store import operators, passes
from notifier.web.access.browser import TOKEN, csrf_token, posted
from notifier.web.access.gate import hash_of
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from workers.wiring import App

OPERATOR_COOKIE, CITIZEN_COOKIE = "__Host-console", "__Host-inbox"
CONSOLE_SIGN_IN, INBOX_SIGN_IN = "/console/sign-in", "/hop-thu/dang-nhap"


Who = TypeVar("Who")


@dataclass(frozen=True, slots=True)
class Visit(Generic[Who]):
    """One request for a page by somebody who may see it."""

    request: web.Request
    who: Who
    session: str
    """The token of the cookie."""
    form: MultiMapping[str] = field(default_factory=MultiDict)
    """What was posted; empty for a page that is only looked at."""

    @property
    def app(self) -> App:
        return self.request.app[APP]

    @property
    def csrf(self) -> str:
        """What the forms of the page carry."""
        return csrf_token(self.app.secret, self.session)


OperatorVisit = Visit[Operator]
CitizenVisit = Visit[InboxOwner]
OperatorPage = Callable[[OperatorVisit], Awaitable[web.StreamResponse]]
CitizenPage = Callable[[CitizenVisit], Awaitable[web.StreamResponse]]


def for_operators(page: OperatorPage, permission: Permission) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler that lets those operators in who have this permission."""

    async def handle(request: web.Request) -> web.StreamResponse:
        session = request.cookies.get(OPERATOR_COOKIE, "")
        operator = await _operator(request, session)
        if operator is None:
            raise _to_sign_in(request, CONSOLE_SIGN_IN)
        if not operator.may(permission):
            raise ProblemError("forbidden", f"The role {operator.role} does not have the permission {permission}.")
        return await page(Visit(request, operator, session, await _form(request, session)))

    return handle


def for_citizens(page: CitizenPage) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler that lets people in whose browser has a session of their inbox."""

    async def handle(request: web.Request) -> web.StreamResponse:
        session = request.cookies.get(CITIZEN_COOKIE, "")
        app = request.app[APP]
        async with app.pool.acquire() as connection:
            opened = await passes.session(connection, hash_of(session), app.clock())
        if opened is None:
            raise _to_sign_in(request, INBOX_SIGN_IN)
        return await page(Visit(request, opened.owner, session, await _form(request, session)))

    return handle


async def _operator(request: web.Request, session: str) -> Operator | None:
    if not TOKEN.fullmatch(session):
        return None
    app = request.app[APP]
    idle = timedelta(minutes=app.settings.console.idle_minutes)
    async with app.pool.acquire() as connection:
        return await operators.signed_in(connection, token_hash(session), app.clock(), idle)


async def _form(request: web.Request, session: str) -> MultiMapping[str]:
    return await posted(request, session) if request.method == "POST" else MultiDict()


def _to_sign_in(request: web.Request, sign_in: str) -> Exception:
    """Where to sign in; a page that was only looked at is come back to, a form that was posted is not."""
    if request.method != "GET":
        return ProblemError("session-ended", "The session has ended. Sign in, then open the page again.")
    return web.HTTPSeeOther(f"{sign_in}?next={quote(request.path_qs, safe='')}")
