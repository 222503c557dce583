"""What operators hold up for a while: events of a source are taken in and wait, messages of a channel wait.

A row is there as long as the pause lasts: until somebody ends it, or the dispatcher because its time has come. A
source's pause is heeded by the statement that claims its events, a channel's by the gate. Both are a handful of rows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.ids import ChannelName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.pool import Connection


class Kind(StrEnum):
    SOURCE = "source"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Pause:
    kind: Kind
    name: str
    since: datetime
    actor: str
    why: str
    until: datetime | None = None
    """When it ends by itself."""


async def standing(connection: Connection) -> list[Pause]:
    """All that is paused now, the oldest pause first."""
    rows = await connection.fetch("SELECT kind, name, since, actor, why, until FROM pause ORDER BY since, kind, name")
    return [Pause(**{**row, "kind": Kind(row["kind"])}) for row in rows]


async def channels(connection: Connection) -> Collection[ChannelName]:
    return [row["name"] for row in await connection.fetch("SELECT name FROM pause WHERE kind = 'channel'")]


_BEGIN = """
WITH begun AS (
    INSERT INTO pause (kind, name, since, actor, why, until) VALUES ($1, $2, $3, $4, $5, $8)
    ON CONFLICT DO NOTHING RETURNING name
)
INSERT INTO audit (at, actor, reason, details) SELECT $3, $4, $6, $7::jsonb FROM begun RETURNING seq
"""
_END = """
WITH ended AS (
    DELETE FROM pause WHERE kind = $1 AND name = $2 RETURNING name
)
INSERT INTO audit (at, actor, reason, details) SELECT $3, $4, $5, $6::jsonb FROM ended RETURNING seq
"""
_END_DUE = """
WITH ended AS (
    DELETE FROM pause WHERE until <= $1 RETURNING kind, name, actor
)
INSERT INTO audit (at, actor, reason, details)
SELECT $1, $2, CASE kind WHEN 'source' THEN $3 ELSE $4 END, jsonb_build_object(kind, name, 'by', regexp_replace(actor, '^operator:', '')) FROM ended
"""
_CODES = {
    Kind.SOURCE: (ReasonCode.SOURCE_PAUSED, ReasonCode.SOURCE_RESUMED),
    Kind.CHANNEL: (ReasonCode.CHANNEL_PAUSED, ReasonCode.CHANNEL_RESUMED),
}


async def begin(
    connection: Connection, kind: Kind, name: str, *, by: str, why: str, now: datetime, until: datetime | None = None
) -> bool:
    """Pause it, with its audit row, perhaps for a while only; False if it is paused already."""
    reason = _reason(kind, 0, name, by, why)
    actor, values = f"operator:{by}", dict(reason.values) | ({"until": until.isoformat()} if until else {})
    seq = await connection.fetchval(_BEGIN, kind.value, name, now, actor, why, reason.code.value, values, until)
    return seq is not None


async def end(connection: Connection, kind: Kind, name: str, *, by: str, why: str, now: datetime) -> bool:
    """Resume it, with its audit row; False if it is not paused."""
    reason = _reason(kind, 1, name, by, why)
    values = dict(reason.values)
    return (
        await connection.fetchval(_END, kind.value, name, now, f"operator:{by}", reason.code.value, values) is not None
    )


async def end_due(connection: Connection, actor: str, now: datetime) -> None:
    """End the pauses whose time has come, each with its audit row."""
    await connection.execute(_END_DUE, now, actor, ReasonCode.SOURCE_PAUSE_OVER, ReasonCode.CHANNEL_PAUSE_OVER)


def _reason(kind: Kind, place: int, name: str, by: str, why: str) -> Reason:
    return Reason(_CODES[kind][place], {kind.value: name, "by": by, "why": why})
