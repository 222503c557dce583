"""How the service stands at this moment, for the console: who takes messages, who is silent, what was noted, who works.

Every statement reads a bounded stretch of an index, whatever the tables hold. What waits, came and went: `traffic`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.ids import ChannelName, ProviderName, SourceName, first_uuid7
from notifier.domain.reach import Reach
from notifier.store.due import DELIVERIES_OF, DELIVERY_WAYS
from notifier.store.pool import Connection
from notifier.store.reach import in_reach
from notifier.store.traffic import COUNTED_MOST

_OF_CHANNEL = f"""{DELIVERY_WAYS}
SELECT count(*) FROM way CROSS JOIN LATERAL (
    SELECT state FROM delivery WHERE {DELIVERIES_OF} ORDER BY due_at LIMIT {COUNTED_MOST}
) due WHERE way.channel = $2 AND state IN ('planned', 'held')
"""  # delivery_due


async def waiting_for(connection: Connection, channel: ChannelName, now: datetime) -> int:
    """How many messages wait to be sent on a channel now, among the oldest `COUNTED_MOST` of each lane and source."""
    counted: int = await connection.fetchval(_OF_CHANNEL, now, channel)
    return counted


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
    return [row["name"] for row in await connection.fetch(_UNHEARD, sorted(sources), first_uuid7(since))]


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
_STUCK = f"""
SELECT count(*) AS times, min(received_at) AS first FROM (
    SELECT received_at FROM event e
    WHERE state = 'unroutable' AND received_at >= $1 AND {in_reach("e.agency", "$2", "$3")} LIMIT $4
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


async def stuck(connection: Connection, since: datetime, within: Reach) -> Noted:
    """Events that came since then and cannot be read, as far as somebody's account reaches."""
    return await _noted(connection, _STUCK, since, within.codes, within.beginnings, COUNTED_MOST)


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
