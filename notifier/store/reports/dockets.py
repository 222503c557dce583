"""What dockets tell to reports: online dossiers and their answers, due dates and letters, ends on time and late.

Of a dossier that is withdrawn (7) or refused (3) the docket knows no end but the moment of that status. The due date
that counts is the one in force, or where a letter of apology moved it, the one that the letter was about.
"""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

from notifier.domain.dossiers import Status
from notifier.reminders.reports.acceptance import Filed
from notifier.reminders.reports.apologies import Due
from notifier.reminders.reports.late_list import Late
from notifier.reminders.reports.on_time import Counts, Group
from notifier.store.pool import Connection
from notifier.store.reports.scope import ROWS_AT_ONCE, STATEMENT_SECONDS, Scope

_HANDLES = "coalesce(d.handling_unit, d.receiving_unit)"
_TAKES_IN = "coalesce(d.receiving_unit, d.handling_unit)"
_ENDED = "CASE WHEN d.status IN (3, 7) THEN d.since ELSE d.finished_at END"
_DUE = "coalesce(d.apologised_for, d.due_at)"
_PROCEDURE = r"coalesce(substring(d.procedure_code FROM '^\d\.\d{6}'), d.procedure_code)"
_DAY = "AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
_OF_AGENCY = "($3::text[] IS NULL OR {unit} = ANY ($3) OR starts_with({unit}, $4))"

_FILED_ONLINE = f"""
SELECT d.source, d.dossier_code, {_TAKES_IN} AS unit, {_PROCEDURE} AS procedure, d.filed_at, d.status, d.since,
       d.accepted_at, answer.at AS answered_at
FROM docket d
LEFT JOIN LATERAL (
    SELECT min(e.occurred_at) AS at FROM event e
    WHERE e.source = d.source AND e.dossier_code = d.dossier_code AND e.status NOT IN (1, 7)
) answer ON true
WHERE d.filed_by = 2 AND d.filed_at >= $1 AND d.filed_at < $2 AND {_OF_AGENCY.format(unit=_TAKES_IN)}
ORDER BY d.filed_at, d.source, d.dossier_code
"""  # docket_filed, event_dossier


async def filed_online(connection: Connection, scope: Scope) -> AsyncIterator[Filed]:
    """Online dossiers that were filed in the scope's time, in that order."""
    async for row in _rows(connection, _FILED_ONLINE, scope):
        yield Filed(
            source=row["source"],
            code=row["dossier_code"],
            unit=row["unit"],
            procedure=row["procedure"],
            filed_at=row["filed_at"],
            status=_status(row),
            since=row["since"],
            accepted_at=row["accepted_at"],
            answered_at=row["answered_at"],
        )


_DUE_IN_PERIOD = f"""
SELECT d.source, d.dossier_code, {_HANDLES} AS unit, {_PROCEDURE} AS procedure, {_DUE} AS due_at, {_ENDED} AS ended_at,
       d.status, d.since, d.apologised_at
FROM docket d
WHERE (d.due_at >= $1 AND d.due_at < $2 OR d.apologised_for >= $1 AND d.apologised_for < $2)
  AND {_DUE} >= $1 AND {_DUE} < $2 AND d.status NOT IN (1, 3) AND {_OF_AGENCY.format(unit=_HANDLES)}
ORDER BY {_DUE}, d.source, d.dossier_code
"""  # docket_due, docket_apologised


async def due(connection: Connection, scope: Scope) -> AsyncIterator[Due]:
    """Dossiers whose due date lies in the scope's time, in that order."""
    async for row in _rows(connection, _DUE_IN_PERIOD, scope):
        yield Due(
            source=row["source"],
            code=row["dossier_code"],
            unit=row["unit"],
            procedure=row["procedure"],
            due_at=row["due_at"],
            ended_at=row["ended_at"],
            status=_status(row),
            since=row["since"],
            apologised_at=row["apologised_at"],
        )


_PUNCTUALITY = f"""
SELECT unit, procedure, max(last_event::text)::uuid AS last_event,
       count(*) FILTER (WHERE came_at < $1) AS carried,
       count(*) FILTER (WHERE came_at >= $1) AS received,
       count(*) FILTER (WHERE finished AND ended_on < due_on) AS before,
       count(*) FILTER (WHERE finished AND ended_on = due_on) AS on,
       count(*) FILTER (WHERE finished AND ended_on > due_on) AS late,
       count(*) FILTER (WHERE finished AND due_on IS NULL) AS undated,
       count(*) FILTER (WHERE NOT finished AND NOT paused AND due_on >= $5) AS running,
       count(*) FILTER (WHERE NOT finished AND NOT paused AND due_on < $5) AS running_late,
       count(*) FILTER (WHERE NOT finished AND paused) AS paused,
       count(*) FILTER (WHERE NOT finished AND NOT paused AND due_on IS NULL) AS running_undated
FROM (
    SELECT {_HANDLES} AS unit, coalesce({_PROCEDURE}, '') AS procedure, d.last_event,
           coalesce(d.accepted_at, d.filed_at, d.since) AS came_at, ({_DUE} {_DAY} AS due_on,
           ({_ENDED} {_DAY} AS ended_on, coalesce({_ENDED} < $2, false) AS finished,
           d.status IN (5, 6, 8) AND d.since < $2 AS paused
    FROM docket d
    WHERE (d.finished_at IS NULL OR d.finished_at >= $1) AND coalesce({_ENDED} >= $1, true) AND d.status NOT IN (1, 3)
      AND {_OF_AGENCY.format(unit=_HANDLES)}
) seen
WHERE came_at < $2
GROUP BY unit, procedure
"""  # docket_finished
_NAMES = """
SELECT event_id, document -> 'HoSo' ->> 'TenTTHC' AS name FROM event_payload WHERE event_id = ANY ($1::uuid[])
"""  # primary key


async def punctuality(connection: Connection, scope: Scope, as_of: date) -> list[Group]:
    """Dossiers that ended in the scope's time or ran at its end, counted; `as_of` says which due dates have passed."""
    rows = await connection.fetch(_PUNCTUALITY, *_given(scope), as_of, timeout=STATEMENT_SECONDS)
    named = await connection.fetch(_NAMES, [row["last_event"] for row in rows])
    names = {row["event_id"]: row["name"] or "" for row in named}
    return [
        Group(
            unit=row["unit"],
            procedure=row["procedure"],
            name=names.get(row["last_event"], ""),
            counts=Counts(**{name: row[name] for name in Counts.__dataclass_fields__}),
        )
        for row in rows
    ]


_LATE = f"""
SELECT * FROM (
    SELECT d.source, d.dossier_code, {_HANDLES} AS unit, {_PROCEDURE} AS procedure, d.handlers, d.status,
           ({_DUE} {_DAY} AS due_on, ({_ENDED} {_DAY} AS ended_on
    FROM docket d
    WHERE (d.finished_at IS NULL OR d.finished_at >= $1) AND coalesce({_ENDED} >= $1, true) AND {_DUE} < $2
      AND d.status NOT IN (1, 3) AND {_OF_AGENCY.format(unit=_HANDLES)}
) seen
WHERE ended_on > due_on OR (ended_on IS NULL AND status NOT IN (5, 6, 8) AND due_on < $5)
ORDER BY due_on, source, dossier_code
"""  # docket_finished


async def late(connection: Connection, scope: Scope, today: date) -> AsyncIterator[Late]:
    """Dossiers that were late at some time within the scope's, the longest due first."""
    async for row in _rows(connection, _LATE, scope, today):
        yield Late(
            source=row["source"],
            code=row["dossier_code"],
            unit=row["unit"],
            procedure=row["procedure"],
            handlers=tuple(row["handlers"]),
            due=row["due_on"],
            ended=row["ended_on"],
        )


async def _rows(connection: Connection, statement: str, scope: Scope, *more: Any) -> AsyncIterator[Any]:
    """A long answer, some rows at a time."""
    given = (*_given(scope), *more)
    async for row in connection.cursor(statement, *given, prefetch=ROWS_AT_ONCE, timeout=STATEMENT_SECONDS):
        yield row


def _given(scope: Scope) -> tuple[Any, ...]:
    return scope.start, scope.end, scope.codes, scope.below


def _status(row: Any) -> Status | None:
    return Status(row["status"]) if row["status"] is not None else None
