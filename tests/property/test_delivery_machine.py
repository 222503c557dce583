"""The life of one person's deliveries under every order of attempts, outcomes, deaths, receipts, answers and clocks.

The providers of this model know the truth: what they were really given, and how often it went out to the person.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from notifier.delivery.decide import (
    Ask,
    NotCalled,
    Traits,
    after_answer,
    after_outcome,
    before_attempt,
    corrects,
    on_due,
)
from notifier.delivery.fallback import after_settled
from notifier.domain.answers import Arrived, Lost, NoAnswer, NotTaken, UnderWay
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
    "zalo": Traits(proves_delivery=True, asked_by_reference=True),
    "sms": Traits(proves_delivery=True, deduplicates=True),
    "smpp": Traits(proves_delivery=True, asked_by_reference=True, asked_by_key=True),
    "email": Traits(),
}
DAYTIME = (Hours(time(7), time(21), ReasonCode.QUIET_HOURS),)
HOURS = {name: () if name == "portal" else DAYTIME for name in TRAITS}
PROVING = {name for name, traits in TRAITS.items() if traits.proves_delivery}
UNFINISHED = SENDABLE | {S.STANDBY, S.SENDING}
NOT_TAKEN = [
    Throttled("429", "slow"),
    Throttled("429", "slow", timedelta(minutes=1)),
    Throttled("night", "22-06"),
    Transient("503", "busy"),
    Permanent("-118", "no account"),
    NotCalled(),
]
REFUSALS = st.sampled_from([None, None, None, *NOT_TAKEN])
randoms = st.floats(0, 1, exclude_max=True)
ENDINGS = st.none() | st.fixed_dictionaries({"refusal": REFUSALS, "is_heard": st.booleans(), "random01": randoms})
FACTS = st.builds(
    lambda kind, code: ReceiptFact(kind, None, "1", None, code),
    st.sampled_from(ReceiptKind),
    st.sampled_from([None, "5.1.1", "expired"]),
)
names = st.sampled_from(sorted(TRAITS))


@dataclass(frozen=True)
class Call:
    """A call in a worker's hands, who may be taken for dead before it returns."""

    name: str
    number: int
    before: Delivery


class OnePerson(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.deliveries: dict[str, Delivery] = {}
        self.made: Counter[str] = Counter()
        self.calls: list[Call] = []
        self.went_out: Counter[str] = Counter()
        """How often the provider of this channel sent it to the person."""

    @initialize(zalo=st.sampled_from([S.PLANNED, S.SUPPRESSED]), hours=st.integers(1, 72))
    def routed(self, zalo: DeliveryState, hours: int) -> None:
        end = NOW + timedelta(hours=hours)
        sms = S.STANDBY if zalo is S.PLANNED else S.PLANNED
        first = NOW if zalo is S.PLANNED else None
        self.deliveries = {
            "portal": a_delivery(S.PLANNED, channel="portal", expires_at=end),
            "zalo": a_delivery(zalo, due_at=first, expires_at=end),
            "sms": a_delivery(sms, channel="sms", rank=1, expires_at=end, due_at=end if sms is S.STANDBY else NOW),
            "smpp": a_delivery(S.STANDBY, channel="smpp", rank=2, expires_at=end, due_at=end),
            "email": a_delivery(S.STANDBY, channel="email", rank=3, expires_at=end, due_at=end),
        }

    def make(self, name: str, step: Step | None, *, asked: bool = False) -> None:
        """What the guarded statement does with a step."""
        if step is None:
            return
        old = self.deliveries[name]
        assert step.state is old.state or step.state in MOVES[old.state]
        assert step.reason.text()
        held = step.same_provider or (old.provider and old.state in SENDABLE)
        provider = old.provider if step.state is not S.PLANNED or held else None
        self.deliveries[name] = replace(
            old,
            state=step.state,
            due_at=step.due_at,
            attempts=old.attempts + step.counts_attempt,
            asks=old.asks + asked,
            provider=provider,
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
        before = self.deliveries[name]
        stopped = before_attempt(before, self.now, HOURS[name])
        if stopped:
            self.make(name, stopped)
            return False
        assert all(hours.hold(self.now) for hours in HOURS[name])
        assert self.now < before.expires_at
        self.made[name] += 1
        self.calls.append(Call(name, self.made[name], before))
        self.deliveries[name] = replace(before, state=S.SENDING, due_at=self.now, provider=name)
        return True

    def sendable(self) -> list[str]:
        return [name for name, each in self.deliveries.items() if each.state in SENDABLE]

    @precondition(sendable)
    @rule(pick=randoms, ending=ENDINGS)
    def a_worker_begins(self, pick: float, ending) -> None:
        """When its time has come; most calls are answered before anything else happens."""
        name = self.sendable()[int(pick * len(self.sendable()))]
        self.now = max(self.now, self.deliveries[name].due_at)
        if self.begin(name) and ending:
            self.answered(self.calls.pop(), **ending)

    @precondition(lambda self: self.calls)
    @rule(pick=randoms, refusal=REFUSALS, is_heard=st.booleans(), random01=randoms)
    def a_call_returns(self, *, pick: float, refusal, is_heard: bool, random01: float) -> None:
        self.answered(self.calls.pop(int(pick * len(self.calls))), refusal, is_heard=is_heard, random01=random01)

    def answered(self, call: Call, refusal, *, is_heard: bool, random01: float) -> None:
        """The provider refuses, or takes it; an answer may get lost either way."""
        if refusal is None:
            drops_it = TRAITS[call.name].deduplicates and self.went_out[call.name]
            self.went_out[call.name] += not drops_it
        outcome = refusal or Accepted("1")
        if not is_heard and not isinstance(refusal, NotCalled):
            outcome = Unknown("timeout", "no answer")
        self.record(call, outcome, random01)

    def record(self, call: Call, outcome, random01: float) -> None:
        traits, hours, state = TRAITS[call.name], HOURS[call.name], self.deliveries[call.name].state
        is_newest = call.number == self.made[call.name]
        if is_newest and (state is S.SENDING or corrects(state, outcome)):
            step = after_outcome(call.before, outcome, POLICY, traits, self.now, random01, hours)
            if call.before.provider and step.state is S.PLANNED:
                step = replace(step, same_provider=True)
            self.make(call.name, step)
            if state is not S.SENDING:  # the guess has counted the attempt already
                now = self.deliveries[call.name]
                self.deliveries[call.name] = replace(now, attempts=now.attempts - 1)

    @rule(name=names, fact=FACTS)
    def a_receipt_comes(self, name: str, fact: ReceiptFact) -> None:
        before = self.deliveries[name].state
        self.make(name, after_receipt(before, fact))
        assert before is not S.READ or self.deliveries[name].state is S.READ
        assert after_receipt(self.deliveries[name].state, fact) is None

    @rule(minutes=st.sampled_from([1, 20, 300, 1440, -1, -1440]))
    def time_passes_or_the_clock_is_set_back(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: any(self.due(name) for name in self.deliveries))
    @rule(random01=randoms, is_clear=st.booleans())
    def the_sweeper_comes(self, *, random01: float, is_clear: bool) -> None:
        for name in sorted(self.deliveries):
            self.sweep(name, random01, is_clear=is_clear)

    def due(self, name: str) -> datetime | None:
        due_at = self.deliveries[name].due_at
        return due_at if due_at and due_at <= self.now else None

    def sweep(self, name: str, random01: float, *, is_clear: bool = True) -> None:
        if not self.due(name):
            return
        delivery = self.deliveries[name]
        step = on_due(delivery, POLICY, TRAITS[name], self.now, random01, HOURS[name], referenced=True)
        if isinstance(step, Ask):
            self.make(name, after_answer(delivery, self.answer(name, is_clear=is_clear), POLICY, self.now), asked=True)
        else:
            self.make(name, step)

    def answer(self, name: str, *, is_clear: bool):
        """What the provider says when it is asked; a fresh message may not be found the first time."""
        if self.went_out[name]:
            return Arrived("1") if is_clear else NotTaken("-1") if not self.deliveries[name].asks else UnderWay("1")
        if any(call.name == name for call in self.calls):
            return NoAnswer("busy")
        return NotTaken("-1") if is_clear else Lost("4")

    @invariant()
    def nothing_unfinished_is_forgotten(self) -> None:
        for delivery in self.deliveries.values():
            assert delivery.state not in UNFINISHED or delivery.due_at is not None

    @invariant()
    def the_budget_is_kept(self) -> None:
        for delivery in self.deliveries.values():
            assert delivery.attempts <= POLICY.attempts

    @invariant()
    def nobody_hears_twice(self) -> None:
        assert all(times <= 1 for times in self.went_out.values()), self.went_out

    @invariant()
    def nothing_that_went_out_is_called_expired(self) -> None:
        for name, delivery in self.deliveries.items():
            assert not (delivery.state is S.EXPIRED and self.went_out[name])

    def teardown(self) -> None:
        """However it stands now: with only time passing and a provider that answers, everything settles."""
        for _ in range(200):
            waiting = {name: each.due_at for name, each in self.deliveries.items() if each.due_at is not None}
            if not waiting:
                break
            name = min(waiting, key=lambda each: waiting[each])
            self.now = max(self.now, waiting[name])
            if self.deliveries[name].state in SENDABLE:
                if self.begin(name):
                    self.record(self.calls.pop(), Permanent("-118", "no account"), 0)
            else:
                self.sweep(name, 0.5)
        assert not [each for each in self.deliveries.values() if each.due_at is not None or each.state in UNFINISHED]


TestOnePerson = OnePerson.TestCase
TestOnePerson.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
