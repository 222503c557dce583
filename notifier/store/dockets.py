"""Dockets: how each dossier stands (`notifier.reminders.docket`)."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from notifier.domain.dossiers import FilingChannel, Status
from notifier.domain.ids import DossierCode, SourceName
from notifier.reminders.docket import OVER, Docket
from notifier.store.pool import Connection

_NAMES = tuple(field.name for field in fields(Docket))
_READ = f"SELECT {', '.join(_NAMES)} FROM docket WHERE source = $1 AND dossier_code = $2"  # primary key


async def read(connection: Connection, source: SourceName, code: DossierCode) -> Docket | None:
    row = await connection.fetchrow(_READ, source, code)
    return _docket(row) if row else None


def _docket(row: Any) -> Docket:
    values = dict(row)
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
VALUES ($1, $2, $3, {", ".join(f"${place}" for place in range(4, 4 + len(_NAMES)))})
ON CONFLICT (source, dossier_code) DO UPDATE SET updated_at = excluded.updated_at,
    {", ".join(f"{name} = excluded.{name}" for name in _NAMES)}
"""  # primary key


async def write(connection: Connection, source: SourceName, code: DossierCode, docket: Docket, now: datetime) -> None:
    """Keep how a dossier stands; the caller holds the dossier."""
    await connection.execute(_WRITE, source, code, now, *(getattr(docket, name) for name in _NAMES))


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
