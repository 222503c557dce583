"""Look-up links: an opaque token opens one dossier's public state for a while. Only the token's hash is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.dossiers import Status
from notifier.domain.ids import DossierCode, DossierKey, SourceName
from notifier.store.pool import Connection

_REMEMBER = """
INSERT INTO lookup (token_hash, source, dossier_code, expires_at)
SELECT w.*, $4 FROM unnest($1::bytea[], $2::text[], $3::text[]) AS w(token_hash, source, code) ORDER BY w.token_hash
ON CONFLICT (token_hash) DO UPDATE SET expires_at = greatest(lookup.expires_at, excluded.expires_at)
"""  # primary key; the order makes two routers wait for each other instead of dead-locking


async def remember(connection: Connection, tokens: Mapping[bytes, DossierKey], expires_at: datetime) -> None:
    """Make tokens (by their hashes) valid for their dossiers until `expires_at`; a later call extends it."""
    if not tokens:
        return
    sources, codes = [source for source, _ in tokens.values()], [code for _, code in tokens.values()]
    await connection.execute(_REMEMBER, list(tokens), sources, codes, expires_at)


@dataclass(frozen=True, slots=True)
class PublicState:
    """How a dossier stands, for its look-up page, which shows no names and no procedure.

    `document` is a whole one, as its source sent it: the page picks what anybody with the link may see.
    """

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
