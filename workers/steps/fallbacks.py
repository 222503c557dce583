"""After a delivery has moved: release the next fallback of the same person, or cancel those no longer needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.delivery.fallback import after_settled
from notifier.domain.deliveries import Delivery, Urgency
from notifier.domain.hours import Bound, Rest, with_rest
from notifier.domain.ids import RecipientId
from notifier.domain.recipients import Audience
from notifier.store import deliveries
from notifier.store.deliveries import Move, Work
from notifier.store.due import Kind
from notifier.store.pool import Connection
from workers.queues import CALLBACK_LANE
from workers.wiring import App


def hours_of_work(app: App, work: Work, now: datetime) -> tuple[Bound, ...]:
    """All hours that bind a delivery, those of its person among them; none where its channel is not configured."""
    return _hours(app, work.recipient.audience, work.recipient.rest, work.delivery, work.agency, now)


def _hours(
    app: App, audience: Audience, rest: Rest | None, delivery: Delivery, agency: str | None, now: datetime
) -> tuple[Bound, ...]:
    setup = app.setups.get(delivery.channel)
    if setup is None:
        return ()
    quiet = setup.capabilities.quiet
    allowed = app.rules.allowed_hours(
        audience,
        delivery.urgency,
        quiet=quiet,
        window=setup.capabilities.window,
        working=app.calendars.working(agency),
    )
    return allowed if quiet else with_rest(allowed, rest, now, delivery.expires_at)


@dataclass(slots=True)
class Released:
    """The lanes in which deliveries have become due. Ring for them after the commit."""

    lanes: set[Urgency] = field(default_factory=set)

    def ring(self, app: App) -> None:
        """For them, and for the callbacks that tell of what has moved."""
        app.bell.ring(Kind.DELIVERY, *self.lanes)
        if any(source.callback for source in app.settings.sources.values()):
            app.bell.ring(Kind.CALLBACK, CALLBACK_LANE)


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
    for person in await deliveries.siblings_with_fallback(connection, recipients):
        by_id = {each.id: each for each in person.deliveries}
        hours = {
            each.channel: _hours(app, person.audience, person.rest, each, person.agency, now)
            for each in person.deliveries
        }
        for id_, step in after_settled(person.deliveries, proving, hours, now):
            moves.append(Move(id_, by_id[id_].state, step.state, step.due_at, step.reason))
            _note_due(released, by_id[id_], step.due_at, now)
    await deliveries.move(connection, moves, actor=app.name, now=now)
    return released


def _note_due(released: Released, delivery: Delivery, due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and due_at <= now:
        released.lanes.add(delivery.urgency)
