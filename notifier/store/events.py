"""Events: what came in, kept for good; and the dossiers they speak of.

`event` has no personal data; `event_payload` has the document. An event is `received` until it is routed
or proves unroutable, and as long as it is `received` it has a `due_at`, so that the dispatcher can find it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, SourceName
from notifier.domain.reasons import Reason
from notifier.store.audit import as_columns, as_json
from notifier.store.due import claimable
from notifier.store.pool import Connection


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
ORDER BY e.received_at, e.id
"""  # primary keys


async def claim(connection: Connection, ids: Sequence[EventId], worker: str, lease: timedelta) -> list[ClaimedEvent]:
    """Take those of `ids` that wait for routing and are in nobody's hands, in the order they came; none of a source that
    is paused.
    """
    rows = await connection.fetch(_CLAIM, ids, worker, lease)
    return [ClaimedEvent(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Finished:
    """An event whose routing ends, and why. `agency`: the code of its unit, for operators who look for it."""

    id: EventId
    reasons: Sequence[Reason]
    agency: str | None = None


_FINISH = """
WITH done AS (
    UPDATE event SET state = $2, agency = w.agency, due_at = NULL, lease_owner = NULL, lease_until = NULL
    FROM unnest($4::uuid[], $5::text[]) AS w(id, agency)
    WHERE event.id = w.id AND state = 'received' AND lease_owner = $1
    RETURNING event.id
), noted AS (
    INSERT INTO audit (at, actor, event_id, from_state, to_state, reason, details)
    SELECT $3, 'router', done.id, 'received', $2, r.reason, r.details::jsonb
    FROM unnest($6::uuid[], $7::text[], $8::text[]) WITH ORDINALITY AS r(event_id, reason, details, place)
    JOIN done ON done.id = r.event_id
    ORDER BY r.place
)
SELECT id FROM done
"""  # primary key


async def finish(
    connection: Connection, finished: Sequence[Finished], worker: str, state: str, now: datetime
) -> set[EventId]:
    """End the routing of events (`routed` or `unroutable`) with their reasons; answers which of them were still ours."""
    told = [(each.id, reason) for each in finished for reason in each.reasons]
    rows = await connection.fetch(
        _FINISH,
        worker,
        state,
        now,
        [each.id for each in finished],
        [each.agency for each in finished],
        [id_ for id_, _ in told],
        *as_columns([reason for _, reason in told]),
    )
    return {row["id"] for row in rows}


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
