"""One-time tickets and short sessions, for pages that must hold no long-lived token.

A system gets a ticket for a person's inbox and hands it to that person's browser; the browser changes it for a session,
once. A stream is opened by a ticket too, because a browser's EventSource sends no header and its address stands in logs.
"""

import secrets
from datetime import timedelta

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from notifier.domain.opaque import token_hash
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import read
from notifier.store import passes
from notifier.store.passes import Kind, Opened
from notifier.web.access.gate import SESSION, TICKET, bearer_credential, hash_of, inbox_access
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import read_body


class TicketOffered(BaseModel):
    """The ticket that the portal has given to this browser."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    ticket: str = Field(min_length=1, max_length=255)


async def issue_ticket(request: web.Request) -> web.Response:
    """A ticket for the inbox that the path names. A system's opens a session or a stream, a person's a stream."""
    access = await inbox_access(request)
    app, limits = request.app[APP], request.app[APP].settings.inbox
    now, ticket = app.clock(), TICKET + secrets.token_urlsafe(32)
    kind = Kind.ENTRY if access.until is None else Kind.STREAM
    until = access.until or now + timedelta(minutes=limits.session_minutes)
    expires_at = min(now + timedelta(seconds=limits.ticket_seconds), until)
    async with app.pool.acquire() as connection:
        await passes.issue(connection, token_hash(ticket), kind, Opened(access.owner, until), expires_at, now)
    return web.json_response({"ticket": ticket, "expires_at": expires_at.isoformat()}, status=201)


async def begin_session(request: web.Request) -> web.Response:
    """Change a system's ticket for a session. Only the first who comes with it gets one."""
    offered = read(TicketOffered, normalised(parse_json(await read_body(request))))
    if isinstance(offered, tuple):
        raise ProblemError("invalid-query", "The body holds no ticket.", offered)
    app, session = request.app[APP], SESSION + secrets.token_urlsafe(32)
    async with app.pool.acquire() as connection:
        opened = await passes.begin_session(connection, hash_of(offered.ticket), token_hash(session), app.clock())
    if opened is None:
        raise ProblemError("ticket-spent", "The ticket is unknown, used or over.")
    body = {"session": session, "inbox": opened.owner, "expires_at": opened.until.isoformat()}
    return web.json_response(body, status=201)


async def end_session(request: web.Request) -> web.Response:
    """Whoever leaves the portal leaves the inbox. A session that is over already is ended all the same."""
    session = bearer_credential(request)
    if not session.startswith(SESSION):
        raise ProblemError("unauthorized", "Send the session that is to end as `Authorization: Bearer …`.")
    async with request.app[APP].pool.acquire() as connection:
        await passes.end_session(connection, hash_of(session))
    return web.Response(status=204)
