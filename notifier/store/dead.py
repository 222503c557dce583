"""Dead letters, read and counted, the newest first. They are moved by `deliveries.move`, like all others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from notifier.audit.dead import Call, Filters, Group, Letter, masked
from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.ids import DeliveryId, EventId, ProviderName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

COUNTED_MOST = 100_000
"""So many of the newest are counted: a count must not take longer than a statement may."""
AFTER_ALL, BEFORE_ALL = datetime(9000, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: what comes after it is older, or as old with a smaller id."""

    at: datetime
    id: UUID | int


_DEAD = "(d.state IN ('failed', 'expired') OR (d.state = 'unknown' AND d.due_at IS NULL))"
_REACHED = """
SELECT s.channel FROM delivery s
WHERE s.recipient_id = d.recipient_id AND s.id <> d.id AND s.content_kind <> 'inbox'
  AND (s.state IN ('delivered', 'read')
       OR (s.state = 'accepted' AND coalesce(s.provider, s.channel) <> ALL ($1::text[])))
ORDER BY s.rank, s.channel LIMIT 1
"""  # delivery_recipient_id_channel_key
_UNDER_WAY = """
SELECT s.channel FROM delivery s
WHERE s.recipient_id = d.recipient_id AND s.id <> d.id AND s.content_kind <> 'inbox'
  AND 'fallback' IN (s.position, d.position)
  AND (s.state IN ('planned', 'held', 'sending') OR (s.state IN ('accepted', 'unknown') AND s.due_at IS NOT NULL))
ORDER BY s.rank, s.channel LIMIT 1
"""  # delivery_recipient_id_channel_key
_JOINED = """
FROM delivery d
JOIN event e ON e.id = d.event_id
JOIN recipient r ON r.id = d.recipient_id
LEFT JOIN LATERAL (
    SELECT reason, details FROM audit a
    WHERE a.event_id = d.event_id AND a.delivery_id = d.id AND a.to_state = d.state
      AND a.from_state IS DISTINCT FROM a.to_state
    ORDER BY a.seq DESC LIMIT 1
) why ON true
LEFT JOIN LATERAL (
    SELECT provider, code, detail, started_at FROM attempt t WHERE t.delivery_id = d.id ORDER BY t.number DESC LIMIT 1
) last ON true
"""  # primary keys, audit_event, attempt_delivery_id_number_key
_LETTER = f"""
SELECT d.id, d.event_id, d.state, d.channel, coalesce(d.provider, last.provider) AS provider, d.urgency, d.calls,
       d.updated_at, d.created_at, d.expires_at, e.source, e.external_id, e.agency, e.dossier_code, e.type, r.audience, r.ref,
       why.reason, why.details, coalesce(why.details ->> 'code', last.code) AS code, last.detail AS words,
       last.started_at AS called_at,
       EXISTS (SELECT 1 FROM attempt t WHERE t.delivery_id = d.id
               AND (t.outcome = 'unknown' OR t.finished_at IS NULL)) AS uncertain,
       ({_REACHED}) AS reached, ({_UNDER_WAY}) AS under_way
{_JOINED}
"""
_FILTERED = f"""
WHERE {_DEAD} AND d.updated_at >= $2 AND (d.updated_at, d.id) < ($3, $4::uuid)
  AND ($6::text IS NULL OR d.state = $6) AND ($7::text IS NULL OR d.channel = $7)
  AND ($8::text IS NULL OR coalesce(d.provider, last.provider) = $8)
  AND ($9::text IS NULL OR coalesce(why.details ->> 'code', last.code) = $9)
  AND ($10::text IS NULL OR why.reason = $10) AND ($11::text IS NULL OR e.type = $11)
  AND ($12::text IS NULL OR e.source = $12) AND ($13::text IS NULL OR e.agency = $13)
  AND ($14::text IS NULL OR e.dossier_code = $14) AND (NOT $15 OR NOT EXISTS ({_REACHED}))
  AND {in_reach("e.agency", "$16", "$17")}
ORDER BY d.updated_at DESC, d.id DESC LIMIT $5
"""  # delivery_dead
_PAGE = _LETTER + _FILTERED
_NAMED = f"{_LETTER} WHERE d.id = ANY ($2::uuid[]) AND {_DEAD} ORDER BY d.updated_at DESC, d.id DESC"
"""Primary key; delivery_dead while few are dead."""
_GROUPS = f"""
SELECT state, channel, provider, reason, details, code, min(words) AS words, count(*) AS letters,
       count(*) FILTER (WHERE NOT reached) AS unreached
FROM (
    SELECT d.state, d.channel, coalesce(d.provider, last.provider) AS provider, why.reason, why.details,
           coalesce(why.details ->> 'code', last.code) AS code, last.detail AS words,
           EXISTS ({_REACHED}) AS reached
    {_JOINED} {_FILTERED}
) found
GROUP BY state, channel, provider, reason, details, code
ORDER BY letters DESC, state, channel, provider, code
"""


async def page(
    connection: Connection,
    filters: Filters,
    proving: Collection[ProviderName],
    *,
    after: Cursor | None = None,
    limit: int,
) -> list[Letter]:
    """The newest dead letters that pass the filters. `proving` are the providers whose word alone is no proof."""
    rows = await connection.fetch(_PAGE, *_arguments(filters, proving, after, limit))
    return [_letter(row) for row in rows]


async def named(connection: Connection, ids: Sequence[DeliveryId], proving: Collection[ProviderName]) -> list[Letter]:
    """Those of the deliveries that are dead letters."""
    return [_letter(row) for row in await connection.fetch(_NAMED, list(proving), ids)]


async def calls(connection: Connection, id_: DeliveryId) -> list[Call]:
    """Every call to a provider that was made for a delivery, the first one first."""
    rows = await connection.fetch(
        "SELECT number, provider, started_at, finished_at, outcome, code, detail AS words, reference"
        " FROM attempt WHERE delivery_id = $1 ORDER BY number",
        id_,
    )
    return [Call(**{**row, "words": row["words"] and masked(row["words"])}) for row in rows]


async def appointments(connection: Connection, ids: Sequence[EventId]) -> dict[EventId, dict[str, Any]]:
    """The block LichHen of those of the events that have one, as it came."""
    rows = await connection.fetch(
        "SELECT event_id, document -> 'LichHen' AS block FROM event_payload"
        " WHERE event_id = ANY ($1::uuid[]) AND jsonb_typeof(document -> 'LichHen') = 'object'",
        ids,
    )
    return {row["event_id"]: row["block"] for row in rows}


async def groups(
    connection: Connection, filters: Filters, proving: Collection[ProviderName], most: int = COUNTED_MOST
) -> list[Group]:
    """How many dead letters pass the filters, by what they died of, the largest group first; `most` are counted."""
    rows = await connection.fetch(_GROUPS, *_arguments(filters, proving, None, most))
    return [
        Group(
            state=DeliveryState(row["state"]),
            channel=row["channel"],
            provider=row["provider"],
            reason=reason_of(row),
            code=row["code"],
            words=row["words"] and masked(row["words"]),
            letters=row["letters"],
            unreached=row["unreached"],
        )
        for row in rows
    ]


def _arguments(
    filters: Filters, proving: Collection[ProviderName], after: Cursor | None, limit: int
) -> tuple[object, ...]:
    f, upper = filters, after or Cursor(filters.until or AFTER_ALL, UUID(int=0))
    return (
        *(list(proving), f.since or BEFORE_ALL, upper.at, upper.id, limit),
        *(f.state, f.channel, f.provider, f.code, f.reason, f.type, f.source, f.agency, f.dossier, f.unreached),
        f.within.codes,
        f.within.beginnings,
    )


def _letter(row: Any) -> Letter:
    return Letter(
        id=row["id"],
        event_id=row["event_id"],
        state=DeliveryState(row["state"]),
        channel=row["channel"],
        provider=row["provider"],
        urgency=Urgency(row["urgency"]),
        calls=row["calls"],
        at=row["updated_at"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        source=row["source"],
        external_id=row["external_id"],
        agency=row["agency"],
        dossier=row["dossier_code"],
        type=row["type"],
        audience=Audience(row["audience"]),
        ref=row["ref"],
        reason=reason_of(row),
        code=row["code"],
        words=row["words"] and masked(row["words"]),
        called_at=row["called_at"],
        uncertain=row["uncertain"],
        reached=row["reached"],
        under_way=row["under_way"],
    )


def reason_of(row: Any) -> Reason:
    return Reason(ReasonCode(row["reason"]), row["details"])
