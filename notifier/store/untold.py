"""Events of which somebody was not told: the event names nobody, or gives no way to them but the inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifier.domain.ids import DossierCode, EventId, EventType, SourceName
from notifier.domain.reach import Reach
from notifier.domain.reasons import ReasonCode
from notifier.domain.recipients import Audience
from notifier.store.now import Noted
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

LOOKED_AT = 2_000
"""So many events are looked at for one page or count, the newest first."""


class Lack(StrEnum):
    RECIPIENT = "recipient"
    """The event does not name who must hear of it, nor does the directory."""
    CONTACT = "contact"
    """Of somebody it names no channel has an address."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: before this row of the trail."""

    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Untold:
    event_id: EventId
    at: datetime
    source: SourceName
    dossier: DossierCode
    type: EventType
    agency: str | None
    procedure: str | None
    audience: Audience


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Untold]
    next: Place | None
    """Where the next page begins; a page may be empty and not the last."""


_REASONS = {Lack.RECIPIENT: ReasonCode.EVENT_NO_RECIPIENT, Lack.CONTACT: ReasonCode.EVENT_NO_CONTACT}


def _page(lack: Lack) -> str:
    return f"""
WITH looked AS MATERIALIZED (
    SELECT seq, at, event_id, details FROM audit
    WHERE reason = '{_REASONS[lack]}' AND at >= $1 AND at <= $2 AND (at, seq) < ($2, $3)
    ORDER BY at DESC, seq DESC LIMIT {LOOKED_AT}
), looked_until AS (
    SELECT (SELECT count(*) FROM looked) AS looked, l.at AS until_at, l.seq AS until_seq
    FROM looked l ORDER BY l.at, l.seq LIMIT 1
), found AS (
    SELECT l.seq, l.at, l.details ->> 'audience' AS audience, e.id, e.source, e.dossier_code, e.type, e.agency
    FROM looked l JOIN event e ON e.id = l.event_id
    WHERE {in_reach("e.agency", "$4", "$5")} ORDER BY l.at DESC, l.seq DESC LIMIT $6
)
SELECT u.*, f.*, k.procedure_code FROM looked_until u LEFT JOIN found f ON true
LEFT JOIN docket k ON k.source = f.source AND k.dossier_code = f.dossier_code
ORDER BY f.at DESC, f.seq DESC
"""  # audit_heeded, audit_no_contact, event_pkey, docket_pkey


_PAGES: Mapping[Lack, str] = {lack: _page(lack) for lack in Lack}
_COUNTS: Mapping[Lack, str] = {
    lack: f"""
SELECT count(DISTINCT l.event_id) AS times, min(l.at) AS first FROM (
    SELECT at, event_id FROM audit WHERE reason = '{reason}' AND at >= $1 ORDER BY at DESC LIMIT {LOOKED_AT}
) l JOIN event e ON e.id = l.event_id WHERE {in_reach("e.agency", "$2", "$3")}
"""
    for lack, reason in _REASONS.items()
}  # audit_heeded, audit_no_contact, event_pkey


async def count(connection: Connection, lack: Lack, since: datetime, within: Reach) -> Noted:
    """How many events since then lacked this, among the `LOOKED_AT` newest notes."""
    row = await connection.fetchrow(_COUNTS[lack], since, within.codes, within.beginnings)
    return Noted(row["times"], row["first"]) if row else Noted(0, None)


async def page(
    connection: Connection, lack: Lack, since: datetime, before: Place, within: Reach, *, limit: int = 50
) -> Page:
    """The next of them, the newest first; somebody of each role stands in a row of their own."""
    given = (since, before.at, before.seq, within.codes, within.beginnings, limit + 1)
    rows = await connection.fetch(_PAGES[lack], *given)
    found = [row for row in rows if row["seq"] is not None]
    if len(found) > limit:
        last = found[limit - 1]
        return Page([_untold(row) for row in found[:limit]], Place(last["at"], last["seq"]))
    more = rows and rows[0]["looked"] == LOOKED_AT
    next_ = Place(rows[0]["until_at"], rows[0]["until_seq"]) if more else None
    return Page([_untold(row) for row in found], next_)


def _untold(row: Any) -> Untold:
    return Untold(
        event_id=row["id"],
        at=row["at"],
        source=row["source"],
        dossier=row["dossier_code"],
        type=row["type"],
        agency=row["agency"],
        procedure=row["procedure_code"],
        audience=Audience(row["audience"]),
    )
