"""Gaps in the numbers of a dossier's events, read from the events themselves: what was missing, since when, what came."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, SourceName, first_uuid7
from notifier.domain.order import Span
from notifier.domain.reach import Reach
from notifier.domain.reasons import ReasonCode
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

LOOKED_AT = 5000
"""So many events are looked at for one page: a page must not take longer than a statement may."""
NOTED_MOST = 2000


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that had not come when the event `seq` did."""

    source: SourceName
    dossier_code: DossierCode
    first: int
    last: int
    since: datetime
    seq: int
    type: EventType
    external_id: ExternalId
    came: tuple[int, ...]
    """Those of the numbers that have come since."""
    came_at: datetime | None
    """When the last of them came."""

    @property
    def missing(self) -> list[Span]:
        """What still has not come."""
        known = pairwise([self.first - 1, *self.came, self.last + 1])
        return [(low + 1, high - 1) for low, high in known if high > low + 1]


@dataclass(frozen=True, slots=True)
class Page:
    gaps: list[Gap]
    next: EventId | None
    """Where the next page begins; None: there are no more events."""


_FOUND = """
), looked_until AS (
    SELECT (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS id, (SELECT count(*) FROM looked) AS events
), found AS (
    SELECT l.*, before.seq AS highest, come.numbers, come.at
    FROM looked l
    CROSS JOIN LATERAL (
        SELECT max(o.seq) AS seq FROM event o
        WHERE o.source = l.source AND o.dossier_code = l.dossier_code
          AND (o.received_at, o.id) < (l.received_at, l.id)
    ) before
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT o.seq ORDER BY o.seq), '{}') AS numbers, max(o.received_at) AS at
        FROM event o
        WHERE o.source = l.source AND o.dossier_code = l.dossier_code AND o.seq > before.seq AND o.seq < l.seq
    ) come
    WHERE l.seq > before.seq + 1
)
SELECT u.id AS looked_until, u.events, f.*
FROM looked_until u
"""
_LOOKED = "SELECT id, source, dossier_code, seq, type, external_id, received_at FROM event"
_PAGE = f"""
WITH looked AS MATERIALIZED (
    {_LOOKED} WHERE id > $1 AND ($2::text IS NULL OR source = $2) ORDER BY id LIMIT $3
{_FOUND} LEFT JOIN found f ON NOT $4 OR cardinality(f.numbers) < f.seq - f.highest - 1
ORDER BY f.id
"""  # event_pkey, event_dossier
_NOTED = f"""
WITH noted AS MATERIALIZED (
    SELECT event_id FROM audit WHERE reason = '{ReasonCode.EVENT_SEQ_GAP}' AND at >= $1 AND at < $2
    ORDER BY at DESC LIMIT {NOTED_MOST}
), looked AS MATERIALIZED (
    {_LOOKED} WHERE id = ANY (ARRAY(SELECT event_id FROM noted)) AND {in_reach("agency", "$3", "$4")}
    ORDER BY id DESC LIMIT $5
{_FOUND} JOIN found f ON cardinality(f.numbers) < f.seq - f.highest - 1
ORDER BY f.id
"""  # audit_heeded, event_pkey, event_dossier


async def page(
    connection: Connection,
    *,
    source: SourceName | None = None,
    since: datetime | None = None,
    after: EventId | None = None,
    still_missing: bool = False,
    looked_at: int = LOOKED_AT,
) -> Page:
    """The gaps among the next events, oldest first; perhaps none, though there are more pages.

    What lies before the first number known of a dossier is no gap: a source may have begun to tell of it half-way.
    """
    begin = after or (first_uuid7(since) if since else UUID(int=0))
    rows = await connection.fetch(_PAGE, begin, source, looked_at, still_missing)
    gaps = [_gap(row) for row in rows if row["seq"] is not None]
    return Page(gaps, rows[0]["looked_until"] if rows[0]["events"] == looked_at else None)


async def noted(connection: Connection, since: datetime, until: datetime, within: Reach, most: int) -> list[Gap]:
    """What routing found missing in [since, until) and still has not come, of the `most` newest finds; oldest first.

    Of the `NOTED_MOST` newest finds of the whole province those within the reach are looked at.
    """
    rows = await connection.fetch(_NOTED, since, until, within.codes, within.beginnings, most)
    return [_gap(row) for row in rows]


def _gap(row: Any) -> Gap:
    return Gap(
        source=row["source"],
        dossier_code=row["dossier_code"],
        first=row["highest"] + 1,
        last=row["seq"] - 1,
        since=row["received_at"],
        seq=row["seq"],
        type=row["type"],
        external_id=row["external_id"],
        came=tuple(row["numbers"]),
        came_at=row["at"],
    )
