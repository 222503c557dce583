"""The events of one dossier in every order of arrival, with failing calls and passing nights between them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.deliveries import MOVES, SENDABLE, DeliveryState, PlannedDelivery
from notifier.domain.dossiers import Move
from notifier.domain.ids import EventId
from notifier.domain.order import Place, later
from notifier.domain.reasons import Reason
from notifier.domain.recipients import Audience
from notifier.domain.steps import Step
from notifier.routing.overtaking import Course, Told, course, overtaken, overtaker
from notifier.routing.plan import plan
from tests.support.overtaking import TYPES, told
from tests.support.routing_events import a_context, an_event, local, shipped_rules

RULES = shipped_rules()
S = DeliveryState
UNSENT = SENDABLE | {S.STANDBY}


@dataclass
class Message:
    event: Told
    audience: Audience
    plan: PlannedDelivery
    state: DeliveryState
    due_at: datetime | None
    reasons: list[Reason]
    sent_at: datetime | None = None

    def make(self, step: Step) -> None:
        assert step.state in MOVES[self.state]
        self.state, self.due_at = step.state, step.due_at
        self.reasons.append(step.reason)


@dataclass
class Dossier:
    """Routing and sending as the steps do it, without a database."""

    now: datetime = field(default_factory=lambda: local(20, 0))
    events: list[Told] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    routed_at: dict[EventId, datetime] = field(default_factory=dict)

    def arrive(self, event: Told, *, in_hands: bool) -> None:
        """`in_hands`: the messages of the others are just being worked on, so routing cannot stop them."""
        mine = replace(event, place=replace(event.place, received_at=self.now, occurred_at=self.now))
        decided = course(mine, self.events, RULES, self.now)
        self._plan(mine, decided)
        if not in_hands:
            self._stop(mine, decided)
        self.events.append(mine)
        self.routed_at[mine.place.id] = self.now

    def _plan(self, event: Told, decided: Course) -> None:
        for one in plan(an_event(event.type), RULES, a_context(course=decided), self.now).recipients:
            for each in one.deliveries:
                self.messages.append(
                    Message(event, one.recipient.audience, each, each.state, each.due_at, [each.reason])
                )

    def _stop(self, event: Told, decided: Course) -> None:
        for each in self.messages:
            if each.event in decided.overtakes and each.audience is Audience.CITIZEN and each.state in UNSENT:
                each.make(overtaken(each.state, perhaps_sent=False, by=event, now=self.now))

    def work(self, *, works: bool) -> None:
        """Send what is due; where the providers do not work, it is planned again."""
        for each in self.messages:
            if each.state not in SENDABLE or each.due_at is None or each.due_at > self.now:
                continue
            by = overtaker(each.event, self.events, RULES) if each.audience is Audience.CITIZEN else None
            if by:
                each.make(overtaken(each.state, perhaps_sent=False, by=by, now=self.now))
            elif works:
                each.state, each.due_at, each.sent_at = S.DELIVERED, None, self.now
            else:
                each.state, each.due_at = S.PLANNED, self.now + timedelta(minutes=5)

    def finish(self) -> None:
        while waiting := [each.due_at for each in self.messages if each.state in SENDABLE and each.due_at]:
            self.now = max(self.now, min(waiting))
            self.work(works=True)

    def told(self) -> list[Message]:
        sent = [each for each in self.messages if each.audience is Audience.CITIZEN and each.sent_at]
        return sorted(sent, key=lambda each: each.sent_at)


pauses = st.tuples(st.integers(0, 14 * 60), st.booleans(), st.booleans())
"""Minutes until the next event, whether the providers work then, whether what waits is in somebody's hands."""
dossiers = st.lists(st.sampled_from(sorted(TYPES)), min_size=2, unique=True).flatmap(
    lambda statuses: st.tuples(
        st.permutations([told(TYPES[status], seq) for seq, status in enumerate(statuses, start=1)]),
        st.lists(pauses, min_size=len(statuses), max_size=len(statuses)),
    )
)


def played(arrivals: list[Told], times: list[tuple[int, bool, bool]]) -> Dossier:
    dossier = Dossier()
    for event, (minutes, works, in_hands) in zip(arrivals, times, strict=True):
        dossier.arrive(event, in_hands=in_hands)
        dossier.work(works=works)
        dossier.now += timedelta(minutes=minutes)
        dossier.work(works=works)
    dossier.finish()
    return dossier


@settings(deadline=None, max_examples=150)
@given(dossiers)
def test_in_whatever_order_events_come_the_citizen_ends_up_with_the_newest_status(case):
    arrivals, times = case
    dossier = played(arrivals, times)
    newest = max(arrivals, key=lambda event: event.place.seq)
    rest = {each.state for each in dossier.messages if each.event.type == newest.type}
    assert S.SUPERSEDED not in rest
    assert dossier.told()[-1].event.type == newest.type


@settings(deadline=None, max_examples=150)
@given(dossiers)
def test_no_older_status_is_sent_after_a_newer_one_was_planned(case):
    dossier = played(*case)
    for each in dossier.told():
        newer = [event for event in dossier.events if later(event.place, each.event.place)]
        assert all(dossier.routed_at[event.place.id] >= each.sent_at for event in newer)


@settings(deadline=None, max_examples=150)
@given(dossiers)
def test_the_staff_are_told_of_every_step_and_nothing_is_skipped_without_a_reason(case):
    dossier = played(*case)
    for each in dossier.messages:
        assert all(reason.text("vi") and "{" not in reason.text("en") for reason in each.reasons)
        if each.audience is not Audience.CITIZEN:
            assert each.state in {S.DELIVERED, S.STANDBY}


@settings(deadline=None)
@given(
    st.sampled_from([Move.ODD, Move.CORRECTION]),
    st.timedeltas(timedelta(), timedelta(days=2)).map(lambda passed: local(0) + passed),
)
def test_a_strange_status_reaches_no_citizen_within_its_hold_and_the_hours_are_kept(transition, now):
    event = Told(Place(EventId(UUID(int=1)), 1, now, now), TYPES[9], transition)
    decided = course(event, [event], RULES, now)
    for one in plan(an_event(event.type), RULES, a_context(course=decided), now).recipients:
        for each in one.deliveries:
            if one.recipient.audience is Audience.CITIZEN and each.state in SENDABLE:
                assert each.due_at >= now + timedelta(minutes=3)
                assert each.channel == "portal" or 7 <= each.due_at.astimezone(now.tzinfo).hour < 21
            if one.recipient.audience is not Audience.CITIZEN and each.channel == "portal":
                assert each.due_at == now
