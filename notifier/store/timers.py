"""Timers: moments at which somebody is to be reminded. One that fires becomes an event, in one statement.

They are planned in the transaction that routes an event of the dossier, which holds the dossier; so a timer that is
planned is one that the dossier still asks for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.ids import DeliveryId, DossierCode, DossierKey, EventType, SourceName, uuid7
from notifier.domain.reasons import ReasonCode
from notifier.reminders.timers import Timer
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dossier asks for."""

    dossier: DossierKey
    wanted: Sequence[Timer]
    true: Collection[tuple[EventType, datetime]]
    """The types that it gives reason for, each with its basis."""
    kept: Collection[EventType] = ()
    """Of these nobody can say what is wanted."""


_DROP_OTHERS = """
UPDATE timer t SET state = 'dropped', due_at = NULL
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS d(source, code, n)
WHERE t.source = d.source AND t.dossier_code = d.code AND t.state = 'planned'
  AND (NOT EXISTS (SELECT 1 FROM unnest($4::bigint[], $5::text[], $6::timestamptz[]) AS k(n, type, basis)
                   WHERE k.n = d.n AND k.type = t.type AND k.basis = t.basis)
       OR t.due_at > $1
          AND NOT EXISTS (SELECT 1 FROM unnest($7::bigint[], $8::text[]) AS k(n, type) WHERE k.n = d.n AND k.type = t.type)
          AND NOT EXISTS (
              SELECT 1 FROM unnest($9::bigint[], $10::text[], $11::timestamptz[], $12::int[]) AS w(n, type, basis, number)
              WHERE w.n = d.n AND w.type = t.type AND w.basis = t.basis AND w.number = t.number))
"""  # the unique index over all five
_ADD = """
INSERT INTO timer (source, dossier_code, type, basis, number, state, planned_for, due_at, valid_until)
SELECT source, code, type, basis, number, 'planned', due_at, due_at, valid_until
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::bool[])
     AS w(source, code, type, basis, number, due_at, valid_until, late)
WHERE NOT w.late OR 'planned' IS DISTINCT FROM (  -- one probe for each: NOT EXISTS would read the whole table
    SELECT t.state FROM timer t WHERE t.source = w.source AND t.dossier_code = w.code AND t.type = w.type
      AND t.basis = w.basis AND t.number = w.number)
ON CONFLICT (source, dossier_code, type, basis, number) DO UPDATE
    SET state = 'planned', planned_for = excluded.planned_for, due_at = excluded.due_at,
        valid_until = excluded.valid_until
    WHERE timer.state <> 'fired' AND (timer.state = 'dropped' OR timer.planned_for <> excluded.planned_for)
"""  # the unique index over all five


async def plan(connection: Connection, asked: Sequence[Asked], now: datetime) -> None:
    """Plan the timers that dossiers ask for, and drop their others: those of a type and basis that are not true any
    more, and those to come that are not wanted.
    """
    if not asked:
        return
    numbered = list(enumerate(asked, start=1))
    true = [(n, type_, basis) for n, each in numbered for type_, basis in each.true]
    kept = [(n, type_) for n, each in numbered for type_ in each.kept]
    wanted = [(n, timer) for n, each in numbered for timer in each.wanted]
    await connection.execute(
        _DROP_OTHERS,
        now,
        [each.dossier[0] for each in asked],
        [each.dossier[1] for each in asked],
        [n for n, _, _ in true],
        [type_ for _, type_, _ in true],
        [basis for _, _, basis in true],
        [n for n, _ in kept],
        [type_ for _, type_ in kept],
        [n for n, _ in wanted],
        [timer.type for _, timer in wanted],
        [timer.basis for _, timer in wanted],
        [timer.number for _, timer in wanted],
    )
    await add(connection, {each.dossier: each.wanted for each in asked})


async def add(connection: Connection, wanted: Mapping[DossierKey, Sequence[Timer]]) -> None:
    """Plan these beside those that are planned. One that has fired is never planned again."""
    rows = [(dossier, timer) for dossier, timers in wanted.items() for timer in timers]
    if not rows:
        return
    await connection.execute(
        _ADD,
        [source for (source, _), _ in rows],
        [code for (_, code), _ in rows],
        [timer.type for _, timer in rows],
        [timer.basis for _, timer in rows],
        [timer.number for _, timer in rows],
        [timer.due_at for _, timer in rows],
        [timer.valid_until for _, timer in rows],
        [timer.late for _, timer in rows],
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
    is_stale: bool
    """What it would tell is not true any more."""


_DUE = """
SELECT id, source, dossier_code, type, basis, number, coalesce(valid_until <= $1, false) AS is_stale
FROM timer WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # timer_due


async def due(connection: Connection, now: datetime, most: int) -> list[Due]:
    """Timers whose time has come, held until the transaction ends."""
    return [Due(**row) for row in await connection.fetch(_DUE, now, most)]


_FIRE = f"""
WITH fired AS (
    SELECT * FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::jsonb[]) AS f(timer_id, event_id, lane, han)
), made AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings,
                       lane, state, due_at)
    SELECT f.event_id, t.source, 'han-' || t.id, t.type, t.dossier_code, $1, $1, sha256(t.id::text::bytea), '[]',
           f.lane, 'received', $1
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
) -> None:
    """Make an event of each of these timers, due to be routed in this order."""
    if not timers:
        return
    han: list[dict[str, Any]] = [{"Moc": each.basis.isoformat(), "Lan": each.number} for each in timers]
    await connection.execute(
        _FIRE,
        now,
        [each.id for each in timers],
        sorted(uuid7(now) for _ in timers),
        [lanes[each.type].value for each in timers],
        han,
    )


async def drop(connection: Connection, timers: Sequence[Due]) -> None:
    """These tell nothing that is true."""
    if not timers:
        return
    ids = [each.id for each in timers]
    await connection.execute("UPDATE timer SET state = 'dropped', due_at = NULL WHERE id = ANY ($1::bigint[])", ids)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A delivery of a reminder that still waits."""

    id: DeliveryId
    dossier: DossierKey
    state: DeliveryState
    perhaps_sent: bool
    """A provider was called for it once."""
    type: EventType
    basis: datetime


_UNSENT = """
SELECT d.id, t.source, t.dossier_code, d.state, d.provider IS NOT NULL AS perhaps_sent, t.type, t.basis
FROM unnest($1::text[], $2::text[]) AS w(source, code)
JOIN timer t ON t.source = w.source AND t.dossier_code = w.code AND t.state = 'fired' AND t.fired_at > $3
JOIN recipient r ON r.event_id = t.event_id
JOIN delivery d ON d.recipient_id = r.id
WHERE d.state IN ('standby', 'planned', 'held') AND d.channel <> 'portal'
ORDER BY d.id FOR UPDATE OF d SKIP LOCKED
"""  # the unique index over the dossier, recipient_event_id_audience_ref_key, delivery_recipient_id_channel_key


async def unsent(
    connection: Connection, dossiers: Collection[DossierKey], now: datetime, longest: timedelta
) -> list[Unsent]:
    """The reminders of dossiers that were made within `longest` and not sent yet, held until the transaction ends."""
    sources, codes = [source for source, _ in dossiers], [code for _, code in dossiers]
    return [
        Unsent(
            row["id"],
            DossierKey(row["source"], row["dossier_code"]),
            DeliveryState(row["state"]),
            row["perhaps_sent"],
            row["type"],
            row["basis"],
        )
        for row in await connection.fetch(_UNSENT, sources, codes, now - longest)
    ]


@dataclass(frozen=True, slots=True)
class Planned:
    source: SourceName
    dossier_code: DossierCode
    type: EventType
    number: int
    basis: datetime
    planned_for: datetime


_PLANNED = """
SELECT source, dossier_code, type, number, basis, planned_for FROM timer
WHERE due_at IS NOT NULL AND ($1::timestamptz IS NULL OR due_at <= $1) ORDER BY due_at LIMIT $2
"""  # timer_due
_PLANNED_OF = """
SELECT source, dossier_code, type, number, basis, planned_for FROM timer
WHERE source = ANY ($1::text[]) AND dossier_code = $2 AND due_at IS NOT NULL
  AND ($3::timestamptz IS NULL OR due_at <= $3) ORDER BY due_at LIMIT $4
"""  # the unique index over the dossier


async def planned(connection: Connection, until: datetime | None, limit: int) -> list[Planned]:
    """The timers that are planned, the next first."""
    return [Planned(**row) for row in await connection.fetch(_PLANNED, until, limit)]


async def planned_of(
    connection: Connection, sources: Collection[SourceName], code: DossierCode, until: datetime | None, limit: int
) -> list[Planned]:
    """Those of the dossiers of this code."""
    rows = await connection.fetch(_PLANNED_OF, list(sources), code, until, limit)
    return [Planned(**row) for row in rows]


async def next_moment(connection: Connection) -> datetime | None:
    """When the next timer fires."""
    statement = "SELECT min(due_at) FROM timer WHERE due_at IS NOT NULL"  # timer_due
    moment: datetime | None = await connection.fetchval(statement)
    return moment
