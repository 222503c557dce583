"""Operators whom an identity provider proves: found by subject, bound to an account at the first sign-in."""

from notifier.domain.operators import Operator
from notifier.store.operator_accounts import operator
from notifier.store.pool import Connection

_OF_SUBJECT = """
SELECT id, login, name, role, agencies FROM operator WHERE subject = $1 AND disabled_at IS NULL
"""  # operator_subject_key


async def of_subject(connection: Connection, subject: str) -> Operator | None:
    """The operator whom this subject is; None where there is none, or the account is disabled."""
    row = await connection.fetchrow(_OF_SUBJECT, subject)
    return operator(row) if row else None


async def is_taken(connection: Connection, subject: str) -> bool:
    """Whether an account belongs to this subject, be it a disabled one."""
    return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM operator WHERE subject = $1)", subject))


_BIND = """
UPDATE operator SET subject = $2 WHERE login = $1 AND by_provider AND subject IS NULL AND disabled_at IS NULL
RETURNING id, login, name, role, agencies
"""  # operator_login_key


async def bind(connection: Connection, login: str, subject: str) -> Operator | None:
    """The account that waits for this login's first sign-in, from now on this subject's; None where none waits."""
    row = await connection.fetchrow(_BIND, login, subject)
    return operator(row) if row else None
