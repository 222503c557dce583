"""One delivery or all of an event, as an operator is about to act on them: where each stands, without who its person is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.domain.deliveries import DeliveryState, Position
from notifier.domain.ids import (
    ChannelName,
    DeliveryId,
    DossierCode,
    EventId,
    EventType,
    ExternalId,
    RecipientId,
    SourceName,
)
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Target:
    id: DeliveryId
    recipient_id: RecipientId
    audience: Audience
    ref: str
    channel: ChannelName
    position: Position
    state: DeliveryState
    due_at: datetime | None
    perhaps_sent: bool
    """Planned again after a call whose result is not known: its provider may hold it."""


@dataclass(frozen=True, slots=True)
class EventAt:
    """An event, and its deliveries, by audience, person and rank."""

    id: EventId
    source: SourceName
    external_id: ExternalId
    type: EventType
    dossier: DossierCode
    agency: str | None
    state: str
    deliveries: tuple[Target, ...]


_DELIVERIES = """
SELECT d.id, d.recipient_id, r.audience, r.ref, d.channel, d.position, d.state, d.due_at,
       d.state = 'planned' AND d.provider IS NOT NULL AS perhaps_sent
FROM delivery d JOIN recipient r ON r.id = d.recipient_id WHERE d.event_id = $1
ORDER BY r.audience, r.ref, d.rank, d.channel
"""  # delivery_event, primary keys


async def of_event(connection: Connection, id_: EventId) -> EventAt | None:
    row = await connection.fetchrow(
        "SELECT id, source, external_id, type, dossier_code AS dossier, agency, state FROM event WHERE id = $1", id_
    )  # primary key
    if row is None:
        return None
    return EventAt(**row, deliveries=tuple(_target(each) for each in await connection.fetch(_DELIVERIES, id_)))


async def event_of(connection: Connection, id_: DeliveryId) -> EventId | None:
    """The event that a delivery tells of."""
    found: EventId | None = await connection.fetchval("SELECT event_id FROM delivery WHERE id = $1", id_)
    return found  # primary key


def _target(row: Any) -> Target:
    given = {"audience": Audience(row["audience"]), "position": Position(row["position"])}
    return Target(**{**row, **given, "state": DeliveryState(row["state"])})
