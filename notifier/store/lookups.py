"""Look-up links: an opaque token opens one dossier's public state for a while. Only the token's hash is kept."""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.dossiers import Status
from notifier.domain.ids import DossierCode, SourceName
from notifier.store.pool import Connection


async def remember(
    connection: Connection, token_hash: bytes, source: SourceName, code: DossierCode, expires_at: datetime
) -> None:
    """Make a token valid until `expires_at`; a later call extends it."""
    await connection.execute(
        "INSERT INTO lookup (token_hash, source, dossier_code, expires_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (token_hash) DO UPDATE SET expires_at = greatest(lookup.expires_at, excluded.expires_at)",
        token_hash,
        source,
        code,
        expires_at,
    )


@dataclass(frozen=True, slots=True)
class PublicState:
    """What a look-up page may show: no names, no procedure."""

    code: DossierCode
    source: SourceName
    status: Status | None
    updated_at: datetime
    document: dict[str, object] | None


_OPEN = """
SELECT d.code, d.source, d.status, d.updated_at, p.document
FROM lookup l
JOIN dossier d ON d.source = l.source AND d.code = l.dossier_code
LEFT JOIN event_payload p ON p.event_id = d.details_event
WHERE l.token_hash = $1 AND l.expires_at > $2
"""  # primary keys


async def open_link(connection: Connection, token_hash: bytes, now: datetime) -> PublicState | None:
    row = await connection.fetchrow(_OPEN, token_hash, now)
    if row is None:
        return None
    status = Status(row["status"]) if row["status"] else None
    return PublicState(row["code"], row["source"], status, row["updated_at"], row["document"])
