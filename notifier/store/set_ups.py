"""Set-up links: an operator opens one once, and chooses a password and a second factor."""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.operators import Operator, OperatorId
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.audit import note
from notifier.store.operator_accounts import operator
from notifier.store.pool import Connection

_OFFER = """
INSERT INTO operator_set_up (operator_id, token_hash, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (operator_id) DO UPDATE SET token_hash = $2, totp_secret = NULL, expires_at = $3
"""


async def offer(connection: Connection, who: OperatorId, token_hash: bytes, expires_at: datetime) -> None:
    """Keep a new link; one before it opens no more."""
    await connection.execute(_OFFER, who, token_hash, expires_at)


async def is_offered(connection: Connection, link: bytes, now: datetime) -> bool:
    """Whether a link can still be opened."""
    found = await connection.fetchval(
        "SELECT 1 FROM operator_set_up WHERE token_hash = $1 AND totp_secret IS NULL AND expires_at > $2", link, now
    )  # operator_set_up_token_hash_key
    return found is not None


_OPEN = """
UPDATE operator_set_up SET token_hash = $2, totp_secret = $3, expires_at = $5
WHERE token_hash = $1 AND totp_secret IS NULL AND expires_at > $4 RETURNING 1
"""  # operator_set_up_token_hash_key


async def open_once(
    connection: Connection, link: bytes, cookie: bytes, totp_secret: str, now: datetime, expires_at: datetime
) -> bool:
    """Change a link for the cookie of the browser that opened it. False: it is unknown, over, or was opened before."""
    return await connection.fetchval(_OPEN, link, cookie, totp_secret, now, expires_at) is not None


@dataclass(frozen=True, slots=True)
class SetUp:
    """`totp_secret` is sealed."""

    operator: Operator
    totp_secret: str


_OPENED = """
SELECT o.id, o.login, o.name, o.role, o.agencies, u.totp_secret
FROM operator_set_up u JOIN operator o ON o.id = u.operator_id
WHERE u.token_hash = $1 AND u.totp_secret IS NOT NULL AND u.expires_at > $2 AND o.disabled_at IS NULL
"""  # operator_set_up_token_hash_key, primary key


async def opened(connection: Connection, cookie: bytes, now: datetime) -> SetUp | None:
    """Whose set-up this browser has begun; None where it is unknown or over."""
    row = await connection.fetchrow(_OPENED, cookie, now)
    return SetUp(operator(row), row["totp_secret"]) if row else None


_FINISH = """
WITH spent AS (
    DELETE FROM operator_set_up WHERE token_hash = $1 AND expires_at > $5 RETURNING operator_id, totp_secret
)
UPDATE operator o SET password_hash = $2, totp_secret = spent.totp_secret, totp_step = $3, failures = 0,
    locked_until = NULL
FROM spent WHERE o.id = spent.operator_id AND o.id = $4 AND o.disabled_at IS NULL RETURNING 1
"""  # operator_set_up_token_hash_key, primary key


async def finish(
    connection: Connection, cookie: bytes, who: Operator, password_hash: str, step: int, now: datetime
) -> bool:
    """From now on they sign in with this password; the code of `step` is used. False: another request was first."""
    async with connection.transaction():
        if await connection.fetchval(_FINISH, cookie, password_hash, step, who.id, now) is None:
            return False
        reason = Reason(ReasonCode.ACCOUNT_SET_UP, {"login": who.login})
        await note(connection, reason, actor=who.actor, now=now)
    return True
