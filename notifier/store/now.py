"""How the service stands at this moment, for the console: what waits, what came and went, who works, what was noted.

Every statement reads a bounded stretch of an index, whatever the tables hold. Events are counted by their ids, which begin
with the time; calls are counted in `provider_minute` already.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, ProviderName, SourceName
from notifier.domain.reach import Reach
from notifier.domain.reasons import ReasonCode
from notifier.store.gaps import first_id
from notifier.store.pool import Connection
from notifier.store.reach import in_reach
from notifier.store.rings import pairs

COUNTED_MOST = 10_000
"""More rows of one kind are not counted: that there are so many is all that a person needs to know."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due of one kind (`event`, `delivery`), lane and source; at most `COUNTED_MOST` are counted."""

    kind: str
    lane: Urgency
    source: SourceName
    rows: int
    oldest: datetime


def _waiting(table: str, lane: str) -> str:
    return f"""{pairs(table, lane)}
SELECT '{table}' AS kind, pair.lane, pair.source, w.rows, w.oldest FROM pair CROSS JOIN LATERAL (
    SELECT count(*) AS rows, min(due_at) AS oldest FROM (
        SELECT due_at FROM {table} WHERE {lane} = pair.lane AND source = pair.source AND due_at <= $1
        ORDER BY due_at LIMIT {COUNTED_MOST}
    ) due
) w WHERE w.rows > 0
"""


_WAITING = [_waiting("event", "lane"), _waiting("delivery", "urgency")]  # event_due, delivery_due


async def waiting(connection: Connection, now: datetime) -> list[Waiting]:
    """What is due and not done yet, by kind, lane and source."""
    rows = [row for statement in _WAITING for row in await connection.fetch(statement, now)]
    return [Waiting(row["kind"], Urgency(row["lane"]), row["source"], row["rows"], row["oldest"]) for row in rows]


_OF_CHANNEL = f"""{pairs("delivery", "urgency")}
SELECT count(*) FROM pair CROSS JOIN LATERAL (
    SELECT channel, state FROM delivery WHERE urgency = pair.lane AND source = pair.source AND due_at <= $1
    ORDER BY due_at LIMIT {COUNTED_MOST}
) due WHERE channel = $2 AND state IN ('planned', 'held')
"""  # delivery_due


async def waiting_for(connection: Connection, channel: ChannelName, now: datetime) -> int:
    """How many messages wait to be sent on a channel now, among the oldest `COUNTED_MOST` of each lane and source."""
    counted: int = await connection.fetchval(_OF_CHANNEL, now, channel)
    return counted


@dataclass(frozen=True, slots=True)
class Flow:
    """What came and went in [at, at + step): events taken in, and what calls to providers came to."""

    at: datetime
    events: int = 0
    accepted: int = 0
    throttled: int = 0
    transient: int = 0
    permanent: int = 0
    unknown: int = 0
    proven: int = 0

    @property
    def passing(self) -> int:
        """Calls that are repeated."""
        return self.throttled + self.transient

    @property
    def lost(self) -> int:
        """Calls that were refused for good, or whose result is not known."""
        return self.permanent + self.unknown


_CALLS = tuple(each.name for each in fields(Flow) if each.name not in {"at", "events"})
_EVENTS = """
SELECT b.at, (SELECT count(*) FROM event e WHERE e.id >= b.low AND e.id < b.high) AS events
FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[]) AS b(at, low, high)
"""  # event_pkey
_COUNTS = f"""
SELECT c.at, {", ".join(f"sum(c.{name})::int AS {name}" for name in _CALLS)}
FROM provider p CROSS JOIN LATERAL (
    SELECT date_bin($3, minute, $1) AS at, {", ".join(f"sum({name}) AS {name}" for name in _CALLS)} FROM provider_minute
    WHERE provider = p.name AND minute >= $1 AND minute < $2 GROUP BY 1
) c GROUP BY 1
"""  # provider_minute_pkey


async def flow(connection: Connection, since: datetime, step: timedelta, steps: int) -> list[Flow]:
    """So many stretches of time from `since` on, each `step` long. `since` is a whole minute, `step` whole minutes."""
    starts = [since + step * number for number in range(steps)]
    until = since + step * steps
    ids = [first_id(at) for at in (*starts, until)]
    events = await connection.fetch(_EVENTS, starts, ids[:-1], ids[1:])
    calls = {row["at"]: row for row in await connection.fetch(_COUNTS, since, until, step)}
    return [
        Flow(row["at"], row["events"], **{name: calls[row["at"]][name] if row["at"] in calls else 0 for name in _CALLS})
        for row in events
    ]


_ACCEPTED_LAST = """
SELECT p.name, (SELECT minute FROM provider_minute c
                WHERE c.provider = p.name AND c.minute >= $1 AND c.accepted > 0 ORDER BY minute DESC LIMIT 1) AS minute
FROM provider p
"""  # provider_minute_pkey


async def accepted_last(connection: Connection, since: datetime) -> dict[ProviderName, datetime]:
    """The last minute since then in which each provider took a message; those that took none are left out."""
    rows = await connection.fetch(_ACCEPTED_LAST, since)
    return {row["name"]: row["minute"] for row in rows if row["minute"]}


_UNHEARD = """
WITH heard AS MATERIALIZED (
    SELECT DISTINCT source FROM event
    WHERE id >= $2 AND id < 'ffffffff-ffff-ffff-ffff-ffffffffffff' AND type !~ '^(han|nhac)[.]'
)
SELECT name FROM unnest($1::text[]) AS s(name) WHERE name NOT IN (SELECT source FROM heard) ORDER BY name
"""  # event_pkey; two bounds, so that tables without statistics are read by it too


async def unheard(connection: Connection, sources: Collection[SourceName], since: datetime) -> list[SourceName]:
    """Those of the sources that have told nothing since then. Keep the stretch short: all its events are read."""
    return [row["name"] for row in await connection.fetch(_UNHEARD, sorted(sources), first_id(since))]


@dataclass(frozen=True, slots=True)
class Noted:
    """How often something was noted lately (at most `COUNTED_MOST`), and first when."""

    times: int
    first: datetime | None


_DEAD = f"""
SELECT count(*) AS times, min(updated_at) AS first FROM (
    SELECT d.updated_at FROM delivery d JOIN event e ON e.id = d.event_id
    WHERE (d.state IN ('failed', 'expired') OR (d.state = 'unknown' AND d.due_at IS NULL)) AND d.updated_at >= $1
      AND {in_reach("e.agency", "$2", "$3")}
    LIMIT $4
) dead
"""  # delivery_dead, event_pkey
_NO_RECIPIENT = f"""
SELECT count(*) AS times, min(at) AS first FROM (
    SELECT at FROM audit WHERE reason = '{ReasonCode.EVENT_NO_RECIPIENT}' AND at >= $1 LIMIT {COUNTED_MOST}
) noted
"""  # audit_heeded
_STUCK = """
SELECT count(*) AS times, min(received_at) AS first FROM (
    SELECT received_at FROM event WHERE state = 'unroutable' AND received_at >= $1 LIMIT $2
) stuck
"""  # event_unroutable
_ORPHANED = """
SELECT count(*) AS times, min(received_at) AS first FROM (
    SELECT received_at FROM receipt WHERE state = 'orphaned' AND received_at >= $1 LIMIT $2
) orphaned
"""  # receipt_orphaned


async def dead_since(connection: Connection, since: datetime, within: Reach) -> Noted:
    """Messages that have ended since then without reaching their person, as far as somebody's account reaches."""
    return await _noted(connection, _DEAD, since, within.codes, within.beginnings, COUNTED_MOST)


async def without_recipient(connection: Connection, since: datetime) -> Noted:
    """Events since then that named nobody of those who must hear of them."""
    return await _noted(connection, _NO_RECIPIENT, since)


async def stuck(connection: Connection, since: datetime) -> Noted:
    """Events that came since then and cannot be read."""
    return await _noted(connection, _STUCK, since, COUNTED_MOST)


async def orphaned(connection: Connection, since: datetime) -> Noted:
    """Receipts that came since then and speak of no message of ours."""
    return await _noted(connection, _ORPHANED, since, COUNTED_MOST)


async def _noted(connection: Connection, statement: str, *given: object) -> Noted:
    row = await connection.fetchrow(statement, *given)
    return Noted(row["times"], row["first"]) if row else Noted(0, None)


_RECEIPTS = f"""
SELECT count(*) AS times, min(due_at) AS first FROM (
    SELECT due_at FROM receipt WHERE due_at <= $1 ORDER BY due_at LIMIT {COUNTED_MOST}
) due
"""  # receipt_due


async def unread_receipts(connection: Connection, now: datetime) -> Noted:
    """Callbacks that are due to be read, and since when the oldest of them is."""
    return await _noted(connection, _RECEIPTS, now)


@dataclass(frozen=True, slots=True)
class Processes:
    """Who says that they are alive, and who leads the dispatchers."""

    names: Sequence[str]
    leader: str | None


async def alive(connection: Connection) -> Processes:
    names = await connection.fetch("SELECT name FROM process WHERE alive_until >= now() ORDER BY name")
    leader = await connection.fetchval("SELECT name FROM leader WHERE role = 'dispatcher' AND until >= now()")
    return Processes([row["name"] for row in names], leader)
