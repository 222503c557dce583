"""The life of one person's deliveries under every order of attempts, outcomes, deaths, receipts and passing time."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from notifier.delivery.decide import Traits, after_outcome, before_attempt, on_due
from notifier.delivery.fallback import after_settled
from notifier.domain.deliveries import MOVES, SENDABLE, Delivery, DeliveryState
from notifier.domain.hours import Hours
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.reasons import ReasonCode
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.domain.steps import Step
from notifier.receipts.apply import after_receipt
from tests.support.delivery_values import NOW, POLICY, a_delivery

S = DeliveryState
TRAITS = {
    "portal": Traits(accepted_is_delivered=True, deduplicates=True),
    "zalo": Traits(proves_delivery=True),
    "sms": Traits(proves_delivery=True, deduplicates=True),
    "email": Traits(),
}
DAYTIME = (Hours(time(7), time(21), ReasonCode.QUIET_HOURS),)
HOURS = {"portal": (), "zalo": DAYTIME, "sms": DAYTIME, "email": DAYTIME}
PROVING = {name for name, traits in TRAITS.items() if traits.proves_delivery}
LEASE = timedelta(seconds=30)
UNFINISHED = SENDABLE | {S.STANDBY, S.SENDING}
OUTCOMES = st.sampled_from(
    [
        Accepted("1"),
        Throttled("429", "slow"),
        Throttled("429", "slow", timedelta(minutes=1)),
        Throttled("night", "22-06"),
        Transient("503", "busy"),
        Permanent("-118", "no account"),
        Unknown("timeout", "no answer"),
    ]
)
FACTS = st.builds(
    lambda kind, code: ReceiptFact(kind, None, "1", None, code),
    st.sampled_from(ReceiptKind),
    st.sampled_from([None, "5.1.1", "expired"]),
)
names = st.sampled_from(sorted(TRAITS))
randoms = st.floats(0, 1, exclude_max=True)


class OnePerson(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.deliveries: dict[str, Delivery] = {}

    @initialize(zalo=st.sampled_from([S.PLANNED, S.SUPPRESSED]), hours=st.integers(1, 72))
    def routed(self, zalo: DeliveryState, hours: int) -> None:
        end = NOW + timedelta(hours=hours)
        sms = S.STANDBY if zalo is S.PLANNED else S.PLANNED
        first = NOW if zalo is S.PLANNED else None
        self.deliveries = {
            "portal": a_delivery(S.PLANNED, channel="portal", expires_at=end),
            "zalo": a_delivery(zalo, due_at=first, expires_at=end),
            "sms": a_delivery(sms, channel="sms", rank=1, expires_at=end, due_at=end if sms is S.STANDBY else NOW),
            "email": a_delivery(S.STANDBY, channel="email", rank=2, expires_at=end, due_at=end),
        }

    def make(self, name: str, step: Step | None) -> None:
        if step is None:
            return
        old = self.deliveries[name]
        assert step.state is old.state or step.state in MOVES[old.state]
        assert step.reason.text()
        self.deliveries[name] = replace(
            old, state=step.state, due_at=step.due_at, attempts=old.attempts + step.counts_attempt
        )
        self.settle()

    def settle(self) -> None:
        family = list(self.deliveries.values())
        for id_, step in after_settled(family, PROVING, HOURS, self.now):
            (name,) = [name for name, each in self.deliveries.items() if each.id == id_]
            assert step.state in MOVES[self.deliveries[name].state]
            self.deliveries[name] = replace(self.deliveries[name], state=step.state, due_at=step.due_at)
        assert after_settled(list(self.deliveries.values()), PROVING, HOURS, self.now) == []

    def begin(self, name: str) -> bool:
        """Lease a due delivery as a worker does; False if it turned out not to be sent now."""
        stopped = before_attempt(self.deliveries[name], self.now, HOURS[name])
        if stopped:
            self.make(name, stopped)
            return False
        assert all(hours.hold(self.now) for hours in HOURS[name])
        assert self.now < self.deliveries[name].expires_at
        self.deliveries[name] = replace(self.deliveries[name], state=S.SENDING, due_at=self.now + LEASE)
        return True

    @rule(name=names)
    def a_worker_begins(self, name: str) -> None:
        delivery = self.deliveries[name]
        if delivery.state in SENDABLE and delivery.due_at <= self.now:
            self.begin(name)

    @rule(name=names, outcome=OUTCOMES, random01=randoms)
    def the_call_returns(self, name: str, outcome, random01: float) -> None:
        delivery = self.deliveries[name]
        if delivery.state is S.SENDING:
            self.make(name, after_outcome(delivery, outcome, POLICY, TRAITS[name], self.now, random01, HOURS[name]))

    @rule(name=names, fact=FACTS)
    def a_receipt_comes(self, name: str, fact: ReceiptFact) -> None:
        before = self.deliveries[name].state
        self.make(name, after_receipt(before, fact))
        assert before is not S.READ or self.deliveries[name].state is S.READ
        assert after_receipt(self.deliveries[name].state, fact) is None

    @rule(minutes=st.integers(0, 24 * 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: any(self.due(name) for name in self.deliveries))
    @rule(random01=randoms)
    def the_sweeper_comes(self, random01: float) -> None:
        for name in sorted(self.deliveries):
            self.sweep(name, random01)

    def due(self, name: str) -> datetime | None:
        due_at = self.deliveries[name].due_at
        return due_at if due_at and due_at <= self.now else None

    def sweep(self, name: str, random01: float) -> None:
        if self.due(name):
            self.make(name, on_due(self.deliveries[name], POLICY, TRAITS[name], self.now, random01, HOURS[name]))

    @invariant()
    def nothing_unfinished_is_forgotten(self) -> None:
        for delivery in self.deliveries.values():
            assert delivery.state not in UNFINISHED or delivery.due_at is not None

    @invariant()
    def the_budget_is_kept(self) -> None:
        for delivery in self.deliveries.values():
            assert delivery.attempts <= POLICY.attempts

    def teardown(self) -> None:
        """However it stands now: with only time passing and a provider that answers, everything settles."""
        for _ in range(100):
            waiting = {name: each.due_at for name, each in self.deliveries.items() if each.due_at is not None}
            if not waiting:
                break
            name = min(waiting, key=lambda each: waiting[each])
            self.now = max(self.now, waiting[name])
            if self.deliveries[name].state in SENDABLE:
                if self.begin(name):
                    refused = Permanent("-118", "no account")
                    self.make(name, after_outcome(self.deliveries[name], refused, POLICY, TRAITS[name], self.now, 0))
            else:
                self.sweep(name, 0.5)
        assert not [each for each in self.deliveries.values() if each.due_at is not None or each.state in UNFINISHED]


TestOnePerson = OnePerson.TestCase
TestOnePerson.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
