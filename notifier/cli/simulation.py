"""A stretch of events played again under a virtual clock: who would have been told what, and when. Sends nothing.

The decisions are those of the service: the same docket, timers, rules and digests. What providers would have answered
is not known here, so every message counts as reaching its first channel.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from uuid import UUID

from notifier.cli.simulated_post import Act, Message, Notice, Post
from notifier.domain.directory import Directory
from notifier.domain.dossiers import classify
from notifier.domain.errors import YearMissing
from notifier.domain.events import DossierEvent, Reminder
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, InboxOwner, RecipientId, SourceName
from notifier.domain.order import later
from notifier.reminders.docket import Docket, after, fold, in_order, place_of
from notifier.reminders.timers import Timer, asked_for, true_of
from notifier.routing.context import RoutingContext
from notifier.routing.overtaking import Course, Told, course
from notifier.routing.people import desks
from notifier.routing.plan import RecipientPlan, merges_until, plan, windows
from notifier.routing.rules import Rules
from workers.calendars import Shelf
from workers.steps.gathering import Bundle, digest_of, plan_digest

_Dossier = tuple[SourceName, DossierCode]
_Key = tuple[EventType, datetime, int]


@dataclass(slots=True)
class _Case:
    """One dossier."""

    events: list[DossierEvent] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    docket: Docket | None = None
    planned: dict[_Key, Timer] = field(default_factory=dict)
    fired: set[_Key] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    """Of its events and reminders, as far as they were not told yet."""


class Simulation:
    """`context` is what routing knows of channels and identities; `told` takes each message in the order of time."""

    def __init__(
        self,
        rules: Rules,
        shelf: Shelf,
        directory: Directory,
        context: RoutingContext,
        told: Callable[[Notice], None],
    ) -> None:
        self._rules = rules
        self._timer_rules = rules.timer_rules
        self._shelf = shelf
        self._number = count()
        self._context = replace(context, directory=directory, new_recipient_id=lambda: RecipientId(self._new_id()))
        self._post = Post(self._at, self._digest, told)
        self._cases: dict[_Dossier, _Case] = defaultdict(_Case)
        self._moments: list[tuple[datetime, int, Act]] = []
        self.missing_years: set[int] = set()

    def play(self, events: Iterable[DossierEvent], until: datetime) -> None:
        """Take in these events, given in the order they came, and let the time pass until `until`."""
        for event in events:
            now = event.received_at.astimezone(UTC)
            self._pass_to(now)
            self._take(event, now)
        self._pass_to(until)

    def _pass_to(self, moment: datetime) -> None:
        while self._moments and self._moments[0][0] <= moment:
            at, _, act = heapq.heappop(self._moments)
            act(at)

    def _at(self, moment: datetime, act: Act) -> None:
        heapq.heappush(self._moments, (moment.astimezone(UTC), next(self._number), act))

    def _new_id(self) -> UUID:
        return UUID(int=next(self._number))

    # Events of dossier systems

    def _take(self, event: DossierEvent, now: datetime) -> None:
        case = self._cases[event.source, event.dossier.code]
        mine = _told(event, case.docket)
        stands = course(mine, case.told, self._rules, now)
        self._tell(case, event, replace(self._knowing(event, now), course=stands), now)
        _overtake(case, stands)
        case.docket = _after(case, event)
        case.events.append(event)
        case.told.append(mine)
        self._replan(case, case.docket, now)

    def _knowing(self, event: DossierEvent, now: datetime) -> RoutingContext:
        """As the routing step knows it."""
        agency, merge = event.dossier.agency, self._rules.gathering.merge
        working = self._shelf.working(agency)
        digest_at = self._shelf.digests(agency, self._rules.gathering.digest_at)
        context = replace(self._context, working=working, digest_at=digest_at)
        rule = self._rules.rules.get(event.type)
        owners = desks(event, rule, context, now) if rule else set()
        if not owners:
            return context
        soon = merges_until(working, now, merge)
        return replace(context, merged_until=self._post.open_until(owners, now, soon))

    def _tell(self, case: _Case, event: DossierEvent, context: RoutingContext, now: datetime) -> None:
        decided = plan(event, self._rules, context, now)
        self._post.close_until(windows(decided, self._rules.gathering.merge))
        case.messages = [each for each in case.messages if not each.is_over]
        for one in decided.recipients:
            case.messages += self._post.hand_out(event.type, [event], one)

    def _digest(
        self, told: Sequence[DossierEvent], bundle: Bundle, owner: InboxOwner, now: datetime
    ) -> RecipientPlan | None:
        digest = digest_of(EventId(self._new_id()), told, now)
        context = replace(self._context, working=self._shelf.working(digest.dossier.agency))
        return plan_digest(digest, bundle, owner, self._rules, context, now)

    # Timers of ours

    def _replan(self, case: _Case, docket: Docket, now: datetime) -> None:
        true = true_of(docket, self._timer_rules)
        case.planned = {each: timer for each, timer in case.planned.items() if each[:2] in true}
        for message in case.messages:
            if any(each.reminder and (each.type, each.reminder.basis) not in true for each in message.of):
                message.is_over = True
        self._ask(case, docket, now)

    def _ask(self, case: _Case, docket: Docket, now: datetime) -> None:
        calendar = self._shelf.of(docket.agency)
        for rule in self._timer_rules:
            try:
                wanted = asked_for(docket, [rule], calendar, now)
            except YearMissing as fault:
                self.missing_years.add(fault.year)
                continue
            for timer in wanted:
                name = (timer.type, timer.basis, timer.number)
                keeps_its_time = timer.late and name in case.planned
                if name not in case.fired and not keeps_its_time and case.planned.get(name) != timer:
                    case.planned[name] = timer
                    self._at(max(timer.due_at, now), partial(self._fire, case, name, timer))

    def _fire(self, case: _Case, name: _Key, timer: Timer, now: datetime) -> None:
        if case.planned.get(name) != timer or case.docket is None:
            return
        del case.planned[name]
        if timer.valid_until and timer.valid_until <= now:
            return
        case.fired.add(name)
        event = self._reminder(case.events, case.docket, timer, now)
        self._tell(case, event, self._knowing(event, now), now)
        if any(rule.daily for rule in self._timer_rules if rule.type == timer.type):
            self._ask(case, case.docket, now + timedelta(seconds=1))

    def _reminder(self, events: Sequence[DossierEvent], docket: Docket, timer: Timer, now: datetime) -> DossierEvent:
        """As the timer's statement makes it: the dossier of the last event, the officers of the last that named any."""
        by_id = {each.id: each for each in events}
        staff = by_id.get(docket.staff_event) if docket.staff_event else None
        id_ = EventId(self._new_id())
        return replace(
            by_id[docket.last_event],
            id=id_,
            external_id=ExternalId(str(id_)),
            type=timer.type,
            seq=None,
            occurred_at=now,
            received_at=now,
            progress=staff.progress if staff else None,
            reminder=Reminder(timer.basis, timer.number),
        )


def _after(case: _Case, event: DossierEvent) -> Docket:
    """The docket with one more event. One that comes late takes its place among the others."""
    last = next((each for each in case.events if case.docket and each.id == case.docket.last_event), None)
    if last is None or later(place_of(event), place_of(last)):
        return after(case.docket, event)
    docket = fold(in_order([*case.events, event]))
    assert docket is not None  # noqa: S101 - there is one event at least
    return docket


def _overtake(case: _Case, stands: Course) -> None:
    """What the citizen was not told yet of earlier events, they are not told any more."""
    overtaken = {each.place.id for each in stands.overtakes}
    for message in case.messages:
        if not message.is_over and not message.recipient.audience.is_staff and message.of[0].id in overtaken:
            message.is_over = True
            case.told = [
                replace(each, undone=True) if each.place.id == message.of[0].id else each for each in case.told
            ]


def _told(event: DossierEvent, before: Docket | None) -> Told:
    status = event.dossier.status
    previous = event.dossier.previous_status or (before.status if before else None)
    return Told(place_of(event), event.type, classify(previous, status) if status else None)
