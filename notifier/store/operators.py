"""Operators of the console and the sessions of their browsers, by the hash of their cookie."""

from datetime import datetime, timedelta

from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.store.pool import Connection

SWEPT = 100
"""Sessions that are over and that one new session clears away."""
SEEN_AGAIN = timedelta(minutes=1)
"""A session is not written at every click."""

_BEGIN = """
WITH over AS (
    DELETE FROM operator_session WHERE token_hash IN (
        SELECT token_hash FROM operator_session WHERE expires_at <= $3 ORDER BY expires_at LIMIT $5 FOR UPDATE SKIP LOCKED)
)
INSERT INTO operator_session (token_hash, operator_id, begun_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)
"""  # operator_session_expires


async def begin_session(
    connection: Connection, token_hash: bytes, operator_id: OperatorId, now: datetime, expires_at: datetime
) -> None:
    await connection.execute(_BEGIN, token_hash, operator_id, now, expires_at, SWEPT)


_SIGNED_IN = """
SELECT o.id, o.login, o.name, o.role, o.agencies, s.seen_at
FROM operator_session s JOIN operator o ON o.id = s.operator_id
WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND o.disabled_at IS NULL
"""  # primary keys


async def signed_in(connection: Connection, token_hash: bytes, now: datetime, idle: timedelta) -> Operator | None:
    """Whose session this is; None where it is unknown, over, idle for too long, or its operator has no account now."""
    row = await connection.fetchrow(_SIGNED_IN, token_hash, now, now - idle)
    if row is None:
        return None
    if now - row["seen_at"] >= SEEN_AGAIN:
        await connection.execute("UPDATE operator_session SET seen_at = $2 WHERE token_hash = $1", token_hash, now)
    return Operator(row["id"], row["login"], row["name"], OperatorRole(row["role"]), tuple(row["agencies"]))


async def end_session(connection: Connection, token_hash: bytes) -> None:
    await connection.execute("DELETE FROM operator_session WHERE token_hash = $1", token_hash)


async def end_sessions_of(connection: Connection, operator_id: OperatorId) -> None:
    """Sign an operator out everywhere."""
    await connection.execute("DELETE FROM operator_session WHERE operator_id = $1", operator_id)
