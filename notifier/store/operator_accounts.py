"""Accounts of operators: made, changed, ended, and how a sign-in is counted. Each change writes its audit row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from notifier.domain.hours import clock_text
from notifier.domain.operators import LOCKS, Operator, OperatorId, OperatorRole
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.audit import note
from notifier.store.operators import end_sessions_of
from notifier.store.pool import Connection

WHOLE_PROVINCE = "*"


class SignedInBy(StrEnum):
    LOCAL = "local"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes an account, when, and in which words of their own why."""

    actor: str
    said: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """`is_ready`: somebody can sign in with it. `locked_until` may be past."""

    operator: Operator
    by_provider: bool
    is_ready: bool
    created_at: datetime
    disabled_at: datetime | None
    locked_until: datetime | None
    seen_at: datetime | None
    """When a session of theirs that is still open was last used."""


_ACCOUNTS = """
SELECT o.id, o.login, o.name, o.role, o.agencies, o.by_provider, o.created_at, o.disabled_at, o.locked_until,
    coalesce(o.password_hash, o.subject) IS NOT NULL AS is_ready,
    (SELECT max(s.seen_at) FROM operator_session s WHERE s.operator_id = o.id) AS seen_at
FROM operator o WHERE $1::text IS NULL OR o.login = $1 ORDER BY o.login
"""  # operator_login_key, operator_session_operator


async def accounts(connection: Connection) -> list[Account]:
    return [_account(row) for row in await connection.fetch(_ACCOUNTS, None)]


async def account(connection: Connection, login: str) -> Account | None:
    row = await connection.fetchrow(_ACCOUNTS, login)
    return _account(row) if row else None


def _account(row: asyncpg.Record) -> Account:
    return Account(
        operator(row),
        row["by_provider"],
        row["is_ready"],
        row["created_at"],
        row["disabled_at"],
        row["locked_until"],
        row["seen_at"],
    )


def operator(row: asyncpg.Record) -> Operator:
    return Operator(row["id"], row["login"], row["name"], OperatorRole(row["role"]), tuple(row["agencies"]))


_ADD = """
INSERT INTO operator (id, login, name, role, agencies, by_provider, subject, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING 1
"""


async def add(
    connection: Connection, who: Operator, act: Act, *, by_provider: bool = False, subject: str | None = None
) -> bool:
    """False: the login is taken, and nothing changes. Nobody can sign in yet, unless `subject` proves them."""
    values = (who.id, who.login, who.name, who.role.value, list(who.agencies), by_provider, subject, act.now, act.actor)
    async with connection.transaction():
        if await connection.fetchval(_ADD, *values) is None:
            return False
        said = {"login": who.login, **_standing(who.role, who.agencies), "said": act.said}
        await note(connection, Reason(ReasonCode.ACCOUNT_ADDED, said), actor=act.actor, now=act.now)
    return True


async def change(
    connection: Connection, login: str, role: OperatorRole, agencies: Sequence[str], act: Act, name: str | None = None
) -> bool:
    """Another role, scope or name, from the next click on. False: there is no such account."""
    async with connection.transaction():
        row = await connection.fetchrow("SELECT role, agencies FROM operator WHERE login = $1 FOR UPDATE", login)
        if row is None:
            return False
        await connection.execute(
            "UPDATE operator SET role = $2, agencies = $3, name = coalesce($4, name) WHERE login = $1",
            login,
            role.value,
            list(agencies),
            name,
        )
        before = {f"before_{key}": text for key, text in _standing(OperatorRole(row["role"]), row["agencies"]).items()}
        values = {"login": login, **_standing(role, agencies), **before, "said": act.said}
        await note(connection, Reason(ReasonCode.ACCOUNT_CHANGED, values), actor=act.actor, now=act.now)
    return True


def _standing(role: OperatorRole, agencies: Sequence[str]) -> dict[str, str]:
    return {"role": role.value, "agencies": ", ".join(agencies) or WHOLE_PROVINCE}


async def disable(connection: Connection, login: str, act: Act) -> bool:
    """They are signed out everywhere and cannot come back. False: there is no such account, or it is so already."""
    return await _turn(connection, login, act, disabled_at=act.now)


async def enable(connection: Connection, login: str, act: Act) -> bool:
    """They can sign in again. False as in `disable`."""
    return await _turn(connection, login, act, disabled_at=None)


_TURN = """
UPDATE operator SET disabled_at = $2, failures = 0, locked_until = NULL
WHERE login = $1 AND (disabled_at IS NULL) <> ($2::timestamptz IS NULL) RETURNING id
"""


async def _turn(connection: Connection, login: str, act: Act, *, disabled_at: datetime | None) -> bool:
    async with connection.transaction():
        found: OperatorId | None = await connection.fetchval(_TURN, login, disabled_at)
        if found is None:
            return False
        await _forget(connection, found)
        code = ReasonCode.ACCOUNT_DISABLED if disabled_at else ReasonCode.ACCOUNT_ENABLED
        await note(connection, Reason(code, {"login": login, "said": act.said}), actor=act.actor, now=act.now)
    return True


async def _forget(connection: Connection, who: OperatorId) -> None:
    """End the sessions and the set-up link of an operator."""
    await end_sessions_of(connection, who)
    await connection.execute("DELETE FROM operator_set_up WHERE operator_id = $1", who)


_RESET = """
UPDATE operator SET password_hash = NULL, totp_secret = NULL, failures = 0, locked_until = NULL
WHERE login = $1 AND NOT by_provider AND disabled_at IS NULL RETURNING id
"""


async def reset(connection: Connection, login: str, act: Act) -> OperatorId | None:
    """Take password and second factor back, end the sessions. None: there is no such local account, or it is disabled."""
    async with connection.transaction():
        found: OperatorId | None = await connection.fetchval(_RESET, login)
        if found is not None:
            await _forget(connection, found)
            reason = Reason(ReasonCode.ACCOUNT_RESET, {"login": login, "said": act.said})
            await note(connection, reason, actor=act.actor, now=act.now)
    return found


@dataclass(frozen=True, slots=True)
class Proof:
    """What a sign-in has to fit."""

    operator: Operator
    password_hash: str
    totp_secret: str
    """Sealed."""


_TRY = """
UPDATE operator SET failures = failures + 1,
    locked_until = $2 + nullif(($3::interval[])[least(failures + 1, cardinality($3::interval[]))], interval '0')
WHERE login = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL AND totp_secret IS NOT NULL
    AND (locked_until IS NULL OR locked_until <= $2)
RETURNING id, login, name, role, agencies, password_hash, totp_secret, failures, locked_until
"""  # operator_login_key


async def try_sign_in(connection: Connection, login: str, now: datetime) -> Proof | None:
    """Count a try as failed before it is looked at, so that many at once are not free. None: nobody can sign in so.

    A success takes it back (`succeed`). It does not wait for the disk: that would tell that there is such an account.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit TO off")
        row = await connection.fetchrow(_TRY, login, now, list(LOCKS))
        if row is None:
            return None
        if row["locked_until"] is not None:
            values = {"login": login, "until": clock_text(row["locked_until"]), "failures": str(row["failures"])}
            await note(connection, Reason(ReasonCode.ACCOUNT_LOCKED, values), actor="console", now=now)
    return Proof(operator(row), row["password_hash"], row["totp_secret"])


_SUCCEED = """
UPDATE operator SET failures = 0, locked_until = NULL, totp_step = $2, password_hash = coalesce($4, password_hash)
WHERE id = $1 AND coalesce(totp_step < $2, true) AND disabled_at IS NULL AND password_hash = $3 RETURNING 1
"""  # primary key


async def succeed(connection: Connection, proof: Proof, step: int, now: datetime) -> bool:
    """The try was good. False: a code of this time step or a later one was used before, or the account has changed."""
    async with connection.transaction():
        if not await _fits(connection, proof, step):
            return False
        await signed_in(connection, proof.operator, SignedInBy.LOCAL, now)
    return True


async def change_password(connection: Connection, proof: Proof, step: int, password_hash: str, now: datetime) -> bool:
    """From now on they sign in with this password; all their sessions end. False as in `succeed`."""
    who = proof.operator
    async with connection.transaction():
        if not await _fits(connection, proof, step, password_hash):
            return False
        await _forget(connection, who.id)
        reason = Reason(ReasonCode.ACCOUNT_PASSWORD_CHANGED, {"login": who.login})
        await note(connection, reason, actor=who.actor, now=now)
    return True


async def _fits(connection: Connection, proof: Proof, step: int, password_hash: str | None = None) -> bool:
    """Take the failures back and use the code up, if it was a good try; the new password, if any, counts from now on."""
    return bool(await connection.fetchval(_SUCCEED, proof.operator.id, step, proof.password_hash, password_hash))


async def signed_in(connection: Connection, who: Operator, by: SignedInBy, now: datetime) -> None:
    """Write down that somebody has signed in, and by what."""
    reason = Reason(ReasonCode.ACCOUNT_SIGNED_IN, {"login": who.login, "by": by.value})
    await note(connection, reason, actor=who.actor, now=now)
