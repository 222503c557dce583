"""What is due and in nobody's hands: workers take it, fairly among the sources; the dispatcher looks whether there is any.

Nobody hands rows to a worker. It takes some of its lane for `TAKEN_FOR`, claims them batch by batch, and comes again
when they are done; at most so many of each source, so that a hundred thousand messages of one do not make another wait.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, DeliveryId, EventId, ReceiptId
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


def _open(closed: str) -> str:
    """Of a delivery: it could be sent now, or needs something else than to be sent."""
    return f"(channel <> ALL ({closed}::text[]) OR state NOT IN ('planned', 'held') OR expires_at <= $1)"


def _due(table: str, lane: str, which: str) -> str:
    return f"""SELECT id FROM {table}
        WHERE {lane} = pair.lane AND source = pair.source AND due_at <= $1 AND {FREE} AND {which}"""


def _take(table: str, lane: str, which: str, sources: str = "true") -> str:
    """Walks lanes and sources by the index, however many rows each has."""
    return f"""{pairs(table, lane)}, due AS MATERIALIZED (
    SELECT mine.id FROM pair CROSS JOIN LATERAL (
        {_due(table, lane, which)}
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) mine WHERE pair.lane = $5 AND {sources}
)
UPDATE {table} SET lease_owner = '{TAKEN}' || $3, lease_until = now() + $4 FROM due WHERE {table}.id = due.id
RETURNING {table}.id, due_at
"""


_TAKE_EVENTS = _take("event", "lane", "true", _UNPAUSED)  # event_due
_TAKE_DELIVERIES = _take("delivery", "urgency", _open("$6"))  # delivery_due
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


async def take_deliveries(
    connection: Connection, lane: Urgency, closed: Collection[ChannelName], worker: str, now: datetime, most: int
) -> list[DeliveryId]:
    """Deliveries of a lane that need work, at most so many of each source.

    What could only be sent on one of the `closed` channels is left alone until its deadline.
    """
    given = (now, most, worker, TAKEN_FOR, lane.value, list(closed))
    return _oldest_first(await connection.fetch(_TAKE_DELIVERIES, *given))


async def take_receipts(connection: Connection, worker: str, now: datetime, most: int) -> list[ReceiptId]:
    """Callbacks of providers that wait to be read."""
    return _oldest_first(await connection.fetch(_TAKE_RECEIPTS, now, most, worker, TAKEN_FOR))


def _oldest_first(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))]


def _any(kind: Kind, table: str, lane: str, which: str, sources: str = "true") -> str:
    pair = pairs(table, lane)
    return f"""
(SELECT DISTINCT '{kind}' AS kind, lane FROM ({pair} SELECT * FROM pair) pair
 WHERE {sources} AND EXISTS ({_due(table, lane, which)}))"""


WANTED = "p.push AND p.disabled_at IS NULL AND (p.paused_until IS NULL OR p.paused_until <= {now})"
"""Of a `callback_endpoint p`: its source takes callbacks now."""
_LOOK = f"""{_any(Kind.EVENT, "event", "lane", "true", _UNPAUSED)}
UNION ALL {_any(Kind.DELIVERY, "delivery", "urgency", _open("$2"))}
UNION ALL SELECT '{Kind.RECEIPT}', NULL WHERE EXISTS (SELECT 1 FROM receipt WHERE due_at <= $1 AND {FREE})
UNION ALL SELECT '{Kind.CALLBACK}', NULL WHERE EXISTS (
    SELECT 1 FROM callback_endpoint p WHERE {WANTED.format(now="$1")}
      AND EXISTS (SELECT 1 FROM callback WHERE source = p.source AND due_at <= $1 AND {FREE}))
"""  # event_due, delivery_due, receipt_due, callback_endpoint_pkey, callback_due


async def look(
    connection: Connection, closed: Collection[ChannelName], now: datetime
) -> list[tuple[Kind, Urgency | None]]:
    """What kinds of rows are due and in nobody's hands, in which lanes; receipts and callbacks have no lane."""
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
