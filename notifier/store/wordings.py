"""Wordings: the text of every version that a message was written by, kept when a process first uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.content import ContentKind
from notifier.store.pool import Connection

VERSIONS_MOST = 20
"""So many versions of one wording are shown, the newest."""

_KEEP = """
INSERT INTO wording (template, kind, version, text, first_used_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""  # primary key


async def keep(connection: Connection, texts: Mapping[tuple[str, ContentKind, str], str], now: datetime) -> None:
    """Keep these texts by template, kind and version; those that are kept already stay as they are."""
    rows = [(*key, text.replace("\0", "\n"), now) for key, text in sorted(texts.items())]
    await connection.executemany(_KEEP, rows)


@dataclass(frozen=True, slots=True)
class Kept:
    version: str
    text: str
    first_used_at: datetime


_VERSIONS = """
SELECT version, text, first_used_at FROM wording WHERE template = $1 AND kind = $2
ORDER BY first_used_at DESC, version LIMIT $3
"""  # primary key


async def versions(connection: Connection, template: str, kind: ContentKind) -> list[Kept]:
    """The versions that messages were written by, the newest first."""
    return [Kept(**row) for row in await connection.fetch(_VERSIONS, template, kind, VERSIONS_MOST)]
