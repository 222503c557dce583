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


_OF_CITIZENS = """
SELECT w.n, preference.locale, preference.rest_from, preference.rest_until, preference.declined, zalo_link.uid
FROM unnest($1::int[], $2::text[], $3::text[]) WITH ORDINALITY AS w(n, oa, owner, place)
LEFT JOIN preference ON preference.owner = w.owner
LEFT JOIN zalo_link ON zalo_link.oa = w.oa AND zalo_link.owner = w.owner
ORDER BY w.place
"""  # primary keys


async def of_citizens(
    connection: Connection, asked: Sequence[tuple[str | None, Sequence[InboxOwner]]]
) -> list[tuple[Preferences, str | None]]:
    """What routing must know, in one question. For each account (if there is one) and each citizen's inboxes: the
    choices of the first of the inboxes, and the id at the account that is linked with the first that has one.
    """
    if not asked:
        return []
    flat = [(n, oa, owner) for n, (oa, owners) in enumerate(asked) for owner in owners]
    rows: list[list[Any]] = [[] for _ in asked]
    for row in await connection.fetch(_OF_CITIZENS, *map(list, zip(*flat, strict=True))):
        rows[row["n"]].append(row)
    return [
        (
            _preferences(found[0]) if found and found[0]["locale"] else NO_PREFERENCES,
            next((row["uid"] for row in found if row["uid"]), None),
        )
        for found in rows
    ]


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
