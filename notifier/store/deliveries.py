"""Deliveries, the working set of the delivery engine: claimed, moved, matched with receipts, rung for.

A delivery is moved only by `move`, which names the state it expects and writes the audit row in the same
statement. Leases compare database time with database time; `due_at` is compared with the time that is passed in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import Delivery, DeliveryState, Position, Urgency
from notifier.domain.ids import ChannelName, DeliveryId, InboxOwner, RecipientId, SourceName
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience, Contact, Locale, Recipient
from notifier.store.audit import as_json
from notifier.store.events import BELL, RING_LEASE
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery that this worker holds, with all that is needed to decide about it and to send it."""

    delivery: Delivery
    calls: int
    """How often a provider has been called, throttled calls included."""
    recipient: Recipient
    source: SourceName
    event: dict[str, Any]
    """The columns of its event, as `events.ClaimedEvent` names them, and its document."""


_CLAIM = f"""
WITH claimed AS (
    UPDATE delivery SET lease_owner = $2, lease_until = now() + $3
    WHERE id = ANY ($1::uuid[]) AND due_at <= $4
      AND (lease_until IS NULL OR lease_until < now() OR lease_owner = '{BELL}')
    RETURNING *
)
SELECT c.*, r.audience, r.ref, r.locale, r.inbox_owner, r.name, r.phone, r.email, r.zalo_uid,
       e.source, e.external_id, e.type, e.occurred_at, e.received_at, e.seq, p.document,
       d.document -> 'HoSo' AS details
FROM claimed c
JOIN recipient r ON r.id = c.recipient_id
JOIN event e ON e.id = c.event_id
JOIN event_payload p ON p.event_id = c.event_id
LEFT JOIN dossier s ON s.source = e.source AND s.code = e.dossier_code AND s.details_event <> e.id
LEFT JOIN event_payload d ON d.event_id = s.details_event
ORDER BY c.due_at
"""  # primary keys

_EVENT_COLUMNS = ("source", "external_id", "type", "occurred_at", "received_at", "seq", "document", "details")


async def claim(
    connection: Connection, ids: Sequence[DeliveryId], worker: str, lease: timedelta, now: datetime
) -> list[Work]:
    """Take those of `ids` that are due and in nobody's hands. Their states are left as they are."""
    rows = await connection.fetch(_CLAIM, ids, worker, lease, now)
    return [
        Work(
            delivery=_delivery(row),
            calls=row["calls"],
            recipient=_recipient(row),
            source=row["source"],
            event={"id": row["event_id"], **{name: row[name] for name in _EVENT_COLUMNS}},
        )
        for row in rows
    ]


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        event_id=row["event_id"],
        recipient_id=row["recipient_id"],
        channel=ChannelName(row["channel"]),
        content_kind=ContentKind(row["content_kind"]),
        position=Position(row["position"]),
        rank=row["rank"],
        state=DeliveryState(row["state"]),
        due_at=row["due_at"],
        expires_at=row["expires_at"],
        urgency=Urgency(row["urgency"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
    )


def _recipient(row: Any) -> Recipient:
    return Recipient(
        id=row["recipient_id"],
        audience=Audience(row["audience"]),
        ref=row["ref"],
        name=row["name"],
        contact=Contact(
            inbox=InboxOwner(row["inbox_owner"]), phone=row["phone"], email=row["email"], zalo_uid=row["zalo_uid"]
        ),
        locale=Locale(row["locale"]),
    )


@dataclass(frozen=True, slots=True)
class Move:
    """One move of one delivery: from a state that must still hold, to a state, with its reason."""

    id: DeliveryId
    expected: DeliveryState
    to: DeliveryState
    due_at: datetime | None
    reason: Reason
    reference: str | None = None
    counts: bool = False
    """The attempt that ends here counts against the budget."""


_MOVE = """
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::int[], $7::text[],
                         $8::text[])
    WITH ORDINALITY AS w(id, expected, state, due_at, reference, counts, reason, details, place)
), moved AS (
    UPDATE delivery SET
        state = w.state,
        due_at = w.due_at,
        reference = coalesce(w.reference, delivery.reference),
        attempts = attempts + w.counts,
        calls = calls + CASE WHEN w.state = 'sending' THEN 1 ELSE 0 END,
        lease_owner = CASE WHEN w.state = 'sending' THEN lease_owner END,
        lease_until = CASE WHEN w.state = 'sending' THEN lease_until END,
        updated_at = $9
    FROM wanted w
    WHERE delivery.id = w.id AND delivery.state = w.expected AND ($10::text IS NULL OR lease_owner = $10)
    RETURNING delivery.id, event_id, expected, w.state, reason, details, place
)
INSERT INTO audit (at, actor, event_id, delivery_id, from_state, to_state, reason, details)
SELECT $9, $11, event_id, id, expected, state, reason, details::jsonb FROM moved ORDER BY place
RETURNING delivery_id
"""  # primary key


async def move(
    connection: Connection, moves: Sequence[Move], *, actor: str, now: datetime, holder: str | None = None
) -> set[DeliveryId]:
    """Make the moves whose expected state still holds (and, with `holder`, whose lease is still ours).

    Answers which were made; for the others somebody else was first.
    """
    if not moves:
        return set()
    rows = await connection.fetch(
        _MOVE,
        [m.id for m in moves],
        [m.expected.value for m in moves],
        [m.to.value for m in moves],
        [m.due_at for m in moves],
        [m.reference for m in moves],
        [int(m.counts) for m in moves],
        [m.reason.code.value for m in moves],
        [as_json(m.reason) for m in moves],
        now,
        holder,
        actor,
    )
    return {row["delivery_id"] for row in rows}


async def release(connection: Connection, ids: Sequence[DeliveryId], worker: str) -> None:
    """Give deliveries back untouched; they are rung for again when `RING_LEASE` is over."""
    await connection.execute(
        f"UPDATE delivery SET lease_owner = '{BELL}', lease_until = now() + $3"
        " WHERE id = ANY ($1::uuid[]) AND lease_owner = $2",
        ids,
        worker,
        RING_LEASE,
    )


@dataclass(frozen=True, slots=True)
class Match:
    id: DeliveryId
    recipient_id: RecipientId
    state: DeliveryState
    due_at: datetime | None


async def match_receipt(
    connection: Connection, channel: ChannelName, delivery_id: DeliveryId | None, reference: str | None
) -> Match | None:
    """The delivery that a receipt speaks of, by our id or by the provider's reference, held for this transaction."""
    row = None
    columns = "SELECT id, recipient_id, state, due_at FROM delivery"
    if delivery_id is not None:
        row = await connection.fetchrow(
            f"{columns} WHERE id = $1 AND channel = $2 FOR UPDATE",
            delivery_id,
            channel,
        )
    if row is None and reference is not None:
        row = await connection.fetchrow(
            f"{columns} WHERE channel = $1 AND reference = $2 LIMIT 1 FOR UPDATE",
            channel,
            reference,
        )
    return Match(row["id"], row["recipient_id"], DeliveryState(row["state"]), row["due_at"]) if row else None


_HOLD_FALLBACKS = """
SELECT id, audience FROM recipient r WHERE id = ANY ($1::uuid[])
  AND EXISTS (SELECT 1 FROM delivery d WHERE d.recipient_id = r.id AND d.position = 'fallback'
              AND d.state IN ('standby', 'planned', 'held'))
ORDER BY id FOR UPDATE
"""


async def siblings_with_fallback(
    connection: Connection, recipients: Sequence[RecipientId]
) -> list[tuple[Audience, list[Delivery]]]:
    """All deliveries of each of those recipients who have a fallback that was not sent yet.

    Holds the recipients until the transaction ends: when two deliveries of one person end at the same moment,
    the second to come sees what the first decided.
    """
    held = {row["id"]: Audience(row["audience"]) for row in await connection.fetch(_HOLD_FALLBACKS, set(recipients))}
    if not held:
        return []
    rows = await connection.fetch("SELECT * FROM delivery WHERE recipient_id = ANY ($1::uuid[])", list(held))
    families: dict[RecipientId, list[Delivery]] = {id_: [] for id_ in held}
    for row in rows:
        families[row["recipient_id"]].append(_delivery(row))
    return [(held[id_], siblings) for id_, siblings in families.items()]


_RING = f"""
WITH due AS (
    SELECT id FROM delivery
    WHERE due_at <= $1 AND (lease_until IS NULL OR lease_until < now()) AND urgency = ANY ($4::text[])
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE delivery SET lease_owner = '{BELL}', lease_until = now() + $3 FROM due WHERE delivery.id = due.id
RETURNING delivery.id, delivery.urgency
"""  # delivery_due


async def ring(
    connection: Connection, now: datetime, limit: int, lanes: Collection[Urgency]
) -> list[tuple[DeliveryId, Urgency]]:
    """Deliveries that are due and that nobody works on; also those whose worker died during the call."""
    rows = await connection.fetch(_RING, now, limit, RING_LEASE, [lane.value for lane in lanes])
    return [(row["id"], Urgency(row["urgency"])) for row in rows]
