"""Attempts and contents: what is about to be said and asked of a provider, committed before the call; then its end."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from notifier.delivery.decide import NotCalled
from notifier.domain.content import Content, ContentKind, EmailContent
from notifier.domain.ids import AttemptId, DeliveryId, ProviderName
from notifier.domain.outcomes import Accepted, Outcome
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class NewAttempt:
    id: AttemptId
    delivery_id: DeliveryId
    number: int
    provider: ProviderName
    idempotency_key: str


async def begin(connection: Connection, attempts: Sequence[NewAttempt], worker: str, now: datetime) -> None:
    """Write down that providers are about to be called. Must be committed before they are."""
    await connection.executemany(
        "INSERT INTO attempt (id, delivery_id, number, provider, idempotency_key, worker, started_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [(a.id, a.delivery_id, a.number, a.provider, a.idempotency_key, worker, now) for a in attempts],
    )


async def end(connection: Connection, ends: Sequence[tuple[AttemptId, Outcome | NotCalled]], now: datetime) -> None:
    """Write down what the calls came to. The provider's own words are kept, cut at 500 characters."""
    await connection.executemany(
        "UPDATE attempt SET finished_at = $2, outcome = $3, code = $4, detail = $5, reference = $6 WHERE id = $1",
        [(id_, now, *_columns(outcome)) for id_, outcome in ends],
    )


async def not_called(connection: Connection, ids: Collection[DeliveryId], worker: str, now: datetime) -> None:
    """End the attempts of this worker at these deliveries that never became a call."""
    await connection.execute(
        "UPDATE attempt SET finished_at = $3, outcome = 'not_called'"
        " WHERE delivery_id = ANY ($1::uuid[]) AND worker = $2 AND finished_at IS NULL",
        list(ids),
        worker,
        now,
    )  # attempt_delivery_id_number_key


def _columns(outcome: Outcome | NotCalled) -> tuple[str, str | None, str | None, str | None]:
    match outcome:
        case NotCalled():
            return "not_called", None, None, None
        case Accepted():
            return "accepted", None, None, outcome.reference
        case _:
            return type(outcome).__name__.lower(), outcome.code, outcome.reason[:500], None


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
