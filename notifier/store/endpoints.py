"""Callback endpoints: which sources are told of what, and whether they still want it.

The rows come from the settings; the leading dispatcher writes them. Moves write callbacks for these sources only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.callbacks import CallbackType
from notifier.domain.ids import SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.audit import as_json
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is configured for one source. Without `push` it only pulls."""

    source: SourceName
    types: Sequence[CallbackType]
    push: bool


_UPSERT = """
INSERT INTO callback_endpoint (source, types, push) VALUES ($1, $2, $3)
ON CONFLICT (source) DO UPDATE SET types = excluded.types, push = excluded.push
"""
_SKIP = """
UPDATE callback SET state = 'skipped', due_at = NULL, lease_owner = NULL, lease_until = NULL, finished_at = $1
WHERE due_at IS NOT NULL AND source NOT IN (SELECT source FROM callback_endpoint WHERE push)
"""  # callback_due


async def configure(connection: Connection, endpoints: Sequence[Endpoint], now: datetime) -> None:
    """From now on these sources are told, and no others. What waits for an address that is gone is left to the pull."""
    async with connection.transaction():
        await connection.executemany(_UPSERT, [(e.source, [t.value for t in e.types], e.push) for e in endpoints])
        await connection.execute(
            "DELETE FROM callback_endpoint WHERE source <> ALL ($1::text[])", [e.source for e in endpoints]
        )
        await connection.execute(_SKIP, now)


@dataclass(frozen=True, slots=True)
class EndpointState:
    source: SourceName
    push: bool
    paused_until: datetime | None
    disabled_at: datetime | None
    reason: str | None
    pending: int
    oldest_due: datetime | None
    """When the first of those that wait was, or will be, due."""


_ENDPOINTS = """
SELECT p.source, p.push, p.paused_until, p.disabled_at, p.reason, w.pending, w.oldest_due
FROM callback_endpoint p CROSS JOIN LATERAL (
    SELECT count(*) AS pending, min(due_at) AS oldest_due FROM callback
    WHERE source = p.source AND due_at IS NOT NULL
) w ORDER BY p.source
"""  # callback_due


async def endpoints(connection: Connection) -> list[EndpointState]:
    return [EndpointState(**row) for row in await connection.fetch(_ENDPOINTS)]


_AUDIT = """
INSERT INTO audit (at, actor, reason, details) SELECT $2, $3, $4, $5::text::jsonb FROM changed RETURNING true
"""
_DISABLE = f"""
WITH changed AS (
    UPDATE callback_endpoint SET disabled_at = $2, reason = $6 WHERE source = $1 AND disabled_at IS NULL
    RETURNING source
) {_AUDIT}
"""
_ENABLE = f"""
WITH changed AS (
    UPDATE callback_endpoint SET disabled_at = NULL, reason = NULL, paused_until = NULL
    WHERE source = $1 AND disabled_at IS NOT NULL
    RETURNING source
) {_AUDIT}
"""


async def disable(connection: Connection, source: SourceName, why: str, *, actor: str, now: datetime) -> bool:
    """Post nothing more to this source until `enable`. What there is to tell waits. False if it was so already."""
    reason = Reason(ReasonCode.CALLBACKS_DISABLED, {"source": source, "code": why})
    return bool(
        await connection.fetchval(_DISABLE, source, now, actor, reason.code.value, as_json(reason), why),
    )


async def enable(connection: Connection, source: SourceName, *, actor: str, now: datetime) -> bool:
    """Post to this source again, first what has waited. False if it was not disabled."""
    reason = Reason(ReasonCode.CALLBACKS_ENABLED, {"source": source, "by": actor})
    return bool(await connection.fetchval(_ENABLE, source, now, actor, reason.code.value, as_json(reason)))


async def pause(connection: Connection, source: SourceName, until: datetime) -> None:
    """The receiver named a time before which it wants nothing."""
    await connection.execute(
        "UPDATE callback_endpoint SET paused_until = greatest(paused_until, $2) WHERE source = $1", source, until
    )
