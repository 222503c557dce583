"""Events: what came in, kept for good; and the dossiers they speak of.

`event` has no personal data; `event_payload` has the document. An event is `received` until it is routed
or proves unroutable, and as long as it is `received` it has a `due_at`, so that the dispatcher can find it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.dossiers import Status
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.audit import as_columns
from notifier.store.pool import Connection

BELL = "bell"
"""Owner of the short lease that a ring takes: for that long nobody else rings for the row."""
RING_LEASE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class NewEvent:
    id: EventId
    source: SourceName
    external_id: ExternalId
    type: EventType
    dossier_code: DossierCode
    seq: int | None
    status: Status | None
    describes_dossier: bool
    """The document has the dossier's full HoSo block, not only its code."""
    occurred_at: datetime
    received_at: datetime
    fingerprint: bytes
    warnings: Sequence[str]
    lane: Urgency
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What an earlier post of the same id left behind."""

    id: EventId
    type: EventType
    fingerprint: bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimedEvent:
    """An event that this worker is to route. `details` is the last full HoSo block known, if this event has none."""

    id: EventId
    source: SourceName
    external_id: ExternalId
    type: EventType
    occurred_at: datetime
    received_at: datetime
    seq: int | None
    document: dict[str, Any]
    details: dict[str, Any] | None
    told_before: bool
    """An earlier event of the same type about the same dossier has been taken in."""


_LOCK_DOSSIERS = """
WITH named AS (
    INSERT INTO dossier (source, code, updated_at)
    SELECT $1, code, $3 FROM unnest($2::text[]) AS code ORDER BY code
    ON CONFLICT (source, code) DO NOTHING
)
SELECT 1
"""
_READ_DOSSIERS = """
SELECT code, status FROM dossier WHERE source = $1 AND code = ANY ($2::text[]) ORDER BY code FOR UPDATE
"""  # primary key; the order makes two batches wait for each other instead of dead-locking


async def lock_dossiers(
    connection: Connection, source: SourceName, codes: Sequence[DossierCode], now: datetime
) -> dict[DossierCode, Status | None]:
    """Hold these dossiers until the transaction ends; answers the status each had."""
    wanted = sorted(set(codes))
    await connection.execute(_LOCK_DOSSIERS, source, wanted, now)
    rows = await connection.fetch(_READ_DOSSIERS, source, wanted)
    return {DossierCode(row["code"]): Status(row["status"]) if row["status"] else None for row in rows}


_INSERT = f"""
WITH fresh AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint,
                       warnings, lane, state, due_at, lease_owner, lease_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'received', $8, '{BELL}', now() + $12)
    ON CONFLICT (source, external_id) DO NOTHING
    RETURNING id
), payload AS (
    INSERT INTO event_payload (event_id, document) SELECT id, $13 FROM fresh
), stands AS (
    UPDATE dossier SET status = coalesce($14, status), updated_at = $8,
                       details_event = CASE WHEN $15 THEN fresh.id ELSE details_event END
    FROM fresh WHERE source = $2 AND code = $5
)
INSERT INTO audit (at, actor, event_id, reason, details)
SELECT $8, 'intake', id, '{ReasonCode.EVENT_RECEIVED}', '{{}}' FROM fresh RETURNING seq
"""


async def insert(connection: Connection, event: NewEvent) -> bool:
    """Store an event with its audit row, once; False if its source has used this id before."""
    written = await connection.fetchval(
        _INSERT,
        event.id,
        event.source,
        event.external_id,
        event.type,
        event.dossier_code,
        event.seq,
        event.occurred_at,
        event.received_at,
        event.fingerprint,
        list(event.warnings),
        event.lane,
        RING_LEASE,
        event.document,
        event.status,
        event.describes_dossier,
    )
    return written is not None


async def find(connection: Connection, source: SourceName, external_id: ExternalId) -> StoredEvent | None:
    row = await connection.fetchrow(
        "SELECT id, type, fingerprint, warnings FROM event WHERE source = $1 AND external_id = $2", source, external_id
    )
    return StoredEvent(row["id"], row["type"], row["fingerprint"], tuple(row["warnings"])) if row else None


_CLAIM = f"""
WITH claimed AS (
    UPDATE event SET lease_owner = $2, lease_until = now() + $3, attempts = attempts + 1
    WHERE id = ANY ($1::uuid[]) AND state = 'received'
      AND (lease_until IS NULL OR lease_until < now() OR lease_owner = '{BELL}')
    RETURNING *
)
SELECT e.id, e.source, e.external_id, e.type, e.occurred_at, e.received_at, e.seq, p.document,
       d.document -> 'HoSo' AS details,
       EXISTS (SELECT 1 FROM event o WHERE o.source = e.source AND o.dossier_code = e.dossier_code
               AND o.type = e.type AND o.id <> e.id AND o.received_at < e.received_at) AS told_before
FROM claimed e
JOIN event_payload p ON p.event_id = e.id
LEFT JOIN dossier s ON s.source = e.source AND s.code = e.dossier_code AND s.details_event <> e.id
LEFT JOIN event_payload d ON d.event_id = s.details_event
ORDER BY e.received_at
"""  # primary key, event_dossier


async def claim(connection: Connection, ids: Sequence[EventId], worker: str, lease: timedelta) -> list[ClaimedEvent]:
    """Take those of `ids` that wait for routing and are in nobody's hands."""
    rows = await connection.fetch(_CLAIM, ids, worker, lease)
    return [ClaimedEvent(**row) for row in rows]


_FINISH = """
WITH done AS (
    UPDATE event SET state = $3, due_at = NULL, lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND state = 'received' AND lease_owner = $2
    RETURNING id
)
INSERT INTO audit (at, actor, event_id, from_state, to_state, reason, details)
SELECT $4, 'router', done.id, 'received', $3, r.reason, r.details::jsonb
FROM done, unnest($5::text[], $6::text[]) WITH ORDINALITY AS r(reason, details, place)
ORDER BY r.place RETURNING seq
"""


async def finish(
    connection: Connection, event_id: EventId, worker: str, state: str, reasons: Sequence[Reason], now: datetime
) -> bool:
    """End the routing of an event (`routed` or `unroutable`) with its reasons; False if it is no longer ours."""
    codes, values = as_columns(reasons)
    rows = await connection.fetch(_FINISH, event_id, worker, state, now, codes, values)
    return bool(rows)


_RELEASE = """
UPDATE event SET lease_owner = NULL, lease_until = NULL, due_at = $3 WHERE id = $1 AND lease_owner = $2
"""


async def postpone(connection: Connection, event_id: EventId, worker: str, until: datetime) -> None:
    """Give an event back, to be routed again at `until`."""
    await connection.execute(_RELEASE, event_id, worker, until)


_RING = f"""
WITH due AS (
    SELECT id FROM event
    WHERE due_at <= $1 AND (lease_until IS NULL OR lease_until < now()) AND lane = ANY ($4::text[])
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE event SET lease_owner = '{BELL}', lease_until = now() + $3 FROM due WHERE event.id = due.id
RETURNING event.id, event.lane
"""  # event_due


async def ring(
    connection: Connection, now: datetime, limit: int, lanes: Collection[Urgency]
) -> list[tuple[EventId, Urgency]]:
    """Events that wait and that nobody works on. They are marked as rung for `RING_LEASE`."""
    rows = await connection.fetch(_RING, now, limit, RING_LEASE, [lane.value for lane in lanes])
    return [(row["id"], Urgency(row["lane"])) for row in rows]
