"""A notice: one event for one person, with every way to them. Read for people who ask what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.audit.verdict import Way
from notifier.domain.content import ContentKind
from notifier.domain.deliveries import DeliveryState, Position
from notifier.domain.ids import (
    DeliveryId,
    DossierCode,
    EventId,
    EventType,
    ExternalId,
    ProviderName,
    RecipientId,
    SourceName,
)
from notifier.domain.reach import Reach
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience, Locale
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

EVENTS_MOST = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is told of one event. `name`, `phone`, `email` and `zalo_uid` are personal."""

    id: RecipientId
    event_id: EventId
    source: SourceName
    dossier: DossierCode
    type: EventType
    external_id: ExternalId
    agency: str | None
    received_at: datetime
    occurred_at: datetime
    seq: int | None
    audience: Audience
    ref: str
    locale: Locale
    name: str
    phone: str | None
    email: str | None
    zalo_uid: str | None


@dataclass(frozen=True, slots=True)
class DossierEventRow:
    """An event of a dossier: whoever it told is listed beside it."""

    id: EventId
    type: EventType
    external_id: ExternalId
    seq: int | None
    occurred_at: datetime
    received_at: datetime
    state: str
    reason: Reason
    """Why it led to the notices that it led to, or to none."""


NOTICE = """
SELECT r.id, r.event_id, r.audience, r.ref, r.locale, r.name, r.phone, r.email, r.zalo_uid,
       e.source, e.dossier_code, e.type, e.external_id, e.agency, e.received_at, e.occurred_at, e.seq
FROM recipient r JOIN event e ON e.id = r.event_id
"""
_ONE = f"{NOTICE} WHERE r.id = $1 AND {in_reach('e.agency', '$2', '$3')}"  # primary keys
_OF_DELIVERY = f"""
SELECT d.recipient_id FROM delivery d JOIN event e ON e.id = d.event_id
WHERE d.id = $1 AND {in_reach("e.agency", "$2", "$3")}
"""  # primary keys
_OF_EVENTS = f"{NOTICE} WHERE r.event_id = ANY ($1::uuid[]) ORDER BY r.audience, r.ref"
"""recipient_event_id_audience_ref_key, event_pkey"""
_EVENTS = f"""
SELECT e.id, e.type, e.external_id, e.seq, e.occurred_at, e.received_at, e.state, why.reason, why.details
FROM event e
JOIN LATERAL (
    SELECT reason, details FROM audit a WHERE a.event_id = e.id AND a.delivery_id IS NULL AND a.reason LIKE 'event.%'
    ORDER BY a.seq DESC LIMIT 1
) why ON true
WHERE e.source = $1 AND e.dossier_code = $2 AND e.received_at < $3 AND {in_reach("e.agency", "$4", "$5")}
ORDER BY e.received_at DESC LIMIT $6
"""  # event_dossier, audit_event
_WAYS = """
SELECT d.recipient_id, d.id, d.channel, d.content_kind, d.position, d.rank, d.state, d.updated_at, d.due_at, d.expires_at,
       d.provider, why.reason, why.details, why.at
FROM delivery d
LEFT JOIN LATERAL (
    SELECT reason, details, at FROM audit a
    WHERE a.event_id = d.event_id AND a.delivery_id = d.id AND a.to_state = d.state
    ORDER BY a.seq DESC LIMIT 1
) why ON true
WHERE d.recipient_id = ANY ($1::uuid[])
ORDER BY d.rank, d.channel
"""  # delivery_recipient_id_channel_key, audit_event


async def one(connection: Connection, id_: RecipientId, within: Reach) -> Notice | None:
    """The notice; None if there is none or it is out of sight."""
    row = await connection.fetchrow(_ONE, id_, within.codes, within.beginnings)
    return notice_of(row) if row else None


async def of_delivery(connection: Connection, id_: DeliveryId, within: Reach) -> RecipientId | None:
    """The notice that a delivery is a way of."""
    found: RecipientId | None = await connection.fetchval(_OF_DELIVERY, id_, within.codes, within.beginnings)
    return found


async def events_of(
    connection: Connection, source: SourceName, code: DossierCode, within: Reach, before: datetime
) -> list[DossierEventRow]:
    """Events of a dossier that came before this moment, the newest first, at most `EVENTS_MOST`."""
    rows = await connection.fetch(_EVENTS, source, code, before, within.codes, within.beginnings, EVENTS_MOST)
    return [
        DossierEventRow(
            row["id"],
            row["type"],
            row["external_id"],
            row["seq"],
            row["occurred_at"],
            row["received_at"],
            row["state"],
            Reason(ReasonCode(row["reason"]), row["details"]),
        )
        for row in rows
    ]


async def of_events(connection: Connection, ids: Sequence[EventId]) -> list[Notice]:
    """Everybody whom these events tell. Whether the events are in sight is asked before."""
    return [notice_of(row) for row in await connection.fetch(_OF_EVENTS, ids)]


async def ways(
    connection: Connection, ids: Sequence[RecipientId], proving: Collection[ProviderName]
) -> dict[RecipientId, list[Way]]:
    """The deliveries of each notice. `proving` are the providers that can prove delivery."""
    found: dict[RecipientId, list[Way]] = {id_: [] for id_ in ids}
    for row in await connection.fetch(_WAYS, ids):
        found[row["recipient_id"]].append(_way(row, proving))
    return found


def notice_of(row: Any) -> Notice:
    return Notice(
        id=row["id"],
        event_id=row["event_id"],
        source=row["source"],
        dossier=row["dossier_code"],
        type=row["type"],
        external_id=row["external_id"],
        agency=row["agency"],
        received_at=row["received_at"],
        occurred_at=row["occurred_at"],
        seq=row["seq"],
        audience=Audience(row["audience"]),
        ref=row["ref"],
        locale=Locale(row["locale"]),
        name=row["name"],
        phone=row["phone"],
        email=row["email"],
        zalo_uid=row["zalo_uid"],
    )


def _way(row: Any, proving: Collection[ProviderName]) -> Way:
    return Way(
        id=row["id"],
        channel=row["channel"],
        kind=ContentKind(row["content_kind"]),
        position=Position(row["position"]),
        rank=row["rank"],
        state=DeliveryState(row["state"]),
        since=row["at"] or row["updated_at"],
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        provider=row["provider"],
        reason=Reason(ReasonCode(row["reason"]), row["details"]) if row["reason"] else None,
        proves=row["provider"] in proving,
    )
