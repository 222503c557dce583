"""What routing decided, stored: recipients and their deliveries, each with the reason of its first state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import PlannedDelivery, Urgency
from notifier.domain.ids import DeliveryId, EventId, SourceName
from notifier.domain.recipients import Recipient
from notifier.store.audit import as_json
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class NewDelivery:
    id: DeliveryId
    recipient: Recipient
    content_kind: ContentKind
    plan: PlannedDelivery


@dataclass(frozen=True, slots=True)
class NewPlan:
    """What is to be stored for one event; the recipients are those of them who are not stored yet."""

    event_id: EventId
    source: SourceName
    recipients: Sequence[Recipient]
    deliveries: Sequence[NewDelivery]


_PLAN_RECIPIENTS = """
INSERT INTO recipient (event_id, id, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid, rest_from, rest_until)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::time[], $12::time[])
"""
_PLAN_DELIVERIES = """
WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::int[],
                         $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::text[],
                         $16::text[])
    WITH ORDINALITY AS w(event_id, source, id, recipient_id, channel, content_kind, position, rank, urgency, state, due_at,
                         expires_at, reason, details, desk, place)
), fresh AS (
    INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state, due_at,
                          expires_at, desk, created_at, updated_at)
    SELECT id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state, due_at, expires_at,
           desk, $1, $1
    FROM wanted
)
INSERT INTO audit (at, actor, event_id, delivery_id, to_state, reason, details)
SELECT $1, 'router', event_id, id, state, reason, details::jsonb FROM wanted ORDER BY place
"""


async def store(connection: Connection, plans: Sequence[NewPlan], now: datetime) -> None:
    """Store what routing decided."""
    r = [(each.event_id, recipient) for each in plans for recipient in each.recipients]
    if r:
        await connection.execute(
            _PLAN_RECIPIENTS,
            [event_id for event_id, _ in r],
            [x.id for _, x in r],
            [x.audience.value for _, x in r],
            [x.ref for _, x in r],
            [x.locale.value for _, x in r],
            [x.contact.inbox for _, x in r],
            [x.name for _, x in r],
            [x.contact.phone for _, x in r],
            [x.contact.email for _, x in r],
            [x.contact.zalo_uid for _, x in r],
            [x.rest and x.rest.begins for _, x in r],
            [x.rest and x.rest.ends for _, x in r],
        )
    d = [(each, delivery) for each in plans for delivery in each.deliveries]
    if d:
        await connection.execute(
            _PLAN_DELIVERIES,
            now,
            [each.event_id for each, _ in d],
            [each.source for each, _ in d],
            [x.id for _, x in d],
            [x.recipient.id for _, x in d],
            [x.plan.channel for _, x in d],
            [x.content_kind.value for _, x in d],
            [x.plan.position.value for _, x in d],
            [x.plan.rank for _, x in d],
            [x.plan.urgency.value for _, x in d],
            [x.plan.state.value for _, x in d],
            [x.plan.due_at for _, x in d],
            [x.plan.expires_at for _, x in d],
            [x.plan.reason.code.value for _, x in d],
            [as_json(x.plan.reason) for _, x in d],
            [x.plan.desk for _, x in d],
        )


def due_lanes(deliveries: Iterable[NewDelivery], now: datetime) -> set[Urgency]:
    """The lanes to ring for once these are committed."""
    return {each.plan.urgency for each in deliveries if each.plan.due_at is not None and each.plan.due_at <= now}


_REPLAN = """
UPDATE delivery SET content_kind = w.content_kind, position = w.position, rank = w.rank, urgency = w.urgency, desk = w.desk
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
    AS w(id, content_kind, position, rank, urgency, desk)
WHERE delivery.id = w.id AND state IN ('suppressed', 'standby', 'planned', 'held')
"""  # primary key
_LEARN = """
UPDATE recipient SET phone = coalesce(recipient.phone, w.phone), email = coalesce(recipient.email, w.email),
                     zalo_uid = coalesce(recipient.zalo_uid, w.zalo_uid)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS w(id, phone, email, zalo_uid) WHERE recipient.id = w.id
"""  # primary key


async def replan(connection: Connection, planned: Sequence[NewDelivery]) -> None:
    """Give unsent deliveries the place and the lane of a new plan, and their people the ways that are known by now.

    The ids are those of deliveries and recipients that are there. Their states are moved by `deliveries.move`.
    """
    people = {each.recipient.id: each.recipient for each in planned}.values()
    await connection.execute(
        _REPLAN,
        [each.id for each in planned],
        [each.content_kind.value for each in planned],
        [each.plan.position.value for each in planned],
        [each.plan.rank for each in planned],
        [each.plan.urgency.value for each in planned],
        [each.plan.desk for each in planned],
    )
    await connection.execute(
        _LEARN,
        [each.id for each in people],
        [each.contact.phone for each in people],
        [each.contact.email for each in people],
        [each.contact.zalo_uid for each in people],
    )
