"""Suppressions: whom mail is not sent to. Each change writes its audit row, to the event whose mail led to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, DeliveryId, DossierCode, InboxOwner
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience
from notifier.domain.suppressions import Bounce, SuppressionKind
from notifier.store.audit import as_json
from notifier.store.pool import Connection

Key = tuple[SuppressionKind, str]

_AGAINST = """
SELECT s.kind, s.key, s.since, s.code FROM unnest($1::text[], $2::text[]) AS w(kind, key)
JOIN suppression s ON s.kind = w.kind AND s.key = w.key
"""  # primary key


async def against(connection: Connection, keys: Collection[Key]) -> dict[Key, Bounce]:
    """Those of the keys that are suppressed, with since when and why."""
    rows = await connection.fetch(_AGAINST, [kind.value for kind, _ in keys], [key for _, key in keys])
    return {(SuppressionKind(row["kind"]), row["key"]): Bounce(row["since"], row["code"] or "-") for row in rows}


_ADD = """
WITH fresh AS (
    INSERT INTO suppression (kind, key, since, code, delivery_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (kind, key) DO NOTHING RETURNING delivery_id
)
INSERT INTO audit (at, actor, event_id, reason, details)
SELECT $3, $6, d.event_id, $7, $8::text::jsonb FROM fresh JOIN delivery d ON d.id = fresh.delivery_id
RETURNING 1
"""  # primary keys


async def add(
    connection: Connection,
    key: Key,
    delivery_id: DeliveryId,
    reason: Reason,
    *,
    actor: str,
    now: datetime,
    code: str | None = None,
) -> bool:
    """Suppress from now on. False: it was so already, and nothing changes."""
    kind, name = key
    values = (kind.value, name, now, code, delivery_id, actor, reason.code.value, as_json(reason))
    return await connection.fetchval(_ADD, *values) is not None


_LIFT = """
WITH gone AS (
    DELETE FROM suppression WHERE kind = $1 AND key = $2 RETURNING delivery_id
)
INSERT INTO audit (at, actor, event_id, reason, details)
SELECT $3, $4, d.event_id, $5, $6::text::jsonb FROM gone JOIN delivery d ON d.id = gone.delivery_id
RETURNING 1
"""  # primary keys


async def lift(connection: Connection, key: Key, reason: Reason, *, actor: str, now: datetime) -> bool:
    """Send again from now on. False: nothing stood against it."""
    kind, name = key
    values = (kind.value, name, now, actor, reason.code.value, as_json(reason))
    return await connection.fetchval(_LIFT, *values) is not None


@dataclass(frozen=True, slots=True)
class Line:
    """One suppression as operators see it. `email` is the address that the mail went to."""

    kind: SuppressionKind
    key: str
    since: datetime
    code: str | None
    email: str | None
    dossier_code: DossierCode


_LINES = """
SELECT s.kind, s.key, s.since, s.code, r.email, e.dossier_code
FROM suppression s
JOIN delivery d ON d.id = s.delivery_id
JOIN recipient r ON r.id = d.recipient_id
JOIN event e ON e.id = d.event_id
WHERE $1::text IS NULL OR s.kind = $1
ORDER BY s.since DESC LIMIT $2
"""  # suppression_since, primary keys


async def newest(connection: Connection, kind: SuppressionKind | None, limit: int) -> list[Line]:
    rows = await connection.fetch(_LINES, kind.value if kind else None, limit)
    return [
        Line(SuppressionKind(row["kind"]), row["key"], row["since"], row["code"], row["email"], row["dossier_code"])
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a delivery is for."""

    channel: ChannelName
    urgency: Urgency
    audience: Audience
    inbox: InboxOwner
    email: str | None


_ADDRESSEE = """
SELECT d.channel, d.urgency, r.audience, r.inbox_owner, r.email
FROM delivery d JOIN recipient r ON r.id = d.recipient_id WHERE d.id = $1
"""  # primary keys


async def addressee(connection: Connection, delivery_id: DeliveryId) -> Addressee | None:
    row = await connection.fetchrow(_ADDRESSEE, delivery_id)
    if row is None:
        return None
    return Addressee(
        ChannelName(row["channel"]),
        Urgency(row["urgency"]),
        Audience(row["audience"]),
        InboxOwner(row["inbox_owner"]),
        row["email"],
    )
