"""Attempts and contents: what is about to be said and asked of a provider, committed before the call; then its end."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from notifier.domain.content import Content, ContentKind, EmailContent
from notifier.domain.ids import AttemptId, DeliveryId
from notifier.domain.outcomes import Accepted, Outcome
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class NewAttempt:
    id: AttemptId
    delivery_id: DeliveryId
    number: int
    idempotency_key: str


async def begin(connection: Connection, attempts: Sequence[NewAttempt], worker: str, now: datetime) -> None:
    """Write down that providers are about to be called. Must be committed before they are."""
    await connection.executemany(
        "INSERT INTO attempt (id, delivery_id, number, idempotency_key, worker, started_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        [(a.id, a.delivery_id, a.number, a.idempotency_key, worker, now) for a in attempts],
    )


async def end(connection: Connection, ends: Sequence[tuple[AttemptId, Outcome]], now: datetime) -> None:
    """Write down what the calls came to. The provider's own words are kept, cut at 500 characters."""
    await connection.executemany(
        "UPDATE attempt SET finished_at = $2, outcome = $3, code = $4, detail = $5, reference = $6 WHERE id = $1",
        [
            (id_, now, "accepted", None, None, outcome.reference)
            if isinstance(outcome, Accepted)
            else (id_, now, type(outcome).__name__.lower(), outcome.code, outcome.reason[:500], None)
            for id_, outcome in ends
        ],
    )


async def keep_contents(
    connection: Connection, contents: Sequence[tuple[DeliveryId, Content, ContentKind, str, str]], now: datetime
) -> None:
    """Keep what is about to be said, with template and version; a retry says it anew, the newest is kept."""
    await connection.executemany(
        "INSERT INTO content (delivery_id, kind, template, version, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (delivery_id) DO UPDATE SET template = excluded.template, version = excluded.version,"
        " body = excluded.body, created_at = excluded.created_at",
        [
            (id_, kind.value, template, version, _storable(content), now)
            for id_, content, kind, template, version in contents
        ],
    )


def _storable(content: Content) -> dict[str, Any]:
    body = asdict(content)
    if isinstance(content, EmailContent):
        body.pop("qr_png")  # drawn from the link in the text
    return body
