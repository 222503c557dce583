"""Desks while events are routed one after the other: whose next message goes out later than now, and when."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifier.domain.deliveries import SENDABLE
from notifier.domain.ids import DeliveryId, InboxOwner
from notifier.routing.plan import Plan, windows


@dataclass(slots=True)
class Desks:
    """As they were when they were taken, and as each event leaves them to the next."""

    merged_until: dict[InboxOwner, datetime]
    """Until when each put messages together when its last message was planned."""
    waiting: Mapping[InboxOwner, dict[DeliveryId, datetime]]
    """What lies there and goes out later: at least the next of it that is not taken away."""
    closed: dict[InboxOwner, datetime] = field(default_factory=dict)
    """Whose windows these events have opened, and until when they stay open."""
    _laid: dict[InboxOwner, datetime] = field(default_factory=dict)

    def open_until(self, owners: Iterable[InboxOwner], now: datetime, soon: datetime) -> dict[InboxOwner, datetime]:
        """When what lies there already will go, else the end of the window in which messages are put together; either
        only if it is by `soon`.
        """
        until = {}
        for owner in owners:
            lying = [*self.waiting.get(owner, {}).values(), self._laid.get(owner)]
            window = self.merged_until.get(owner)
            if coming := [each for each in lying if each and now < each <= soon]:
                until[owner] = min(coming)
            elif window and now < window <= soon:
                until[owner] = window
        return until

    def lay(self, plan: Plan, now: datetime, merge: timedelta) -> None:
        """Put there what is planned, and keep together what comes soon after it."""
        for owner, until in windows(plan, merge).items():
            self.merged_until[owner] = self.closed[owner] = max(until, self.merged_until.get(owner, until))
        for each in (each for one in plan.recipients for each in one.deliveries):
            if each.desk and each.state in SENDABLE and each.due_at and each.due_at > now:
                self._laid[each.desk] = min(each.due_at, self._laid.get(each.desk, each.due_at))

    def take(self, deliveries: Collection[DeliveryId]) -> None:
        """Away with what is not going to be sent."""
        for lying in self.waiting.values() if deliveries else ():
            for id_ in deliveries:
                lying.pop(id_, None)
