"""Desks: one row for each officer, held while their messages are planned or put together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.dossiers import Person
from notifier.domain.ids import ChannelName, DeliveryId, EventId, InboxOwner, RecipientId
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection

_ENTER = """
INSERT INTO desk (owner) SELECT owner FROM unnest($1::text[]) AS owner ORDER BY owner ON CONFLICT DO NOTHING
"""
_HOLD = "SELECT owner, merged_until FROM desk WHERE owner = ANY ($1::text[]) ORDER BY owner FOR UPDATE"  # primary key


async def hold(connection: Connection, owners: Collection[InboxOwner]) -> dict[InboxOwner, datetime]:
    """Hold these desks until the transaction ends; answers until when those put messages together that ever did.

    The order of names makes two routers wait for each other instead of dead-locking.
    """
    wanted = sorted(owners)
    if not wanted:
        return {}
    await connection.execute(_ENTER, wanted)
    rows = await connection.fetch(_HOLD, wanted)
    return {row["owner"]: row["merged_until"] for row in rows if row["merged_until"]}


_WAITING = """
SELECT w.owner, d.id, d.due_at FROM unnest($1::text[]) AS w(owner) CROSS JOIN LATERAL (
    SELECT id, due_at FROM delivery WHERE desk = w.owner AND state IN ('planned', 'held') AND due_at > $2
    ORDER BY due_at LIMIT $3
) d
"""  # delivery_desk


async def waiting(
    connection: Connection, owners: Collection[InboxOwner], now: datetime, most: int
) -> dict[InboxOwner, dict[DeliveryId, datetime]]:
    """What lies on desks that are held and goes out later than `now`, with when: the next `most` of each."""
    found: dict[InboxOwner, dict[DeliveryId, datetime]] = {}
    if owners:
        for row in await connection.fetch(_WAITING, list(owners), now, most):
            found.setdefault(row["owner"], {})[row["id"]] = row["due_at"]
    return found


async def close_until(connection: Connection, until: Mapping[InboxOwner, datetime]) -> None:
    """From their next message on, these desks put together what comes until then."""
    if not until:
        return
    await connection.execute(
        "UPDATE desk SET merged_until = greatest(merged_until, w.until)"
        " FROM unnest($1::text[], $2::timestamptz[]) AS w(owner, until) WHERE desk.owner = w.owner",
        list(until),
        list(until.values()),
    )  # primary key; the caller holds them


async def hold_of(connection: Connection, deliveries: Collection[DeliveryId]) -> None:
    """Hold the desks on which these lie until the transaction ends, before anything that lies there is touched."""
    await connection.execute(
        "SELECT 1 FROM desk WHERE owner IN (SELECT desk FROM delivery WHERE id = ANY ($1::uuid[]) AND desk IS NOT NULL)"
        " ORDER BY owner FOR UPDATE",
        list(deliveries),
    )  # primary keys


@dataclass(frozen=True, slots=True)
class Lying:
    """A delivery on a desk, not begun, and whom it is for."""

    id: DeliveryId
    event_id: EventId
    recipient_id: RecipientId
    state: DeliveryState
    channel: ChannelName
    urgency: Urgency
    audience: Audience
    person: Person


_LYING = """
SELECT d.id, d.event_id, d.recipient_id, d.state, d.channel, d.urgency, r.audience, r.ref, r.name, r.phone, r.email,
       r.zalo_uid
FROM delivery d JOIN recipient r ON r.id = d.recipient_id
WHERE d.desk = $1 AND d.state IN ('planned', 'held') AND d.due_at <= $2 AND d.expires_at > $2 AND d.calls = 0
ORDER BY d.id FOR UPDATE OF d SKIP LOCKED
"""  # delivery_desk, primary key


async def lying(connection: Connection, owner: InboxOwner, now: datetime) -> list[Lying]:
    """What lies on a desk that is held, due and not begun."""
    return [
        Lying(
            row["id"],
            row["event_id"],
            row["recipient_id"],
            DeliveryState(row["state"]),
            ChannelName(row["channel"]),
            Urgency(row["urgency"]),
            Audience(row["audience"]),
            Person(row["name"], code=row["ref"], phone=row["phone"], email=row["email"], zalo_uid=row["zalo_uid"]),
        )
        for row in await connection.fetch(_LYING, owner, now)
    ]


_FALLBACKS = """
SELECT id, state FROM delivery
WHERE recipient_id = ANY ($1::uuid[]) AND position = 'fallback' AND state = 'standby' ORDER BY id FOR UPDATE
"""  # delivery_recipient_id_channel_key


async def fallbacks(
    connection: Connection, recipients: Collection[RecipientId]
) -> list[tuple[DeliveryId, DeliveryState]]:
    """The fallbacks that stand behind gathered messages."""
    rows = await connection.fetch(_FALLBACKS, list(recipients))
    return [(row["id"], DeliveryState(row["state"])) for row in rows]


async def told_in(connection: Connection, deliveries: Collection[DeliveryId], digest: EventId) -> None:
    """Note the digest that tells what these would have told."""
    await connection.execute(
        "UPDATE delivery SET gathered_into = $2 WHERE id = ANY ($1::uuid[])", list(deliveries), digest
    )  # primary key
