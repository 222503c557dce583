"""The messages of a simulation: what waits until when, on whose desk, and what is told at last."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from notifier.domain.deliveries import SENDABLE, PlannedDelivery, Urgency, most_urgent
from notifier.domain.dossiers import Person
from notifier.domain.events import DIGEST, DossierEvent
from notifier.domain.ids import ChannelName, DossierCode, EventType, InboxOwner
from notifier.domain.recipients import Audience, Recipient
from notifier.reminders.digest import most_urgent_first
from notifier.routing.plan import RecipientPlan
from workers.steps.gathering import Bundle

PORTAL = ChannelName("portal")


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person."""

    at: datetime
    audience: Audience
    ref: str
    type: EventType
    of: tuple[DossierEvent, ...]
    """The events that it tells: several in a digest, the most urgent first."""
    channels: tuple[ChannelName, ...]
    """All at once; only the first of them for one who has a fallback."""

    @property
    def dossiers(self) -> tuple[DossierCode, ...]:
        return tuple(dict.fromkeys(each.dossier.code for each in self.of))

    @property
    def number(self) -> int:
        """Of a reminder: for the how manieth time. Else 0."""
        alone = self.of[0].reminder if len(self.of) == 1 else None
        return alone.number if alone else 0


@dataclass(slots=True, eq=False)
class Message:
    """One that was not told yet."""

    type: EventType
    of: tuple[DossierEvent, ...]
    recipient: Recipient
    due_at: datetime
    channels: tuple[ChannelName, ...]
    urgency: Urgency
    is_over: bool = False
    """Told, or not to be told any more."""


@dataclass(slots=True)
class _Desk:
    waiting: list[Message] = field(default_factory=list)
    merged_until: datetime | None = None


Act = Callable[[datetime], None]
PlanDigest = Callable[[Sequence[DossierEvent], Bundle, InboxOwner, datetime], RecipientPlan | None]


class Post:
    """`at` has something done at a moment, `plan_digest` decides how a digest goes, `told` takes each notice."""

    def __init__(
        self, at: Callable[[datetime, Act], None], plan_digest: PlanDigest, told: Callable[[Notice], None]
    ) -> None:
        self._at = at
        self._plan_digest = plan_digest
        self._told = told
        self._desks: dict[InboxOwner, _Desk] = defaultdict(_Desk)

    def open_until(self, owners: Iterable[InboxOwner], now: datetime, soon: datetime) -> Mapping[InboxOwner, datetime]:
        """Whose next message goes out later than now, and when; as `notifier.store.desks.hold` answers it."""
        return dict(self._open(owners, now, soon))

    def _open(
        self, owners: Iterable[InboxOwner], now: datetime, soon: datetime
    ) -> Iterator[tuple[InboxOwner, datetime]]:
        for owner in owners:
            desk = self._desks[owner]
            pending = [each.due_at for each in desk.waiting if not each.is_over and now < each.due_at <= soon]
            if pending:
                yield owner, min(pending)
            elif desk.merged_until and now < desk.merged_until <= soon:
                yield owner, desk.merged_until

    def close_until(self, until: Mapping[InboxOwner, datetime]) -> None:
        """From their next message on, these desks put together what comes until then."""
        for owner, moment in until.items():
            desk = self._desks[owner]
            desk.merged_until = max(desk.merged_until or moment, moment)

    def hand_out(self, type_: EventType, of: Sequence[DossierEvent], one: RecipientPlan) -> list[Message]:
        """Take in what was planned for one person; answers what will be told."""
        together: dict[tuple[datetime, InboxOwner | None, Urgency], list[ChannelName]] = defaultdict(list)
        for each in sorted(filter(_goes, one.deliveries), key=lambda each: each.rank):
            if each.due_at is not None:
                together[each.due_at, each.desk, each.urgency].append(each.channel)
        made = []
        for (due_at, owner, urgency), channels in together.items():
            message = Message(type_, tuple(of), one.recipient, due_at, tuple(channels), urgency)
            made.append(message)
            if owner:
                self._desks[owner].waiting.append(message)
                self._at(due_at, partial(self._clear, owner))
            else:
                self._at(due_at, partial(self._tell, message))
        return made

    def _tell(self, message: Message, now: datetime) -> None:
        if not message.is_over:
            message.is_over = True
            person = message.recipient
            self._told(Notice(now, person.audience, person.ref, message.type, message.of, message.channels))

    def _clear(self, owner: InboxOwner, now: datetime) -> None:
        """What lies on the desk and is due goes out, as one message if it is more than one."""
        desk = self._desks[owner]
        waiting = [each for each in desk.waiting if not each.is_over]
        due = [each for each in waiting if each.due_at <= now]
        desk.waiting = [each for each in waiting if each.due_at > now]
        events = {event.id: event for each in due for event in each.of}
        if len(events) == 1:
            for each in due:
                self._tell(each, now)
        elif events:
            self._tell_together(owner, due, most_urgent_first(list(events.values()), now), now)

    def _tell_together(
        self, owner: InboxOwner, due: Sequence[Message], told: Sequence[DossierEvent], now: datetime
    ) -> None:
        first, contact = due[0].recipient, due[0].recipient.contact
        person = Person(first.name, first.ref, None, contact.phone, contact.email, contact.zalo_uid)
        channels = tuple(dict.fromkeys(channel for each in due for channel in each.channels))
        bundle = Bundle(person, first.audience, channels, most_urgent(each.urgency for each in due))
        planned = self._plan_digest(told, bundle, owner, now)
        if planned is None:
            for each in due:
                self._tell(each, now)
            return
        for each in due:
            each.is_over = True
        self.hand_out(DIGEST, told, planned)


def _goes(delivery: PlannedDelivery) -> bool:
    """Whether anybody but the inbox will have it: what could go only after its deadline never does."""
    in_time = delivery.due_at is not None and delivery.due_at < delivery.expires_at
    return delivery.state in SENDABLE and delivery.channel != PORTAL and in_time
