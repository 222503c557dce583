"""What is unfinished, and how old the oldest of it is: read when somebody measures, from the partial indexes."""

from dataclasses import dataclass
from datetime import datetime

from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Backlog:
    """Rows of one kind with work ahead of them; `overdue_seconds` is the age of the oldest that is due, else 0."""

    kind: str
    unfinished: int
    overdue_seconds: float


_BACKLOG = """
SELECT 'event' AS kind, count(*) AS unfinished, min(due_at) AS oldest FROM event WHERE due_at IS NOT NULL
UNION ALL SELECT 'delivery', count(*), min(due_at) FROM delivery WHERE due_at IS NOT NULL
UNION ALL SELECT 'receipt', count(*), min(due_at) FROM receipt WHERE due_at IS NOT NULL
UNION ALL SELECT 'callback', count(*), min(due_at) FROM callback WHERE due_at IS NOT NULL
"""  # event_due, delivery_due, receipt_due, callback_due


_BEHIND = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM event WHERE due_at IS NOT NULL LIMIT $2) unrouted)
     + (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE due_at <= $1 LIMIT $2) unsent)
"""  # event_due, delivery_due


async def behind(connection: Connection, now: datetime, most: int) -> int:
    """How many events and deliveries could be worked on now; no more than twice `most` are counted."""
    counted: int = await connection.fetchval(_BEHIND, now, most)
    return counted


async def backlog(connection: Connection, now: datetime) -> list[Backlog]:
    return [
        Backlog(
            row["kind"],
            row["unfinished"],
            max(0.0, (now - row["oldest"]).total_seconds()) if row["oldest"] else 0.0,
        )
        for row in await connection.fetch(_BACKLOG)
    ]
