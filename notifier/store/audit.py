"""The audit trail: rows are only ever added, most of them by the statement that makes the change they tell of."""

import json
from collections.abc import Sequence
from datetime import datetime

from notifier.domain.ids import EventId
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.pool import Connection


def as_columns(reasons: Sequence[Reason]) -> tuple[list[str], list[str]]:
    """Reasons as two arrays for `unnest`: their codes, and their values as JSON text."""
    return [reason.code.value for reason in reasons], [as_json(reason) for reason in reasons]


def as_json(reason: Reason) -> str:
    return json.dumps(dict(reason.values), ensure_ascii=False)


async def note(
    connection: Connection, reason: Reason, *, actor: str, now: datetime, event_id: EventId | None = None
) -> int:
    """An audit row about a whole run, perhaps about all of an event; answers its number in the trail."""
    seq: int = await connection.fetchval(
        "INSERT INTO audit (at, actor, event_id, reason, details) VALUES ($1, $2, $3, $4, $5) RETURNING seq",
        now,
        actor,
        event_id,
        reason.code,
        dict(reason.values),
    )
    return seq


async def noted(connection: Connection, seq: int, actor: str) -> Reason | None:
    """What row `seq` of the trail says, if this actor did it."""
    row = await connection.fetchrow("SELECT reason, details FROM audit WHERE seq = $1 AND actor = $2", seq, actor)
    return Reason(ReasonCode(row["reason"]), row["details"]) if row else None  # primary key
