"""Events: what came in, kept for good; and the dossiers they speak of.

`event` has no personal data; `event_payload` has the document. An event is `received` until it is routed
or proves unroutable, and as long as it is `received` it has a `due_at`, so that the dispatcher can find it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.dossiers import Move, Status
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, SourceName
from notifier.domain.order import Place, last_of
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.audit import as_columns, as_json
from notifier.store.due import claimable
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class NewEvent:
    id: EventId
    source: SourceName
    external_id: ExternalId
    type: EventType
    dossier_code: DossierCode
    seq: int | None
    status: Status | None
    transition: Move | None
    late: bool
    """A later event of the dossier has come before: this one tells of the past, and moves nothing back."""
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


COLUMNS = """
    e.id, e.source, e.external_id, e.type, e.occurred_at, e.received_at, e.seq, p.document,
    d.document -> 'HoSo' AS details
"""
"""Of a `ClaimedEvent`, where `event` is called e, with the joins of `DOCUMENTS`."""
DOCUMENTS = """
JOIN event_payload p ON p.event_id = e.id
LEFT JOIN dossier s ON s.source = e.source AND s.code = e.dossier_code AND s.details_event <> e.id
LEFT JOIN event_payload d ON d.event_id = s.details_event
"""  # primary keys


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dossier stands: its status, and the event that told of it."""

    status: Status | None = None
    last: Place | None = None


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


_READ_PLACES = """
SELECT dossier_code, id, seq, occurred_at, received_at FROM event
WHERE source = $1 AND dossier_code = ANY ($2::text[]) AND status IS NOT NULL ORDER BY received_at, id
"""  # event_dossier


async def lock_dossiers(
    connection: Connection, source: SourceName, codes: Sequence[DossierCode], now: datetime
) -> dict[DossierCode, Standing]:
    """Hold these dossiers until the transaction ends; answers where each stands."""
    wanted = sorted(set(codes))
    await connection.execute(_LOCK_DOSSIERS, source, wanted, now)
    rows = await connection.fetch(_READ_DOSSIERS, source, wanted)
    statuses = {DossierCode(row["code"]): Status(row["status"]) if row["status"] else None for row in rows}
    moved = [code for code, status in statuses.items() if status is not None]
    known = await status_places(connection, source, moved) if moved else {}
    return {code: Standing(status, last_of(known.get(code, ()))) for code, status in statuses.items()}


async def status_places(
    connection: Connection, source: SourceName, codes: Sequence[DossierCode]
) -> dict[DossierCode, list[Place]]:
    """The events that told where these dossiers stand, in the order they came."""
    places: dict[DossierCode, list[Place]] = {code: [] for code in codes}
    for row in await connection.fetch(_READ_PLACES, source, codes):
        places[row["dossier_code"]].append(_place(row))
    return places


def _place(row: Any) -> Place:
    return Place(row["id"], row["seq"], row["occurred_at"], row["received_at"])


_INSERT = f"""
WITH fresh AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint,
                       warnings, lane, status, transition, state, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $15, 'received', $8)
    ON CONFLICT (source, external_id) DO NOTHING
    RETURNING id
), payload AS (
    INSERT INTO event_payload (event_id, document) SELECT id, $12 FROM fresh
), stands AS (
    UPDATE dossier SET status = CASE WHEN $16 THEN status ELSE coalesce($13, status) END, updated_at = $8,
                       details_event = CASE WHEN $14 AND (NOT $16 OR details_event IS NULL) THEN fresh.id
                                            ELSE details_event END
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
        event.document,
        event.status,
        event.describes_dossier,
        event.transition and event.transition.value,
        event.late,
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
      AND {claimable("$2")}
      AND NOT EXISTS (SELECT 1 FROM pause WHERE kind = 'source' AND name = event.source)
    RETURNING *
)
SELECT {COLUMNS}
FROM claimed e
{DOCUMENTS}
ORDER BY e.received_at
"""  # primary keys


async def claim(connection: Connection, ids: Sequence[EventId], worker: str, lease: timedelta) -> list[ClaimedEvent]:
    """Take those of `ids` that wait for routing and are in nobody's hands; none of a source that is paused."""
    rows = await connection.fetch(_CLAIM, ids, worker, lease)
    return [ClaimedEvent(**row) for row in rows]


_FINISH = """
WITH done AS (
    UPDATE event SET state = $3, agency = $7, due_at = NULL, lease_owner = NULL, lease_until = NULL
    WHERE id = $1 AND state = 'received' AND lease_owner = $2
    RETURNING id
)
INSERT INTO audit (at, actor, event_id, from_state, to_state, reason, details)
SELECT $4, 'router', done.id, 'received', $3, r.reason, r.details::jsonb
FROM done, unnest($5::text[], $6::text[]) WITH ORDINALITY AS r(reason, details, place)
ORDER BY r.place RETURNING seq
"""


async def finish(
    connection: Connection,
    event_id: EventId,
    worker: str,
    state: str,
    reasons: Sequence[Reason],
    now: datetime,
    agency: str | None = None,
) -> bool:
    """End the routing of an event (`routed` or `unroutable`) with its reasons; False if it is no longer ours.

    `agency` is the code of the unit whose event it is, for operators who look for it.
    """
    codes, values = as_columns(reasons)
    rows = await connection.fetch(_FINISH, event_id, worker, state, now, codes, values, agency)
    return bool(rows)


_RELEASE = """
UPDATE event SET lease_owner = NULL, lease_until = NULL, due_at = $3 WHERE id = $1 AND lease_owner = $2
"""


async def postpone(connection: Connection, event_id: EventId, worker: str, until: datetime) -> None:
    """Give an event back, to be routed again at `until`."""
    await connection.execute(_RELEASE, event_id, worker, until)


_BY_ID = f"""
SELECT {COLUMNS}
FROM event e
{DOCUMENTS}
WHERE e.id = ANY ($1::uuid[]) ORDER BY e.received_at, e.id
"""  # primary keys


async def read(connection: Connection, ids: Sequence[EventId]) -> list[ClaimedEvent]:
    """These events with their documents."""
    return [ClaimedEvent(**row) for row in await connection.fetch(_BY_ID, ids)]


_OF_DOSSIER = """
SELECT e.id, e.source, e.external_id, e.type, e.occurred_at, e.received_at, e.seq, p.document, NULL::jsonb AS details
FROM event e JOIN event_payload p ON p.event_id = e.id
WHERE e.source = $1 AND e.dossier_code = $2 AND e.state <> 'unroutable' AND e.type !~ '^han[.]'
ORDER BY e.received_at, e.id
"""  # event_dossier, primary key


async def of_dossier(connection: Connection, source: SourceName, code: DossierCode) -> list[ClaimedEvent]:
    """All that the dossier system told of a dossier, each as it was told, in the order it came."""
    return [ClaimedEvent(**row) for row in await connection.fetch(_OF_DOSSIER, source, code)]


_MADE = """
WITH made AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings,
                       lane, agency, state)
    VALUES ($1, $2, $11, $3, $4, $5, $5, sha256(convert_to($11, 'UTF8')), '[]', $6, $7, 'routed')
    RETURNING id
), payload AS (
    INSERT INTO event_payload (event_id, document) SELECT id, $8 FROM made
)
INSERT INTO audit (at, actor, event_id, to_state, reason, details)
SELECT $5, 'router', id, 'routed', $9, $10::jsonb FROM made RETURNING seq
"""


async def insert_routed(
    connection: Connection,
    id_: EventId,
    *,
    source: SourceName,
    type_: EventType,
    dossier_code: DossierCode,
    lane: Urgency,
    agency: str | None,
    document: dict[str, Any],
    reason: Reason,
    now: datetime,
) -> None:
    """Store an event that we make ourselves together with its plan."""
    await connection.execute(
        _MADE,
        id_,
        source,
        type_,
        dossier_code,
        now,
        lane.value,
        agency,
        document,
        reason.code.value,
        as_json(reason),
        str(id_),
    )


READ_ALL_SECONDS = 600.0
_BETWEEN = f"""
SELECT {COLUMNS}
FROM event e
{DOCUMENTS}
WHERE e.received_at >= $1 AND e.received_at < $2 AND e.state = 'routed' AND e.type !~ '^(han|nhac)[.]'
ORDER BY e.received_at, e.id
"""  # a look back by hand: it reads all


async def between(connection: Connection, since: datetime, until: datetime) -> list[ClaimedEvent]:
    """What dossier systems told from `since` up to `until`, in the order it came."""
    return [ClaimedEvent(**row) for row in await connection.fetch(_BETWEEN, since, until, timeout=READ_ALL_SECONDS)]
