"""Taking events in, many by one statement: each once, in the order of its dossier, with its audit row.

What is stored here is `received`; `notifier.store.events` has what becomes of it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from notifier.domain.deliveries import Urgency
from notifier.domain.dossiers import Move, Status
from notifier.domain.ids import DossierCode, DossierKey, EventId, EventType, ExternalId, SourceName
from notifier.domain.order import Place, last_of
from notifier.domain.reasons import ReasonCode
from notifier.store.pool import Connection


class EventKey(NamedTuple):
    """By which a repeat is known."""

    source: SourceName
    external_id: ExternalId


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
    occurred_at: datetime
    received_at: datetime
    fingerprint: bytes
    warnings: Sequence[str]
    lane: Urgency
    document: str
    """As JSON text."""

    @property
    def dossier(self) -> DossierKey:
        return DossierKey(self.source, self.dossier_code)

    @property
    def place(self) -> Place:
        return Place(self.id, self.seq, self.occurred_at, self.received_at)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """What an earlier post of the same id left behind."""

    id: EventId
    type: EventType
    fingerprint: bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dossier stands: its status, the event that told of it, and the event that last described it in full."""

    status: Status | None = None
    last: Place | None = None
    described_by: EventId | None = None


_LOCK_DOSSIERS = """
INSERT INTO dossier AS known (source, code, updated_at)
SELECT source, code, $3 FROM unnest($1::text[], $2::text[]) AS named(source, code) ORDER BY source, code
ON CONFLICT (source, code) DO UPDATE SET updated_at = known.updated_at
RETURNING source, code, status, details_event
"""  # primary key; the order makes two batches wait for each other instead of dead-locking
_READ_PLACES = """
SELECT e.source, e.dossier_code, e.id, e.seq, e.occurred_at, e.received_at
FROM unnest($1::text[], $2::text[]) AS named(source, code) CROSS JOIN LATERAL (
    SELECT * FROM event WHERE source = named.source AND dossier_code = named.code AND status IS NOT NULL OFFSET 0
) e
ORDER BY e.received_at, e.id
"""  # event_dossier; OFFSET 0: what was planned while the table was small must not read all of it when it is large


async def lock_dossiers(
    connection: Connection, keys: Collection[DossierKey], now: datetime
) -> dict[DossierKey, Standing]:
    """Hold these dossiers until the transaction ends; answers where each stands."""
    rows = await connection.fetch(_LOCK_DOSSIERS, *_columns(set(keys), 2), now)
    moved = [_dossier_key(row) for row in rows if row["status"] is not None]
    known = await status_places(connection, moved) if moved else {}
    return {
        (key := _dossier_key(row)): Standing(
            Status(row["status"]) if row["status"] else None, last_of(known.get(key, ())), row["details_event"]
        )
        for row in rows
    }


async def status_places(connection: Connection, keys: Collection[DossierKey]) -> dict[DossierKey, list[Place]]:
    """The events that told where these dossiers stand, in the order they came."""
    places: dict[DossierKey, list[Place]] = {key: [] for key in keys}
    for row in await connection.fetch(_READ_PLACES, *_columns(keys, 2)):
        place = Place(row["id"], row["seq"], row["occurred_at"], row["received_at"])
        places[DossierKey(row["source"], row["dossier_code"])].append(place)
    return places


def _dossier_key(row: Any) -> DossierKey:
    return DossierKey(row["source"], row["code"])


def _columns(rows: Collection[Sequence[Any]], width: int) -> list[tuple[Any, ...]]:
    """The rows as arrays for `unnest`."""
    return list(zip(*rows, strict=True)) if rows else [()] * width


_FIND = """
SELECT e.source, e.external_id, e.id, e.type, e.fingerprint, e.warnings
FROM unnest($1::text[], $2::text[]) AS named(source, external_id) CROSS JOIN LATERAL (
    SELECT * FROM event WHERE source = named.source AND external_id = named.external_id OFFSET 0
) e
"""  # event_source_external_id_key; OFFSET 0 as above


async def find(connection: Connection, keys: Collection[EventKey]) -> dict[EventKey, StoredEvent]:
    """Those that are stored already."""
    rows = await connection.fetch(_FIND, *_columns(set(keys), 2))
    return {
        EventKey(row["source"], row["external_id"]): StoredEvent(
            row["id"], row["type"], row["fingerprint"], tuple(row["warnings"])
        )
        for row in rows
    }


_INSERT = f"""
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[],
                         $8::timestamptz[], $9::bytea[], $10::text[], $11::text[], $12::smallint[], $13::text[],
                         $14::text[])
        AS t(id, source, external_id, type, dossier_code, seq, occurred_at,
             received_at, fingerprint, warnings, lane, status, transition,
             document)
), fresh AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint,
                       warnings, lane, status, transition, state, due_at)
    SELECT id, source, external_id, type, dossier_code, seq, occurred_at, received_at, fingerprint,
           warnings::jsonb, lane, status, transition, 'received', received_at
    FROM told ORDER BY source, external_id
), payload AS (
    INSERT INTO event_payload (event_id, document) SELECT id, document::jsonb FROM told
), stands AS (
    INSERT INTO dossier (source, code, status, details_event, updated_at)
    SELECT * FROM unnest($15::text[], $16::text[], $17::smallint[], $18::uuid[], $19::timestamptz[])
    ON CONFLICT (source, code) DO UPDATE SET status = excluded.status, details_event = excluded.details_event,
        updated_at = excluded.updated_at
)
INSERT INTO audit (at, actor, event_id, reason, details)
SELECT received_at, 'intake', id, '{ReasonCode.EVENT_RECEIVED}', '{{}}' FROM told ORDER BY id
"""  # primary key of dossier; the order makes two batches wait for each other instead of dead-locking
IdTaken = asyncpg.UniqueViolationError
"""Somebody else has used the id of an event in the meantime, which `find` will answer now."""


async def insert(connection: Connection, fresh: Sequence[NewEvent], stand: Mapping[DossierKey, Standing]) -> None:
    """Store events that are new, in the order of their ids, each with its audit row; and where their dossiers stand.

    The dossiers are held. Raises `IdTaken`.
    """
    events = [
        (
            event.id,
            event.source,
            event.external_id,
            event.type,
            event.dossier_code,
            event.seq,
            event.occurred_at,
            event.received_at,
            event.fingerprint,
            json.dumps(event.warnings),
            event.lane,
            event.status,
            event.transition and event.transition.value,
            event.document,
        )
        for event in fresh
    ]
    told_at = {event.dossier: event.received_at for event in fresh}
    dossiers = [(*key, stand[key].status, stand[key].described_by, at) for key, at in told_at.items()]
    await connection.execute(_INSERT, *_columns(events, 14), *_columns(dossiers, 5))
