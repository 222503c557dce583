"""Connections to PostgreSQL. Everything SQL is in this package, as text beside its function."""

import json
from typing import Any

import asyncpg

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
"""What a statement runs on: a plain connection or one lent by the pool."""
Pool = asyncpg.Pool

CONNECT_SECONDS = 5
NAME_BYTES = 63


def connection_name(process: str) -> str:
    """How the connections of a process are called in `pg_stat_activity`, which cuts longer names."""
    return f"notifier-{process}"[:NAME_BYTES]


async def open_pool(
    url: str,
    *,
    size: int = 10,
    statement_timeout_seconds: float = 15,
    idle_timeout_seconds: float = 5,
    name: str = "notifier",
    plans_once: bool = False,
) -> Pool:
    """A pool whose jsonb columns are Python values. It opens its first connection at once, so a wrong address shows.

    A process that stands still in mid-transaction loses it after `idle_timeout_seconds`. `plans_once`: each statement is
    planned for any values, not anew for each; for those who send the same few statements all day.
    """
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        init=_teach_json,
        connection_class=_Stateless,
        timeout=CONNECT_SECONDS,
        command_timeout=statement_timeout_seconds + 2,
        server_settings={
            "application_name": name,
            "statement_timeout": str(int(statement_timeout_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(int(idle_timeout_seconds * 1000)),
            "timezone": "UTC",
            "plan_cache_mode": "force_generic_plan" if plans_once else "auto",
            "jit": "off",  # it compiles for longer than these statements run
            "enable_seqscan": "off",  # what was planned while a table was small is run when a burst has filled it
        },
    )


class _Stateless(asyncpg.Connection):
    """Nothing here leaves a lock, a setting or a cursor on a connection, so none has to be reset when it is given back."""

    def get_reset_query(self) -> str:
        return ""


async def _teach_json(connection: Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=json.loads, format="text")


def _encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


DATABASE_DOWN = (
    OSError,
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.InsufficientResourcesError,  # class 53: too many connections, disk full
    asyncpg.OperatorInterventionError,  # class 57: shut down, starting up, cut off, cancelled for its time
    asyncpg.TransactionRollbackError,  # class 40: a deadlock was broken by ending this transaction
    asyncpg.IdleInTransactionSessionTimeoutError,  # this process stood still
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut at an odd moment
)
"""What a statement raises when the database cannot be reached or cannot serve; nothing was acknowledged then."""


def concerns_all(error: Exception) -> bool:
    """Whether a statement failed for what any other would fail for at this moment.

    A value that cannot be sent, or a deadlock between two transactions, is the fault of these alone.
    """
    its_own = isinstance(error, (asyncpg.TransactionRollbackError, ValueError))
    return isinstance(error, DATABASE_DOWN) and not its_own
