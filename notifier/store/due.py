"""What is due and in nobody's hands: workers take it, fairly among the sources; the dispatcher looks whether there is any.

Nobody hands rows to a worker. It takes some of its lane for `TAKEN_FOR`, claims them batch by batch, and comes again
when they are done; at most so many of each source, so that a hundred thousand messages of one do not make another wait.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, DeliveryId, EventId, ReceiptId, SourceName
from notifier.store.pool import Connection

TAKEN = "taken:"
"""Before the name of the worker that has taken a row and not claimed it yet."""
TAKEN_FOR = timedelta(seconds=2)
NOBODY = "nobody"
"""Holds what has to wait for a moment. It is not taken meanwhile; who has a reason to may claim it."""
FREE = "(lease_until IS NULL OR lease_until < now())"


def claimable(worker: str) -> str:
    """That a row may be claimed by the worker whose name this parameter is: free, taken by it, or only made to wait."""
    return f"({FREE} OR lease_owner IN ('{NOBODY}', '{TAKEN}' || {worker}))"


class Kind(StrEnum):
    """What may be due."""

    EVENT = "event"
    DELIVERY = "delivery"
    RECEIPT = "receipt"
    CALLBACK = "callback"


def walk(table: str, *columns: str) -> str:
    """The query `way` of what unfinished rows have in these columns, as `lane`, `source` and so on; they lead the index
    over `due_at`, of which one probe is made for each.
    """
    names = ("lane", "source", "channel")[: len(columns)]
    key = ", ".join(columns)
    named = ", ".join(f"{column} AS {name}" for column, name in zip(columns, names, strict=True))
    return f"""
WITH RECURSIVE way AS (
    (SELECT {named} FROM {table} WHERE due_at IS NOT NULL ORDER BY {key} LIMIT 1)
    UNION ALL
    SELECT next.* FROM way CROSS JOIN LATERAL (
        SELECT {named} FROM {table} WHERE due_at IS NOT NULL AND ({key}) > ({", ".join(f"way.{name}" for name in names)})
        ORDER BY {key} LIMIT 1
    ) next
)"""


EVENT_WAYS = walk("event", "lane", "source")
"""The query `way` of lanes and sources with unfinished events."""
DELIVERY_WAYS = walk("delivery", "urgency", "source", "channel")
"""The query `way` of lanes, sources and channels with unfinished deliveries."""
EVENTS_OF = "lane = way.lane AND source = way.source AND due_at <= $1"
DELIVERIES_OF = "urgency = way.lane AND source = way.source AND channel = way.channel AND due_at <= $1"
"""Of one way, what is due."""
_UNPAUSED = "way.source NOT IN (SELECT name FROM pause WHERE kind = 'source')"
_TO_SEND = "(state IN ('planned', 'held') AND expires_at > $1)"
"""Of a delivery: what is left to do is to send it."""
_TAKE_EVENTS = f"""{EVENT_WAYS}, due AS MATERIALIZED (
    SELECT mine.id FROM way CROSS JOIN LATERAL (
        SELECT id FROM event WHERE {EVENTS_OF} AND {FREE} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) mine WHERE way.lane = $5 AND {_UNPAUSED}
)
UPDATE event SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 WHERE id = ANY (ARRAY(SELECT id FROM due))
RETURNING id, due_at
"""  # event_due
_TAKE_DELIVERIES = f"""{DELIVERY_WAYS}, due AS MATERIALIZED (
    SELECT mine.id
    FROM (SELECT way.*, coalesce(r.room, 1) AS room FROM way
          LEFT JOIN unnest($6::text[], $7::text[], $8::int[]) AS r(source, channel, room) USING (source, channel)) way
    CROSS JOIN LATERAL (
        SELECT id FROM delivery WHERE {DELIVERIES_OF} AND {FREE} AND (way.room > 0 OR NOT {_TO_SEND})
        ORDER BY due_at LIMIT CASE WHEN way.room > 0 THEN least($2, way.room) ELSE $2 END FOR UPDATE SKIP LOCKED
    ) mine WHERE way.lane = $5 AND (way.room > 0 OR $9)
)
UPDATE delivery SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 WHERE id = ANY (ARRAY(SELECT id FROM due))
RETURNING id, due_at
"""  # delivery_due, primary key
_TAKE_RECEIPTS = f"""
WITH due AS MATERIALIZED (
    SELECT id FROM receipt WHERE due_at <= $1 AND {FREE} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE receipt SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 WHERE id = ANY (ARRAY(SELECT id FROM due))
RETURNING id, due_at
"""  # receipt_due


async def take_events(connection: Connection, lane: Urgency, worker: str, now: datetime, most: int) -> list[EventId]:
    """Events of a lane that wait for routing, at most so many of each source, none of a source that is paused."""
    return _oldest_first(await connection.fetch(_TAKE_EVENTS, now, most, worker, TAKEN_FOR, lane.value))


Room = Mapping[tuple[SourceName, ChannelName], int]
"""How many messages of a source may be sent on a channel now. Where nothing is said: one."""


async def take_deliveries(
    connection: Connection, lane: Urgency, room: Room, worker: str, now: datetime, most: int, *, search: bool
) -> list[DeliveryId]:
    """Deliveries of a lane that need work, at most so many of each source and channel.

    Where there is no room, what needs something else than to be sent is looked for only on a `search`: among all that waits.
    """
    given = (now, most, worker, TAKEN_FOR, lane.value)
    sources, channels = [source for source, _ in room], [channel for _, channel in room]
    return _oldest_first(
        await connection.fetch(_TAKE_DELIVERIES, *given, sources, channels, list(room.values()), search)
    )


async def take_receipts(connection: Connection, worker: str, now: datetime, most: int) -> list[ReceiptId]:
    """Callbacks of providers that wait to be read."""
    return _oldest_first(await connection.fetch(_TAKE_RECEIPTS, now, most, worker, TAKEN_FOR))


def _oldest_first(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]


WANTED = "p.push AND p.disabled_at IS NULL AND (p.paused_until IS NULL OR p.paused_until <= {now})"
"""Of a `callback_endpoint p`: its source takes callbacks now."""
_LOOK = f"""
(SELECT DISTINCT '{Kind.EVENT}' AS kind, lane FROM ({EVENT_WAYS} SELECT * FROM way) way
 WHERE {_UNPAUSED} AND EXISTS (SELECT 1 FROM event WHERE {EVENTS_OF} AND {FREE} OFFSET 0))
UNION ALL
(SELECT DISTINCT '{Kind.DELIVERY}', lane FROM ({DELIVERY_WAYS} SELECT * FROM way) way WHERE EXISTS (
    SELECT 1 FROM delivery WHERE {DELIVERIES_OF} AND {FREE} AND (way.channel <> ALL ($2::text[]) OR NOT {_TO_SEND})
    OFFSET 0))
UNION ALL SELECT '{Kind.RECEIPT}', NULL WHERE EXISTS (SELECT 1 FROM receipt WHERE due_at <= $1 AND {FREE})
UNION ALL SELECT '{Kind.CALLBACK}', NULL WHERE EXISTS (
    SELECT 1 FROM callback_endpoint p WHERE {WANTED.format(now="$1")}
      AND EXISTS (SELECT 1 FROM callback WHERE source = p.source AND due_at <= $1 AND {FREE}))
"""  # event_due, delivery_due, receipt_due, callback_endpoint_pkey, callback_due


async def look(
    connection: Connection, closed: Collection[ChannelName], now: datetime
) -> list[tuple[Kind, Urgency | None]]:
    """What kinds of rows are due and in nobody's hands, in which lanes; receipts and callbacks have no lane.

    What can only be sent on a `closed` channel is left alone until its deadline.
    """
    rows = await connection.fetch(_LOOK, now, list(closed))
    return [(Kind(row["kind"]), Urgency(row["lane"]) if row["lane"] else None) for row in rows]


_UNFINISHED = dict.fromkeys(("event", "delivery", "receipt", "callback"), "due_at IS NOT NULL AND")
_TAKE_BACK = [
    f"UPDATE {table} SET lease_until = now() - interval '1 ms'"
    f" WHERE {unfinished} lease_owner = ANY ($1::text[]) AND lease_until > now() RETURNING 1"
    for table, unfinished in {**_UNFINISHED, "oauth_token": ""}.items()
]  # event_due, delivery_due, receipt_due, callback_due: all that is unfinished is read, once for each process that dies


async def clock_was_set_back(connection: Connection, now: datetime, since: datetime, until: datetime) -> None:
    """What was due from `since` to `until`, before the clock was set back to `now`, is due still."""
    async with connection.transaction():
        for table in _UNFINISHED:
            await connection.execute(
                f"UPDATE {table} SET due_at = $1 WHERE due_at > $2 AND due_at <= $3", now, since, until
            )


_PROBE_AGAIN = "UPDATE provider SET until = changed_at WHERE circuit = 'half_open' AND probe = ANY ($1::text[])"
"""A probe was claimed at `changed_at`: from then on the next one may be tried. A handful of rows."""


async def take_back(connection: Connection, dead: Collection[str]) -> int:
    """End the leases of processes that have died, and the probes they had begun; answers how many leases there were."""
    taken = 0
    async with connection.transaction():
        for statement in _TAKE_BACK:
            taken += len(await connection.fetch(statement, [*dead, *(TAKEN + name for name in dead)]))
        await connection.execute(_PROBE_AGAIN, list(dead))
    return taken
