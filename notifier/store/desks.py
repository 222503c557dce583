"""Desks: one row for each officer, held while their messages are planned or put together."""

from collections.abc import Collection
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
_PENDING = """
SELECT desk, min(due_at) AS due_at FROM delivery
WHERE desk = ANY ($1::text[]) AND state IN ('planned', 'held') AND due_at > $2 AND due_at <= $3 GROUP BY desk
"""  # delivery_desk


async def hold(
    connection: Connection, owners: Collection[InboxOwner], now: datetime, soon: datetime
) -> dict[InboxOwner, datetime]:
    """Hold these desks until the transaction ends; answers those whose next message goes out later than now, and when.

    That is when what lies there already will go, else the end of the window in which messages are put together; either
    only if it is by `soon`. The order of names makes two routers wait for each other instead of dead-locking.
    """
    wanted = sorted(owners)
    await connection.execute(_ENTER, wanted)
    rows = await connection.fetch(_HOLD, wanted)
    until = {
        row["owner"]: row["merged_until"] for row in rows if row["merged_until"] and now < row["merged_until"] <= soon
    }
    for row in await connection.fetch(_PENDING, wanted, now, soon):
        until[row["desk"]] = row["due_at"]
    return until


async def close_until(connection: Connection, until: dict[InboxOwner, datetime]) -> None:
    """From their next message on, these desks put together what comes until then."""
    if not until:
        return
    await connection.executemany(
        "UPDATE desk SET merged_until = greatest(merged_until, $2) WHERE owner = $1", list(until.items())
    )  # primary key


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
