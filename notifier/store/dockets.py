"""Dockets: how each dossier stands (`notifier.reminders.docket`)."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from notifier.domain.dossiers import FilingChannel, Status
from notifier.domain.ids import DossierCode, DossierKey, SourceName
from notifier.reminders.docket import OVER, Docket
from notifier.store.pool import Connection

_NAMES = tuple(field.name for field in fields(Docket))
_READ = f"""
SELECT source, dossier_code, {", ".join(_NAMES)}
FROM unnest($1::text[], $2::text[]) AS w(source, dossier_code) JOIN docket USING (source, dossier_code)
"""  # primary key


async def read(connection: Connection, dossiers: Collection[DossierKey]) -> dict[DossierKey, Docket]:
    """How these dossiers stand, as far as it is known."""
    if not dossiers:
        return {}
    rows = await connection.fetch(_READ, [source for source, _ in dossiers], [code for _, code in dossiers])
    return {DossierKey(row["source"], row["dossier_code"]): _docket(row) for row in rows}


def _docket(row: Any) -> Docket:
    values = {name: row[name] for name in _NAMES}
    return Docket(
        **{
            **values,
            "status": Status(values["status"]) if values["status"] else None,
            "filed_by": FilingChannel(values["filed_by"]) if values["filed_by"] else None,
            "handlers": tuple(values["handlers"]),
            "heads": tuple(values["heads"]),
        }
    )


_WRITE = f"""
INSERT INTO docket (source, dossier_code, updated_at, {", ".join(_NAMES)})
SELECT source, dossier_code, $1, {", ".join(_NAMES)} FROM jsonb_populate_recordset(NULL::docket, $2)
ON CONFLICT (source, dossier_code) DO UPDATE SET updated_at = excluded.updated_at,
    {", ".join(f"{name} = excluded.{name}" for name in _NAMES)}
"""  # primary key


async def write(connection: Connection, dockets: Mapping[DossierKey, Docket], now: datetime) -> None:
    """Keep how dossiers stand; the caller holds them."""
    if not dockets:
        return
    rows = [
        {"source": source, "dossier_code": code, **{name: _as_json(getattr(docket, name)) for name in _NAMES}}
        for (source, code), docket in dockets.items()
    ]
    await connection.execute(_WRITE, now, rows)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


_IS_OPEN = f"(status IS NULL OR status <> ALL ('{{{','.join(str(int(status)) for status in sorted(OVER))}}}'))"


async def count_open(connection: Connection) -> int:
    """How many dossiers have not come to their end."""
    count: int = await connection.fetchval(f"SELECT count(*) FROM docket WHERE {_IS_OPEN}")
    return count


_PAGE = f"""
SELECT source, dossier_code FROM docket WHERE {_IS_OPEN} AND (source, dossier_code) > ($1, $2)
ORDER BY source, dossier_code LIMIT $3
"""  # primary key


async def open_after(
    connection: Connection, source: str, code: str, limit: int
) -> list[tuple[SourceName, DossierCode]]:
    """Dossiers that have not come to their end, by source and code, from the one after these on."""
    return [(row["source"], row["dossier_code"]) for row in await connection.fetch(_PAGE, source, code, limit)]


async def hold(connection: Connection, source: SourceName, code: DossierCode) -> None:
    """Hold a dossier until the transaction ends, as routing does."""
    await connection.execute("SELECT 1 FROM dossier WHERE source = $1 AND code = $2 FOR UPDATE", source, code)
