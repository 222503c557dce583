"""What becomes of a delivery: before a call, after a call, and when its due time comes.

| outcome   | next state                                             | due                     | counts |
| --------- | ------------------------------------------------------ | ----------------------- | ------ |
| Accepted  | delivered, where taking is delivering; else accepted   | receipt wait, or never  | yes    |
| Throttled | planned                                                | backoff; next opening   | no     |
| Transient | planned; failed when the budget is spent               | backoff                 | yes    |
| Permanent | failed                                                 | never                   | yes    |
| Unknown   | planned where the provider drops doubles; else unknown | backoff; receipt wait   | yes    |

A next call that could only come after the deadline is not planned: the delivery expires now, so that a fallback
has the time that is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from notifier.delivery.backoff import backoff
from notifier.domain.deliveries import Delivery, DeliveryState
from notifier.domain.hours import Hours, opening, waits
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled, Transient, Unknown
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import SendPolicy, Step

NIGHT = "night"
"""The code by which an adapter says that the provider refuses because of the hour."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a channel's acceptance means."""

    accepted_is_delivered: bool = False
    proves_delivery: bool = False
    deduplicates: bool = False


def before_attempt(delivery: Delivery, now: datetime, hours: Sequence[Hours] = ()) -> Step | None:
    """Why a planned or held delivery must not be sent at this moment after all; None: send it.

    `hours` are all hours that bind it. A backlog that is worked off at night disturbs nobody either.
    """
    opens = opening(now, hours)
    if now >= delivery.expires_at or opens is None or opens >= delivery.expires_at:
        return Step(DeliveryState.EXPIRED, None, Reason(ReasonCode.DEADLINE_PASSED))
    if opens > now:
        return Step(DeliveryState.HELD, opens, waits(now, hours, opens))
    return None


def after_outcome(
    delivery: Delivery,
    outcome: Outcome,
    policy: SendPolicy,
    traits: Traits,
    now: datetime,
    random01: float,
    hours: Sequence[Hours] = (),
) -> Step:
    """The step after a call to the provider. Later calls are placed within `hours`."""
    attempt = delivery.attempts + 1
    match outcome:
        case Accepted():
            return _accepted(policy, traits, now)
        case Throttled():
            later = _after_throttle(outcome, attempt, policy, now, random01, hours)
            return _again(delivery, later, Reason(ReasonCode.THROTTLED, {"code": outcome.code}), hours, counts=False)
        case Transient():
            if attempt >= policy.attempts:
                spent = Reason(ReasonCode.BUDGET_SPENT, {"attempts": str(attempt)})
                return Step(DeliveryState.FAILED, None, spent, counts_attempt=True)
            later = now + backoff(policy, attempt, random01, outcome.retry_after)
            return _again(delivery, later, Reason(ReasonCode.RETRY, {"code": outcome.code}), hours, counts=True)
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
    hours: Sequence[Hours] = (),
) -> Step | None:
    """The step when a delivery's due time has come and it is in nobody's hands.

    None: there is nothing to decide; a planned or held one is simply sent. For one that is still `sending` this
    means that its worker died during the call.
    """
    match delivery.state:
        case DeliveryState.ACCEPTED | DeliveryState.UNKNOWN:
            return Step(delivery.state, None, Reason(ReasonCode.NO_RECEIPT))
        case DeliveryState.SENDING:
            return _unknown(delivery, Reason(ReasonCode.WORKER_DIED), policy, traits, now, random01, hours)
        case DeliveryState.STANDBY if now >= delivery.expires_at:
            return Step(DeliveryState.EXPIRED, None, Reason(ReasonCode.DEADLINE_PASSED))
        case DeliveryState.PLANNED | DeliveryState.HELD:
            return before_attempt(delivery, now, hours)
        case _:
            return None


def _accepted(policy: SendPolicy, traits: Traits, now: datetime) -> Step:
    if traits.accepted_is_delivered:
        return Step(DeliveryState.DELIVERED, None, Reason(ReasonCode.STORED_IN_INBOX), counts_attempt=True)
    due_at = now + policy.receipt_wait if traits.proves_delivery else None
    return Step(DeliveryState.ACCEPTED, due_at, Reason(ReasonCode.PROVIDER_ACCEPTED), counts_attempt=True)


def _after_throttle(
    outcome: Throttled, attempt: int, policy: SendPolicy, now: datetime, random01: float, hours: Sequence[Hours]
) -> datetime:
    """After a refusal for the hour, the next opening with some spread, so that the morning does not begin with a rush.

    A provider may hold it for night while our `hours` are still open: then they are asked again a cap later.
    """
    if outcome.code != NIGHT:
        return now + backoff(policy, attempt, random01, outcome.retry_after or policy.retry_base)
    later = now + (outcome.retry_after or policy.retry_cap)
    return (opening(later, hours) or later) + policy.retry_cap * random01


def _again(delivery: Delivery, later: datetime, reason: Reason, hours: Sequence[Hours], *, counts: bool) -> Step:
    due_at = opening(later, hours)
    if due_at is None or due_at >= delivery.expires_at:
        return Step(DeliveryState.EXPIRED, None, Reason(ReasonCode.DEADLINE_PASSED), counts_attempt=counts)
    return Step(DeliveryState.PLANNED, due_at, reason, counts_attempt=counts)


def _unknown(
    delivery: Delivery,
    reason: Reason,
    policy: SendPolicy,
    traits: Traits,
    now: datetime,
    random01: float,
    hours: Sequence[Hours],
) -> Step:
    """It may have been taken: sent again only where a double is dropped, and never called failed or expired."""
    attempt = delivery.attempts + 1
    if traits.deduplicates and attempt < policy.attempts:
        code = reason.values.get("code", "worker_died")
        resend = Reason(ReasonCode.RESEND_DEDUPLICATED, {"code": code})
        again = _again(delivery, now + backoff(policy, attempt, random01), resend, hours, counts=True)
        if again.state is DeliveryState.PLANNED:
            return again
    return Step(DeliveryState.UNKNOWN, now + policy.receipt_wait, reason, counts_attempt=True)
