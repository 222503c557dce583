"""What one person may see of a dossier: which of its events were told to them, what was sent to them, and by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DeliveryId, DossierCode, EventId, EventType, InboxOwner, SourceName
from notifier.domain.recipients import Audience
from notifier.store.inbox import InboxMessage
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Sent:
    """One message to this person by one channel, and what became of it. `phone` and `email` are theirs, in full."""

    event_id: EventId
    type: EventType
    kind: ContentKind
    state: DeliveryState
    at: datetime
    """Since when it stands so."""
    due_at: datetime | None
    phone: str | None
    email: str | None
    linked: bool
    """The person is known to Zalo by their link, not by the telephone number."""


_TOLD = """
SELECT e.id, CASE WHEN count(r.id) > 0 THEN bool_or(r.inbox_owner = $3) END AS mine
FROM event e LEFT JOIN recipient r ON r.event_id = e.id AND r.audience = 'citizen'
WHERE e.source = $1 AND e.dossier_code = $2 AND e.state = 'routed'
GROUP BY e.id
"""  # event_dossier, recipient_event_id_audience_ref_key


async def told(
    connection: Connection, owner: InboxOwner, source: SourceName, code: DossierCode
) -> dict[EventId, bool | None]:
    """The routed events of a dossier: whether this citizen was told of each; None where no citizen was."""
    return {row["id"]: row["mine"] for row in await connection.fetch(_TOLD, source, code, owner)}


_SENT = """
SELECT d.event_id, e.type, d.content_kind, d.state, d.updated_at, d.due_at, r.phone, r.email,
       r.zalo_uid IS NOT NULL AS linked
FROM event e JOIN recipient r ON r.event_id = e.id JOIN delivery d ON d.recipient_id = r.id
WHERE e.source = $1 AND e.dossier_code = $2 AND r.inbox_owner = $3
  AND d.state NOT IN ('standby', 'suppressed', 'cancelled', 'superseded')
ORDER BY e.received_at DESC, e.id DESC, d.rank, d.channel
"""  # event_dossier, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def sent(connection: Connection, owner: InboxOwner, source: SourceName, code: DossierCode) -> list[Sent]:
    """What was sent to this person about a dossier, or will be; the newest event first."""
    return [
        Sent(
            event_id=row["event_id"],
            type=row["type"],
            kind=ContentKind(row["content_kind"]),
            state=DeliveryState(row["state"]),
            at=row["updated_at"],
            due_at=row["due_at"],
            phone=row["phone"],
            email=row["email"],
            linked=row["linked"],
        )
        for row in await connection.fetch(_SENT, source, code, owner)
    ]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from, and in which of their roles its reader got it."""

    agency: str | None
    audience: Audience


_ORIGINS = """
SELECT d.id, e.agency, r.audience
FROM delivery d JOIN event e ON e.id = d.event_id JOIN recipient r ON r.id = d.recipient_id
WHERE d.id = ANY ($1::uuid[])
"""  # primary keys


_IS_STAFF = """
SELECT r.audience <> 'citizen'
FROM inbox_message m JOIN delivery d ON d.id = m.delivery_id JOIN recipient r ON r.id = d.recipient_id
WHERE m.owner = $1 ORDER BY m.seq DESC LIMIT 1
"""  # primary keys


async def is_of_staff(connection: Connection, owner: InboxOwner) -> bool:
    """Whether an inbox is that of an officer's work, as its messages say; one without any is taken for a citizen's."""
    return bool(await connection.fetchval(_IS_STAFF, owner))


async def origins(connection: Connection, messages: Iterable[InboxMessage]) -> dict[DeliveryId, Origin]:
    rows = await connection.fetch(_ORIGINS, [message.id for message in messages])
    return {row["id"]: Origin(row["agency"], Audience(row["audience"])) for row in rows}


_PROCEDURES = """
SELECT d.id, p.document -> 'HoSo' ->> 'TenTTHC' AS name
FROM delivery d JOIN event_payload p ON p.event_id = d.event_id WHERE d.id = ANY ($1::uuid[])
"""  # primary keys


async def procedures(connection: Connection, messages: Iterable[InboxMessage]) -> dict[DeliveryId, str]:
    """What the dossier of each message is about, where its event says so."""
    rows = await connection.fetch(_PROCEDURES, [message.id for message in messages])
    return {row["id"]: row["name"] for row in rows if row["name"]}
