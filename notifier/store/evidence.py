"""What a notice rests on: the calls that were made, what was said in them, the callbacks, and who saw the contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifier.domain.content import ContentKind
from notifier.domain.ids import DeliveryId, EventId, ProviderName, ReceiptId, RecipientId
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a provider. `words` is what it said, unmasked; `parts` and `cost` (đồng) are those of an SMS."""

    delivery_id: DeliveryId
    number: int
    provider: ProviderName | None
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    """As `attempt.outcome` is stored; None: the call has not ended, or broke off."""
    code: str | None
    words: str | None
    reference: str | None
    parts: int | None
    cost: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in one message, exactly. Personal."""

    delivery_id: DeliveryId
    kind: ContentKind
    template: str
    version: str
    body: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that speaks of a delivery, as it came. May be personal."""

    id: ReceiptId
    delivery_id: DeliveryId
    provider: ProviderName
    received_at: datetime
    method: str
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reveal:
    """Somebody saw the contact of a notice in full."""

    at: datetime
    actor: str
    reason: Reason


_CALLS = """
SELECT t.delivery_id, t.number, t.provider, t.started_at, t.finished_at, t.outcome, t.code, t.detail AS words, t.reference,
       t.parts, t.cost
FROM attempt t WHERE t.delivery_id = ANY ($1::uuid[]) ORDER BY t.started_at, t.number
"""  # attempt_delivery_id_number_key
_SAID = """
SELECT delivery_id, kind, template, version, body, created_at FROM content WHERE delivery_id = ANY ($1::uuid[])
"""  # primary key
_CALLBACKS = """
SELECT c.id, o.delivery_id, c.provider, c.received_at, c.method, c.query, c.body
FROM receipt_of o JOIN receipt c ON c.id = o.receipt_id
WHERE o.delivery_id = ANY ($1::uuid[]) ORDER BY c.id
"""  # primary keys
_NAMES = """
SELECT name FROM recipient WHERE event_id = $1 AND audience = 'citizen'
UNION SELECT n.name FROM event_payload p, LATERAL (VALUES
    (p.document #>> '{HoSo,ChuHoSo}'), (p.document #>> '{HoSo,NguoiUyQuyen}')) n(name)
WHERE p.event_id = $1 AND n.name IS NOT NULL
"""  # recipient_event_id_audience_ref_key, primary key
_TOLD_IN = """
WITH own AS MATERIALIZED (SELECT gathered_into FROM delivery WHERE recipient_id = $1)
SELECT r.id FROM own JOIN recipient r ON r.event_id = own.gathered_into LIMIT 1
"""  # delivery_recipient_id_channel_key, recipient_event_id_audience_ref_key
_REVEALS = """
SELECT at, actor, reason, details FROM audit
WHERE event_id = $1 AND reason = 'contact.revealed' AND details ->> 'recipient' = $2 ORDER BY seq DESC
"""  # audit_event


async def told_in(connection: Connection, id_: RecipientId) -> RecipientId | None:
    """The notice of the same person in which this one was told together with others."""
    found: RecipientId | None = await connection.fetchval(_TOLD_IN, id_)
    return found


async def calls(connection: Connection, ids: Sequence[DeliveryId]) -> list[Call]:
    """Every call of these deliveries, in the order in which they began."""
    return [Call(**row) for row in await connection.fetch(_CALLS, ids)]


async def said(connection: Connection, ids: Sequence[DeliveryId]) -> dict[DeliveryId, Said]:
    return {
        row["delivery_id"]: Said(
            row["delivery_id"],
            ContentKind(row["kind"]),
            row["template"],
            row["version"],
            row["body"],
            row["created_at"],
        )
        for row in await connection.fetch(_SAID, ids)
    }


async def callbacks(connection: Connection, ids: Sequence[DeliveryId]) -> list[Callback]:
    """What providers said of these deliveries later, in the order in which it came."""
    return [Callback(**row) for row in await connection.fetch(_CALLBACKS, ids)]


async def names(connection: Connection, event_id: EventId) -> list[str]:
    """The citizens whom an event names: what is shown masked is shown without these."""
    return [row["name"] for row in await connection.fetch(_NAMES, event_id)]


async def reveals(connection: Connection, event_id: EventId, id_: RecipientId) -> list[Reveal]:
    """Who has seen the contact of this notice, the last one first."""
    rows = await connection.fetch(_REVEALS, event_id, str(id_))
    return [Reveal(row["at"], row["actor"], Reason(ReasonCode(row["reason"]), row["details"])) for row in rows]


async def note_reveal(
    connection: Connection,
    event_id: EventId,
    delivery_id: DeliveryId | None,
    reason: Reason,
    *,
    actor: str,
    now: datetime,
) -> None:
    """The audit row that is there before anybody sees the contact."""
    await connection.execute(
        "INSERT INTO audit (at, actor, event_id, delivery_id, reason, details) VALUES ($1, $2, $3, $4, $5, $6)",
        now,
        actor,
        event_id,
        delivery_id,
        reason.code,
        dict(reason.values),
    )
