"""What routing decided, stored: recipients and their deliveries, each with the reason of its first state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import PlannedDelivery
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


_PLAN_RECIPIENTS = """
INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid, rest_from, rest_until)
SELECT id, $1, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid, rest_from, rest_until
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::time[], $12::time[])
    AS r(id, audience, ref, locale, inbox_owner, name, phone, email, zalo_uid, rest_from, rest_until)
"""
_PLAN_DELIVERIES = """
WITH wanted AS (
    SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[], $9::text[],
                         $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $16::text[])
    WITH ORDINALITY AS w(id, recipient_id, channel, content_kind, position, rank, urgency, state, due_at, expires_at,
                         reason, details, desk, place)
), fresh AS (
    INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state, due_at,
                          expires_at, desk, created_at, updated_at)
    SELECT id, $1, $15, recipient_id, channel, content_kind, position, rank, urgency, state, due_at, expires_at, desk,
           $14, $14
    FROM wanted
)
INSERT INTO audit (at, actor, event_id, delivery_id, to_state, reason, details)
SELECT $14, 'router', $1, id, state, reason, details::jsonb FROM wanted ORDER BY place
"""


async def store(
    connection: Connection,
    event_id: EventId,
    source: SourceName,
    recipients: Sequence[Recipient],
    deliveries: Sequence[NewDelivery],
    now: datetime,
) -> None:
    """Store what routing decided."""
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
        [x.rest and x.rest.begins for x in r],
        [x.rest and x.rest.ends for x in r],
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
        source,
        [x.plan.desk for x in d],
    )


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
