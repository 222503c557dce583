"""Ringing: find rows that are due and in nobody's hands, fairly among the sources, and mark them as rung.

A ring takes a short lease in the name of `BELL`: for that long nobody else rings for the row, and anybody may claim it.
A round takes at most so many rows of each source in each lane, so that a hundred thousand messages of one do not make
another wait.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, DeliveryId, EventId, ReceiptId, SourceName
from notifier.store.pool import Connection

BELL = "bell"
RING_LEASE = timedelta(seconds=2)
"""Queues are short: what is not claimed by then was lost, or never put into one that was long."""
FREE = "(lease_until IS NULL OR lease_until < now())"
CLAIMABLE = f"({FREE} OR lease_owner = '{BELL}')"


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


def _fair(table: str, lane: str, more: str = "") -> str:
    """Walks lanes and sources by the index, however many rows each has."""
    return f"""{pairs(table, lane)}, due AS MATERIALIZED (
    SELECT mine.id FROM pair CROSS JOIN LATERAL (
        SELECT id FROM {table}
        WHERE {lane} = pair.lane AND source = pair.source AND due_at <= $1 AND {FREE} {more}
        ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) mine WHERE pair.lane = ANY ($4::text[])
)
UPDATE {table} SET lease_owner = '{BELL}', lease_until = now() + $3 FROM due WHERE {table}.id = due.id
RETURNING {table}.id, {table}.{lane} AS lane
"""


_EVENTS = _fair("event", "lane", "AND pair.source <> ALL ($5::text[])")  # event_due
_DELIVERIES = _fair(
    "delivery",
    "urgency",
    "AND (channel <> ALL ($5::text[]) OR state NOT IN ('planned', 'held') OR expires_at <= $1)",
)  # delivery_due
_RECEIPTS = f"""
WITH due AS (
    SELECT id FROM receipt WHERE due_at <= $1 AND {FREE} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE receipt SET lease_owner = '{BELL}', lease_until = now() + $3 FROM due WHERE receipt.id = due.id
RETURNING receipt.id
"""  # receipt_due


async def events(
    connection: Connection, now: datetime, most: int, lanes: Collection[Urgency], paused: Collection[SourceName] = ()
) -> list[tuple[EventId, Urgency]]:
    """Events that wait for routing, at most so many of each source in each lane, none of the `paused` sources."""
    rows = await connection.fetch(_EVENTS, now, most, RING_LEASE, [lane.value for lane in lanes], list(paused))
    return [(row["id"], Urgency(row["lane"])) for row in rows]


async def deliveries(
    connection: Connection, now: datetime, most: int, lanes: Collection[Urgency], closed: Collection[ChannelName]
) -> list[tuple[DeliveryId, Urgency]]:
    """Deliveries that need work, at most so many of each source in each lane.

    What could only be sent on one of the `closed` channels is left alone until its deadline.
    """
    rows = await connection.fetch(_DELIVERIES, now, most, RING_LEASE, [lane.value for lane in lanes], list(closed))
    return [(row["id"], Urgency(row["lane"])) for row in rows]


async def receipts(connection: Connection, now: datetime, most: int) -> list[ReceiptId]:
    """Callbacks that wait to be read."""
    return [row["id"] for row in await connection.fetch(_RECEIPTS, now, most, RING_LEASE)]


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
            taken += len(await connection.fetch(statement, list(dead)))
        await connection.execute(_PROBE_AGAIN, list(dead))
    return taken
