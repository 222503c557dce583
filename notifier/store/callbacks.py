"""Callbacks: what each source is told of its messages. Posted until taken where it has an address, and pulled by cursor.

A row is written by the statement that moves the delivery (`deliveries.move`), for sources with a row in
`callback_endpoint` only. Its `seq` is counted on the delivery's own row, so it has no gap whoever moves at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.callbacks import TELLS as TYPES
from notifier.domain.callbacks import Callback, CallbackId, CallbackState, CallbackType
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.store.due import FREE, TAKEN, TAKEN_FOR, WANTED, claimable
from notifier.store.pool import Connection

TELLS = (
    "CASE WHEN w.state <> w.expected THEN CASE w.state "
    + " ".join(f"WHEN '{state.value}' THEN '{type_.value}'" for state, type_ in TYPES.items())
    + " END END"
)
"""In `deliveries.move`: what a wanted move would tell; null where it tells nothing."""

TELL = """
    INSERT INTO callback (source, delivery_id, seq, type, delivery_state, occurred_at, reason, details, state, due_at)
    SELECT m.source, m.id, m.callbacks, m.tells, m.state, m.updated_at, m.reason, m.details::jsonb,
           CASE WHEN p.push THEN 'pending' ELSE 'skipped' END, CASE WHEN p.push THEN m.updated_at END
    FROM moved m JOIN callback_endpoint p ON p.source = m.source AND m.tells = ANY (p.types) ORDER BY m.place"""
"""In `deliveries.move`: tell of the moves that were made. A primary key."""

DETAILED = """
JOIN delivery d ON d.id = c.delivery_id JOIN event e ON e.id = d.event_id JOIN recipient r ON r.id = d.recipient_id
"""
COLUMNS = """c.id, c.source, c.delivery_id, c.seq, c.type, c.delivery_state, c.occurred_at, c.reason, c.details,
       e.dossier_code, e.external_id, e.type AS event_type, d.channel, r.audience"""


def as_callback(row: Any) -> Callback:
    return Callback(
        id=row["id"],
        source=row["source"],
        delivery_id=row["delivery_id"],
        seq=row["seq"],
        type=CallbackType(row["type"]),
        delivery_state=DeliveryState(row["delivery_state"]),
        occurred_at=row["occurred_at"],
        reason=Reason(ReasonCode(row["reason"]), row["details"]),
        dossier_code=row["dossier_code"],
        event_id=row["external_id"],
        event_type=row["event_type"],
        channel=row["channel"],
        audience=Audience(row["audience"]),
    )


# Posting

OF_ONE_SOURCE = 64
"""The oldest so many due callbacks of a source are worked on, by all processes together: a receiver that is silent
keeps these busy and nothing else.
"""
_TAKE = f"""
WITH due AS MATERIALIZED (
    SELECT mine.id FROM callback_endpoint p CROSS JOIN LATERAL (
        SELECT id FROM callback WHERE due_at <= $1 AND {FREE} AND id IN (
            SELECT id FROM callback WHERE source = p.source AND due_at <= $1 ORDER BY due_at, place LIMIT $2
        ) FOR UPDATE SKIP LOCKED
    ) mine WHERE {WANTED.format(now="$1")} ORDER BY p.source
)
UPDATE callback SET lease_owner = '{TAKEN}' || $4, lease_until = now() + $3 WHERE id = ANY (ARRAY(SELECT id FROM due))
RETURNING id
"""  # callback_endpoint_pkey, callback_due, callback_pkey


async def take(connection: Connection, worker: str, now: datetime) -> list[CallbackId]:
    """Callbacks that are due, that nobody posts, and that their source wants."""
    return [row["id"] for row in await connection.fetch(_TAKE, now, OF_ONE_SOURCE, TAKEN_FOR, worker)]


@dataclass(frozen=True, slots=True)
class Claimed:
    callback: Callback
    tries: int
    """How often it was posted before."""


_CLAIM = f"""
WITH claimed AS (
    UPDATE callback SET lease_owner = $2, lease_until = now() + $3
    WHERE id = ANY ($1::uuid[]) AND due_at <= $4 AND {claimable("$2")}
      AND EXISTS (SELECT 1 FROM callback_endpoint p WHERE p.source = callback.source AND {WANTED.format(now="$4")})
      AND NOT EXISTS (SELECT 1 FROM callback earlier WHERE earlier.delivery_id = callback.delivery_id
                      AND earlier.seq < callback.seq AND earlier.attempts = 0 AND earlier.due_at <= callback.due_at)
    RETURNING *
)
SELECT {COLUMNS}, c.attempts FROM claimed c {DETAILED} ORDER BY c.due_at, c.place
"""  # primary keys, callback_delivery_id_seq_key


async def claim(
    connection: Connection, ids: Sequence[CallbackId], worker: str, lease: timedelta, now: datetime
) -> list[Claimed]:
    """Take those of `ids` that are due, in nobody's hands, and wanted by their source.

    A fact waits for the first try of every earlier fact about the same message, so that a receiver that answers hears
    them in order. It does not wait for their later tries, nor for what is due later: the oldest row never waits.
    """
    rows = await connection.fetch(_CLAIM, ids, worker, lease, now)
    return [Claimed(as_callback(row), row["attempts"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Ended:
    """What one try came to. `state` pending: again at `due_at`. `counts` is false where the receiver refused them all."""

    id: CallbackId
    state: CallbackState
    due_at: datetime | None
    status: int | None
    error: str | None
    counts: bool = True


_END = f"""
WITH ended AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[], $5::text[], $6::int[])
    AS w(id, state, due_at, status, error, counts)
), changed AS (
    UPDATE callback SET state = w.state, due_at = w.due_at, attempts = attempts + w.counts, last_status = w.status,
        last_error = w.error, lease_owner = NULL, lease_until = NULL,
        finished_at = CASE WHEN w.state <> 'pending' THEN $7::timestamptz END
    FROM ended w WHERE callback.id = w.id AND lease_owner = $8
    RETURNING callback.id, callback.delivery_id, callback.state, callback.type, attempts, last_error
)
INSERT INTO audit (at, actor, event_id, delivery_id, reason, details)
SELECT $7, $8, d.event_id, d.id, '{ReasonCode.CALLBACK_DEAD.value}',
       jsonb_build_object('type', c.type, 'tries', c.attempts::text, 'code', c.last_error)
FROM changed c JOIN delivery d ON d.id = c.delivery_id WHERE c.state = 'dead'
"""  # primary keys


async def end(connection: Connection, ends: Sequence[Ended], worker: str, now: datetime) -> None:
    """Write down what tries came to, as far as they are still this worker's; a dead letter enters the audit trail."""
    await connection.execute(
        _END,
        [e.id for e in ends],
        [e.state.value for e in ends],
        [e.due_at for e in ends],
        [e.status for e in ends],
        [e.error for e in ends],
        [int(e.counts) for e in ends],
        now,
        worker,
    )


async def release(connection: Connection, ids: Sequence[CallbackId], worker: str) -> None:
    """Give callbacks back untouched: they may be rung for at once."""
    await connection.execute(
        "UPDATE callback SET lease_owner = NULL, lease_until = NULL WHERE id = ANY ($1::uuid[]) AND lease_owner = $2",
        ids,
        worker,
    )


# Pulling


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order of a source's callbacks. Opaque to the reader."""

    tx: int = 0
    place: int = 0

    def __str__(self) -> str:
        return f"{self.tx}.{self.place}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """The cursor that a text writes; None for any other text."""
        match = re.fullmatch(r"([0-9]{1,20})\.([0-9]{1,19})", text)
        if match is None:
            return None
        cursor = cls(int(match[1]), int(match[2]))
        return cursor if cursor.tx < 1 << 64 and cursor.place < 1 << 63 else None


_PAGE = f"""
SELECT {COLUMNS}, c.tx::text AS tx, c.place FROM callback c {DETAILED}
WHERE c.source = $1 AND (c.tx, c.place) > ($2::text::xid8, $3) AND c.tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY c.tx, c.place LIMIT $4
"""  # callback_cursor, primary keys


async def page(connection: Connection, source: SourceName, after: Cursor, limit: int) -> tuple[list[Callback], Cursor]:
    """The next callbacks of a source, and the cursor to go on from.

    Stops before the oldest transaction that is still open, wherever in the database: what commits late is never passed.
    """
    rows = await connection.fetch(_PAGE, source, str(after.tx), after.place, limit)
    last = Cursor(int(rows[-1]["tx"]), rows[-1]["place"]) if rows else after
    return [as_callback(row) for row in rows], last
