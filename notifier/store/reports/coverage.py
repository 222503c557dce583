"""How the reminders of officers stand, counted: by officer, by type of event, and events that named nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from notifier.domain.deliveries import DeliveryState
from notifier.domain.events import DIGEST
from notifier.reminders.reports.coverage import Fact, Owed, Steps
from notifier.store.pool import Connection
from notifier.store.reports.scope import STATEMENT_SECONDS, Scope


@dataclass(frozen=True, slots=True)
class Found:
    by_person: list[Owed]
    by_type: list[Owed]
    steps: list[Steps]


_IN_PERIOD = """
e.id >= $1 AND e.id < $2 AND e.received_at >= $3 AND e.received_at < $4 AND e.type <> $7
AND ($5::text[] IS NULL OR e.agency = ANY ($5) OR starts_with(e.agency, $6))
"""  # event_pkey: ids begin with the milliseconds in which an event came
_OWED = f"""
WITH owed AS (
    SELECT e.agency, e.type, r.ref, d.state, why.reason, coalesce(why.code, last.code) AS code,
           other.channel AS instead, digest.id IS NOT NULL AS gathered
    FROM event e
    JOIN recipient r ON r.event_id = e.id AND r.audience <> 'citizen'
    LEFT JOIN delivery own ON own.recipient_id = r.id AND own.channel = 'zalo'
    LEFT JOIN LATERAL (
        SELECT g.id FROM recipient g
        WHERE g.event_id = own.gathered_into AND g.inbox_owner = r.inbox_owner ORDER BY g.id LIMIT 1
    ) digest ON true
    LEFT JOIN delivery d ON d.recipient_id = coalesce(digest.id, r.id) AND d.channel = 'zalo'
    LEFT JOIN LATERAL (
        SELECT a.reason, a.details ->> 'code' AS code FROM audit a
        WHERE d.state IN ('suppressed', 'cancelled', 'failed') AND a.event_id = d.event_id AND a.delivery_id = d.id
          AND a.to_state = d.state AND a.from_state IS DISTINCT FROM a.to_state
        ORDER BY a.seq DESC LIMIT 1
    ) why ON true
    LEFT JOIN LATERAL (
        SELECT t.code FROM attempt t
        WHERE d.state IN ('failed', 'unknown') AND t.delivery_id = d.id ORDER BY t.number DESC LIMIT 1
    ) last ON true
    LEFT JOIN LATERAL (
        SELECT s.channel FROM delivery s
        WHERE (d.state IS NULL OR d.state NOT IN ('delivered', 'read')) AND s.recipient_id = coalesce(digest.id, r.id)
          AND s.channel <> 'zalo' AND s.content_kind <> 'inbox' AND s.state IN ('delivered', 'read')
        ORDER BY s.rank, s.channel LIMIT 1
    ) other ON true
    WHERE {_IN_PERIOD}
)
SELECT agency, ref, type, state, reason, code, instead, gathered, count(*) AS number, GROUPING(type) = 1 AS by_person
FROM owed
GROUP BY GROUPING SETS ((agency, ref, state, reason, code, instead, gathered),
                        (type, state, reason, code, instead, gathered))
"""  # recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key, audit_event, attempt_delivery_id_number_key
_STEPS = f"""
SELECT agency, type, count(*) FILTER (WHERE staffed) AS told, count(*) FILTER (WHERE NOT staffed) AS untold
FROM (
    SELECT e.agency, e.type,
           EXISTS (SELECT FROM recipient r WHERE r.event_id = e.id AND r.audience <> 'citizen') AS staffed
    FROM event e WHERE e.state = 'routed' AND {_IN_PERIOD}
) seen
GROUP BY agency, type
"""  # recipient_event_id_audience_ref_key
_SLACK = timedelta(minutes=1)


async def read(connection: Connection, scope: Scope) -> Found:
    """What officers are owed of the events that came in the scope's time. A digest tells of events, so it is none."""
    first, end = _id_at(scope.start - _SLACK), _id_at(scope.end + _SLACK)
    given = (first, end, scope.start, scope.end, scope.codes, scope.below, DIGEST)
    owed = await connection.fetch(_OWED, *given, timeout=STATEMENT_SECONDS)
    steps = await connection.fetch(_STEPS, *given, timeout=STATEMENT_SECONDS)
    return Found(
        by_person=[_owed(row) for row in owed if row["by_person"]],
        by_type=[_owed(row) for row in owed if not row["by_person"]],
        steps=[Steps(**row) for row in steps],
    )


def _owed(row: Any) -> Owed:
    fact = Fact(
        state=DeliveryState(row["state"]) if row["state"] else None,
        reason=row["reason"],
        code=row["code"],
        instead=row["instead"],
        gathered=row["gathered"],
    )
    return Owed(fact, row["number"], agency=row["agency"], officer=row["ref"] or "", type=row["type"] or "")


def _id_at(at: datetime) -> UUID:
    """The smallest id of what was made at this moment."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)
