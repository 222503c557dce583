"""What becomes of a delivery: before a call, after a call, and when its due time comes.

| outcome   | next state                                             | due                     | counts |
| --------- | ------------------------------------------------------ | ----------------------- | ------ |
| Accepted  | delivered, where taking is delivering; else accepted   | receipt wait, or never  | yes    |
| Throttled | planned                                                | backoff, opening, reset | no     |
| Transient | planned; failed when the budget is spent               | backoff                 | yes    |
| Permanent | failed                                                 | never                   | yes    |
| Unknown   | planned where the provider drops doubles; else unknown | backoff; receipt wait   | yes    |
| NotCalled | planned                                                | now                     | no     |

A next call that could only come after the deadline is not planned: the delivery expires now, so that a fallback
has the time that is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import assert_never

from notifier.delivery.backoff import backoff
from notifier.domain.answers import Answer, Arrived, Lost, NoAnswer, NotTaken, UnderWay
from notifier.domain.deliveries import SENDABLE, Delivery, DeliveryState
from notifier.domain.hours import Bound, next_time, opening, waits
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled, Transient, Unknown
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import SendPolicy, Step

NIGHT = "night"
"""The code by which an adapter says that the provider refuses because of the hour."""

ASK_AFTER = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
"""When a provider is asked about a call without an answer: so long after it, then after each question in vain."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a provider's acceptance means, and what it can be asked."""

    accepted_is_delivered: bool = False
    proves_delivery: bool = False
    deduplicates: bool = False
    asked_by_reference: bool = False
    asked_by_key: bool = False
    resets_at: time = time(0)
    """When the provider begins a new day, in Vietnam: what is used up until then may be sent again."""


@dataclass(frozen=True, slots=True)
class NotCalled:
    """The worker held the delivery, and its provider was surely not called."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Its provider is to be asked what became of it."""


def before_attempt(delivery: Delivery, now: datetime, hours: Sequence[Bound] = ()) -> Step | None:
    """Why a planned or held delivery must not be sent at this moment after all; None: send it.

    `hours` are all hours that bind it. A backlog that is worked off at night disturbs nobody either.
    """
    opens = opening(now, hours)
    if now >= delivery.expires_at or opens is None or opens >= delivery.expires_at:
        if may_be_taken(delivery):
            return Step(DeliveryState.UNKNOWN, None, Reason(ReasonCode.NO_RECEIPT))
        return Step(DeliveryState.EXPIRED, None, Reason(ReasonCode.DEADLINE_PASSED))
    if opens > now:
        return Step(DeliveryState.HELD, opens, waits(now, hours, opens))
    return None


def after_outcome(
    delivery: Delivery,
    outcome: Outcome | NotCalled,
    policy: SendPolicy,
    traits: Traits,
    now: datetime,
    random01: float,
    hours: Sequence[Bound] = (),
) -> Step:
    """The step after a call to the provider. Later calls are placed within `hours`."""
    attempt = delivery.attempts + 1
    match outcome:
        case NotCalled():
            return Step(DeliveryState.PLANNED, now, Reason(ReasonCode.NOT_CALLED))
        case Accepted():
            return _accepted(policy, traits, now)
        case Throttled():
            later = _after_throttle(outcome, attempt, policy, traits, now, random01, hours)
            slower = Reason(ReasonCode.THROTTLED, {"code": outcome.code})
            return _again(delivery, later, slower, policy, now, hours, counts=False)
        case Transient():
            if attempt >= policy.attempts:
                spent = Reason(ReasonCode.BUDGET_SPENT, {"attempts": str(attempt)})
                return _given_up(delivery, DeliveryState.FAILED, spent, policy, now, counts=True)
            later = now + backoff(policy, attempt, random01, outcome.retry_after)
            retry = Reason(ReasonCode.RETRY, {"code": outcome.code})
            return _again(delivery, later, retry, policy, now, hours, counts=True)
        case Permanent():
            refused = Reason(ReasonCode.REFUSED, {"code": outcome.code})
            return Step(DeliveryState.FAILED, None, refused, counts_attempt=True)
        case Unknown():
            unknown = Reason(ReasonCode.OUTCOME_UNKNOWN, {"code": outcome.code})
            return _unknown(delivery, unknown, policy, traits, now, random01, hours)
        case _:
            assert_never(outcome)


def after_template_fault(template: str, fact: str | None) -> Step:
    """The step of a delivery whose message cannot be rendered: it stops, its siblings go on."""
    reason = Reason(ReasonCode.TEMPLATE_FAULT, {"template": template, "fact": fact or template})
    return Step(DeliveryState.FAILED, None, reason)


def on_due(
    delivery: Delivery,
    policy: SendPolicy,
    traits: Traits,
    now: datetime,
    random01: float,
    hours: Sequence[Bound] = (),
    *,
    referenced: bool = False,
) -> Step | Ask | None:
    """The step when a delivery's due time has come and it is in nobody's hands.

    None: there is nothing to decide; a planned or held one is simply sent. For one that is still `sending` this
    means that its worker died during the call. `referenced`: the provider's id of the message is known.
    """
    match delivery.state:
        case DeliveryState.ACCEPTED | DeliveryState.UNKNOWN:
            can_ask = traits.asked_by_key or (traits.asked_by_reference and referenced)
            if can_ask and delivery.asks < _questions(delivery.state):
                return Ask()
            return Step(delivery.state, None, Reason(ReasonCode.NO_RECEIPT))
        case DeliveryState.SENDING:
            return _unknown(delivery, Reason(ReasonCode.WORKER_DIED), policy, traits, now, random01, hours)
        case DeliveryState.STANDBY if now >= delivery.expires_at:
            return Step(DeliveryState.EXPIRED, None, Reason(ReasonCode.DEADLINE_PASSED))
        case DeliveryState.PLANNED | DeliveryState.HELD:
            return before_attempt(delivery, now, hours)
        case _:
            return None


def may_be_taken(delivery: Delivery) -> bool:
    """It is to be sent again, because its provider may hold it already and drops doubles."""
    return delivery.state in SENDABLE and delivery.provider is not None


def corrects(guess: DeliveryState, outcome: Outcome | NotCalled | None) -> bool:
    """Whether what a call came to, told by a worker that was taken for dead, is truer than what was made of it.

    As long as no newer call has been made. What was thought unknown is known now; where it was to be sent again, an
    acceptance makes that needless.
    """
    if guess is DeliveryState.UNKNOWN:
        return not isinstance(outcome, Unknown | None)
    return guess is DeliveryState.PLANNED and isinstance(outcome, Accepted)


def after_answer(delivery: Delivery, answer: Answer, policy: SendPolicy, now: datetime) -> Step:
    """The step after its provider was asked what became of a delivery that is accepted or unknown.

    That it was never taken is believed the second time only: a fresh message may not be found at once.
    """
    state, is_accepted = delivery.state, delivery.state is DeliveryState.ACCEPTED
    match answer:
        case Arrived():
            return Step(DeliveryState.DELIVERED, None, Reason(ReasonCode.ASKED_DELIVERED))
        case Lost():
            return Step(DeliveryState.FAILED, None, Reason(ReasonCode.ASKED_FAILED, {"code": answer.code}))
        case UnderWay() if not is_accepted:
            return Step(DeliveryState.ACCEPTED, now + policy.receipt_wait, Reason(ReasonCode.ASKED_ACCEPTED))
        case NotTaken() if not is_accepted and delivery.asks > 0 and now < delivery.expires_at:
            if delivery.attempts >= policy.attempts:
                spent = Reason(ReasonCode.BUDGET_SPENT, {"attempts": str(delivery.attempts)})
                return Step(DeliveryState.FAILED, None, spent)
            return Step(DeliveryState.PLANNED, now, Reason(ReasonCode.ASKED_NOT_TAKEN))
        case UnderWay() | NotTaken() | NoAnswer():
            code = "under_way" if isinstance(answer, UnderWay) else answer.code
            return Step(state, _next_question(delivery, policy, now), Reason(ReasonCode.ASKED_IN_VAIN, {"code": code}))
        case _:
            assert_never(answer)


def _questions(state: DeliveryState) -> int:
    """How often a provider is asked: about a message that it took once, when its receipt is overdue."""
    return 1 if state is DeliveryState.ACCEPTED else len(ASK_AFTER)


def _next_question(delivery: Delivery, policy: SendPolicy, now: datetime) -> datetime | None:
    asked = delivery.asks + 1
    if delivery.state is DeliveryState.ACCEPTED:
        return None
    return now + (ASK_AFTER[asked] if asked < len(ASK_AFTER) else policy.receipt_wait)


def _accepted(policy: SendPolicy, traits: Traits, now: datetime) -> Step:
    if traits.accepted_is_delivered:
        return Step(DeliveryState.DELIVERED, None, Reason(ReasonCode.STORED_IN_INBOX), counts_attempt=True)
    due_at = now + policy.receipt_wait if traits.proves_delivery else None
    return Step(DeliveryState.ACCEPTED, due_at, Reason(ReasonCode.PROVIDER_ACCEPTED), counts_attempt=True)


def _after_throttle(
    outcome: Throttled,
    attempt: int,
    policy: SendPolicy,
    traits: Traits,
    now: datetime,
    random01: float,
    hours: Sequence[Bound],
) -> datetime:
    """After a refusal for the hour or for the day's volume, the next opening with some spread, so that it does not
    begin with a rush.

    A provider may hold it for night while our `hours` are still open: then they are asked again a cap later.
    """
    if outcome.until_reset:
        reset = next_time(now + timedelta(seconds=1), traits.resets_at)
        return (opening(reset, hours) or reset) + policy.retry_cap * random01
    if outcome.code != NIGHT:
        return now + backoff(policy, attempt, random01, outcome.retry_after or policy.retry_base)
    later = now + (outcome.retry_after or policy.retry_cap)
    return (opening(later, hours) or later) + policy.retry_cap * random01


def _again(
    delivery: Delivery,
    later: datetime,
    reason: Reason,
    policy: SendPolicy,
    now: datetime,
    hours: Sequence[Bound],
    *,
    counts: bool,
) -> Step:
    due_at = opening(later, hours)
    if due_at is None or due_at >= delivery.expires_at:
        passed = Reason(ReasonCode.DEADLINE_PASSED)
        return _given_up(delivery, DeliveryState.EXPIRED, passed, policy, now, counts=counts)
    return Step(DeliveryState.PLANNED, due_at, reason, counts_attempt=counts)


def _given_up(
    delivery: Delivery, state: DeliveryState, reason: Reason, policy: SendPolicy, now: datetime, *, counts: bool
) -> Step:
    """No further call. What an earlier call may have handed over is not failed or expired, but unknown."""
    if may_be_taken(delivery):
        return Step(DeliveryState.UNKNOWN, now + policy.receipt_wait, reason, counts_attempt=counts)
    return Step(state, None, reason, counts_attempt=counts)


def _unknown(
    delivery: Delivery,
    reason: Reason,
    policy: SendPolicy,
    traits: Traits,
    now: datetime,
    random01: float,
    hours: Sequence[Bound],
) -> Step:
    """It may have been taken: sent again only where a double is dropped, and never called failed or expired."""
    attempt = delivery.attempts + 1
    if traits.deduplicates and attempt < policy.attempts:
        code = reason.values.get("code", "worker_died")
        resend = Reason(ReasonCode.RESEND_DEDUPLICATED, {"code": code})
        later = now + backoff(policy, attempt, random01)
        again = _again(delivery, later, resend, policy, now, hours, counts=True)
        if again.state is DeliveryState.PLANNED:
            return replace(again, same_provider=True)
    wait = ASK_AFTER[0] if traits.asked_by_key and delivery.asks < len(ASK_AFTER) else policy.receipt_wait
    return Step(DeliveryState.UNKNOWN, now + wait, reason, counts_attempt=True)
