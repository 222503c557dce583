"""Reminders that went out: of what, when, to whom, and what became of each message; and officers whom Zalo cannot reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from notifier.domain.deliveries import DeliveryState
from notifier.domain.directory import Role
from notifier.domain.ids import ChannelName, DossierCode, EventId, EventType, SourceName
from notifier.domain.reach import Reach
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

LOOKED_AT = 2_000
"""So many reminders are looked at for one page."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: before this reminder."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    within: Reach
    since: datetime
    until: datetime
    """Not included."""
    type: EventType | None = None
    unreached: bool = False
    """Only those of which no message came or may still come to anybody."""


@dataclass(frozen=True, slots=True)
class Reminder:
    id: int
    source: SourceName
    code: DossierCode
    type: EventType
    number: int
    basis: datetime
    at: datetime
    event_id: EventId
    agency: str | None


@dataclass(frozen=True, slots=True)
class Page:
    reminders: list[Reminder]
    next: Place | None
    """Where the next page begins; a page may be empty and not the last."""


_LOST = "('failed', 'expired', 'suppressed', 'unknown')"
_DIGEST = """
SELECT o.state FROM recipient g JOIN delivery o ON o.recipient_id = g.id AND o.channel = d.channel
WHERE g.event_id = d.gathered_into AND g.inbox_owner = r.inbox_owner ORDER BY g.id LIMIT 1
"""
_PAGE = f"""
WITH looked AS MATERIALIZED (
    SELECT id, source, dossier_code, type, number, basis, fired_at, event_id FROM timer
    WHERE fired_at IS NOT NULL AND fired_at >= $3 AND fired_at < $4 AND ($5::text IS NULL OR type = $5)
      AND (fired_at, id) < ($7, $8)
    ORDER BY fired_at DESC, id DESC LIMIT $9
), looked_until AS (
    SELECT (SELECT count(*) FROM looked) AS looked, l.fired_at AS until_at, l.id AS until_id
    FROM looked l ORDER BY l.fired_at, l.id LIMIT 1
), found AS (
    SELECT l.*, e.agency FROM looked l JOIN event e ON e.id = l.event_id
    WHERE {in_reach("e.agency", "$1", "$2")}
      AND (NOT $6 OR e.state = 'routed' AND NOT EXISTS (
        SELECT FROM recipient r JOIN delivery d ON d.recipient_id = r.id AND d.content_kind <> 'inbox'
        LEFT JOIN LATERAL ({_DIGEST}) digest ON d.gathered_into IS NOT NULL
        WHERE r.event_id = l.event_id AND coalesce(digest.state, d.state) NOT IN {_LOST}))
    ORDER BY l.fired_at DESC, l.id DESC LIMIT $10
)
SELECT u.*, f.* FROM looked_until u LEFT JOIN found f ON true ORDER BY f.fired_at DESC, f.id DESC
"""  # timer_fired, event_pkey, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def page(connection: Connection, wanted: Wanted, *, after: Place | None = None, limit: int = 50) -> Page:
    """The next reminders, the newest first."""
    begin = (after.at, after.id) if after else (wanted.until, 0)
    given = (wanted.within.codes, wanted.within.beginnings, wanted.since, wanted.until, wanted.type, wanted.unreached)
    rows = await connection.fetch(_PAGE, *given, *begin, LOOKED_AT, limit + 1)
    found = [_reminder(row) for row in rows if row["id"] is not None]
    if len(found) > limit:
        return Page(found[:limit], Place(found[limit - 1].at, found[limit - 1].id))
    more = rows and rows[0]["looked"] == LOOKED_AT
    return Page(found, Place(rows[0]["until_at"], rows[0]["until_id"]) if more else None)


def _reminder(row: Any) -> Reminder:
    return Reminder(
        id=row["id"],
        source=row["source"],
        code=row["dossier_code"],
        type=row["type"],
        number=row["number"],
        basis=row["basis"],
        at=row["fired_at"],
        event_id=row["event_id"],
        agency=row["agency"],
    )


@dataclass(frozen=True, slots=True)
class Message:
    """One way by which one person was to hear of a reminder."""

    event_id: EventId
    audience: Audience
    ref: str
    name: str
    channel: ChannelName | None
    """None: only the inbox was written."""
    state: DeliveryState | None
    gathered: bool
    """Told in a digest; `state` is that of the digest."""
    why: Reason | None
    """Why it did not come."""


_MESSAGES = f"""
SELECT r.event_id, r.audience, r.ref, r.name, d.channel, coalesce(digest.state, d.state) AS state,
       digest.state IS NOT NULL AS gathered, why.reason, why.details
FROM recipient r
LEFT JOIN delivery d ON d.recipient_id = r.id AND d.content_kind <> 'inbox'
LEFT JOIN LATERAL ({_DIGEST}) digest ON d.gathered_into IS NOT NULL
LEFT JOIN LATERAL (
    SELECT a.reason, a.details FROM audit a
    WHERE a.event_id = d.event_id AND a.delivery_id = d.id AND a.to_state = d.state AND digest.state IS NULL
      AND d.state IN ('failed', 'expired', 'suppressed', 'unknown', 'cancelled')
    ORDER BY a.seq DESC LIMIT 1
) why ON true
WHERE r.event_id = ANY ($1::uuid[])
ORDER BY r.event_id, r.id, d.rank, d.channel
"""  # recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key, audit_event


async def messages(connection: Connection, events: Sequence[EventId]) -> list[Message]:
    """What became of these reminders, person by person."""
    return [
        Message(
            event_id=row["event_id"],
            audience=Audience(row["audience"]),
            ref=row["ref"],
            name=row["name"],
            channel=row["channel"],
            state=DeliveryState(row["state"]) if row["state"] else None,
            gathered=row["gathered"],
            why=Reason(ReasonCode(row["reason"]), row["details"]) if row["reason"] else None,
        )
        for row in await connection.fetch(_MESSAGES, list(events))
    ]


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An officer who is still here and whom an Official Account cannot write to."""

    code: str
    name: str
    unit: str | None
    role: Role
    linked: bool
    """There is an id, and its person is not known to follow the account."""
    phone: bool
    email: bool


_UNLINKED = f"""
SELECT o.code, o.name, o.unit, o.role, o.zalo ? $3 AS linked, o.phone IS NOT NULL AS phone, o.email IS NOT NULL AS email
FROM officer o
WHERE o.code > $5 AND (o.gone_at IS NULL OR o.gone_at > $4)
  AND {in_reach("o.unit", "$1", "$2")}
  AND (NOT o.zalo ? $3 OR NOT EXISTS (SELECT FROM zalo_relation z WHERE z.oa = $7 AND z.uid = o.zalo ->> $3 AND z.follows))
ORDER BY o.code LIMIT $6
"""  # officer_pkey, zalo_relation_pkey


async def unlinked(
    connection: Connection, within: Reach, account: tuple[str, str], today: date, *, after: str = "", limit: int = 50
) -> list[Unlinked]:
    """The next of them, by code. `account`: name of its provider, and its id at Zalo."""
    provider, oa_id = account
    rows = await connection.fetch(_UNLINKED, within.codes, within.beginnings, provider, today, after, limit, oa_id)
    return [Unlinked(**{**row, "role": Role(row["role"])}) for row in rows]
