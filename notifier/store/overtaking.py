"""What routing must know of the other events of a dossier, and who was first to have a citizen told of a status."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from notifier.domain.deliveries import DeliveryState
from notifier.domain.dossiers import Move, Status
from notifier.domain.ids import DeliveryId, DossierCode, DossierKey, EventId, EventType, SourceName
from notifier.domain.order import Place
from notifier.routing.overtaking import Told
from notifier.store.pool import Connection

_HOLD = """
SELECT 1 FROM unnest($1::text[], $2::text[]) AS w(source, code) JOIN dossier d ON d.source = w.source AND d.code = w.code
ORDER BY d.source, d.code FOR UPDATE OF d
"""  # primary key; the order makes two waves wait for each other instead of dead-locking
_EVENTS = """
SELECT e.id, e.source, e.dossier_code, e.type, e.transition, e.seq, e.occurred_at, e.received_at,
       e.state = 'routed' AS routed,
       e.type = w.type AND EXISTS (
           SELECT 1 FROM recipient r JOIN delivery d ON d.recipient_id = r.id
           WHERE r.event_id = e.id AND r.audience = 'citizen'
             AND (d.state = 'superseded' OR (d.state = 'cancelled' AND d.position = 'first'))) AS undone
FROM unnest($1::text[], $2::text[], $3::text[]) AS w(source, code, type) CROSS JOIN LATERAL (
    SELECT * FROM event WHERE source = w.source AND dossier_code = w.code OFFSET 0  -- one probe for each
) e ORDER BY e.received_at, e.id
"""  # event_dossier, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def hold_dossiers(
    connection: Connection, asked: Collection[tuple[SourceName, DossierCode, EventType]]
) -> dict[DossierKey, list[Told]]:
    """Hold dossiers until the transaction ends, so that the events of each are routed one after the other.

    Answers them all, in the order they came. `undone` is told of those of the type that is asked of their dossier.
    """
    sources, codes, types = ([each[place] for each in asked] for place in range(3))
    await connection.execute(_HOLD, sources, codes)
    told: dict[DossierKey, list[Told]] = {DossierKey(source, code): [] for source, code, _ in asked}
    for row in await connection.fetch(_EVENTS, sources, codes, types):
        told[DossierKey(row["source"], row["dossier_code"])].append(_told(row))
    return told


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message to a citizen that may still be stopped."""

    id: DeliveryId
    event_id: EventId
    state: DeliveryState
    perhaps_sent: bool


_UNSENT = """
SELECT d.id, d.event_id, d.state, d.provider IS NOT NULL AS perhaps_sent
FROM recipient r JOIN delivery d ON d.recipient_id = r.id
WHERE r.event_id = ANY ($1::uuid[]) AND r.audience = 'citizen' AND d.state IN ('standby', 'planned', 'held')
ORDER BY d.id FOR UPDATE OF d SKIP LOCKED
"""  # recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def unsent(connection: Connection, events: Sequence[EventId]) -> list[Unsent]:
    """The unsent messages to the citizen of these events, held until the transaction ends.

    One that is in somebody's hands is left out: it is being sent, or is looked at again before it is (`events_around`).
    """
    rows = await connection.fetch(_UNSENT, events)
    return [Unsent(row["id"], row["event_id"], DeliveryState(row["state"]), row["perhaps_sent"]) for row in rows]


_AROUND = """
SELECT mine.id AS asked, e.id, e.type, e.transition, e.seq, e.occurred_at, e.received_at, true AS routed, false AS undone
FROM event mine CROSS JOIN LATERAL (
    SELECT * FROM event WHERE source = mine.source AND dossier_code = mine.dossier_code AND state = 'routed'
    OFFSET 0  -- one probe for each: a hundred thousand new events that no statistics know yet made it a join of all
) e
WHERE mine.id = ANY ($1::uuid[])
"""  # primary key, event_dossier


async def events_around(connection: Connection, events: Sequence[EventId]) -> dict[EventId, list[Told]]:
    """For each of these events the routed events of its dossier, itself among them."""
    around: dict[EventId, list[Told]] = {id_: [] for id_ in events}
    for row in await connection.fetch(_AROUND, events):
        around[row["asked"]].append(_told(row))
    return around


def _told(row: Any) -> Told:
    return Told(
        place=Place(row["id"], row["seq"], row["occurred_at"], row["received_at"]),
        type=EventType(row["type"]),
        transition=Move(row["transition"]) if row["transition"] else None,
        routed=row["routed"],
        undone=row["undone"],
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """That a citizen is told of a status of a dossier on a day (local date), under each code that the dossier has."""

    event_id: EventId
    source: SourceName
    type: EventType
    codes: tuple[DossierCode, ...]
    status: Status
    day: date


_CLAIM = """
INSERT INTO told (dossier_code, status, day, source, event_id)
SELECT w.* FROM unnest($1::text[], $2::smallint[], $3::date[], $4::text[], $5::uuid[]) AS w(code, status, day, source, event)
ORDER BY w.code, w.status, w.day
ON CONFLICT (dossier_code, status, day) DO NOTHING RETURNING event_id
"""  # primary key; the order makes two sources wait for each other instead of dead-locking
_FIRST = """
SELECT DISTINCT ON (w.event) w.event, t.source
FROM unnest($1::text[], $2::smallint[], $3::date[], $4::text[], $5::uuid[], $6::text[])
     AS w(code, status, day, source, event, type)
JOIN told t ON t.dossier_code = w.code AND t.status = w.status AND t.day = w.day AND t.source <> w.source
JOIN event e ON e.id = t.event_id AND e.type = w.type
ORDER BY w.event, t.dossier_code
"""  # primary keys


async def claim_telling(connection: Connection, claims: Sequence[Claim]) -> dict[EventId, SourceName]:
    """The events of which another source has had the citizen told the same, with that source; of the others the citizen
    is told by the event itself.
    """
    if not claims:
        return {}
    rows = await connection.fetch(_CLAIM, *_columns(claims))
    mine = Counter(row["event_id"] for row in rows)
    return await first_to_tell(connection, [each for each in claims if mine[each.event_id] < len(each.codes)])


async def first_to_tell(connection: Connection, claims: Sequence[Claim]) -> dict[EventId, SourceName]:
    """The other source that has had the citizen told of the same, for each event where there is one."""
    if not claims:
        return {}
    types = [each.type for each in claims for _ in each.codes]
    return {row["event"]: row["source"] for row in await connection.fetch(_FIRST, *_columns(claims), types)}


def _columns(claims: Sequence[Claim]) -> tuple[list[Any], ...]:
    """One row for each code: code, status, day, source, event."""
    rows = [(code, each.status, each.day, each.source, each.event_id) for each in claims for code in each.codes]
    return tuple(map(list, zip(*rows, strict=True)))


_UNCLAIM = """
DELETE FROM told t WHERE t.dossier_code = ANY ($1::text[]) AND t.event_id = ANY ($2::uuid[])
  AND NOT EXISTS (SELECT 1 FROM recipient r JOIN delivery d ON d.recipient_id = r.id
                  WHERE r.event_id = t.event_id AND r.audience = 'citizen' AND d.content_kind <> 'inbox'
                    AND d.state IN ('planned', 'sending', 'accepted', 'delivered', 'read', 'unknown'))
"""  # primary key, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def unclaim_telling(connection: Connection, codes: Sequence[DossierCode], events: Sequence[EventId]) -> None:
    """Forget that these events told a citizen, where nothing of them was sent after all."""
    await connection.execute(_UNCLAIM, codes, events)
