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
"""  # event_due, delivery_due, receipt_due


async def backlog(connection: Connection, now: datetime) -> list[Backlog]:
    return [
        Backlog(
            row["kind"],
            row["unfinished"],
            max(0.0, (now - row["oldest"]).total_seconds()) if row["oldest"] else 0.0,
        )
        for row in await connection.fetch(_BACKLOG)
    ]
