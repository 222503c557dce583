"""Old deliveries: a finished event of the run copied so often that the tables are as full as after years.

What the event left in each table is copied in PostgreSQL itself, so the proportions are the real ones, whatever columns
there are: each copy has ids that sort by its own time, a dossier, people and keys of its own, and lies further back in
time. What is unfinished, such as a reminder to come, is copied as finished: old rows are at rest.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import asyncpg

from bench.events import SOURCE, event_id
from notifier.domain.clock import system_clock

CHUNK = 50_000
"""Events that one statement copies."""
COPIERS = 2
"""Connections that copy, each another table."""
WAL_WHILE_COPYING = "6GB"
"""Seldom checkpoints: each has PostgreSQL write every page anew that is changed after it."""
APART_SECONDS = 30
"""How far each copy lies before the next."""

_PATTERN = """
CREATE TEMP TABLE pattern AS
    SELECT id AS of_event, source AS of_source, dossier_code AS of_dossier, $3::timestamptz AS of_moment
    FROM event WHERE source = $1 AND external_id = $2
"""
_AGED = """
CREATE FUNCTION pg_temp.aged(id uuid, n bigint, at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(id::text || n), 1, 3)
            || '8' || substr(md5(id::text || n), 4, 15))::uuid
$$
"""
"""An id of version 7: sorted by its time, the same for the same row and copy."""
_ROWS = "CREATE TEMP TABLE pattern_{table} AS SELECT t.* FROM {table} t, pattern WHERE {belongs}"
_COPY = """
INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
SELECT {values} FROM pattern_{table} t, pattern, generate_series({begin}::bigint, {end}) AS n,
    LATERAL (SELECT ({last} - n + 1) * interval '{apart} seconds' AS ago) aging
"""
_DELIVERIES = "(SELECT d.id FROM delivery d WHERE d.event_id = of_event)"
_OWNERS = "(SELECT r.inbox_owner FROM recipient r WHERE r.event_id = of_event)"
_OF_DOSSIER = "t.source = of_source AND t.dossier_code = of_dossier"
TABLES = {
    "event": "t.id = of_event",
    "event_payload": "t.event_id = of_event",
    "dossier": "t.source = of_source AND t.code = of_dossier",
    "docket": _OF_DOSSIER,
    "told": "t.event_id = of_event",
    "timer": _OF_DOSSIER,
    "lookup": _OF_DOSSIER,
    "recipient": "t.event_id = of_event",
    "delivery": "t.event_id = of_event",
    "content": f"t.delivery_id IN {_DELIVERIES}",
    "attempt": f"t.delivery_id IN {_DELIVERIES}",
    "receipt": f"t.id IN (SELECT o.receipt_id FROM receipt_of o WHERE o.delivery_id IN {_DELIVERIES})",
    "receipt_of": f"t.delivery_id IN {_DELIVERIES}",
    "inbox": f"t.owner IN {_OWNERS}",
    "inbox_message": f"t.delivery_id IN {_DELIVERIES}",
    "audit": "t.event_id = of_event",
}
"""Every table that grows with the events, and which of its rows belong to one of them."""

_COLUMNS: dict[str, str] = {
    "external_id": "external_id || '-' || n",
    "dossier_code": "dossier_code || '-' || n",
    "code": "code || '-' || n",
    "owner": "md5(owner || n)",
    "inbox_owner": "md5(inbox_owner || n)",
    "token_hash": "sha256(token_hash || n::text::bytea)",
    "reference": "md5(reference || n)",
    "idempotency_key": "md5(idempotency_key || n)",
    "email": "'nguoi-cu-' || n || '@example.vn'",
    "due_at": "NULL",
}
_OF_TABLE: dict[tuple[str, str], str] = {
    ("attempt", "code"): "code",
    ("audit", "seq"): "",
    ("timer", "id"): "",
    ("timer", "state"): "'fired'",
    ("timer", "fired_at"): "planned_for - ago",
    ("docket", "due_at"): "due_at - ago",
    ("receipt", "id"): "-(n * 1000 + id % 1000)",
    ("receipt_of", "receipt_id"): "-(n * 1000 + receipt_id % 1000)",
}
"""What differs from copy to copy by the column's name, or in one table; empty: the database gives it."""


async def grow(database_url: str, pattern: int, deliveries: int, have: int, say: Callable[[str], None]) -> None:
    """Bring the old deliveries from `have` to `deliveries`, then ANALYZE. `pattern` is the number of a finished event."""
    moment = system_clock()
    async with AsyncExitStack() as stack:
        copiers = [await stack.enter_async_context(_copying(database_url, pattern, moment)) for _ in range(COPIERS)]
        each = await copiers[0].fetchval("SELECT count(*) FROM delivery, pattern WHERE event_id = of_event")
        columns = {table: await _columns(copiers[0], table) for table in TABLES}
        last = deliveries // each
        await copiers[0].execute(f"ALTER SYSTEM SET max_wal_size = '{WAL_WHILE_COPYING}'")
        await copiers[0].execute("SELECT pg_reload_conf()")
        for begin in range(have // each + 1, last + 1, CHUNK):
            end = min(begin + CHUNK - 1, last)
            wanted = iter([_statement(table, columns[table], begin, end, last) for table in TABLES])
            await asyncio.gather(*(_work_off(copier, wanted) for copier in copiers))
            say(f"{end * each:,} of {deliveries:,} old deliveries")
        await copiers[0].execute("ALTER SYSTEM RESET max_wal_size")
        await copiers[0].execute("SELECT pg_reload_conf()")
        await copiers[0].execute("CHECKPOINT", timeout=None)
        await copiers[0].execute("VACUUM ANALYZE", timeout=None)


@asynccontextmanager
async def _copying(database_url: str, pattern: int, moment: datetime) -> AsyncIterator[asyncpg.Connection]:
    """A connection that knows what is copied, and from when on back: the copies are named by their time."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_PATTERN, SOURCE, event_id(pattern), moment)
        await connection.execute(_AGED)
        for table, belongs in TABLES.items():
            await connection.execute(_ROWS.format(table=table, belongs=belongs))
        await connection.execute("SET session_replication_role = replica")  # copies of what holds need no checks
        yield connection
    finally:
        await connection.close()


async def _work_off(copier: asyncpg.Connection, statements: Iterator[str]) -> None:
    for statement in statements:
        await copier.execute(statement, timeout=None)


async def size_bytes(database_url: str) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await connection.close()


async def _columns(connection: asyncpg.Connection, table: str) -> dict[str, str]:
    """Name → what a copy has there."""
    rows = await connection.fetch(
        "SELECT attname, format_type(atttypid, NULL) AS type FROM pg_attribute"
        " WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped",
        table,
    )
    values = {row["attname"]: _value(table, row["attname"], row["type"]) for row in rows}
    return {name: value for name, value in values.items() if value}


def _value(table: str, column: str, kind: str) -> str:
    known = _OF_TABLE.get((table, column), _COLUMNS.get(column))
    if known is not None:
        return known
    if kind == "uuid":
        return f"pg_temp.aged(t.{column}, n, of_moment - ago)"
    return f"t.{column} - ago" if kind == "timestamp with time zone" else f"t.{column}"


def _statement(table: str, columns: dict[str, str], begin: int, end: int, last: int) -> str:
    return _COPY.format(
        table=table,
        columns=", ".join(columns),
        values=", ".join(columns.values()),
        begin=begin,
        end=end,
        last=last,
        apart=APART_SECONDS,
    )
