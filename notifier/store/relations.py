"""Relations of people to an Official Account of Zalo: what its events said, the latest of each kind by its own time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of one person at one moment, by an event or by a refusal."""

    account: str
    person: str
    at: datetime
    follows: bool | None = None
    interacts: bool = False
    is_over: bool = False


_LEARN = """
INSERT INTO zalo_relation AS known (oa, uid, follows, changed_at, last_interaction_at, over_at)
VALUES ($1, $2, $3::boolean, CASE WHEN $3::boolean IS NOT NULL THEN $6::timestamptz END,
        CASE WHEN $4::boolean THEN $6::timestamptz END, CASE WHEN $5::boolean THEN $6::timestamptz END)
ON CONFLICT (oa, uid) DO UPDATE SET
    follows = CASE WHEN known.changed_at >= excluded.changed_at THEN known.follows
                   ELSE coalesce(excluded.follows, known.follows) END,
    changed_at = greatest(known.changed_at, excluded.changed_at),
    last_interaction_at = greatest(known.last_interaction_at, excluded.last_interaction_at),
    over_at = greatest(known.over_at, excluded.over_at)
"""  # primary key


async def learn(connection: Connection, said: Saying) -> None:
    """Note what is said. What is older than what is known, or said again, changes nothing."""
    await connection.execute(_LEARN, said.account, said.person, said.follows, said.interacts, said.is_over, said.at)


_LAST_INTERACTIONS = """
SELECT known.* FROM unnest($1::text[], $2::text[]) AS asked(oa, uid) CROSS JOIN LATERAL (
    SELECT oa, uid, last_interaction_at FROM zalo_relation
    WHERE oa = asked.oa AND uid = asked.uid AND follows IS NOT FALSE AND (over_at IS NULL OR over_at < last_interaction_at)
    OFFSET 0
) known
"""  # primary key, which OFFSET 0 keeps to
Relation = tuple[str, str]
"""An account, and a person by the id that the account knows."""


async def last_interactions(connection: Connection, asked: Collection[Relation]) -> dict[Relation, datetime | None]:
    """When these people last turned to the account.

    Nobody is there who never did, of whom Zalo said since that it is over, or who left it.
    """
    rows = await connection.fetch(_LAST_INTERACTIONS, *zip(*set(asked), strict=True))
    return {(row["oa"], row["uid"]): row["last_interaction_at"] for row in rows}
