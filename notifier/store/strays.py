"""Events that could not be routed, and receipts that no delivery was ever found for: found, and taken up again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from notifier.audit.dead import Filters, OrphanReceipt, StuckEvent
from notifier.domain.ids import EventId, ReceiptId
from notifier.domain.reasons import Reason
from notifier.domain.receipts import RawReceipt
from notifier.store.dead import AFTER_ALL, BEFORE_ALL, Cursor, reason_of
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

_EVENT_STORY = """
SELECT e.id, e.received_at, e.source, e.external_id, e.agency, e.dossier_code, e.type, why.reason, why.details
FROM event e
LEFT JOIN LATERAL (
    SELECT reason, details FROM audit a WHERE a.event_id = e.id AND a.to_state = e.state ORDER BY a.seq DESC LIMIT 1
) why ON true
WHERE e.state = 'unroutable'
"""
_EVENTS = f"""
{_EVENT_STORY} AND e.received_at >= $1 AND (e.received_at, e.id) < ($2, $3::uuid)
  AND ($5::text IS NULL OR e.type = $5) AND ($6::text IS NULL OR e.source = $6)
  AND ($7::text IS NULL OR e.agency = $7) AND ($8::text IS NULL OR e.dossier_code = $8)
  AND {in_reach("e.agency", "$9", "$10")}
ORDER BY e.received_at DESC, e.id DESC LIMIT $4
"""  # event_unroutable, audit_event
_EVENTS_NAMED = f"{_EVENT_STORY} AND e.id = ANY ($1::uuid[]) ORDER BY e.received_at DESC, e.id DESC"  # primary key


async def events(
    connection: Connection, filters: Filters, *, after: Cursor | None = None, limit: int
) -> list[StuckEvent]:
    """The newest events that could not be routed."""
    f, upper = filters, after or Cursor(filters.until or AFTER_ALL, UUID(int=0))
    wanted = (f.type, f.source, f.agency, f.dossier, f.within.codes, f.within.beginnings)
    rows = await connection.fetch(_EVENTS, f.since or BEFORE_ALL, upper.at, upper.id, limit, *wanted)
    return [_event(row) for row in rows]


async def events_named(connection: Connection, ids: Sequence[EventId]) -> list[StuckEvent]:
    """Those of the events that could not be routed."""
    return [_event(row) for row in await connection.fetch(_EVENTS_NAMED, ids)]


def _event(row: Any) -> StuckEvent:
    return StuckEvent(
        id=row["id"],
        at=row["received_at"],
        source=row["source"],
        external_id=row["external_id"],
        agency=row["agency"],
        dossier=row["dossier_code"],
        type=row["type"],
        reason=reason_of(row),
    )


_RECEIPTS = """
SELECT id, received_at AS at, provider, method, attempts AS readings FROM receipt
WHERE state = 'orphaned' AND received_at >= $1 AND (received_at, id) < ($2, $3::bigint)
  AND ($5::text IS NULL OR provider = $5)
ORDER BY received_at DESC, id DESC LIMIT $4
"""  # receipt_orphaned
_RECEIPTS_NAMED = """
SELECT id, received_at AS at, provider, method, attempts AS readings FROM receipt
WHERE id = ANY ($1::bigint[]) AND state = 'orphaned' ORDER BY received_at DESC, id DESC
"""  # primary key


async def receipts(
    connection: Connection, filters: Filters, *, after: Cursor | None = None, limit: int
) -> list[OrphanReceipt]:
    """The newest callbacks that no delivery was ever found for."""
    upper = after or Cursor(filters.until or AFTER_ALL, 0)
    rows = await connection.fetch(_RECEIPTS, filters.since or BEFORE_ALL, upper.at, upper.id, limit, filters.provider)
    return [OrphanReceipt(**row) for row in rows]


async def receipts_named(connection: Connection, ids: Sequence[ReceiptId]) -> list[OrphanReceipt]:
    """Those of the callbacks that no delivery was ever found for."""
    return [OrphanReceipt(**row) for row in await connection.fetch(_RECEIPTS_NAMED, ids)]


_ROUTE_AGAIN = """
WITH freed AS (
    UPDATE event SET state = 'received', due_at = $2, attempts = 0, lease_owner = NULL, lease_until = NULL
    WHERE id = ANY ($1::uuid[]) AND state = 'unroutable' RETURNING id
)
INSERT INTO audit (at, actor, event_id, from_state, to_state, reason, details)
SELECT $2, $3, id, 'unroutable', 'received', $4, $5::jsonb FROM freed RETURNING event_id AS id
"""  # primary key
_READ_AGAIN = """
WITH freed AS (
    UPDATE receipt SET state = 'stored', due_at = $2, attempts = 0, lease_owner = NULL, lease_until = NULL
    WHERE id = ANY ($1::bigint[]) AND state = 'orphaned' RETURNING id
), told AS (
    INSERT INTO audit (at, actor, from_state, to_state, reason, details)
    SELECT $2, $3, 'orphaned', 'stored', $4, $5::jsonb || jsonb_build_object('receipt', id::text) FROM freed
)
SELECT id FROM freed
"""  # primary key


async def route_again(
    connection: Connection, ids: Sequence[EventId], reason: Reason, *, actor: str, now: datetime
) -> set[EventId]:
    """Let events that could not be routed be routed anew; answers which."""
    rows = await connection.fetch(_ROUTE_AGAIN, ids, now, actor, reason.code, dict(reason.values))
    return {row["id"] for row in rows}


async def read_again(
    connection: Connection, ids: Sequence[ReceiptId], reason: Reason, *, actor: str, now: datetime
) -> set[ReceiptId]:
    """Let callbacks without a delivery be read anew, as often as a fresh one; answers which."""
    rows = await connection.fetch(_READ_AGAIN, ids, now, actor, reason.code, dict(reason.values))
    return {row["id"] for row in rows}


async def raw(connection: Connection, id_: ReceiptId) -> RawReceipt | None:
    """A callback as it came; its path key was not kept."""
    row = await connection.fetchrow("SELECT provider, method, query, headers, body FROM receipt WHERE id = $1", id_)
    return RawReceipt(row["provider"], row["method"], None, row["query"], row["headers"], row["body"]) if row else None
