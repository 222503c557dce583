"""Whether a request may look at the inbox that it names."""

import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from notifier.domain.ids import InboxOwner
from notifier.domain.opaque import token_hash
from notifier.settings import Scope
from notifier.store import passes
from notifier.store.passes import Kind
from notifier.web.access.bearer import Bearer, is_signed_token, read_token
from notifier.web.keys import APP, KEYS
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path, require

SESSION, TICKET = "ses_", "tkt_"
"""How our own tokens begin."""
ME, OFFICER = "me", "officer"
"""In the place of an inbox's name: the bearer's own as a citizen, or as an officer."""
_OUR_TOKEN = re.compile(r"(?:ses|tkt)_[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Access:
    """One inbox, open to this request. `until` is when that ends; None for a system, which has no such end."""

    owner: InboxOwner
    until: datetime | None = None
    session: bytes | None = None
    """What is stored of the session behind it, which its person may end earlier."""


async def inbox_access(request: web.Request) -> Access:
    """The inbox that the path names, if the caller may look at it. Raises the problem that says why not."""
    named = name_in_path(request, "inbox")
    credential = bearer_credential(request)
    if credential.startswith(SESSION):
        return await _by_session(request, credential, named)
    if is_signed_token(credential) and request.app[KEYS] is not None:
        return _by_token(await _bearer(request, credential), named)
    require(request, Scope.INBOX)
    if named in {ME, OFFICER}:
        raise ProblemError("forbidden", "A system has no inbox of its own: name the inbox that the look-up gave.")
    return Access(InboxOwner(named))


async def by_ticket(request: web.Request, ticket: str) -> Access:
    """The inbox that a one-time ticket opens; it is spent by that."""
    app = request.app[APP]
    async with app.pool.acquire() as connection:
        opened = await passes.spend(connection, hash_of(ticket), (Kind.ENTRY, Kind.STREAM), app.clock())
    if opened is None:
        raise ProblemError("ticket-spent", "The ticket is unknown, used or over.")
    named = name_in_path(request, "inbox")
    return _own(Access(opened.owner, opened.until), named, {ME: opened.owner})


def hash_of(token: str) -> bytes:
    """What is stored of a ticket or a session; for a text that can be neither, what is never stored."""
    return token_hash(token) if _OUR_TOKEN.fullmatch(token) else b""


def bearer_credential(request: web.Request) -> str:
    """What stands after `Bearer`; an empty text where nothing does."""
    kind, _, offered = request.headers.get("Authorization", "").partition(" ")
    return offered.strip() if kind.lower() == "bearer" else ""


async def _by_session(request: web.Request, credential: str, named: str) -> Access:
    app = request.app[APP]
    async with app.pool.acquire() as connection:
        opened = await passes.session(connection, hash_of(credential), app.clock())
    if opened is None:
        raise ProblemError("session-ended", "The session is unknown, ended or over.")
    return _own(Access(opened.owner, opened.until, hash_of(credential)), named, {ME: opened.owner})


async def _bearer(request: web.Request, credential: str) -> Bearer:
    app, keys = request.app[APP], request.app[KEYS]
    assert keys is not None  # noqa: S101 - asked for above
    assert app.settings.identity is not None  # noqa: S101 - then there are keys
    return await read_token(credential, app.settings.identity, keys, app.secret, app.clock())


def _by_token(bearer: Bearer, named: str) -> Access:
    own = {ME: bearer.citizen, OFFICER: bearer.officer}
    owner = own.get(named, InboxOwner(named))
    if owner is None:
        raise ProblemError("token-names-nobody", f"The token does not name its bearer as {named}.")
    return _own(Access(owner, bearer.until), named, own)


def _own(access: Access, named: str, own: dict[str, InboxOwner | None]) -> Access:
    """The access, if the name is one of the person's own. Another inbox is refused alike, whether it exists or not."""
    if named not in own and named not in own.values():
        raise ProblemError("forbidden", "This inbox is not yours.")
    return access
