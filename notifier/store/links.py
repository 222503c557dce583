"""Links between our people and their ids at an Official Account: one-time codes, and what came of them.

Citizens' links are here, by the opaque name of their inbox; an officer's id is in the directory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.ids import InboxOwner
from notifier.store.pool import Connection


async def since(connection: Connection, oas: Sequence[str], owner: InboxOwner) -> dict[str, datetime]:
    """The accounts of these with which the person of this inbox is linked, and since when."""
    rows = await connection.fetch(
        "SELECT oa, linked_at FROM zalo_link WHERE oa = ANY ($1::text[]) AND owner = $2", oas, owner
    )  # primary key
    return {row["oa"]: row["linked_at"] for row in rows}


async def link(connection: Connection, oa: str, owner: InboxOwner, uid: str, how: str, now: datetime) -> None:
    """The person of this inbox has this id; what a form said never replaces what a code has proven."""
    await connection.execute(
        "INSERT INTO zalo_link (oa, owner, uid, how, linked_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (oa, owner) DO UPDATE SET uid = excluded.uid, how = excluded.how, linked_at = excluded.linked_at"
        " WHERE NOT (zalo_link.how = 'code' AND excluded.how = 'form')",
        oa,
        owner,
        uid,
        how,
        now,
    )


async def unlink_owner(connection: Connection, oa: str, owner: InboxOwner) -> bool:
    return bool(
        await connection.fetchval("DELETE FROM zalo_link WHERE oa = $1 AND owner = $2 RETURNING true", oa, owner)
    )  # primary key


async def unlink_uid(connection: Connection, oa: str, uid: str) -> int:
    """End every link of this id; answers how many there were."""
    rows = await connection.fetch("DELETE FROM zalo_link WHERE oa = $1 AND uid = $2 RETURNING owner", oa, uid)
    return len(rows)  # zalo_link_uid


async def issue(
    connection: Connection,
    code_hash: bytes,
    oa: str,
    owner: InboxOwner,
    officer: str | None,
    now: datetime,
    life: timedelta,
) -> None:
    """Keep a new code of this person; the one before is worth nothing any more."""
    async with connection.transaction():
        await connection.execute("DELETE FROM zalo_code WHERE oa = $1 AND owner = $2", oa, owner)  # zalo_code_owner
        await connection.execute(
            "INSERT INTO zalo_code (hash, oa, owner, officer, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            code_hash,
            oa,
            owner,
            officer,
            now,
            now + life,
        )


async def standing(
    connection: Connection, code_hash: bytes, oa: str, owner: InboxOwner, now: datetime
) -> datetime | None:
    """Until when a code of this person can be sent to the account; None for one that is used, over or somebody else's."""
    until: datetime | None = await connection.fetchval(
        "SELECT expires_at FROM zalo_code"
        " WHERE hash = $1 AND oa = $2 AND owner = $3 AND expires_at > $4 AND used_by IS NULL",
        code_hash,
        oa,
        owner,
        now,
    )  # zalo_code_owner
    return until


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Whose code it was; `again` where the same person sent it before."""

    owner: InboxOwner
    officer: str | None
    again: bool


async def redeem(connection: Connection, code_hash: bytes, oa: str, uid: str, at: datetime) -> Redeemed | None:
    """Use up a code that was sent at this moment; None for one that is unknown, too old, or somebody else's already."""
    row = await connection.fetchrow(
        "SELECT owner, officer, used_by FROM zalo_code WHERE hash = $1 AND oa = $2 AND expires_at > $3 FOR UPDATE",
        code_hash,
        oa,
        at,
    )  # primary key
    if row is None or row["used_by"] not in (None, uid):
        return None
    await connection.execute("UPDATE zalo_code SET used_by = $2 WHERE hash = $1", code_hash, uid)
    return Redeemed(InboxOwner(row["owner"]), row["officer"], again=row["used_by"] == uid)


_TRIED = """
INSERT INTO zalo_try AS t (oa, uid, since, tries) VALUES ($1, $2, $3, 1)
ON CONFLICT (oa, uid) DO UPDATE SET
    tries = CASE WHEN t.since < $3 - $4::interval THEN 1 ELSE t.tries + 1 END,
    since = CASE WHEN t.since < $3 - $4::interval THEN $3 ELSE t.since END
RETURNING tries
"""  # primary key


async def tried(connection: Connection, oa: str, uid: str, at: datetime, within: timedelta) -> int:
    """Count a code that was sent in vain; answers how many there were within this time."""
    tries: int = await connection.fetchval(_TRIED, oa, uid, at, within)
    return tries


async def tries_of(connection: Connection, oa: str, uid: str, since: datetime) -> int:
    """How many codes this person has sent in vain, counted from a first one after `since`."""
    tries: int | None = await connection.fetchval(
        "SELECT tries FROM zalo_try WHERE oa = $1 AND uid = $2 AND since >= $3", oa, uid, since
    )  # primary key
    return tries or 0
