"""The directory: agencies and officers. What events need of it, what they teach it, and lists of it.

An administrator's row (`notifier.store.directory_keeping`) is never changed by an event.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from notifier.domain.directory import (
    Agency,
    Directory,
    Kind,
    Officer,
    Origin,
    Role,
    by_every_code,
    officer_code,
)
from notifier.store.pool import Connection

AGENCIES_AROUND = r"""
WITH RECURSIVE known(code) AS (
    SELECT unnest($1::text[])
    UNION SELECT unit FROM officer WHERE code = ANY ($2::text[]) AND unit IS NOT NULL
    UNION
    SELECT next.code FROM known k
    LEFT JOIN agency a ON a.code = k.code OR a.other_codes @> ARRAY[k.code]
    CROSS JOIN LATERAL (VALUES
        (a.code), (a.parent), (a.successor),
        (CASE WHEN coalesce(a.code, k.code) LIKE '%.%.%' THEN regexp_replace(coalesce(a.code, k.code), '\.[^.]*$', '') END)
    ) next(code)
    WHERE next.code IS NOT NULL
)
SELECT k.code AS asked, a.* FROM known k LEFT JOIN agency a ON a.code = k.code OR a.other_codes @> ARRAY[k.code]
"""  # primary keys, agency_other_codes
OFFICERS_AROUND = """
WITH RECURSIVE known(code) AS (
    SELECT unnest($1::text[])
    UNION SELECT code FROM officer WHERE unit = ANY ($2::text[]) AND role IN ('head', 'director')
    UNION
    SELECT o.deputy FROM known k JOIN officer o ON o.code = k.code WHERE o.deputy IS NOT NULL
)
SELECT o.* FROM known k JOIN officer o ON o.code = k.code
"""  # officer_unit, primary key


async def around(connection: Connection, codes: Collection[str], units: Collection[str]) -> Directory:
    """What can be said of these officers and units: their deputies, their units and those above them, what these have
    become, and who answers for each. Two statements, however large the directory is.
    """
    accounts = [officer_code(code) for code in codes]
    rows = await connection.fetch(AGENCIES_AROUND, list(units), accounts)
    agencies = by_every_code({row["code"]: agency_of(row) for row in rows if row["code"]}.values())
    reached = {row["asked"] for row in rows} | agencies.keys()
    officers = await connection.fetch(OFFICERS_AROUND, accounts, list(reached))
    return Directory({row["code"]: officer_of(row) for row in officers}, agencies)


_LEARN_AGENCIES = """
INSERT INTO agency (code, name, origin, changed_by, changed_at)
SELECT s.code, s.name, 'event', 'event', $3 FROM unnest($1::text[], $2::text[]) AS s(code, name) ORDER BY s.code
ON CONFLICT (code) DO UPDATE SET name = excluded.name, changed_at = excluded.changed_at
WHERE agency.origin = 'event' AND agency.name = agency.code
"""  # primary key
_LEARN_OFFICERS = """
INSERT INTO officer (code, name, title, unit, role, phone, email, zalo, origin, changed_by, changed_at)
SELECT s.*, 'event', 'event', $2
FROM jsonb_to_recordset($1)
     AS s(code text, name text, title text, unit text, role text, phone text, email text, zalo jsonb)
ORDER BY s.code
ON CONFLICT (code) DO UPDATE SET name = excluded.name, title = coalesce(excluded.title, officer.title),
    unit = coalesce(excluded.unit, officer.unit), role = excluded.role, phone = coalesce(excluded.phone, officer.phone),
    email = coalesce(excluded.email, officer.email), zalo = officer.zalo || excluded.zalo,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at
WHERE officer.origin = 'event'
"""  # primary key; in the order of the codes, so that no two of these wait for each other


async def learn(connection: Connection, before: Directory, after: Directory, now: datetime) -> None:
    """Keep what events have taught (`notifier.domain.learning.taught`) since `before` was read.

    What was known already is not written, nor locked.
    """
    officers = [each for code, each in after.officers.items() if each is not before.officers.get(code)]
    agencies = [each for code, each in after.agencies.items() if each is not before.agencies.get(code)]
    if agencies:
        names = [each.code for each in agencies], [each.name for each in agencies]
        await connection.execute(_LEARN_AGENCIES, *names, now)
    if officers:
        kept = ("code", "name", "title", "unit", "role", "phone", "email", "zalo")
        told = [{name: getattr(officer, name) for name in kept} for officer in officers]
        await connection.execute(_LEARN_OFFICERS, told, now)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which officers. None asks for nothing."""

    unit: str | None = None
    """Of this unit or one under it."""
    role: Role | None = None
    unlinked: str | None = None
    """Without a user id at the Official Account of this name, and still working here."""
    not_following: str | None = None
    """With a user id there, still working here, and not known to follow the account."""


_UNDER = """
WITH RECURSIVE under(code) AS (
    SELECT $1::text UNION SELECT a.code FROM under u JOIN agency a ON a.parent = u.code OR starts_with(a.code, u.code || '.')
)
"""
_OFFICERS = (
    _UNDER
    + """
SELECT * FROM officer o
WHERE ($1::text IS NULL OR EXISTS (SELECT FROM under u WHERE o.unit = u.code OR starts_with(o.unit, u.code || '.')))
  AND ($2::text IS NULL OR o.role = $2)
  AND ($3::text IS NULL OR (NOT o.zalo ? $3 AND (o.gone_at IS NULL OR o.gone_at > $4)))
  AND ($7::text IS NULL OR (o.zalo ? $7 AND (o.gone_at IS NULL OR o.gone_at > $4)
                            AND NOT EXISTS (SELECT FROM zalo_relation z WHERE z.uid = o.zalo ->> $7 AND z.follows)))
  AND o.code > $5
ORDER BY o.code LIMIT $6
"""
)  # primary key; administrators wait for it, events do not
_AGENCIES = (
    _UNDER
    + """
SELECT * FROM agency a
WHERE ($1::text IS NULL OR a.code IN (SELECT code FROM under)) AND a.code > $2
ORDER BY a.code LIMIT $3
"""
)  # primary key


async def officers(
    connection: Connection, wanted: Wanted, today: date, *, after: str = "", limit: int | None = None
) -> list[Officer]:
    """Those that are wanted, by code, from the one after `after` on."""
    given = (wanted.unit, wanted.role, wanted.unlinked, today, after, limit, wanted.not_following)
    return [officer_of(row) for row in await connection.fetch(_OFFICERS, *given)]


async def agencies(
    connection: Connection, unit: str | None = None, *, after: str = "", limit: int | None = None
) -> list[Agency]:
    """All, or this one and those under it, by code, from the one after `after` on."""
    return [agency_of(row) for row in await connection.fetch(_AGENCIES, unit, after, limit)]


async def officer(connection: Connection, code: str) -> Officer | None:
    row = await connection.fetchrow("SELECT * FROM officer WHERE code = $1", code)  # primary key
    return officer_of(row) if row else None


async def officers_of_uid(connection: Connection, oa: str, uid: str) -> list[str]:
    """The codes of the officers who are linked with this id at an Official Account (name of its provider)."""
    rows = await connection.fetch("SELECT code FROM officer WHERE zalo @> $1", {oa: uid})  # officer_zalo
    return [row["code"] for row in rows]


async def agency(connection: Connection, code: str) -> Agency | None:
    row = await connection.fetchrow("SELECT * FROM agency WHERE code = $1", code)  # primary key
    return agency_of(row) if row else None


_NO_AGENCY = """
SELECT u.code FROM unnest($1::text[]) AS u(code)
WHERE NOT EXISTS (SELECT FROM agency a WHERE a.code = u.code)
  AND NOT EXISTS (SELECT FROM agency a WHERE a.other_codes @> ARRAY[u.code])
"""  # primary key, agency_other_codes
_NO_OFFICER = """
SELECT u.code FROM unnest($1::text[]) AS u(code) WHERE NOT EXISTS (SELECT FROM officer o WHERE o.code = u.code)
"""  # primary key


async def strangers(connection: Connection, kind: Kind, codes: Collection[str]) -> set[str]:
    """Which of these codes nobody has."""
    statement = _NO_AGENCY if kind is Kind.AGENCIES else _NO_OFFICER
    return {row["code"] for row in await connection.fetch(statement, list(codes))}


def agency_of(row: Any) -> Agency:
    return Agency(
        row["code"],
        row["name"],
        tuple(row["other_codes"]),
        row["parent"],
        row["phone"],
        row["valid_from"],
        row["valid_until"],
        row["successor"],
        Origin(row["origin"]),
        row["changed_by"],
        row["changed_at"],
    )


def officer_of(row: Any) -> Officer:
    return Officer(
        row["code"],
        row["name"],
        row["title"],
        row["unit"],
        Role(row["role"]),
        row["phone"],
        row["email"],
        row["zalo"],
        row["leave_from"],
        row["leave_until"],
        row["deputy"],
        row["gone_at"],
        Origin(row["origin"]),
        row["changed_by"],
        row["changed_at"],
    )


async def everything(connection: Connection) -> Directory:
    """The whole directory: for a look at many events at once."""
    officers = await connection.fetch("SELECT * FROM officer")
    agencies = await connection.fetch("SELECT * FROM agency")
    return Directory(
        {row["code"]: officer_of(row) for row in officers}, by_every_code(agency_of(row) for row in agencies)
    )
