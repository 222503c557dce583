"""Token pairs of providers, and the lease that lets exactly one process refresh a pair at a time.

A refresh token works once. So the new pair is committed before it is used, the lease outlives the call that
refreshes, and nothing but a complete pair ever replaces a good one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_at: datetime
    rotated_at: datetime
    version: int
    lost: str | None


_COLUMNS = "access_token, refresh_token, expires_at, rotated_at, version, lost"


async def read(connection: Connection, name: str) -> TokenPair | None:
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM oauth_token WHERE name = $1", name)
    return TokenPair(**row) if row else None


_GRANT = """
INSERT INTO oauth_token (name, access_token, refresh_token, expires_at, rotated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE SET access_token = excluded.access_token, refresh_token = excluded.refresh_token,
    expires_at = excluded.expires_at, rotated_at = excluded.rotated_at, version = oauth_token.version + 1,
    lost = NULL, lease_owner = NULL, lease_until = NULL
"""


async def grant(
    connection: Connection,
    name: str,
    refresh_token: str,
    now: datetime,
    *,
    access_token: str = "",
    until: datetime | None = None,
) -> None:
    """Start anew with what a consent gave, in place of any grant before; without an access token one is fetched soon."""
    await connection.execute(_GRANT, name, access_token, refresh_token, until or now, now)


_LEASE = f"""
UPDATE oauth_token SET lease_owner = $2, lease_until = now() + $3
WHERE name = $1 AND version = $4 AND (lease_until IS NULL OR lease_until < now())
RETURNING {_COLUMNS}
"""


async def lease(connection: Connection, name: str, owner: str, duration: timedelta, version: int) -> TokenPair | None:
    """Become the one who may refresh version `version`; None if somebody else is, or has done it already."""
    row = await connection.fetchrow(_LEASE, name, owner, duration, version)
    return TokenPair(**row) if row else None


async def replace(
    connection: Connection,
    name: str,
    version: int,
    *,
    access_token: str,
    refresh_token: str,
    expires_at: datetime,
    now: datetime,
) -> bool:
    """Commit a new pair in place of version `version`; False if a newer one is there already.

    Even if the lease was lost meanwhile: the provider gives out one new pair for an old one, and this is it.
    """
    return bool(
        await connection.fetchval(
            "UPDATE oauth_token SET access_token = $3, refresh_token = $4, expires_at = $5, rotated_at = $6,"
            " version = version + 1, lost = NULL, lease_owner = NULL, lease_until = NULL"
            " WHERE name = $1 AND version = $2 RETURNING true",
            name,
            version,
            access_token,
            refresh_token,
            expires_at,
            now,
        )
    )


async def give_back(connection: Connection, name: str, owner: str, lost: str | None = None) -> None:
    """End the lease without a new pair; with `lost`, mark the grant as gone for the stated reason.

    Where somebody consented anew meanwhile, the lease is not ours any more, and nothing is marked.
    """
    await connection.execute(
        "UPDATE oauth_token SET lost = coalesce($3, lost), lease_owner = NULL, lease_until = NULL"
        " WHERE name = $1 AND lease_owner = $2",
        name,
        owner,
        lost,
    )
