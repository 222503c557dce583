"""Attempts and contents: what is about to be said and asked of a provider, committed before the call; then its end."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

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


_BEGIN = """
INSERT INTO attempt (id, delivery_id, number, provider, idempotency_key, worker, started_at)
SELECT id, delivery_id, number, provider, idempotency_key, $6, $7
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[]) AS a(id, delivery_id, number, provider, idempotency_key)
"""
_END = """
UPDATE attempt SET finished_at = $6, outcome = e.outcome, code = e.code, detail = e.detail, reference = e.reference
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS e(id, outcome, code, detail, reference)
WHERE attempt.id = e.id
"""  # primary key


async def begin(connection: Connection, attempts: Sequence[NewAttempt], worker: str, now: datetime) -> None:
    """Write down that providers are about to be called. Must be committed before they are."""
    if attempts:
        rows = [(a.id, a.delivery_id, a.number, a.provider, a.idempotency_key) for a in attempts]
        await connection.execute(_BEGIN, *zip(*rows, strict=True), worker, now)


async def end(connection: Connection, ends: Sequence[tuple[AttemptId, Outcome | NotCalled]], now: datetime) -> None:
    """Write down what the calls came to. The provider's own words are kept, cut at 500 characters."""
    if ends:
        rows = [(id_, *_columns(outcome)) for id_, outcome in sorted(ends, key=lambda end: end[0])]
        await connection.execute(_END, *zip(*rows, strict=True), now)


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


_KEEP = """
INSERT INTO content (delivery_id, kind, template, version, body, created_at)
SELECT delivery_id, kind, template, version, body::jsonb, $6
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS c(delivery_id, kind, template, version, body)
ON CONFLICT (delivery_id) DO UPDATE SET template = excluded.template, version = excluded.version,
    body = excluded.body, created_at = excluded.created_at
"""  # primary key


async def keep_contents(
    connection: Connection, contents: Sequence[tuple[DeliveryId, Content, ContentKind, str, str]], now: datetime
) -> None:
    """Keep what is about to be said, with template and version; a retry says it anew, the newest is kept."""
    if contents:
        rows = [
            (id_, kind.value, template, version, _storable(content))
            for id_, content, kind, template, version in sorted(contents, key=lambda each: each[0])
        ]
        await connection.execute(_KEEP, *zip(*rows, strict=True), now)


def _storable(content: Content) -> str:
    body = {each.name: getattr(content, each.name) for each in fields(content)}
    if isinstance(content, EmailContent):
        body.pop("qr_png")  # drawn from the link in the text
    return json.dumps(body, ensure_ascii=False, default=asdict)
