"""What routing must know of the other events of a dossier, and who was first to have a citizen told of a status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from notifier.domain.deliveries import DeliveryState
from notifier.domain.dossiers import Move, Status
from notifier.domain.ids import DeliveryId, DossierCode, EventId, EventType, SourceName
from notifier.domain.order import Place
from notifier.routing.overtaking import Told
from notifier.store.pool import Connection

_HOLD = "SELECT 1 FROM dossier WHERE source = $1 AND code = $2 FOR UPDATE"  # primary key
_EVENTS = """
SELECT e.id, e.type, e.transition, e.seq, e.occurred_at, e.received_at, e.state = 'routed' AS routed,
       e.type = $3 AND EXISTS (
           SELECT 1 FROM recipient r JOIN delivery d ON d.recipient_id = r.id
           WHERE r.event_id = e.id AND r.audience = 'citizen'
             AND (d.state = 'superseded' OR (d.state = 'cancelled' AND d.position = 'first'))) AS undone
FROM event e WHERE e.source = $1 AND e.dossier_code = $2 ORDER BY e.received_at, e.id
"""  # event_dossier, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def hold_dossier(
    connection: Connection, source: SourceName, code: DossierCode, event_type: EventType
) -> list[Told]:
    """Hold a dossier until the transaction ends, so that its events are routed one after the other; answers them all.

    `undone` is told of the events of this type only.
    """
    await connection.execute(_HOLD, source, code)
    return [_told(row) for row in await connection.fetch(_EVENTS, source, code, event_type)]


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
SELECT code, $2, $3, $4, $5 FROM unnest($1::text[]) AS code ORDER BY code
ON CONFLICT (dossier_code, status, day) DO NOTHING RETURNING dossier_code
"""  # primary key; the order makes two sources wait for each other instead of dead-locking
_FIRST = """
SELECT t.source FROM told t JOIN event e ON e.id = t.event_id
WHERE t.dossier_code = ANY ($1::text[]) AND t.status = $2 AND t.day = $3 AND t.source <> $4 AND e.type = $5
ORDER BY t.dossier_code LIMIT 1
"""  # primary keys


async def claim_telling(connection: Connection, claim: Claim) -> SourceName | None:
    """None: the citizen is told by this event. Else the other source that has had the citizen told of the same."""
    mine = await connection.fetch(_CLAIM, claim.codes, claim.status, claim.day, claim.source, claim.event_id)
    return None if len(mine) == len(claim.codes) else await first_to_tell(connection, claim)


async def first_to_tell(connection: Connection, claim: Claim) -> SourceName | None:
    """The other source that has had the citizen told of the same."""
    first: SourceName | None = await connection.fetchval(
        _FIRST, claim.codes, claim.status, claim.day, claim.source, claim.type
    )
    return first


_UNCLAIM = """
DELETE FROM told t WHERE t.dossier_code = ANY ($1::text[]) AND t.event_id = ANY ($2::uuid[])
  AND NOT EXISTS (SELECT 1 FROM recipient r JOIN delivery d ON d.recipient_id = r.id
                  WHERE r.event_id = t.event_id AND r.audience = 'citizen' AND d.content_kind <> 'inbox'
                    AND d.state IN ('planned', 'sending', 'accepted', 'delivered', 'read', 'unknown'))
"""  # primary key, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def unclaim_telling(connection: Connection, codes: Sequence[DossierCode], events: Sequence[EventId]) -> None:
    """Forget that these events told a citizen, where nothing of them was sent after all."""
    await connection.execute(_UNCLAIM, codes, events)
