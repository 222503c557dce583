"""What the harness reads from the database: what is open, what was struck, and the evidence in the end."""

import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from notifier.sandbox.ledger import keyless
from tests.chaos.check import Evidence, Shown
from tests.chaos.events import Invented
from tests.chaos.stand import Stand

LOOK_SECONDS = 0.4

_OPEN = """
SELECT (SELECT count(*) FROM event WHERE due_at IS NOT NULL)
     + (SELECT count(*) FROM delivery WHERE due_at IS NOT NULL AND (state IN ('planned', 'sending') OR due_at <= $1))
     + (SELECT count(*) FROM receipt WHERE state = 'stored') AS open
"""


_UNTOLD = "SELECT count(*) AS open FROM callback WHERE due_at <= $1"


async def settle(stand: Stand, seconds: float) -> int:
    """Wait until nothing is to be done any more, or not now; answers how much still is when the time is up."""
    return await _none_open(stand, _OPEN, seconds)


async def all_told(stand: Stand, seconds: float) -> int:
    """Wait until the dossier system was told of everything; answers how much it was not when the time is up."""
    return await _none_open(stand, _UNTOLD, seconds)


async def _none_open(stand: Stand, statement: str, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    deadline, still = loop.time() + seconds, -1
    while loop.time() < deadline:
        (row,) = await stand.ask(statement, stand.clock())
        still = row["open"]
        if still == 0:
            return 0
        await asyncio.sleep(LOOK_SECONDS)
    return int(still)


@dataclass(frozen=True, slots=True)
class Struck:
    """The rows that a fault struck, each with its latest audit row, at one moment of the installation's clock."""

    moment: datetime
    deliveries: list[tuple[UUID, UUID, int]]
    """Event, delivery, number of its audit row."""
    events: list[tuple[UUID, int]]


_DELIVERIES_OF_DEAD = """
SELECT event_id, id, (SELECT max(seq) FROM audit a WHERE a.event_id = d.event_id AND a.delivery_id = d.id) AS seq
FROM delivery d
WHERE d.due_at IS NOT NULL AND state IN ('planned', 'held', 'sending') AND (d.lease_owner ~ $2
     OR (d.lease_owner IS NULL OR d.lease_owner ~ '^(nobody$|taken:)' OR d.lease_until < now()) AND d.due_at <= $1)
"""
_DELIVERIES_OPEN = """
SELECT event_id, id, (SELECT max(seq) FROM audit a WHERE a.event_id = d.event_id AND a.delivery_id = d.id) AS seq
FROM delivery d
WHERE d.due_at IS NOT NULL AND (state IN ('planned', 'sending') OR (state = 'held' AND due_at <= $1))
"""
_EVENTS_DUE = """
SELECT id, (SELECT max(seq) FROM audit WHERE event_id = event.id) AS seq
FROM event WHERE state = 'received' AND due_at <= $1
"""
_EVENTS_OPEN = """
SELECT id, (SELECT max(seq) FROM audit WHERE event_id = event.id) AS seq FROM event WHERE state = 'received'
"""


async def struck_by_death(stand: Stand, pid: int) -> Struck:
    """What was in the hands of a process that has just been stopped, or was due and in nobody's hands.

    What living processes hold is not struck: they go on with it.
    """
    moment = stand.clock()
    held = await stand.ask(_DELIVERIES_OF_DEAD, moment, f"-{pid}-")
    return _struck(moment, held, await stand.ask(_EVENTS_DUE, moment))


async def struck_by_outage(stand: Stand) -> Struck:
    """Everything unsent at the end of an outage: under way, due, or put off by it."""
    moment = stand.clock()
    return _struck(moment, await stand.ask(_DELIVERIES_OPEN, moment), await stand.ask(_EVENTS_OPEN))


def _struck(moment: datetime, held: Sequence[Any], events: Sequence[Any]) -> Struck:
    return Struck(
        moment,
        [(row["event_id"], row["id"], row["seq"]) for row in held],
        [(row["id"], row["seq"]) for row in events],
    )


@dataclass(frozen=True, slots=True)
class Recovered:
    seconds: float
    """Infinite for a row that never moved again."""
    story: str
    """What was struck, and what became of it first."""


_NEXT = """
SELECT a.at, a.seq, w.event, w.delivery, (SELECT channel FROM delivery WHERE id = w.delivery) AS channel,
       b.to_state AS before, a.to_state AS after, a.reason, a.actor
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS w(event, delivery, seq)
LEFT JOIN audit b ON b.seq = w.seq
LEFT JOIN LATERAL (
    SELECT * FROM audit a WHERE a.event_id = w.event AND a.delivery_id IS NOT DISTINCT FROM w.delivery AND a.seq > w.seq
    ORDER BY a.seq LIMIT 1
) a ON true
"""


async def times_to_recover(stand: Stand, strikes: Sequence[Struck]) -> list[Recovered]:
    """Seconds from each strike until each row that it struck was in flight again.

    A delivery is in flight again at its next move: the start of a new attempt, the end of the old one, or a decision
    such as `unknown`. An event is, when it is routed. Each of these writes an audit row, whose time counts. Where another
    strike came before that, the time counts from the last.
    """
    found: dict[tuple[UUID, UUID | None, int | None], tuple[datetime, Any]] = {}
    for struck in sorted(strikes, key=lambda each: each.moment):
        rows = [*struck.deliveries, *((event, None, seq) for event, seq in struck.events)]
        columns = ([row[place] for row in rows] for place in range(3))
        for row in await stand.ask(_NEXT, *columns):
            found[row["event"], row["delivery"], row["seq"]] = (struck.moment, row)
    return [_recovered(row, moment) for moment, row in found.values()]


def _recovered(row: Any, moment: datetime) -> Recovered:
    seconds = max(0.0, (row["at"] - moment).total_seconds()) if row["at"] else math.inf
    what = f"{row['channel']} {row['delivery']}" if row["delivery"] else f"event {row['event']}"
    return Recovered(seconds, f"{what}: {row['before']} → {row['after']} by {row['actor']} ({row['reason']})")


_SHOWN = """
SELECT e.external_id AS event, d.id, d.channel, d.state, d.due_at > $2 AS waits, r.id AS recipient, r.audience,
       r.zalo_uid, c.body,
       (SELECT count(*) FROM inbox_message m WHERE m.delivery_id = d.id) AS in_inbox,
       EXISTS (SELECT 1 FROM audit a WHERE a.event_id = e.id AND a.delivery_id = d.id AND a.to_state = 'unknown')
           OR EXISTS (SELECT 1 FROM attempt t WHERE t.delivery_id = d.id AND t.outcome = 'unknown') AS was_unknown,
       (SELECT a.reason FROM audit a WHERE a.event_id = e.id AND a.delivery_id = d.id ORDER BY a.seq DESC LIMIT 1)
           AS reason
FROM event e JOIN recipient r ON r.event_id = e.id JOIN delivery d ON d.recipient_id = r.id
LEFT JOIN content c ON c.delivery_id = d.id AND c.kind = 'zalo'
WHERE e.external_id = ANY ($1)
"""
_GAPS = """
SELECT coalesce(sum(greatest(i.last_seq, coalesce(m.most, 0)) - coalesce(m.count, 0)), 0) AS gaps
FROM inbox i LEFT JOIN (SELECT owner, max(seq) AS most, count(*) FROM inbox_message GROUP BY owner) m USING (owner)
"""


async def evidence(stand: Stand, accepted: Sequence[Invented]) -> Evidence:
    ids = [event.id for event in accepted]
    known = await stand.ask("SELECT external_id, state FROM event WHERE external_id = ANY ($1)", ids)
    rows = await stand.ask(_SHOWN, ids, stand.clock())
    told = await stand.ask("SELECT id FROM callback WHERE state = 'sent'")
    (gaps,) = await stand.ask(_GAPS)
    return Evidence(
        accepted=accepted,
        routed={row["external_id"]: row["state"] == "routed" for row in known},
        deliveries=[_shown(row) for row in rows],
        ledger=await stand.providers.ledger(),
        gaps=int(gaps["gaps"]),
        told=frozenset(str(row["id"]) for row in told),
        heard=frozenset(stand.dossier_system.heard),
    )


def _shown(row: Any) -> Shown:
    return Shown(
        id=row["id"].hex,
        event=row["event"],
        audience=row["audience"],
        channel=row["channel"],
        recipient=row["recipient"].hex,
        state=row["state"],
        reason=row["reason"],
        waits=bool(row["waits"]),
        was_unknown=row["was_unknown"],
        in_inbox=row["in_inbox"],
        keyless=_keyless(row["zalo_uid"], row["body"]),
    )


def _keyless(uid: str | None, body: str | None) -> str | None:
    return keyless(uid, json.loads(body)["parameters"]) if uid and body else None
