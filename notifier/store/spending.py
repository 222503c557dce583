"""What SMS cost: charged before the call, within the month's limit of their agency; given back where none was taken."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from notifier.domain.ids import AttemptId
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Charge:
    """What one attempt would cost, in đồng."""

    attempt: AttemptId
    parts: int
    cost: int


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one agency in one month. An event that names no agency counts under an empty code."""

    agency: str
    messages: int
    parts: int
    cost: int


_CHARGE = """
WITH wanted AS (
    SELECT * FROM unnest($3::uuid[], $4::int[], $5::int[]) AS w(id, parts, cost)
), total AS (
    SELECT count(*) AS messages, sum(parts) AS parts, sum(cost) AS cost FROM wanted
), spent AS (
    INSERT INTO sms_spending AS s (agency, month, messages, parts, cost)
    SELECT $1, $2, messages, parts, cost FROM total WHERE $6::bigint IS NULL OR cost <= $6
    ON CONFLICT (agency, month) DO UPDATE SET
        messages = s.messages + excluded.messages, parts = s.parts + excluded.parts, cost = s.cost + excluded.cost
        WHERE $6::bigint IS NULL OR s.cost + excluded.cost <= $6
    RETURNING 1
), noted AS (
    UPDATE attempt SET parts = w.parts, cost = w.cost FROM wanted w WHERE attempt.id = w.id AND EXISTS (SELECT FROM spent)
)
SELECT EXISTS (SELECT FROM spent)
"""  # sms_spending_pkey, attempt_pkey


async def charge(
    connection: Connection, agency: str, month: date, charges: Sequence[Charge], limit: int | None
) -> bool:
    """Charge all of these to an agency, or none: that is when they would bring its month above the limit."""
    charged: bool = await connection.fetchval(
        _CHARGE,
        agency,
        month,
        [each.attempt for each in charges],
        [each.parts for each in charges],
        [each.cost for each in charges],
        limit,
    )
    return charged


_REFUND = """
WITH freed AS (
    UPDATE attempt a SET cost = NULL
    FROM attempt o JOIN delivery d ON d.id = o.delivery_id JOIN event e ON e.id = d.event_id
    WHERE o.id = ANY ($1::uuid[]) AND a.id = o.id AND o.cost IS NOT NULL AND a.cost IS NOT NULL
    RETURNING coalesce(e.agency, '') AS agency, o.parts, o.cost,
              date_trunc('month', o.started_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS month
), back AS (
    SELECT agency, month, count(*) AS messages, sum(parts) AS parts, sum(cost) AS cost FROM freed GROUP BY agency, month
), held AS (
    SELECT s.agency, s.month FROM sms_spending s JOIN back USING (agency, month) ORDER BY s.agency, s.month FOR UPDATE OF s
)
UPDATE sms_spending s SET messages = s.messages - b.messages, parts = s.parts - b.parts, cost = s.cost - b.cost
FROM back b JOIN held USING (agency, month) WHERE s.agency = b.agency AND s.month = b.month
"""  # primary keys; one who gives back to several agencies locks them in order


async def refund(connection: Connection, attempts: Collection[AttemptId]) -> None:
    """Give back what these were charged. A second time gives nothing back."""
    await connection.execute(_REFUND, list(attempts))


async def of_month(connection: Connection, month: date) -> list[Spent]:
    """What each agency has spent, by its code."""
    rows = await connection.fetch(
        "SELECT agency, messages, parts, cost FROM sms_spending WHERE month = $1 ORDER BY agency", month
    )
    return [Spent(row["agency"], row["messages"], row["parts"], row["cost"]) for row in rows]
