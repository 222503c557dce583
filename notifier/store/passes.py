"""One-time tickets to an inbox and the sessions they open: rows by the hash of their token, gone when used or over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.ids import InboxOwner
from notifier.store.pool import Connection

SWEPT = 100
"""Rows that are over and that one new ticket clears away."""


class Kind(StrEnum):
    ENTRY = "entry"
    """A ticket that a system asked for: it opens a session or a stream."""
    STREAM = "stream"
    """A ticket that a person asked for: it opens a stream, and cannot make a session longer."""
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Opened:
    owner: InboxOwner
    until: datetime


_ISSUE = """
WITH over AS (
    DELETE FROM inbox_pass WHERE token_hash IN (
        SELECT token_hash FROM inbox_pass WHERE expires_at <= $6 ORDER BY expires_at LIMIT $7 FOR UPDATE SKIP LOCKED)
)
INSERT INTO inbox_pass (token_hash, kind, owner, expires_at, until) VALUES ($1, $2, $3, $4, $5)
"""  # inbox_pass_expires


async def issue(
    connection: Connection, token_hash: bytes, kind: Kind, opened: Opened, expires_at: datetime, now: datetime
) -> None:
    """Keep a new ticket, good until `expires_at` for something that may stay open until `opened.until`."""
    await connection.execute(_ISSUE, token_hash, kind.value, opened.owner, expires_at, opened.until, now, SWEPT)


_SPEND = """
DELETE FROM inbox_pass WHERE token_hash = $1 AND kind = ANY ($2::text[]) AND expires_at > $3 RETURNING owner, until
"""  # primary key


async def spend(connection: Connection, token_hash: bytes, kinds: tuple[Kind, ...], now: datetime) -> Opened | None:
    """What a ticket opens; None for one that is unknown, used or over. Of two who come at once only one is answered."""
    row = await connection.fetchrow(_SPEND, token_hash, [kind.value for kind in kinds], now)
    return Opened(**row) if row else None


_BEGIN = f"""
WITH ticket AS ({_SPEND})
INSERT INTO inbox_pass (token_hash, kind, owner, expires_at, until)
SELECT $4, 'session', owner, until, until FROM ticket RETURNING owner, until
"""


async def begin_session(connection: Connection, ticket: bytes, session: bytes, now: datetime) -> Opened | None:
    """Change an entry ticket for a session, in one statement; None as in `spend`."""
    row = await connection.fetchrow(_BEGIN, ticket, [Kind.ENTRY.value], now, session)
    return Opened(**row) if row else None


async def session(connection: Connection, token_hash: bytes, now: datetime) -> Opened | None:
    """Whose session it is; None for one that is unknown, ended or over."""
    row = await connection.fetchrow(
        "SELECT owner, until FROM inbox_pass WHERE token_hash = $1 AND kind = 'session' AND until > $2",
        token_hash,
        now,
    )  # primary key
    return Opened(**row) if row else None


async def end_session(connection: Connection, token_hash: bytes) -> None:
    await connection.execute("DELETE FROM inbox_pass WHERE token_hash = $1 AND kind = 'session'", token_hash)
