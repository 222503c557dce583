"""Timers: moments at which somebody is to be reminded. One that fires becomes an event, in one statement.

They are planned in the transaction that routes an event of the dossier, which holds the dossier; so a timer that is
planned is one that the dossier still asks for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import DossierCode, EventId, EventType, SourceName, uuid7
from notifier.domain.reasons import ReasonCode
from notifier.reminders.timers import Timer
from notifier.store.pool import Connection
from notifier.store.rings import BELL, RING_LEASE

_PLAN = """
WITH wanted AS (
    SELECT * FROM unnest($3::text[], $4::timestamptz[], $5::int[], $6::timestamptz[], $7::timestamptz[], $10::bool[])
    AS w(type, basis, number, due_at, valid_until, late)
), dropped AS (
    UPDATE timer t SET state = 'dropped', due_at = NULL
    WHERE t.source = $1 AND t.dossier_code = $2 AND t.state = 'planned'
      AND NOT EXISTS (SELECT 1 FROM unnest($8::text[], $9::timestamptz[]) AS k(type, basis)
                      WHERE k.type = t.type AND k.basis = t.basis)
)
INSERT INTO timer (source, dossier_code, type, basis, number, state, planned_for, due_at, valid_until)
SELECT $1, $2, type, basis, number, 'planned', due_at, due_at, valid_until FROM wanted w
WHERE NOT w.late OR NOT EXISTS (
    SELECT 1 FROM timer t WHERE t.source = $1 AND t.dossier_code = $2 AND t.type = w.type AND t.basis = w.basis
      AND t.number = w.number AND t.state = 'planned')
ON CONFLICT (source, dossier_code, type, basis, number) DO UPDATE
    SET state = 'planned', planned_for = excluded.planned_for, due_at = excluded.due_at,
        valid_until = excluded.valid_until
    WHERE timer.state <> 'fired' AND (timer.state = 'dropped' OR timer.planned_for <> excluded.planned_for)
"""  # the unique index over all five


async def plan(
    connection: Connection,
    source: SourceName,
    code: DossierCode,
    wanted: Sequence[Timer],
    true: Collection[tuple[EventType, datetime]],
) -> None:
    """Plan the timers that a dossier asks for; of the planned ones only those of a type and basis in `true` stay."""
    kept = list(true)
    await connection.execute(
        _PLAN,
        source,
        code,
        [each.type for each in wanted],
        [each.basis for each in wanted],
        [each.number for each in wanted],
        [each.due_at for each in wanted],
        [each.valid_until for each in wanted],
        [type_ for type_, _ in kept],
        [basis for _, basis in kept],
        [each.late for each in wanted],
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A timer whose time has come, and what its event is made of."""

    id: int
    source: SourceName
    dossier_code: DossierCode
    type: EventType
    basis: datetime
    number: int
    planned_for: datetime
    is_stale: bool
    """What it would tell is not true any more."""


_DUE = """
SELECT id, source, dossier_code, type, basis, number, planned_for, coalesce(valid_until <= $1, false) AS is_stale
FROM timer WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # timer_due


async def due(connection: Connection, now: datetime, most: int) -> list[Due]:
    """Timers whose time has come, held until the transaction ends."""
    return [Due(**row) for row in await connection.fetch(_DUE, now, most)]


_FIRE = f"""
WITH fired AS (
    SELECT * FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::jsonb[]) AS f(timer_id, event_id, lane, han)
), made AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings,
                       lane, state, due_at, lease_owner, lease_until)
    SELECT f.event_id, t.source, 'han-' || t.id, t.type, t.dossier_code, $1, $1, sha256(t.id::text::bytea), '[]',
           f.lane, 'received', $1, '{BELL}', now() + $6
    FROM fired f JOIN timer t ON t.id = f.timer_id
    RETURNING id
), payload AS (
    INSERT INTO event_payload (event_id, document)
    SELECT f.event_id, jsonb_strip_nulls(jsonb_build_object(
        'HoSo', coalesce(last.document -> 'HoSo', jsonb_build_object('MaHoSo', t.dossier_code)),
        'TienDo', staff.document -> 'TienDo', 'BoSung', last.document -> 'BoSung', 'LePhi', last.document -> 'LePhi',
        'Han', f.han))
    FROM fired f JOIN timer t ON t.id = f.timer_id
    LEFT JOIN docket d ON d.source = t.source AND d.dossier_code = t.dossier_code
    LEFT JOIN event_payload last ON last.event_id = d.last_event
    LEFT JOIN event_payload staff ON staff.event_id = d.staff_event
), done AS (
    UPDATE timer SET state = 'fired', due_at = NULL, fired_at = $1, event_id = f.event_id
    FROM fired f WHERE timer.id = f.timer_id
)
INSERT INTO audit (at, actor, event_id, reason, details)
SELECT $1, 'timer', f.event_id, '{ReasonCode.EVENT_TIMER}', jsonb_build_object('number', t.number::text)
FROM fired f JOIN timer t ON t.id = f.timer_id RETURNING seq
"""  # primary keys


async def fire(
    connection: Connection, timers: Sequence[Due], lanes: Mapping[EventType, Urgency], now: datetime
) -> list[tuple[EventId, Urgency]]:
    """Make an event of each of these timers; answers them with their lanes. They count as rung: the caller rings."""
    if not timers:
        return []
    made = [(EventId(uuid7(now)), lanes[each.type]) for each in timers]
    han: list[dict[str, Any]] = [{"Moc": each.basis.isoformat(), "Lan": each.number} for each in timers]
    await connection.execute(
        _FIRE,
        now,
        [each.id for each in timers],
        [id_ for id_, _ in made],
        [lane.value for _, lane in made],
        han,
        RING_LEASE,
    )
    return made


async def drop(connection: Connection, timers: Sequence[Due]) -> None:
    """These tell nothing that is true."""
    ids = [each.id for each in timers]
    await connection.execute("UPDATE timer SET state = 'dropped', due_at = NULL WHERE id = ANY ($1::bigint[])", ids)


_UNSENT = """
SELECT d.id, d.state, d.provider IS NOT NULL AS perhaps_sent, t.type, t.basis
FROM timer t
JOIN recipient r ON r.event_id = t.event_id
JOIN delivery d ON d.recipient_id = r.id
WHERE t.source = $1 AND t.dossier_code = $2 AND t.state = 'fired' AND t.fired_at > $3
  AND d.state IN ('standby', 'planned', 'held') AND d.channel <> 'portal'
ORDER BY d.id FOR UPDATE OF d SKIP LOCKED
"""  # the unique index over the dossier, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def unsent(
    connection: Connection, source: SourceName, code: DossierCode, now: datetime, longest: timedelta
) -> list[Any]:
    """The reminders of a dossier that were made within `longest` and not sent yet, held until the transaction ends."""
    return list(await connection.fetch(_UNSENT, source, code, now - longest))


_PLANNED = """
SELECT source, dossier_code, type, number, basis, planned_for FROM timer
WHERE due_at IS NOT NULL AND ($1::timestamptz IS NULL OR due_at <= $1) ORDER BY due_at LIMIT $2
"""  # timer_due
_PLANNED_OF = """
SELECT source, dossier_code, type, number, basis, planned_for FROM timer
WHERE source = ANY ($1::text[]) AND dossier_code = $2 AND due_at IS NOT NULL
  AND ($3::timestamptz IS NULL OR due_at <= $3) ORDER BY due_at LIMIT $4
"""  # the unique index over the dossier


async def planned(connection: Connection, until: datetime | None, limit: int) -> list[Any]:
    """The timers that are planned, the next first."""
    return list(await connection.fetch(_PLANNED, until, limit))


async def planned_of(
    connection: Connection, sources: Collection[SourceName], code: DossierCode, until: datetime | None, limit: int
) -> list[Any]:
    """Those of the dossiers of this code."""
    return list(await connection.fetch(_PLANNED_OF, list(sources), code, until, limit))


async def next_moment(connection: Connection) -> datetime | None:
    """When the next timer fires."""
    moment: datetime | None = await connection.fetchval("SELECT min(due_at) FROM timer WHERE due_at IS NOT NULL")
    return moment  # timer_due
