"""After a delivery has moved: release the next fallback of the same person, or cancel those no longer needed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.delivery.fallback import after_settled
from notifier.domain.deliveries import Delivery, Urgency
from notifier.domain.hours import Bound
from notifier.domain.ids import DeliveryId, RecipientId
from notifier.domain.recipients import Audience
from notifier.store import deliveries
from notifier.store.deliveries import Move
from notifier.store.pool import Connection
from workers.queues import Step
from workers.wiring import App, ChannelSetup


def hours_of(
    app: App, setup: ChannelSetup, audience: Audience, delivery: Delivery, agency: str | None
) -> tuple[Bound, ...]:
    """All hours that bind a delivery on this channel."""
    return app.rules.allowed_hours(
        audience,
        delivery.urgency,
        quiet=setup.capabilities.quiet,
        window=setup.capabilities.window,
        working=app.calendars.working(agency),
    )


@dataclass(slots=True)
class Released:
    """Deliveries that are due now. Ring for them after the commit."""

    lanes: dict[Urgency, list[DeliveryId]] = field(default_factory=lambda: defaultdict(list))

    def ring(self, app: App) -> None:
        for lane, ids in self.lanes.items():
            app.bell.ring(lane, Step.DELIVER, ids)


async def settle_fallbacks(
    app: App,
    connection: Connection,
    recipients: Sequence[RecipientId],
    now: datetime,
    released: Released | None = None,
) -> Released:
    """Within the transaction that moved one of their deliveries; adds to `released` what is due now, and answers it."""
    released = released or Released()
    if not recipients:
        return released
    proving = frozenset(name for name, each in app.providers.items() if each.capabilities.proves_delivery)
    moves: list[Move] = []
    await app.calendars.look(connection)
    for audience, agency, siblings in await deliveries.siblings_with_fallback(connection, recipients):
        by_id = {each.id: each for each in siblings}
        hours = {name: hours_of(app, setup, audience, siblings[0], agency) for name, setup in app.setups.items()}
        for id_, step in after_settled(siblings, proving, hours, now):
            moves.append(Move(id_, by_id[id_].state, step.state, step.due_at, step.reason))
            _note_due(released, by_id[id_], step.due_at, now)
    await deliveries.move(connection, moves, actor=app.name, now=now)
    return released


def _note_due(released: Released, delivery: Delivery, due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and due_at <= now:
        released.lanes[delivery.urgency].append(delivery.id)
