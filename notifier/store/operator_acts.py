"""What operators did, at the console or by a command: the rows of the audit trail that are theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.ids import DossierCode
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts: None is all. `reason` is a code or how codes begin; `until` is not included."""

    actors: Sequence[str] | None = None
    among: Sequence[str] | None = None
    """Only those that the reader may know of."""
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """One act. `reason` is its code, `values` are those of the reason; `said` is why, in the operator's own words."""

    seq: int
    at: datetime
    actor: str
    reason: str
    values: Mapping[str, str]
    dossier: DossierCode | None


_ACTS = """
SELECT a.seq, a.at, a.actor, a.reason, a.details, e.dossier_code
FROM audit a LEFT JOIN event e ON e.id = a.event_id
WHERE a.actor ~ '^(operator|cli):' AND a.seq < $1
    AND ($2::text[] IS NULL OR a.actor = ANY ($2)) AND ($3::text[] IS NULL OR a.actor = ANY ($3))
    AND ($4::text IS NULL OR a.reason = $4 OR starts_with(a.reason, $4 || '.'))
    AND ($5::timestamptz IS NULL OR a.at >= $5) AND ($6::timestamptz IS NULL OR a.at < $6)
ORDER BY a.seq DESC LIMIT $7
"""  # audit_acts, event_pkey

NEWEST = 2**63 - 1


async def page(connection: Connection, wanted: Wanted, before: int, limit: int) -> list[Done]:
    """Acts older than the one of number `before`, the newest first."""
    rows = await connection.fetch(
        _ACTS, before, wanted.actors, wanted.among, wanted.reason, wanted.since, wanted.until, limit
    )
    return [
        Done(
            row["seq"],
            row["at"],
            row["actor"],
            row["reason"],
            {name: str(value) for name, value in row["details"].items()},
            DossierCode(row["dossier_code"]) if row["dossier_code"] else None,
        )
        for row in rows
    ]
