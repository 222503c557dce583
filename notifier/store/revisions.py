"""Revisions of the schema: the one that this code expects, and the one that a database is at.

Alembic, which brings a database from one to the other, is large; only `notifier.store.migrate` imports it, and no process
that runs all day.
"""

from functools import cache
from pathlib import Path

from notifier.store.pool import Connection

VERSIONS = Path(__file__).parent / "migrations" / "versions"


@cache
def newest_revision() -> str:
    """The revision that this code expects to find in the database: each is a file whose name begins with it."""
    return max(path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


async def schema_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None where it was never migrated."""
    if not await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision
