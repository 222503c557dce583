"""The portal inbox. Each person's messages are numbered without gaps, in the order in which they became visible."""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.content import InboxContent
from notifier.domain.ids import DeliveryId, InboxOwner
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


_STORE = """
WITH known AS (
    SELECT seq FROM inbox_message WHERE delivery_id = $1
), counter AS (
    INSERT INTO inbox (owner, last_seq) SELECT $2, 1 WHERE NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT (owner) DO UPDATE SET last_seq = inbox.last_seq + 1
    RETURNING last_seq
), stored AS (
    INSERT INTO inbox_message (owner, seq, delivery_id, source, dossier_code, title, body, link, created_at)
    SELECT $2, last_seq, d.id, e.source, e.dossier_code, $3, $4, $5, $6
    FROM counter, delivery d JOIN event e ON e.id = d.event_id WHERE d.id = $1
    RETURNING seq
)
SELECT seq FROM stored UNION ALL SELECT seq FROM known
"""


async def store(
    connection: Connection, delivery_id: DeliveryId, owner: InboxOwner, content: InboxContent, now: datetime
) -> int:
    """Store a message once per delivery; answers its number, the first one's when it is a repeat."""
    seq: int = await connection.fetchval(_STORE, delivery_id, owner, content.title, content.body, content.link, now)
    return seq


async def tell(connection: Connection, owner: InboxOwner) -> None:
    """Wake those who watch this inbox, after `store`: a notification within it would make all of them queue for one lock.

    PostgreSQL holds that lock until the notifying transaction is on disk.
    """
    await connection.execute("SELECT pg_notify($1, $2)", CHANGED, owner)


_PAGE = """
SELECT seq, delivery_id AS id, title, body, link, source, dossier_code, created_at, read_at
FROM inbox_message WHERE owner = $1 AND seq < $2 AND (NOT $3 OR read_at IS NULL) ORDER BY seq DESC LIMIT $4
"""  # primary key; inbox_unread when only unread ones are asked for


async def page(
    connection: Connection, owner: InboxOwner, *, before: int | None, unread_only: bool, limit: int
) -> list[InboxMessage]:
    """Newest first. `before` is the `seq` of the last message of the page before."""
    rows = await connection.fetch(_PAGE, owner, before if before is not None else 1 << 62, unread_only, limit)
    return [InboxMessage(**row) for row in rows]


_AFTER = """
SELECT seq, delivery_id AS id, title, body, link, source, dossier_code, created_at, read_at
FROM inbox_message WHERE owner = $1 AND seq > $2 ORDER BY seq LIMIT $3
"""  # primary key


async def after(connection: Connection, owner: InboxOwner, seq: int, limit: int) -> list[InboxMessage]:
    """Oldest first: what came after message `seq`."""
    return [InboxMessage(**row) for row in await connection.fetch(_AFTER, owner, seq, limit)]


async def unread(connection: Connection, owner: InboxOwner) -> int:
    count: int = await connection.fetchval(
        "SELECT count(*) FROM inbox_message WHERE owner = $1 AND read_at IS NULL", owner
    )
    return count


async def newest_seq(connection: Connection, owner: InboxOwner) -> int:
    seq: int | None = await connection.fetchval("SELECT last_seq FROM inbox WHERE owner = $1", owner)
    return seq or 0


_MARK_READ = """
WITH found AS (
    SELECT read_at FROM inbox_message WHERE owner = $1 AND delivery_id = $2
), marked AS (
    UPDATE inbox_message SET read_at = $3 WHERE owner = $1 AND delivery_id = $2 AND read_at IS NULL RETURNING 1
)
SELECT (SELECT count(*) FROM found) AS found, (SELECT count(*) FROM marked) AS marked
"""


async def mark_read(
    connection: Connection, owner: InboxOwner, delivery_id: DeliveryId, now: datetime
) -> tuple[bool, bool]:
    """Whether there is such a message in this inbox, and whether it was unread until now."""
    row = await connection.fetchrow(_MARK_READ, owner, delivery_id, now)
    assert row is not None  # noqa: S101 - the statement always answers one row
    return bool(row["found"]), bool(row["marked"])
