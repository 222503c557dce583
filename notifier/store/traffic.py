"""What waits, came in and went out, counted for whom a reach includes.

Every statement reads a bounded stretch of an index, whatever the tables hold: events and attempts by their ids, which
begin with the time. For the whole province calls are counted in `provider_minute` already; for some agencies the
attempts of the stretch are read, with the events that they are about.
"""

from collections import Counter
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from notifier.delivery.gate import Punctuality
from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ProviderName, SourceName, first_uuid7
from notifier.domain.reach import Reach
from notifier.store.due import DELIVERIES_OF, DELIVERY_WAYS, EVENT_WAYS, EVENTS_OF, Kind
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

COUNTED_MOST = 10_000
"""More rows of one kind are not counted: that there are so many is all that a person needs to know."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due of one kind (`event`, `delivery`), lane and source; at most `COUNTED_MOST` are looked at.

    `rows` are those within the reach; `oldest` is everybody's: they stand in one queue.
    """

    kind: str
    lane: Urgency
    source: SourceName
    rows: int
    oldest: datetime


def _waiting(kind: Kind, ways: str, due: str, counted: str = "true", join: str = "") -> str:
    return f"""{ways}
SELECT '{kind}' AS kind, way.lane, way.source, least(sum(w.rows), {COUNTED_MOST})::int AS rows, min(w.oldest) AS oldest
FROM way CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE {counted}) AS rows, min(due.due_at) AS oldest FROM (
        SELECT * FROM {kind} WHERE {due} ORDER BY due_at LIMIT {COUNTED_MOST}
    ) due {join}
) w WHERE w.oldest IS NOT NULL GROUP BY way.lane, way.source
"""


_EVENTS_DUE, _DELIVERIES_DUE = (Kind.EVENT, EVENT_WAYS, EVENTS_OF), (Kind.DELIVERY, DELIVERY_WAYS, DELIVERIES_OF)
_WAITING = [_waiting(*_EVENTS_DUE), _waiting(*_DELIVERIES_DUE)]  # event_due, delivery_due
_WAITING_WITHIN = [
    _waiting(*_EVENTS_DUE, in_reach("due.agency", "$2", "$3")),
    _waiting(*_DELIVERIES_DUE, in_reach("e.agency", "$2", "$3"), "JOIN event e ON e.id = due.event_id"),
]  # event_due, delivery_due, event_pkey


async def waiting(connection: Connection, now: datetime, within: Reach) -> list[Waiting]:
    """What is due and not done yet, by kind, lane and source."""
    statements, given = (_WAITING, ()) if within.codes is None else (_WAITING_WITHIN, (within.codes, within.beginnings))
    rows = [row for statement in statements for row in await connection.fetch(statement, now, *given)]
    return [Waiting(row["kind"], Urgency(row["lane"]), row["source"], row["rows"], row["oldest"]) for row in rows]


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

    @property
    def passing(self) -> int:
        """Calls that are repeated."""
        return self.throttled + self.transient

    @property
    def lost(self) -> int:
        """Calls that were refused for good, or whose result is not known."""
        return self.permanent + self.unknown


CALLS = tuple(each.name for each in fields(Flow) if each.name not in {"at", "events"})
"""What a call may come to."""
_EVENTS = """
SELECT b.at, (SELECT count(*) FROM event e WHERE e.id >= b.low AND e.id < b.high {more}) AS events
FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[]) AS b(at, low, high)
"""  # event_pkey
_ALL_EVENTS, _OUR_EVENTS = _EVENTS.format(more=""), _EVENTS.format(more=f"AND {in_reach('e.agency', '$4', '$5')}")
_COUNTS = f"""
SELECT c.at, {", ".join(f"sum(c.{name})::int AS {name}" for name in CALLS)}
FROM provider p CROSS JOIN LATERAL (
    SELECT date_bin($3, minute, $1) AS at, {", ".join(f"sum({name}) AS {name}" for name in CALLS)} FROM provider_minute
    WHERE provider = p.name AND minute >= $1 AND minute < $2 GROUP BY 1
) c GROUP BY 1
"""  # provider_minute_pkey
_TRIED = """
FROM attempt t
CROSS JOIN LATERAL (SELECT id, event_id, accepted_at FROM delivery WHERE id = t.delivery_id LIMIT 1) d
CROSS JOIN LATERAL (SELECT id, agency FROM event WHERE id = d.event_id LIMIT 1) e
"""
"""Attempts with what they are about, looked up one by one: the tables are large, and the stretch is short."""
_ATTEMPTS = f"""
SELECT date_bin($5, t.started_at, $6) AS at, t.provider, t.outcome, count(*) AS calls
{_TRIED}
WHERE t.id >= $1 AND t.id < $2 AND t.outcome <> 'not_called' AND {in_reach("e.agency", "$3", "$4")}
GROUP BY 1, 2, 3
"""  # attempt_pkey, delivery_pkey, event_pkey


async def flow(connection: Connection, since: datetime, step: timedelta, steps: int, within: Reach) -> list[Flow]:
    """So many stretches of time from `since` on, each `step` long. `since` is a whole minute, `step` whole minutes."""
    starts = [since + step * number for number in range(steps)]
    until = since + step * steps
    ids = [first_uuid7(at) for at in (*starts, until)]
    if within.codes is None:
        events = await connection.fetch(_ALL_EVENTS, starts, ids[:-1], ids[1:])
        rows = await connection.fetch(_COUNTS, since, until, step)
        calls = {row["at"]: Counter({name: row[name] for name in CALLS}) for row in rows}
    else:
        events = await connection.fetch(_OUR_EVENTS, starts, ids[:-1], ids[1:], within.codes, within.beginnings)
        calls = {at: Counter() for at in starts}
        for row in await _attempts(connection, since, until, step, within):
            calls.setdefault(row["at"], Counter())[row["outcome"]] += row["calls"]
    return [Flow(row["at"], row["events"], **calls.get(row["at"], Counter())) for row in events]


async def calls_within(
    connection: Connection, since: datetime, until: datetime, within: Reach
) -> dict[ProviderName, Counter[str]]:
    """What calls to each provider came to, of messages of the agencies within. Those not called are left out."""
    found: dict[ProviderName, Counter[str]] = {}
    for row in await _attempts(connection, since, until, until - since, within):
        found.setdefault(row["provider"], Counter())[row["outcome"]] += row["calls"]
    return found


async def _attempts(
    connection: Connection, since: datetime, until: datetime, step: timedelta, within: Reach
) -> list[Any]:
    given = (first_uuid7(since), first_uuid7(until), within.codes, within.beginnings, step, since)
    return list(await connection.fetch(_ATTEMPTS, *given))


_PUNCTUALITY = f"""
SELECT count(*) AS taken, count(*) FILTER (WHERE known.at IS NULL OR known.at - d.accepted_at > $6) AS late
{_TRIED}
CROSS JOIN LATERAL (
    SELECT min(a.at) AS at FROM audit a
    WHERE a.event_id = e.id AND a.delivery_id = d.id AND a.to_state IN ('delivered', 'read', 'failed')
      AND a.at >= t.started_at
) known
WHERE t.id >= $1 AND t.id < $2 AND t.provider = $3 AND t.outcome = 'accepted' AND {in_reach("e.agency", "$4", "$5")}
"""  # attempt_pkey, delivery_pkey, event_pkey, audit_event


async def punctuality_within(
    connection: Connection, provider: ProviderName, since: datetime, until: datetime, slow: timedelta, within: Reach
) -> Punctuality:
    """Of the messages of the agencies within that a provider took in [since, until): late is a receipt after `slow`, or none."""
    given = (first_uuid7(since), first_uuid7(until), provider, within.codes, within.beginnings, slow)
    row = await connection.fetchrow(_PUNCTUALITY, *given)
    return Punctuality(row["taken"], row["late"]) if row else Punctuality(0, 0)
