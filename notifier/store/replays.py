"""Callbacks as an operator looks at them: listed by filter, shown one by one, posted again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.callbacks import Callback, CallbackId, CallbackState, CallbackType
from notifier.domain.ids import SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.audit import as_json
from notifier.store.callbacks import COLUMNS, DETAILED, as_callback
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Filter:
    """Which callbacks are meant; None and empty mean any. Times are those of the facts, `until` is not included."""

    source: SourceName | None = None
    states: Sequence[CallbackState] = ()
    types: Sequence[CallbackType] = ()
    since: datetime | None = None
    until: datetime | None = None
    ids: Sequence[CallbackId] | None = None

    def parameters(self) -> tuple[object, ...]:
        return (
            self.source,
            [state.value for state in self.states],
            [type_.value for type_ in self.types],
            self.since,
            self.until,
            None if self.ids is None else list(self.ids),
        )


_MATCHES = """
($1::text IS NULL OR c.source = $1) AND ($2::text[] = '{}' OR c.state = ANY ($2))
AND ($3::text[] = '{}' OR c.type = ANY ($3)) AND ($4::timestamptz IS NULL OR c.occurred_at >= $4)
AND ($5::timestamptz IS NULL OR c.occurred_at < $5) AND ($6::uuid[] IS NULL OR c.id = ANY ($6))
"""  # callback_occurred or the primary key, where a time or ids are given


@dataclass(frozen=True, slots=True)
class Line:
    """A callback with what became of it."""

    callback: Callback
    state: CallbackState
    due_at: datetime | None
    tries: int
    last_status: int | None
    last_error: str | None
    finished_at: datetime | None


_LIST = f"""
SELECT {COLUMNS}, c.state, c.due_at, c.attempts, c.last_status, c.last_error, c.finished_at FROM callback c {DETAILED}
WHERE {_MATCHES} ORDER BY c.occurred_at DESC, c.place DESC LIMIT $7
"""


async def lines(connection: Connection, wanted: Filter, limit: int) -> list[Line]:
    """The newest that match, newest first."""
    return [
        Line(
            callback=as_callback(row),
            state=CallbackState(row["state"]),
            due_at=row["due_at"],
            tries=row["attempts"],
            last_status=row["last_status"],
            last_error=row["last_error"],
            finished_at=row["finished_at"],
        )
        for row in await connection.fetch(_LIST, *wanted.parameters(), limit)
    ]


@dataclass(frozen=True, slots=True)
class Count:
    source: SourceName
    type: CallbackType
    state: CallbackState
    number: int


_COUNTS = f"""
SELECT c.source, c.type, c.state, count(*) AS number FROM callback c WHERE {_MATCHES}
GROUP BY c.source, c.type, c.state ORDER BY c.source, c.type, c.state
"""


async def counts(connection: Connection, wanted: Filter) -> list[Count]:
    """How many match, by source, type and state."""
    return [
        Count(row["source"], CallbackType(row["type"]), CallbackState(row["state"]), row["number"])
        for row in await connection.fetch(_COUNTS, *wanted.parameters())
    ]


_REPLAY = f"""
WITH again AS (
    UPDATE callback c SET state = 'pending', due_at = $7, attempts = 0, finished_at = NULL, last_status = NULL,
        last_error = NULL
    FROM callback_endpoint p
    WHERE p.source = c.source AND p.push AND c.state <> 'pending' AND {_MATCHES}
    RETURNING c.source
), counted AS (
    SELECT source, count(*) AS number FROM again GROUP BY source
)
INSERT INTO audit (at, actor, reason, details)
SELECT $7, $8, '{ReasonCode.CALLBACKS_REPLAYED.value}', $9::text::jsonb
       || jsonb_build_object('source', source, 'count', number::text) FROM counted
RETURNING details ->> 'source' AS source, (details ->> 'count')::int AS number
"""


async def replay(connection: Connection, wanted: Filter, *, actor: str, now: datetime) -> dict[SourceName, int]:
    """Post again, with the same ids, what matches and does not wait already; how many, by source. Audited.

    A source without an address has nothing posted: it pulls again from an earlier cursor.
    """
    reason = Reason(ReasonCode.CALLBACKS_REPLAYED, {"by": actor})
    rows = await connection.fetch(_REPLAY, *wanted.parameters(), now, actor, as_json(reason))
    return {row["source"]: row["number"] for row in rows}
