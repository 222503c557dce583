"""The directory as administrators write it, row by row or as a file. Every change is audited, by the names of the fields
only: names and contacts stay in the two tables.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from notifier.domain.directory import Agency, Entry, Kind, Officer, Origin
from notifier.domain.reasons import Reason, ReasonCode
from notifier.intake.directory_csv import Row
from notifier.intake.directory_rows import Fault, entry, references
from notifier.store.audit import note
from notifier.store.calendar import Change
from notifier.store.directory import agency_of, officer_of, strangers
from notifier.store.pool import Connection

WRITTEN_AT_ONCE = 500
_Located = tuple[int, Fault]
"""With the number of its line."""

_PUT_AGENCY = """
INSERT INTO agency (code, name, other_codes, parent, phone, valid_from, valid_until, successor,
                    origin, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, other_codes = excluded.other_codes, parent = excluded.parent,
    phone = excluded.phone, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
    successor = excluded.successor, origin = excluded.origin, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
"""
_PUT_OFFICER = """
INSERT INTO officer (code, name, title, unit, role, phone, email, zalo, leave_from, leave_until, deputy, gone_at,
                     origin, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, title = excluded.title, unit = excluded.unit,
    role = excluded.role, phone = excluded.phone, email = excluded.email, zalo = excluded.zalo,
    leave_from = excluded.leave_from, leave_until = excluded.leave_until, deputy = excluded.deputy,
    gone_at = excluded.gone_at, origin = excluded.origin, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
"""
_STANDING_AGENCIES = "SELECT * FROM agency WHERE code = ANY ($1::text[]) ORDER BY code FOR UPDATE"  # primary key
_STANDING_OFFICERS = "SELECT * FROM officer WHERE code = ANY ($1::text[]) ORDER BY code FOR UPDATE"  # primary key


async def standing(connection: Connection, kind: Kind, codes: Collection[str]) -> dict[str, Entry]:
    """The rows of these codes; until the transaction ends nobody else changes them."""
    if kind is Kind.AGENCIES:
        return {row["code"]: agency_of(row) for row in await connection.fetch(_STANDING_AGENCIES, list(codes))}
    return {row["code"]: officer_of(row) for row in await connection.fetch(_STANDING_OFFICERS, list(codes))}


async def put(
    connection: Connection, kind: Kind, entries: Sequence[Entry], *, by: str, now: datetime
) -> Counter[Change]:
    """Write these rows, all or none, as an administrator's. What stands like this already is left as it is, so that a
    row with the origin `event`, as an export wrote it, stays learned unless something in it was changed.
    """
    counts: Counter[Change] = Counter()
    async with connection.transaction():
        rows = await standing(connection, kind, [each.code for each in entries])
        for each in sorted(entries, key=lambda each: each.code):
            before, after = rows.get(each.code), replace(each, origin=Origin.ADMIN)
            if before in (each, after):
                counts[Change.SAME] += 1
                continue
            await _write(connection, before, after, by=by, now=now)
            counts[Change.CHANGED if before else Change.NEW] += 1
    return counts


async def alter_officer(
    connection: Connection, code: str, change: Callable[[Officer], Officer], *, by: str, now: datetime
) -> Officer | None:
    """The officer as `change` makes them of what stands there; None if nobody has this code."""
    async with connection.transaction():
        before = (await standing(connection, Kind.OFFICERS, [code])).get(code)
        if not isinstance(before, Officer):
            return None
        after = change(before)
        if after != before:
            await _write(connection, before, after, by=by, now=now)
    return after


async def _write(connection: Connection, before: Entry | None, after: Entry, *, by: str, now: datetime) -> None:
    names = [each.name for each in fields(after) if each.compare]
    actor = f"operator:{by}"
    statement = _PUT_AGENCY if isinstance(after, Agency) else _PUT_OFFICER
    await connection.execute(statement, *(getattr(after, name) for name in names), actor, now)
    changed = [name for name in names if before is None or getattr(after, name) != getattr(before, name)]
    code = ReasonCode.DIRECTORY_AGENCY if isinstance(after, Agency) else ReasonCode.DIRECTORY_OFFICER
    values = {"by": by, type(after).__name__.lower(): after.code, "fields": ", ".join(changed)}
    await note(connection, Reason(code, values), actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Report:
    """What came, or would come, of a file."""

    rows: int
    counts: Counter[Change] = field(default_factory=Counter)
    """Empty where nothing was written because of the faults."""
    faults: Sequence[_Located] = ()
    skipped: int = 0
    """How many rows have faults."""


async def import_rows(
    connection: Connection,
    kind: Kind,
    rows: Sequence[Row],
    *,
    by: str,
    now: datetime,
    dry_run: bool = False,
    skip_bad: bool = False,
    passed: Callable[[int], None] = lambda _rows: None,
) -> Report:
    """Write the rows of a file, all or none; with `skip_bad` those without a fault. `passed` hears of their number.

    A code that a row names and nobody has, neither here nor in a good row of the file, is a fault of that row.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        made, faults = await _made(connection, kind, rows, skip_bad=skip_bad)
        report = Report(len(rows), Counter(), faults, len({number for number, _ in faults}))
        if skip_bad or not faults:
            for start in range(0, len(made), WRITTEN_AT_ONCE):
                part = made[start : start + WRITTEN_AT_ONCE]
                report.counts.update(await put(connection, kind, part, by=by, now=now))
                passed(len(part))
    except BaseException:
        await transaction.rollback()
        raise
    await (transaction.rollback() if dry_run else transaction.commit())
    return report


async def _made(
    connection: Connection, kind: Kind, rows: Sequence[Row], *, skip_bad: bool
) -> tuple[list[Entry], list[_Located]]:
    """The good rows as they are to stand, by code, and all that is wrong, by line."""
    before = await standing(connection, kind, [row.values["code"] for row in rows if row.values.get("code")])
    unknown = await _unknown(connection, kind, rows)
    faults = [(row.number, fault) for row in rows for fault in row.faults]
    good: list[tuple[Row, Entry]] = []
    for row in rows:
        made = None if row.faults else entry(kind, before.get(row.values["code"]), row.values)
        if isinstance(made, Fault):
            faults.append((row.number, made))
        elif made is not None:
            good.append((row, made))
    faults += _dangling(kind, rows, unknown)
    good = _without(good, faults)
    while skip_bad and (left_behind := _dangling(kind, [row for row, _ in good], unknown)):
        faults += left_behind
        good = _without(good, faults)
    return sorted((made for _, made in good), key=lambda made: made.code), sorted(faults, key=lambda fault: fault[0])


def _without(good: Sequence[tuple[Row, Entry]], faults: Sequence[_Located]) -> list[tuple[Row, Entry]]:
    wrong = {number for number, _ in faults}
    return [(row, made) for row, made in good if row.number not in wrong]


async def _unknown(connection: Connection, kind: Kind, rows: Sequence[Row]) -> dict[Kind, set[str]]:
    """The codes that rows mean and that do not stand yet."""
    meant = [each for row in rows for each in references(kind, row.values)]
    return {of: await strangers(connection, of, {code for _, whose, code in meant if whose is of}) for of in Kind}


def _dangling(kind: Kind, rows: Sequence[Row], unknown: Mapping[Kind, set[str]]) -> list[_Located]:
    """What these rows mean that neither stands yet nor comes with one of them."""
    own = {code for row in rows for code in (row.values.get("code"), *row.values.get("other_codes", ()))}
    return [
        (row.number, Fault(name, code, NOBODY[name]))
        for row in rows
        for name, whose, code in references(kind, row.values)
        if code in unknown[whose] and not (whose is kind and code in own)
    ]


NOBODY = {
    "deputy": "the account of an officer who is in the directory, or in the file",
    **dict.fromkeys(("unit", "parent", "successor"), "the code of an agency that is in the directory, or in the file"),
}
