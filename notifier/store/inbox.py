"""The portal inbox. Each person's messages are numbered without gaps, in the order in which they became visible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.content import InboxContent
from notifier.domain.ids import DeliveryId, DossierCode, InboxOwner, SourceName
from notifier.store.pool import Connection

CHANGED = "inbox_changed"
"""The PostgreSQL notification whose payload is the owner of an inbox that has something new."""


@dataclass(frozen=True, slots=True)
class InboxMessage:
    seq: int
    id: DeliveryId
    title: str
    body: str
    link: str | None
    source: str
    dossier_code: str
    created_at: datetime
    read_at: datetime | None
    archived_at: datetime | None


class Show(StrEnum):
    """Which messages of an inbox. What is archived is out of sight until it is asked for."""

    CURRENT = "current"
    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Messages of one inbox: those named, or with `through` all that are in sight up to that `seq`."""

    ids: tuple[DeliveryId, ...] = ()
    through: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a delivery puts into an inbox."""

    delivery_id: DeliveryId
    owner: InboxOwner
    content: InboxContent


_STORE = """
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
        AS t(delivery_id, owner, title, body, link, place)
), known AS (
    SELECT delivery_id, seq FROM inbox_message WHERE delivery_id = ANY ($1::uuid[])
), fresh AS (
    SELECT t.*, e.source, e.dossier_code, row_number() OVER (PARTITION BY t.owner ORDER BY t.place DESC) AS from_last
    FROM told t CROSS JOIN LATERAL (
        SELECT source, dossier_code FROM event WHERE id = (SELECT event_id FROM delivery WHERE id = t.delivery_id) OFFSET 0
    ) e
    WHERE t.delivery_id NOT IN (SELECT delivery_id FROM known)
), counter AS (
    INSERT INTO inbox (owner, last_seq) SELECT owner, count(*) FROM fresh GROUP BY owner ORDER BY owner
    ON CONFLICT (owner) DO UPDATE SET last_seq = inbox.last_seq + excluded.last_seq
    RETURNING owner, last_seq
), stored AS (
    INSERT INTO inbox_message (owner, seq, delivery_id, source, dossier_code, title, body, link, created_at)
    SELECT f.owner, c.last_seq - f.from_last + 1, f.delivery_id, f.source, f.dossier_code, f.title, f.body, f.link, $6
    FROM fresh f JOIN counter c ON c.owner = f.owner
    RETURNING delivery_id, seq
)
SELECT delivery_id, seq FROM stored UNION ALL SELECT delivery_id, seq FROM known
"""  # inbox_message_delivery_id_key, primary keys, which OFFSET 0 keeps to; the order makes two batches wait instead of dead-locking


async def store(connection: Connection, notices: Sequence[Notice], now: datetime) -> dict[DeliveryId, int]:
    """Store messages in this order, each once per delivery; answers their numbers, the first one's of a repeat."""
    once = {each.delivery_id: each for each in notices}.values()
    columns = zip(
        *((each.delivery_id, each.owner, each.content.title, each.content.body, each.content.link) for each in once),
        strict=True,
    )
    return {row["delivery_id"]: row["seq"] for row in await connection.fetch(_STORE, *columns, now)}


async def tell(connection: Connection, *owners: InboxOwner) -> None:
    """Wake those who watch these inboxes, after `store`: a notification within it would make all of them queue for one lock.

    PostgreSQL holds that lock until the notifying transaction is on disk.
    """
    await connection.execute("SELECT pg_notify($1, owner) FROM unnest($2::text[]) AS owner", CHANGED, set(owners))


_COLUMNS = "seq, delivery_id AS id, title, body, link, source, dossier_code, created_at, read_at, archived_at"
_SHOWN = {
    Show.CURRENT: "archived_at IS NULL",  # inbox_current
    Show.UNREAD: "archived_at IS NULL AND read_at IS NULL",  # inbox_unread
    Show.READ: "archived_at IS NULL AND read_at IS NOT NULL",  # inbox_current
    Show.ARCHIVED: "archived_at IS NOT NULL",  # inbox_archived
    Show.ALL: "true",  # primary key
}
_OF_DOSSIER = "dossier_code = $4 AND ($5::text IS NULL OR source = $5)"  # inbox_dossier


async def page(
    connection: Connection,
    owner: InboxOwner,
    *,
    before: int | None,
    limit: int,
    show: Show = Show.CURRENT,
    dossier: DossierCode | None = None,
    source: SourceName | None = None,
) -> list[InboxMessage]:
    """Newest first. `before` is the `seq` of the last message of the page before; `source` counts with `dossier` only."""
    shown = f"SELECT {_COLUMNS} FROM inbox_message WHERE owner = $1 AND seq < $2 AND {_SHOWN[show]}"
    values = [owner, before if before is not None else 1 << 62, limit]
    if dossier is not None:
        shown, values = f"{shown} AND {_OF_DOSSIER}", [*values, dossier, source]
    rows = await connection.fetch(f"{shown} ORDER BY seq DESC LIMIT $3", *values)
    return [InboxMessage(**row) for row in rows]


_AFTER = f"SELECT {_COLUMNS} FROM inbox_message WHERE owner = $1 AND seq > $2 ORDER BY seq LIMIT $3"  # primary key


async def after(connection: Connection, owner: InboxOwner, seq: int, limit: int) -> list[InboxMessage]:
    """Oldest first: what came after message `seq`."""
    return [InboxMessage(**row) for row in await connection.fetch(_AFTER, owner, seq, limit)]


async def unread(connection: Connection, owner: InboxOwner) -> int:
    """How many are in sight and not read."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM inbox_message WHERE owner = $1 AND read_at IS NULL AND archived_at IS NULL", owner
    )  # inbox_unread
    return count


async def newest_seq(connection: Connection, owner: InboxOwner) -> int:
    seq: int | None = await connection.fetchval("SELECT last_seq FROM inbox WHERE owner = $1", owner)
    return seq or 0


_NAMED = "SELECT owner, seq FROM inbox_message WHERE delivery_id = ANY ($2::uuid[])"  # inbox_message_delivery_id_key
_THROUGH = (
    "SELECT owner, seq FROM inbox_message WHERE owner = $1 AND seq <= $2 AND archived_at IS NULL"  # inbox_current
)


def _of(chosen: Chosen) -> tuple[str, Sequence[DeliveryId] | int]:
    return (_NAMED, chosen.ids) if chosen.through is None else (_THROUGH, chosen.through)


async def mark_read(
    connection: Connection, owner: InboxOwner, chosen: Chosen, now: datetime, most: int
) -> list[DeliveryId]:
    """Mark up to `most` of the chosen messages as read, the oldest first; answers those that were unread until now."""
    which, value = _of(chosen)
    rows = await connection.fetch(
        f"""
        WITH chosen AS MATERIALIZED ({which} AND read_at IS NULL ORDER BY seq LIMIT $4), found AS MATERIALIZED (
            SELECT seq FROM chosen JOIN inbox_message m USING (owner, seq) WHERE owner = $1 AND m.read_at IS NULL
            ORDER BY seq FOR UPDATE OF m
        )
        UPDATE inbox_message m SET read_at = $3 FROM found WHERE m.owner = $1 AND m.seq = found.seq
        RETURNING m.delivery_id
        """,
        owner,
        value,
        now,
        most,
    )
    return [row["delivery_id"] for row in rows]


async def archive(connection: Connection, owner: InboxOwner, chosen: Chosen, at: datetime | None) -> int:
    """Put the chosen messages out of sight, or with None back into it; answers how many moved."""
    which, value = _of(chosen)
    rows = await connection.fetch(
        f"""
        WITH chosen AS MATERIALIZED ({which})
        UPDATE inbox_message m SET archived_at = $3 FROM chosen
        WHERE m.owner = $1 AND (m.owner, m.seq) = (chosen.owner, chosen.seq)
          AND (m.archived_at IS NULL) = ($3::timestamptz IS NOT NULL)
        RETURNING 1
        """,
        owner,
        value,
        at,
    )
    return len(rows)


async def holds(connection: Connection, owner: InboxOwner, delivery_id: DeliveryId) -> bool:
    """Whether there is such a message in this inbox."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM inbox_message WHERE delivery_id = $2 AND owner = $1)", owner, delivery_id
    )  # inbox_message_delivery_id_key
    return found
