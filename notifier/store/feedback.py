"""What people thought of our messages, as they told a provider. Their own words are personal data and stay here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from notifier.domain.ids import DeliveryId
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Feedback:
    """`rate` is a number of stars; `note` the person's own words; `labels` what they ticked."""

    rate: int | None
    note: str | None
    labels: Sequence[str]
    submitted_at: datetime


_KEEP = """
WITH kept AS (
    INSERT INTO zalo_feedback (delivery_id, submitted_at, oa, rate, note, labels) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING RETURNING delivery_id
)
INSERT INTO audit (at, actor, event_id, delivery_id, reason, details)
SELECT $7, $8, d.event_id, d.id, $9, $10 FROM kept JOIN delivery d ON d.id = kept.delivery_id
RETURNING true
"""  # primary keys


async def keep(
    connection: Connection, delivery: DeliveryId, oa: str, given: Feedback, *, actor: str, now: datetime
) -> bool:
    """Keep it beside its delivery and tell it in the delivery's story, without the person's words; False for a repeat."""
    reason = Reason(ReasonCode.FEEDBACK, {"rate": "–" if given.rate is None else str(given.rate)})
    return bool(
        await connection.fetchval(
            _KEEP,
            delivery,
            given.submitted_at,
            oa,
            given.rate,
            given.note,
            list(given.labels),
            now,
            actor,
            reason.code.value,
            dict(reason.values),
        )
    )


@dataclass(frozen=True, slots=True)
class Ratings:
    count: int
    mean: Decimal


async def ratings(connection: Connection, oa: str, since: datetime) -> Ratings:
    """How many rated messages of an account since then, and how well."""
    row = await connection.fetchrow(
        "SELECT count(rate) AS count, coalesce(avg(rate), 0) AS mean FROM zalo_feedback"
        " WHERE oa = $1 AND submitted_at >= $2",
        oa,
        since,
    )  # zalo_feedback_oa
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return Ratings(row["count"], row["mean"])
