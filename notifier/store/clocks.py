"""Dossiers whose clock runs, a page at a time: online ones that wait for an answer, and those with a due date to keep."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from notifier.domain.ids import DossierCode, SourceName
from notifier.domain.reach import Reach
from notifier.store.pool import Connection
from notifier.store.reach import in_reach

COUNTED_MOST = 1_000
"""More are not counted."""


class Book(StrEnum):
    """Which dossiers."""

    WAITING = "waiting"
    """Filed online and not answered, the longest waiting first."""
    SOON = "soon"
    """Being processed, and the due date has not passed; the next first."""
    LATE = "late"
    """Being processed, and the due date has passed; the longest late first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this dossier."""

    at: datetime
    source: str
    code: str


@dataclass(frozen=True, slots=True)
class Running:
    source: SourceName
    code: DossierCode
    unit: str | None
    """Who has to answer it, or has it now."""
    procedure: str | None
    at: datetime
    """When it was filed, or is due."""
    step: str | None
    handlers: tuple[str, ...]
    apologised: bool
    """A letter of apology was issued for this due date."""
    reminded_at: datetime | None
    next_reminder: datetime | None

    @property
    def place(self) -> Place:
        return Place(self.at, self.source, self.code)


@dataclass(frozen=True, slots=True)
class Now:
    """The moment at which somebody looks."""

    now: datetime
    today: datetime
    """Its midnight in Vietnam."""
    soon: datetime
    """How far ahead `SOON` looks; not included."""


_TODAY, _NOW, _SOON = (f"($3::timestamptz[])[{place}]" for place in (1, 2, 3))
_WHOLE_DAY = "(d.due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::time = '00:00'"
_TAKES_IN, _HANDLES = "coalesce(d.receiving_unit, d.handling_unit)", "coalesce(d.handling_unit, d.receiving_unit)"
_WHICH = {
    Book.WAITING: (_TAKES_IN, "d.filed_at", f"d.status = 1 AND d.filed_by = 2 AND d.filed_at < {_SOON}"),
    Book.SOON: (
        _HANDLES,
        "d.due_at",
        f"d.status IN (2, 4) AND d.due_at >= {_TODAY} AND d.due_at < {_SOON} AND (d.due_at >= {_NOW} OR {_WHOLE_DAY})",
    ),
    Book.LATE: (
        _HANDLES,
        "d.due_at",
        f"d.status IN (2, 4) AND d.due_at < {_NOW} AND (d.due_at < {_TODAY} OR NOT {_WHOLE_DAY})",
    ),
}
"""Whose they are, what they are ordered by, and which they are. What is due on a day without an hour is late from the next."""


def _page(book: Book) -> str:
    unit, at, which = _WHICH[book]
    return f"""
SELECT p.*, t.reminded_at, t.next_reminder
FROM (
    SELECT d.source, d.dossier_code, {unit} AS unit, d.procedure_code, {at} AS at, d.step, d.handlers,
           coalesce(d.apologised_for = d.due_at, false) AS apologised
    FROM docket d
    WHERE {which} AND {in_reach(unit, "$1", "$2")}
      AND ($4::timestamptz IS NULL OR ({at}, d.source, d.dossier_code) > ($4, $5, $6))
    ORDER BY {at}, d.source, d.dossier_code LIMIT $7
) p
CROSS JOIN LATERAL (
    SELECT max(t.fired_at) AS reminded_at, min(t.due_at) AS next_reminder FROM timer t
    WHERE t.source = p.source AND t.dossier_code = p.dossier_code
) t
ORDER BY p.at, p.source, p.dossier_code
"""  # docket_waiting, docket_counting, the unique index of timer


def _count(book: Book) -> str:
    unit, _, which = _WHICH[book]
    reached = in_reach(unit, "$1", "$2")
    return f"SELECT count(*) FROM (SELECT FROM docket d WHERE {which} AND {reached} LIMIT {COUNTED_MOST + 1}) seen"


_PAGES = {book: _page(book) for book in Book}
_COUNTS = {book: _count(book) for book in Book}


async def page(
    connection: Connection, book: Book, within: Reach, at: Now, *, after: Place | None = None, limit: int = 50
) -> list[Running]:
    """The next dossiers of a book."""
    begin = (after.at, after.source, after.code) if after else (None, "", "")
    rows = await connection.fetch(_PAGES[book], *_given(within, at), *begin, limit)
    return [_running(row) for row in rows]


async def count(connection: Connection, book: Book, within: Reach, at: Now) -> int:
    """How many there are; `COUNTED_MOST` and one where there are more."""
    number: int = await connection.fetchval(_COUNTS[book], *_given(within, at))
    return number


def _given(within: Reach, at: Now) -> tuple[Any, ...]:
    return (within.codes, within.beginnings, [at.today, at.now, at.soon])


def _running(row: Any) -> Running:
    return Running(
        source=row["source"],
        code=row["dossier_code"],
        unit=row["unit"],
        procedure=row["procedure_code"],
        at=row["at"],
        step=row["step"],
        handlers=tuple(row["handlers"]),
        apologised=row["apologised"],
        reminded_at=row["reminded_at"],
        next_reminder=row["next_reminder"],
    )
