"""Recipients, deliveries, attempts and contents: the working set of the delivery engine.

A delivery is moved only by `move`, which names the state it expects and writes the audit row in the same
statement. Leases compare database time with database time; `due_at` is compared with the time that is passed in.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.content import Content, ContentKind, EmailContent
from notifier.domain.deliveries import Delivery, DeliveryState, PlannedDelivery, Position, Urgency
from notifier.domain.ids import AttemptId, ChannelName, DeliveryId, EventId, InboxOwner, RecipientId, SourceName
from notifier.domain.outcomes import Accepted, Outcome
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience, Contact, Locale, Recipient
from notifier.store.audit import as_json
from notifier.store.events import BELL, RING_LEASE
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class NewDelivery:
    id: DeliveryId
    recipient: Recipient
    content_kind: ContentKind
    plan: PlannedDelivery


_PLAN_RECIPIENTS = """
INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid)
SELECT id, $1, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[]) AS r(id, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid)
"""
_PLAN_DELIVERIES = f"""
WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[],
                         $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[])
    WITH ORDINALITY AS w(id, recipient_id, channel, content_kind, position, rank, urgency, state, due_at, expires_at,
                         reason, details, place)
), fresh AS (
    INSERT INTO delivery (id, event_id, recipient_id, channel, content_kind, position, rank, urgency, state, due_at,
                          expires_at, lease_owner, lease_until, created_at, updated_at)
    SELECT id, $1, recipient_id, channel, content_kind, position, rank, urgency, state, due_at, expires_at,
           CASE WHEN due_at <= $14 THEN '{BELL}' END, CASE WHEN due_at <= $14 THEN now() + $15 END, $14, $14
    FROM wanted
)
INSERT INTO audit (at, actor, event_id, delivery_id, to_state, reason, details)
SELECT $14, 'router', $1, id, state, reason, details::jsonb FROM wanted ORDER BY place
"""


async def plan(
    connection: Connection,
    event_id: EventId,
    recipients: Sequence[Recipient],
    deliveries: Sequence[NewDelivery],
    now: datetime,
) -> None:
    """Store what routing decided. Deliveries that are due count as rung for `RING_LEASE`: the caller rings."""
    r, d = recipients, deliveries
    await connection.execute(
        _PLAN_RECIPIENTS,
        event_id,
        [x.id for x in r],
        [x.audience.value for x in r],
        [x.ref for x in r],
        [x.locale.value for x in r],
        [x.contact.inbox for x in r],
        [x.name for x in r],
        [x.contact.phone for x in r],
        [x.contact.email for x in r],
        [x.contact.zalo_uid for x in r],
    )
    await connection.execute(
        _PLAN_DELIVERIES,
        event_id,
        [x.id for x in d],
        [x.recipient.id for x in d],
        [x.plan.channel for x in d],
        [x.content_kind.value for x in d],
        [x.plan.position.value for x in d],
        [x.plan.rank for x in d],
        [x.plan.urgency.value for x in d],
        [x.plan.state.value for x in d],
        [x.plan.due_at for x in d],
        [x.plan.expires_at for x in d],
        [x.plan.reason.code.value for x in d],
        [as_json(x.plan.reason) for x in d],
        now,
        RING_LEASE,
    )


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
    """Give deliveries back untouched."""
    await connection.execute(
        "UPDATE delivery SET lease_owner = NULL, lease_until = NULL WHERE id = ANY ($1::uuid[]) AND lease_owner = $2",
        ids,
        worker,
    )


@dataclass(frozen=True, slots=True)
class NewAttempt:
    id: AttemptId
    delivery_id: DeliveryId
    number: int
    idempotency_key: str


async def begin_attempts(connection: Connection, attempts: Sequence[NewAttempt], worker: str, now: datetime) -> None:
    """Write down that providers are about to be called. Must be committed before they are."""
    await connection.executemany(
        "INSERT INTO attempt (id, delivery_id, number, idempotency_key, worker, started_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        [(a.id, a.delivery_id, a.number, a.idempotency_key, worker, now) for a in attempts],
    )


async def end_attempts(connection: Connection, ends: Sequence[tuple[AttemptId, Outcome]], now: datetime) -> None:
    """Write down what the calls came to. The provider's own words are kept, cut at 500 characters."""
    await connection.executemany(
        "UPDATE attempt SET finished_at = $2, outcome = $3, code = $4, detail = $5, reference = $6 WHERE id = $1",
        [
            (id_, now, "accepted", None, None, outcome.reference)
            if isinstance(outcome, Accepted)
            else (id_, now, type(outcome).__name__.lower(), outcome.code, outcome.reason[:500], None)
            for id_, outcome in ends
        ],
    )


async def keep_contents(
    connection: Connection, contents: Sequence[tuple[DeliveryId, Content, ContentKind, str, str]], now: datetime
) -> None:
    """Keep what is about to be said, with template and version; a retry says it anew, the newest is kept."""
    await connection.executemany(
        "INSERT INTO content (delivery_id, kind, template, version, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (delivery_id) DO UPDATE SET template = excluded.template, version = excluded.version,"
        " body = excluded.body, created_at = excluded.created_at",
        [
            (id_, kind.value, template, version, _storable(content), now)
            for id_, content, kind, template, version in contents
        ],
    )


def _storable(content: Content) -> dict[str, Any]:
    body = asdict(content)
    if isinstance(content, EmailContent):
        body.pop("qr_png")  # drawn from the link in the text
    return body


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
