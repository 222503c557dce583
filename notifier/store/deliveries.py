"""Deliveries, the working set of the delivery engine: claimed, moved, matched with receipts, rung for.

A delivery is moved only by `move`, which names the state it expects and writes the audit row in the same
statement. Leases compare database time with database time; `due_at` is compared with the time that is passed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import Delivery, DeliveryState, Position, Urgency
from notifier.domain.hours import Rest
from notifier.domain.ids import ChannelName, DeliveryId, EventType, InboxOwner, ProviderName, RecipientId, SourceName
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience, Contact, Locale, Recipient
from notifier.store.audit import as_json
from notifier.store.callbacks import TELL, TELLS
from notifier.store.due import NOBODY, claimable
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery that this worker holds, with all that is needed to decide about it and to send it."""

    delivery: Delivery
    calls: int
    """How often a provider has been called, throttled calls included."""
    reference: str | None
    recipient: Recipient
    source: SourceName
    event_type: EventType
    agency: str | None
    """The unit whose event it is."""


_CLAIM = f"""
WITH claimed AS (
    UPDATE delivery SET lease_owner = $2, lease_until = now() + $3
    WHERE id = ANY ($1::uuid[]) AND due_at <= $4 AND {claimable("$2")}
    RETURNING *
)
SELECT c.*, r.audience, r.ref, r.locale, r.inbox_owner, r.name, r.phone, r.email, r.zalo_uid, r.rest_from, r.rest_until,
       e.type AS event_type, e.agency
FROM claimed c
JOIN recipient r ON r.id = c.recipient_id
JOIN event e ON e.id = c.event_id
ORDER BY c.due_at
"""  # primary keys


async def claim(
    connection: Connection, ids: Sequence[DeliveryId], worker: str, lease: timedelta, now: datetime
) -> list[Work]:
    """Take those of `ids` that are due and in nobody's hands. Their states are left as they are."""
    rows = await connection.fetch(_CLAIM, ids, worker, lease, now)
    return [
        Work(
            delivery=_delivery(row),
            calls=row["calls"],
            reference=row["reference"],
            recipient=_recipient(row),
            source=row["source"],
            event_type=EventType(row["event_type"]),
            agency=row["agency"],
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
        provider=row["provider"],
        accepted_at=row["accepted_at"],
        asks=row["asks"],
        desk=row["desk"],
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
        rest=_rest(row),
    )


def _rest(row: Any) -> Rest | None:
    return Rest(row["rest_from"], row["rest_until"]) if row["rest_from"] is not None else None


@dataclass(frozen=True, slots=True)
class Move:
    """One move of one delivery: from a state that must still hold, to a state, with its reason."""

    id: DeliveryId
    expected: DeliveryState
    to: DeliveryState
    due_at: datetime | None
    reason: Reason
    reference: str | None = None
    counts: int = 0
    """By how much the attempt that ends here raises what is used of the budget."""
    provider: ProviderName | None = None
    """Who is called now, or who alone may be called again. Every other move to `planned` frees the choice."""
    asked: bool = False
    """Its provider was asked what became of it."""
    calls: int | None = None
    """Only if so many calls have been made: an answer that comes late must not speak for a newer call."""
    expires_at: datetime | None = None
    """A new deadline."""
    afresh: bool = False
    """Budget, questions and acceptance begin anew: an operator sends it again."""


_MOVE = f"""
WITH wanted AS (
    SELECT *, {TELLS} AS tells FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::int[], $7::text[],
                         $8::text[], $9::text[], $10::int[], $11::int[], $12::timestamptz[], $16::bool[])
    WITH ORDINALITY AS w(id, expected, state, due_at, reference, counts, reason, details, provider, asked, made,
                         expires_at, afresh, place)
), moved AS (
    UPDATE delivery SET
        state = w.state,
        due_at = w.due_at,
        expires_at = coalesce(w.expires_at, delivery.expires_at),
        provider = CASE WHEN w.state = 'planned' THEN w.provider ELSE coalesce(w.provider, delivery.provider) END,
        reference = coalesce(w.reference, delivery.reference),
        accepted_at = CASE WHEN w.state IN ('accepted', 'delivered', 'read')
                           THEN coalesce(delivery.accepted_at, $13) WHEN NOT w.afresh THEN delivery.accepted_at END,
        attempts = CASE WHEN w.afresh THEN 0 ELSE attempts + w.counts END,
        calls = calls + CASE WHEN w.state = 'sending' THEN 1 ELSE 0 END,
        asks = CASE WHEN w.afresh THEN 0 ELSE asks + w.asked END,
        lease_owner = CASE WHEN w.state = 'sending' THEN lease_owner END,
        lease_until = CASE WHEN w.state = 'sending' THEN lease_until END,
        callbacks = callbacks + (SELECT count(*) FROM callback_endpoint p
                                 WHERE p.source = delivery.source AND w.tells = ANY (p.types)),
        updated_at = $13
    FROM wanted w
    WHERE delivery.id = w.id AND delivery.state = w.expected AND ($14::text IS NULL OR lease_owner = $14)
      AND (w.made IS NULL OR calls = w.made)
    RETURNING delivery.id, event_id, expected, w.state, reason, details, place, source, callbacks, tells,
              updated_at
), told AS ({TELL}
)
INSERT INTO audit (at, actor, event_id, delivery_id, from_state, to_state, reason, details)
SELECT $13, $15, event_id, id, expected, state, reason, details::jsonb FROM moved ORDER BY place
RETURNING delivery_id
"""  # primary keys


async def move(
    connection: Connection, moves: Sequence[Move], *, actor: str, now: datetime, holder: str | None = None
) -> set[DeliveryId]:
    """Make the moves whose expected state still holds (and, with `holder`, whose lease is still ours).

    Answers which were made; for the others somebody else was first. The moves are sorted by id, so that two batches
    mostly wait for each other; PostgreSQL promises no order, and of two that dead-lock one fails and is done again.
    """
    if not moves:
        return set()
    moves = sorted(moves, key=lambda m: m.id)
    rows = await connection.fetch(
        _MOVE,
        [m.id for m in moves],
        [m.expected.value for m in moves],
        [m.to.value for m in moves],
        [m.due_at for m in moves],
        [m.reference for m in moves],
        [m.counts for m in moves],
        [m.reason.code.value for m in moves],
        [as_json(m.reason) for m in moves],
        [m.provider for m in moves],
        [int(m.asked) for m in moves],
        [m.calls for m in moves],
        [m.expires_at for m in moves],
        now,
        holder,
        actor,
        [m.afresh for m in moves],
    )
    return {row["delivery_id"] for row in rows}


async def release(connection: Connection, ids: Sequence[DeliveryId], worker: str, wait: timedelta) -> None:
    """Give deliveries back untouched; they are taken again after `wait`."""
    await connection.execute(
        f"UPDATE delivery SET lease_owner = '{NOBODY}', lease_until = now() + $3"
        " WHERE id = ANY ($1::uuid[]) AND lease_owner = $2",
        ids,
        worker,
        wait,
    )


async def held_by(
    connection: Connection, ids: Sequence[DeliveryId], worker: str
) -> list[tuple[DeliveryId, DeliveryState, ProviderName | None]]:
    """Those of `ids` that are leased by this worker."""
    rows = await connection.fetch(
        "SELECT id, state, provider FROM delivery WHERE id = ANY ($1::uuid[]) AND lease_owner = $2 FOR UPDATE",
        ids,
        worker,
    )  # primary key
    return [(row["id"], DeliveryState(row["state"]), row["provider"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Match:
    id: DeliveryId
    recipient_id: RecipientId
    state: DeliveryState
    provider: ProviderName | None
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Named:
    """How a receipt names its delivery: by our id or by the provider's reference."""

    channel: ChannelName
    provider: ProviderName
    delivery_id: DeliveryId | None
    reference: str | None


_NAMED = """
SELECT a.place, coalesce(
    (SELECT id FROM delivery WHERE id = a.id AND channel = a.channel),
    (SELECT id FROM delivery WHERE provider = a.provider AND reference = a.reference LIMIT 1)
) AS id
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[]) WITH ORDINALITY AS a(channel, provider, id, reference, place)
ORDER BY a.place
"""  # primary key, delivery_reference
_HOLD_NAMED = """
SELECT id, recipient_id, state, provider, accepted_at FROM delivery WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE
"""  # primary key; the order makes two batches wait for each other instead of dead-locking


async def match_receipts(connection: Connection, named: Sequence[Named]) -> list[Match | None]:
    """The deliveries that receipts speak of, each held until the transaction ends; None where nobody knows it."""
    if not named:
        return []
    rows = await connection.fetch(
        _NAMED,
        [each.channel for each in named],
        [each.provider for each in named],
        [each.delivery_id for each in named],
        [each.reference for each in named],
    )
    ids = [row["id"] for row in rows]
    held = await connection.fetch(_HOLD_NAMED, {id_ for id_ in ids if id_ is not None})
    matches = {
        row["id"]: Match(
            row["id"], row["recipient_id"], DeliveryState(row["state"]), row["provider"], row["accepted_at"]
        )
        for row in held
    }
    return [matches.get(id_) for id_ in ids]


_HOLD_FALLBACKS = """
SELECT r.id, r.audience, r.rest_from, r.rest_until, e.agency FROM recipient r JOIN event e ON e.id = r.event_id WHERE r.id = ANY ($1::uuid[])
  AND EXISTS (SELECT 1 FROM delivery d WHERE d.recipient_id = r.id AND d.position = 'fallback'
              AND d.state IN ('standby', 'planned', 'held'))
ORDER BY r.id FOR UPDATE OF r
"""


@dataclass(frozen=True, slots=True)
class Siblings:
    """All deliveries of one person for one event."""

    audience: Audience
    rest: Rest | None
    agency: str | None
    deliveries: list[Delivery] = field(default_factory=list)


async def siblings_with_fallback(connection: Connection, recipients: Sequence[RecipientId]) -> list[Siblings]:
    """Of each of those recipients who have a fallback that was not sent yet.

    Holds the recipients until the transaction ends: when two deliveries of one person end at the same moment,
    the second to come sees what the first decided.
    """
    rows = await connection.fetch(_HOLD_FALLBACKS, set(recipients))
    held = {row["id"]: Siblings(Audience(row["audience"]), _rest(row), row["agency"]) for row in rows}
    if not held:
        return []
    rows = await connection.fetch("SELECT * FROM delivery WHERE recipient_id = ANY ($1::uuid[])", list(held))
    for row in rows:
        held[row["recipient_id"]].deliveries.append(_delivery(row))
    return list(held.values())
