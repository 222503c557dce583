"""Official Accounts of Zalo: what Zalo last said of each, of its templates, and which people want none of its messages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from notifier.domain.approved import ApprovedTemplate, Parameter
from notifier.store.pool import Connection

ENDS_SOON = timedelta(days=14)
"""So long before its end somebody has to see to a package or a grant."""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """`package_until` is the last day of what the account has paid for; `fault` why the last look came to nothing.

    The templates are as they were at `templates_at`; an event told of a change at `changed_at`.
    """

    name: str | None = None
    is_verified: bool | None = None
    package: str | None = None
    package_until: date | None = None
    templates_at: datetime | None = None
    changed_at: datetime | None = None
    looked_at: datetime | None = None
    fault: str | None = None

    def ends_soon(self, today: date) -> bool:
        """What was paid for ends within `ENDS_SOON`, or has ended."""
        return self.package_until is not None and self.package_until - today < ENDS_SOON


_ACCOUNT = "name, is_verified, package, package_until, templates_at, changed_at, looked_at, fault"


async def account(connection: Connection, oa: str) -> AccountRecord:
    row = await connection.fetchrow(f"SELECT {_ACCOUNT} FROM zalo_account WHERE oa = $1", oa)  # primary key
    return AccountRecord(**row) if row else AccountRecord()


_LOOKED = """
INSERT INTO zalo_account (oa, name, is_verified, package, package_until, looked_at, fault)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (oa) DO UPDATE SET name = coalesce(excluded.name, zalo_account.name),
    is_verified = coalesce(excluded.is_verified, zalo_account.is_verified),
    package = coalesce(excluded.package, zalo_account.package),
    package_until = coalesce(excluded.package_until, zalo_account.package_until),
    looked_at = excluded.looked_at, fault = excluded.fault
"""


async def looked(connection: Connection, oa: str, found: AccountRecord, now: datetime) -> None:
    """Keep what a look at the account found; what it could not find stays as it was."""
    given = (found.name, found.is_verified, found.package, found.package_until)
    await connection.execute(_LOOKED, oa, *given, now, found.fault)


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    template: ApprovedTemplate
    reason: str | None = None
    quality: str | None = None
    price_phone: str | None = None
    price_uid: str | None = None
    status_at: datetime | None = None
    synced_at: datetime | None = None


_KEEP = """
INSERT INTO zalo_template AS t (oa, id, name, status, quality, tag, parameters, price_phone, price_uid, status_at, synced_at)
SELECT $1, n.*, $2, $2 FROM jsonb_to_recordset($3)
    AS n(id text, name text, status text, quality text, tag text, parameters jsonb, price_phone text, price_uid text)
ORDER BY n.id
ON CONFLICT (oa, id) DO UPDATE SET
    name = excluded.name,
    status = CASE WHEN t.status_at > excluded.status_at THEN t.status ELSE excluded.status END,
    reason = CASE WHEN t.status_at > excluded.status_at OR t.status = excluded.status THEN t.reason END,
    status_at = greatest(t.status_at, excluded.status_at),
    quality = coalesce(excluded.quality, t.quality), tag = coalesce(excluded.tag, t.tag),
    parameters = coalesce(excluded.parameters, t.parameters),
    price_phone = coalesce(excluded.price_phone, t.price_phone), price_uid = coalesce(excluded.price_uid, t.price_uid),
    synced_at = excluded.synced_at
"""  # primary key; in the order of the ids


async def keep_templates(connection: Connection, oa: str, found: Sequence[TemplateRecord], asked_at: datetime) -> None:
    """Make the catalogue what Zalo answered when it was asked at `asked_at`; what it does not list any more is gone.

    An event that told of a template since then is newer than the answer.
    """
    rows = [_as_row(each) for each in found]
    async with connection.transaction():
        await connection.execute(_KEEP, oa, asked_at, rows)
        await connection.execute(
            "DELETE FROM zalo_template WHERE oa = $1 AND id <> ALL ($2::text[]) AND status_at <= $3",
            oa,
            [each.template.id for each in found],
            asked_at,
        )  # primary key
        await connection.execute(
            "INSERT INTO zalo_account (oa, templates_at) VALUES ($1, $2)"
            " ON CONFLICT (oa) DO UPDATE SET templates_at = excluded.templates_at",
            oa,
            asked_at,
        )


def _as_row(record: TemplateRecord) -> dict[str, Any]:
    template = record.template
    return {
        "id": template.id,
        "name": template.name,
        "status": template.status,
        "quality": record.quality,
        "tag": template.tag,
        "parameters": None if template.parameters is None else [asdict(each) for each in template.parameters],
        "price_phone": record.price_phone,
        "price_uid": record.price_uid,
    }


async def templates(connection: Connection, oa: str) -> dict[str, TemplateRecord]:
    """The templates of an account by Zalo's id."""
    rows = await connection.fetch("SELECT * FROM zalo_template WHERE oa = $1 ORDER BY id", oa)  # primary key
    return {row["id"]: _record(row) for row in rows}


def _record(row: Any) -> TemplateRecord:
    given = row["parameters"]
    parameters = None if given is None else tuple(Parameter(**each) for each in given)
    template = ApprovedTemplate(row["id"], row["name"], row["status"], row["tag"], parameters)
    kept = ("reason", "quality", "price_phone", "price_uid", "status_at", "synced_at")
    return TemplateRecord(template, **{name: row[name] for name in kept})


async def template_changed(
    connection: Connection, oa: str, id_: str, status: str, reason: str | None, at: datetime
) -> bool:
    """Note what an event says of a template; False where it says nothing new of a known one."""
    return bool(
        await connection.fetchval(
            "UPDATE zalo_template SET status = $3, reason = $4, status_at = $5"
            " WHERE oa = $1 AND id = $2 AND status_at < $5 RETURNING true",
            oa,
            id_,
            status,
            reason,
            at,
        )  # primary key
    )


async def templates_changed(connection: Connection, oa: str, now: datetime) -> None:
    """Have the catalogue read again at the next look."""
    await connection.execute("UPDATE zalo_account SET changed_at = $2 WHERE oa = $1", oa, now)  # primary key


ANY = "*"
"""Stands for every kind of message."""


async def declines(connection: Connection, oa: str, who: bytes, kind: str | None, at: datetime) -> None:
    await connection.execute(
        "INSERT INTO zalo_refusal (oa, who, tag, at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (oa, who, tag) DO UPDATE SET at = greatest(zalo_refusal.at, excluded.at)",
        oa,
        who,
        kind or ANY,
        at,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether this person has declined messages of this kind, or all, since a moment."""

    oa: str
    who: bytes
    kind: str
    since: datetime


_DECLINED = """
SELECT EXISTS (SELECT 1 FROM zalo_refusal r
               WHERE r.oa = a.oa AND r.who = a.who AND r.tag IN (a.kind, $5) AND r.at >= a.since) AS declined
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS a(oa, who, kind, since, place)
ORDER BY a.place
"""  # primary key


async def declined(connection: Connection, asked: Sequence[Asked]) -> list[bool]:
    """An answer for each, in their order."""
    columns = zip(*((each.oa, each.who, each.kind, each.since) for each in asked), strict=True)
    return [row["declined"] for row in await connection.fetch(_DECLINED, *columns, ANY)]
