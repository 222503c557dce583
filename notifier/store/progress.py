"""A view over events and deliveries for a live screen: small, ordered, without names or addresses."""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DeliveryId
from notifier.domain.recipients import Audience
from notifier.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery of one event. `event` counts events in the order they came in."""

    event: int
    type: str
    dossier_code: str
    audience: Audience
    ref: str
    delivery_id: DeliveryId
    channel: str
    state: DeliveryState
    due_at: datetime | None
    reason: str
    details: dict[str, str]


_LINES = """
SELECT dense_rank() OVER (ORDER BY e.id) AS event, e.type, e.dossier_code, r.audience, r.ref,
       d.id AS delivery_id, d.channel, d.state, d.due_at, a.reason, a.details
FROM event e
JOIN delivery d ON d.event_id = e.id
JOIN recipient r ON r.id = d.recipient_id
JOIN LATERAL (SELECT reason, details FROM audit WHERE event_id = e.id AND delivery_id = d.id
              ORDER BY seq DESC LIMIT 1) a ON true
ORDER BY e.id, array_position(ARRAY['citizen', 'handler', 'head', 'director'], r.audience), r.ref, d.id
"""


async def lines(connection: Connection) -> list[Line]:
    """Every delivery there is. For a demo's few; not for a province's millions."""
    return [
        Line(
            **{
                **dict(row),
                "audience": Audience(row["audience"]),
                "state": DeliveryState(row["state"]),
            }
        )
        for row in await connection.fetch(_LINES)
    ]


async def unrouted(connection: Connection) -> int:
    count: int = await connection.fetchval("SELECT count(*) FROM event WHERE due_at IS NOT NULL")
    return count
