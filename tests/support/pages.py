"""People at their browsers, for tests: operators and citizens who are signed in, and what a page says to a program."""

import secrets
from datetime import timedelta

import aiohttp

from notifier.domain.ids import InboxOwner, uuid7
from notifier.domain.opaque import token_hash
from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.store import operators, passes
from notifier.store.passes import Kind, Opened
from notifier.web.access.browser import csrf_token
from notifier.web.access.gate import SESSION
from notifier.web.access.visits import CITIZEN_COOKIE, OPERATOR_COOKIE
from workers.wiring import App

LONG = timedelta(hours=8)


async def operator_cookie(
    app: App, role: OperatorRole = OperatorRole.OPERATOR, *agencies: str, login: str | None = None
) -> dict[str, str]:
    """The cookie of a new operator who has just signed in, as a header would carry it: name → token."""
    now, token = app.clock(), secrets.token_urlsafe(32)
    who = Operator(OperatorId(uuid7(now)), login or f"{role}-{token[:6]}", "Trần Thị Ví Dụ", role, agencies)
    async with app.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO operator (id, login, name, role, agencies, created_at, created_by)"
            " VALUES ($1, $2, $3, $4, $5, $6, 'test')",
            who.id,
            who.login,
            who.name,
            who.role.value,
            list(who.agencies),
            now,
        )
        await operators.begin_session(connection, token_hash(token), who.id, now, now + LONG)
    return {OPERATOR_COOKIE: token}


async def citizen_cookie(app: App, owner: InboxOwner) -> dict[str, str]:
    """The cookie of a person who has just opened their inbox."""
    now, token = app.clock(), SESSION + secrets.token_urlsafe(32)
    async with app.pool.acquire() as connection:
        opened = Opened(owner, now + LONG)
        await passes.issue(connection, token_hash(token), Kind.SESSION, opened, opened.until, now)
    return {CITIZEN_COOKIE: token}


def headers(cookie: dict[str, str]) -> dict[str, str]:
    """The cookie as a browser sends it; a client's own jar keeps no Secure cookies of plain http."""
    return {"Cookie": "; ".join(f"{name}={token}" for name, token in cookie.items())}


def csrf_of(app: App, cookie: dict[str, str]) -> str:
    """What the forms of this session carry."""
    (token,) = cookie.values()
    return csrf_token(app.secret, token)


async def look(client: aiohttp.ClientSession, path: str, cookie: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and HTML of a page; redirects are not followed."""
    async with client.get(path, headers=headers(cookie or {}), allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def send_form(
    client: aiohttp.ClientSession, path: str, cookie: dict[str, str], form: dict[str, str], **more: str
) -> tuple[int, str, str | None]:
    """Post a form; status, HTML and where it leads. `more` are headers, `_` for `-`."""
    extra = {name.replace("_", "-"): value for name, value in more.items()}
    async with client.post(path, data=form, headers=headers(cookie) | extra, allow_redirects=False) as answer:
        return answer.status, await answer.text(), answer.headers.get("Location")
