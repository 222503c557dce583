"""What citizens have chosen, by the opaque name of their inbox. Each change writes its audit row, with what was before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from notifier.domain.hours import Rest
from notifier.domain.ids import ChannelName, InboxOwner
from notifier.domain.preferences import NO_PREFERENCES, KindName, Preferences
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Locale
from notifier.store.pool import Connection

_COLUMNS = "locale, rest_from, rest_until, declined"


async def of_owner(connection: Connection, owner: InboxOwner) -> Preferences:
    """What the person of this inbox has chosen; who chose nothing gets everything."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM preference WHERE owner = $1", owner)  # primary key
    return _preferences(row) if row else NO_PREFERENCES


_OF_CITIZEN = f"""
SELECT {_COLUMNS}, (
    SELECT uid FROM zalo_link WHERE oa = $1 AND owner = ANY ($2::text[]) ORDER BY array_position($2::text[], owner) LIMIT 1
) AS uid
FROM (SELECT) AS one LEFT JOIN preference ON preference.owner = ($2::text[])[1]
"""  # primary keys


async def of_citizen(
    connection: Connection, oa: str | None, owners: Sequence[InboxOwner]
) -> tuple[Preferences, str | None]:
    """What routing must know, in one question: the choices of the first of these inboxes, and the id at the account
    that is linked with the first of them that has one.
    """
    (row,) = await connection.fetch(_OF_CITIZEN, oa, owners)
    return (_preferences(row) if row["locale"] else NO_PREFERENCES), row["uid"]


async def choose(connection: Connection, owner: InboxOwner, wanted: Preferences, *, actor: str, now: datetime) -> bool:
    """Put this choice in the place of the one before. False: it was so already, and nothing changes."""
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO preference (owner, changed_at) VALUES ($1, $2) ON CONFLICT (owner) DO NOTHING", owner, now
        )
        row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM preference WHERE owner = $1 FOR UPDATE", owner)
        before = _preferences(row)
        if before == wanted:
            return False
        await connection.execute(
            "UPDATE preference SET locale = $2, rest_from = $3, rest_until = $4, declined = $5, changed_at = $6"
            " WHERE owner = $1",
            owner,
            wanted.locale.value,
            wanted.rest and wanted.rest.begins,
            wanted.rest and wanted.rest.ends,
            {kind: sorted(ways) for kind, ways in wanted.declined.items()},
            now,
        )
        reason = Reason(ReasonCode.PREFERENCES_CHANGED, {"before": before.text(), "after": wanted.text()})
        await connection.execute(
            "INSERT INTO audit (at, actor, reason, details) VALUES ($1, $2, $3, $4)",
            now,
            actor,
            reason.code.value,
            {**reason.values, "inbox": owner},
        )
    return True


def _preferences(row: Any) -> Preferences:
    rest = Rest(row["rest_from"], row["rest_until"]) if row["rest_from"] is not None else None
    declined = {KindName(kind): frozenset(map(ChannelName, ways)) for kind, ways in row["declined"].items() if ways}
    return Preferences(Locale(row["locale"]), rest, declined)
