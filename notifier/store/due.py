"""What is due and in nobody's hands: workers take it, fairly among the sources; the dispatcher looks whether there is any.

Nobody hands rows to a worker. It takes some of its lane for `TAKEN_FOR`, claims them batch by batch, and comes again
when they are done; at most so many of each source, so that a hundred thousand messages of one do not make another wait.
"""

from collections import Counter
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


def pairs(table: str, lane: str) -> str:
    """The query `pair` of lanes and sources with unfinished rows: one probe of the index (lane, source, due_at) each."""
    return f"""
WITH RECURSIVE pair (lane, source) AS (
    (SELECT {lane}, source FROM {table} WHERE due_at IS NOT NULL ORDER BY {lane}, source LIMIT 1)
    UNION ALL
    SELECT next.lane, next.source FROM pair p CROSS JOIN LATERAL (
        SELECT t.{lane} AS lane, t.source FROM {table} t
        WHERE t.due_at IS NOT NULL AND (t.{lane}, t.source) > (p.lane, p.source)
        ORDER BY t.{lane}, t.source LIMIT 1
    ) next
)"""


_UNPAUSED = "pair.source NOT IN (SELECT name FROM pause WHERE kind = 'source')"
_TO_SEND = "(state IN ('planned', 'held') AND expires_at > $1)"
"""Of a delivery: what is left to do is to send it."""
_EVENTS_OF = f"lane = pair.lane AND source = pair.source AND due_at <= $1 AND {FREE}"
_DELIVERIES_OF = f"urgency = pair.lane AND source = pair.source AND due_at <= $1 AND {FREE}"
"""Of one pair of a lane and a source."""

_TAKE_EVENTS = f"""{pairs("event", "lane")}, due AS MATERIALIZED (
    SELECT mine.id FROM pair CROSS JOIN LATERAL (
        SELECT id FROM event WHERE {_EVENTS_OF} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) mine WHERE pair.lane = $5 AND {_UNPAUSED}
)
UPDATE event SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 FROM due WHERE event.id = due.id
RETURNING event.id, due_at
"""  # event_due
_TAKE_DELIVERIES = f"""{pairs("delivery", "urgency")}, room AS MATERIALIZED (
    SELECT * FROM unnest($6::text[], $7::text[], $8::int[]) AS r(source, channel, room)
), oldest AS MATERIALIZED (
    SELECT mine.id, NOT mine.to_send OR mine.place <= coalesce(room.room, 1) AS fits
    FROM pair CROSS JOIN LATERAL (
        SELECT id, channel, {_TO_SEND} AS to_send, row_number() OVER (PARTITION BY channel ORDER BY due_at) AS place
        FROM (
            SELECT id, channel, state, expires_at, due_at FROM delivery WHERE {_DELIVERIES_OF}
              AND NOT ({_TO_SEND} AND EXISTS (
                  SELECT 1 FROM room r WHERE r.source = pair.source AND r.channel = delivery.channel AND r.room <= 0))
            ORDER BY due_at LIMIT $2
        ) mine
    ) mine LEFT JOIN room ON room.source = pair.source AND room.channel = mine.channel
    WHERE pair.lane = $5
), due AS MATERIALIZED (
    SELECT id FROM delivery WHERE id IN (SELECT id FROM oldest WHERE fits) AND {FREE} FOR UPDATE SKIP LOCKED
)
UPDATE delivery SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 FROM due WHERE delivery.id = due.id
RETURNING delivery.id, due_at, source, channel
"""  # delivery_due, primary key
_TAKE_RECEIPTS = f"""
WITH due AS MATERIALIZED (
    SELECT id FROM receipt WHERE due_at <= $1 AND {FREE} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE receipt SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 FROM due WHERE receipt.id = due.id
RETURNING receipt.id, due_at
"""  # receipt_due


async def take_events(connection: Connection, lane: Urgency, worker: str, now: datetime, most: int) -> list[EventId]:
    """Events of a lane that wait for routing, at most so many of each source, none of a source that is paused."""
    return _oldest_first(await connection.fetch(_TAKE_EVENTS, now, most, worker, TAKEN_FOR, lane.value))


Room = Mapping[tuple[SourceName, ChannelName], int]
"""How many messages of a source may be sent on a channel now. Where nothing is said: one."""


async def take_deliveries(
    connection: Connection, lane: Urgency, room: Room, worker: str, now: datetime, most: int
) -> tuple[list[DeliveryId], bool]:
    """Deliveries of a lane that need work, at most so many of each source; and whether some had to be left for want of
    room. What can only be sent where there is no room is left alone until its deadline.
    """
    given = (now, most, worker, TAKEN_FOR, lane.value)
    sources, channels = [source for source, _ in room], [channel for _, channel in room]
    rows = await connection.fetch(_TAKE_DELIVERIES, *given, sources, channels, list(room.values()))
    filled = Counter((row["source"], row["channel"]) for row in rows)
    return _oldest_first(rows), any(filled[way] >= free for way, free in room.items() if free > 0)


async def take_receipts(connection: Connection, worker: str, now: datetime, most: int) -> list[ReceiptId]:
    """Callbacks of providers that wait to be read."""
    return _oldest_first(await connection.fetch(_TAKE_RECEIPTS, now, most, worker, TAKEN_FOR))


def _oldest_first(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]


def _any(kind: Kind, table: str, lane: str, which: str) -> str:
    return f"""
(SELECT DISTINCT '{kind}' AS kind, lane FROM ({pairs(table, lane)} SELECT * FROM pair) pair WHERE {which})"""


WANTED = "p.push AND p.disabled_at IS NULL AND (p.paused_until IS NULL OR p.paused_until <= {now})"
"""Of a `callback_endpoint p`: its source takes callbacks now."""
_EVENTS = f"{_UNPAUSED} AND EXISTS (SELECT 1 FROM event WHERE {_EVENTS_OF})"
_DELIVERIES = f"""EXISTS (
    SELECT 1 FROM delivery WHERE {_DELIVERIES_OF} AND NOT ({_TO_SEND} AND channel = ANY ($2::text[])))"""
_LOOK = f"""{_any(Kind.EVENT, "event", "lane", _EVENTS)}
UNION ALL {_any(Kind.DELIVERY, "delivery", "urgency", _DELIVERIES)}
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
