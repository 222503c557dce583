from dataclasses import replace
from datetime import time, timedelta

import pytest

from notifier.delivery.decide import Traits, after_outcome, after_template_fault, before_attempt, on_due
from notifier.domain.deliveries import DeliveryState
from notifier.domain.hours import Hours
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.reasons import ReasonCode
from tests.support.delivery_values import NOW, POLICY, a_delivery

S = DeliveryState
PORTAL, ZALO, EMAIL, DEDUPLICATING = (
    Traits(accepted_is_delivered=True, deduplicates=True),
    Traits(proves_delivery=True),
    Traits(),
    Traits(proves_delivery=True, deduplicates=True),
)
DAYTIME = Hours(time(7), time(21), ReasonCode.QUIET_HOURS)
ZALO_HOURS = Hours(time(6, 5), time(21, 55), ReasonCode.CHANNEL_WINDOW)
MORNING = NOW.replace(hour=0) + timedelta(days=1)
"""Seven in the morning in Vietnam, the day after."""
LATE = NOW.replace(hour=14, minute=30)
"""Half past nine in the evening."""
TRANSIENT, UNKNOWN, THROTTLED = Transient("503", "busy"), Unknown("timeout", "no answer"), Throttled("429", "slow")


def step(outcome, traits=ZALO, *, delivery=None, now=NOW, random01=0.5, hours=()):
    return after_outcome(delivery or a_delivery(), outcome, POLICY, traits, now, random01, hours)


def test_the_portal_has_delivered_when_it_has_stored():
    taken = step(Accepted("1"), PORTAL)
    assert (taken.state, taken.due_at, taken.reason.code) == (S.DELIVERED, None, ReasonCode.STORED_IN_INBOX)


def test_an_accepted_message_waits_for_its_receipt():
    taken = step(Accepted("1"), ZALO)
    assert (taken.state, taken.due_at) == (S.ACCEPTED, NOW + POLICY.receipt_wait)


def test_where_no_receipt_can_come_accepted_is_the_last_word():
    taken = step(Accepted("1"), EMAIL)
    assert (taken.state, taken.due_at) == (S.ACCEPTED, None)


def test_a_throttled_call_is_made_again_and_does_not_count():
    again = step(Throttled("429", "slow", timedelta(seconds=60)), random01=0)
    assert (again.state, again.due_at, again.counts_attempt) == (S.PLANNED, NOW + timedelta(seconds=60), False)


def test_a_throttled_call_without_a_time_waits_at_least_the_base():
    assert step(THROTTLED, random01=0).due_at == NOW + POLICY.retry_base


def test_a_day_that_is_used_up_is_waited_out_until_the_provider_counts_anew():
    roomy = replace(a_delivery(), expires_at=NOW + timedelta(days=3))
    again = step(Throttled("-144", "day", until_reset=True), delivery=roomy, random01=0)
    assert (again.state, again.due_at, again.counts_attempt) == (S.PLANNED, NOW.replace(hour=17, minute=0), False)


def test_when_the_provider_counts_anew_is_a_setting_and_our_hours_are_kept():
    roomy, day = replace(a_delivery(), expires_at=NOW + timedelta(days=3)), Throttled("-144", "day", until_reset=True)
    noon = step(day, Traits(resets_at=time(12)), delivery=roomy, random01=0).due_at
    assert noon is not None
    assert (noon.hour, step(day, delivery=roomy, random01=0, hours=[DAYTIME]).due_at) == (5, MORNING)


def test_a_day_that_ends_too_late_gives_the_fallback_its_turn_at_once():
    soon = replace(a_delivery(), expires_at=NOW + timedelta(hours=2))
    assert step(Throttled("-144", "day", until_reset=True), delivery=soon).state is S.EXPIRED


def test_a_passing_fault_is_tried_again_after_a_backoff_and_counts():
    again = step(TRANSIENT)
    assert (again.state, again.due_at, again.counts_attempt) == (S.PLANNED, NOW + timedelta(seconds=5), True)


def test_a_passing_fault_fails_when_the_budget_is_spent():
    last = step(TRANSIENT, delivery=a_delivery(attempts=2))
    assert (last.state, last.reason.text("en")) == (S.FAILED, "all 3 attempts are used")


@pytest.mark.parametrize("outcome", [TRANSIENT, THROTTLED])
def test_a_next_call_that_would_come_too_late_expires_now(outcome):
    short = a_delivery(expires_at=NOW + timedelta(seconds=4))
    assert step(outcome, delivery=short).state is S.EXPIRED


def test_a_retry_that_would_fall_into_quiet_hours_waits_for_the_morning():
    again = step(TRANSIENT, now=LATE, hours=(DAYTIME,))
    assert (again.state, again.due_at) == (S.PLANNED, MORNING)


def test_a_refusal_for_the_night_waits_for_the_next_opening_with_some_spread():
    again = step(Throttled("night", "22-06"), now=LATE.replace(hour=16), hours=(ZALO_HOURS,), random01=0.5)
    assert again.due_at == MORNING.replace(minute=5) - timedelta(hours=1) + POLICY.retry_cap / 2


def test_a_refusal_for_the_night_within_our_hours_is_asked_again_after_the_cap():
    assert step(Throttled("night", "22-06"), hours=(ZALO_HOURS,), random01=0).due_at == NOW + POLICY.retry_cap


def test_a_refusal_for_good_fails():
    refused = step(Permanent("-118", "no account"))
    assert (refused.state, refused.due_at, refused.reason.values) == (S.FAILED, None, {"code": "-118"})


def test_an_unknown_outcome_is_never_sent_again_blindly():
    unknown = step(UNKNOWN, ZALO)
    assert (unknown.state, unknown.due_at) == (S.UNKNOWN, NOW + POLICY.receipt_wait)


def test_an_unknown_outcome_is_sent_again_where_doubles_are_dropped():
    again = step(UNKNOWN, DEDUPLICATING)
    assert (again.state, again.reason.code) == (S.PLANNED, ReasonCode.RESEND_DEDUPLICATED)


@pytest.mark.parametrize(
    "delivery", [a_delivery(attempts=2), a_delivery(expires_at=NOW + timedelta(seconds=1))], ids=["budget", "deadline"]
)
def test_an_unknown_outcome_stays_unknown_when_it_cannot_be_sent_again(delivery):
    assert step(UNKNOWN, DEDUPLICATING, delivery=delivery).state is S.UNKNOWN


def test_a_message_that_cannot_be_rendered_fails_and_names_the_fact():
    failed = after_template_fault("hoso.x/vi/citizen.jinja", "han_bo_sung")
    assert (failed.state, failed.reason.values["fact"]) == (S.FAILED, "han_bo_sung")


def test_a_message_in_time_is_sent():
    assert before_attempt(a_delivery(S.PLANNED), NOW, (DAYTIME,)) is None


def test_a_message_past_its_deadline_is_not_sent():
    assert before_attempt(a_delivery(S.PLANNED, expires_at=NOW), NOW).state is S.EXPIRED


def test_a_backlog_that_comes_up_at_night_is_held_until_the_morning():
    held = before_attempt(a_delivery(S.PLANNED), LATE, (DAYTIME,))
    assert (held.state, held.due_at, held.reason.text("en")) == (
        S.HELD,
        MORNING,
        "quiet hours, waits until 07:00 20/11",
    )


def test_a_message_that_cannot_go_before_its_deadline_expires_at_once():
    soon = a_delivery(S.HELD, expires_at=LATE + timedelta(hours=1))
    assert before_attempt(soon, LATE, (DAYTIME,)).state is S.EXPIRED


@pytest.mark.parametrize("state", [S.ACCEPTED, S.UNKNOWN])
def test_a_receipt_that_does_not_come_settles_the_delivery_where_it_is(state):
    settled = on_due(a_delivery(state), POLICY, ZALO, NOW, 0)
    assert (settled.state, settled.due_at, settled.reason.code) == (state, None, ReasonCode.NO_RECEIPT)


def test_a_worker_that_died_during_the_call_leaves_an_unknown_outcome():
    lost = on_due(a_delivery(S.SENDING), POLICY, ZALO, NOW, 0)
    assert (lost.state, lost.reason.code, lost.counts_attempt) == (S.UNKNOWN, ReasonCode.WORKER_DIED, True)


def test_a_worker_that_died_writing_to_the_portal_is_followed_by_another_try():
    assert on_due(a_delivery(S.SENDING), POLICY, PORTAL, NOW, 0).state is S.PLANNED


def test_a_fallback_expires_at_its_deadline():
    assert on_due(a_delivery(S.STANDBY, expires_at=NOW), POLICY, ZALO, NOW, 0).state is S.EXPIRED


def test_a_fallback_before_its_deadline_is_left_alone():
    assert on_due(a_delivery(S.STANDBY), POLICY, ZALO, NOW, 0) is None


@pytest.mark.parametrize("state", [S.DELIVERED, S.READ, S.FAILED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED, S.SUPERSEDED])
def test_a_settled_delivery_is_left_alone(state):
    assert on_due(a_delivery(state), POLICY, ZALO, NOW, 0) is None
