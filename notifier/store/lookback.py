"""Events that have been, a sample of them: to try other rules on."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.ids import first_uuid7
from notifier.domain.reach import Reach
from notifier.store.events import COLUMNS, DOCUMENTS, ClaimedEvent
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

_SOME = f"""
WITH chosen AS MATERIALIZED (
    SELECT s.id FROM unnest($1::uuid[], $2::uuid[]) AS part(low, high)
    CROSS JOIN LATERAL (
        SELECT e.id FROM event e
        WHERE e.id >= part.low AND e.id < part.high AND e.state = 'routed' AND e.type NOT LIKE 'nhac.%'
          AND {in_reach("e.agency", "$3", "$4")}
        ORDER BY e.id DESC LIMIT $5
    ) s
)
SELECT {COLUMNS}
FROM chosen c JOIN event e ON e.id = c.id
{DOCUMENTS}
ORDER BY e.id
"""  # event_pkey: ids begin with the milliseconds in which an event came


async def some(connection: Connection, moments: Sequence[datetime], within: Reach, most: int) -> list[ClaimedEvent]:
    """The latest `most` events between each of these moments and the next, reminders too, without digests."""
    ids = [first_uuid7(moment) for moment in moments]
    rows = await connection.fetch(_SOME, ids[:-1], ids[1:], within.codes, within.beginnings, most)
    return [ClaimedEvent(**row) for row in rows]
