from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.delivery.gate import (
    LONGEST,
    OPEN_BASE,
    OPEN_CAP,
    SLOWEST_PACE,
    WISH_MOST,
    Circuit,
    ProviderState,
    Punctuality,
    Tally,
    after_calls,
    after_receipts,
    by_preference,
    preferred,
    quota_spent,
)
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.reasons import ReasonCode
from tests.support.delivery_values import NOW

MINUTE = timedelta(minutes=1)


def provider(name: str = "esms", circuit: Circuit = Circuit.CLOSED, **more) -> ProviderState:
    return replace(ProviderState(ProviderName(name), ChannelName("sms"), circuit, NOW), **more)


def tally(*outcomes) -> Tally:
    told = Tally()
    for outcome in outcomes:
        told = told.plus(outcome)
    return told


BAD, GOOD = Transient("503", "busy"), Accepted("1")


def after(state: ProviderState, *outcomes, now=NOW, random01=0.0):
    return after_calls(state, tally(*outcomes), now, random01)


MIDNIGHT = NOW + timedelta(hours=7)
SPENT = Throttled("-144", "day", until_reset=True)


def until_midnight(state: ProviderState, *outcomes):
    return after_calls(state, tally(*outcomes), NOW, 0.0, MIDNIGHT)


def test_a_day_that_is_used_up_shuts_the_gate_until_it_is_over():
    state, reason = until_midnight(provider(), GOOD, SPENT)
    assert (state.circuit, state.until, reason.code) == (Circuit.OPEN, MIDNIGHT, ReasonCode.PROVIDER_DAY_SPENT)


def test_the_last_message_of_the_day_shuts_it_too():
    state, _ = until_midnight(provider(), Accepted("1", remaining=3, daily=5), Accepted("2", remaining=0, daily=5))
    assert (state.circuit, state.until) == (Circuit.OPEN, MIDNIGHT)


def test_as_long_as_messages_are_left_the_gate_stays_open():
    told = tally(Accepted("1", remaining=7, daily=9), Accepted("2", remaining=6, daily=9))
    assert (told.remaining, told.daily, until_midnight(provider(), Accepted("1", remaining=1))[1]) == (6, 9, None)


def test_an_answer_that_was_under_way_shuts_an_open_circuit_for_the_day():
    state, _ = until_midnight(provider(circuit=Circuit.OPEN, until=NOW + OPEN_BASE), SPENT)
    assert state.until == MIDNIGHT


def test_what_is_known_already_is_not_told_twice():
    spent, _ = until_midnight(provider(), SPENT)
    assert until_midnight(spent, SPENT) == (spent, None)


def test_who_paused_a_provider_has_the_last_word():
    paused = provider(circuit=Circuit.PAUSED)
    assert until_midnight(paused, SPENT) == (paused, None)


def test_a_limit_of_one_template_or_person_says_nothing_of_the_provider():
    assert tally(Throttled("-147", "own_day", until_reset=True, alone=True)) == Tally()


def test_a_few_faults_open_nothing():
    state, reason = after(provider(), *[BAD] * 4)
    assert (state.circuit, state.bad, reason) == (Circuit.CLOSED, 4, None)


def test_faults_that_are_half_of_the_calls_open_the_circuit():
    state, reason = after(provider(), *[BAD] * 5, *[GOOD] * 5)
    assert (state.circuit, state.until, state.trips) == (Circuit.OPEN, NOW + OPEN_BASE, 1)
    assert reason.text("en") == "esms is left alone until 10:00:02 19/11: 5 of 10 calls failed, the last with 503"


def test_faults_among_many_good_calls_open_nothing():
    assert after(provider(), *[BAD] * 5, *[GOOD] * 6)[0].circuit is Circuit.CLOSED


def test_faults_of_several_reports_add_up():
    state, _ = after(provider(), *[BAD] * 3)
    assert after(state, *[BAD] * 2)[0].circuit is Circuit.OPEN


def test_old_faults_fade():
    state, _ = after(provider(), *[BAD] * 4)
    assert after(state, BAD, now=NOW + MINUTE)[0].circuit is Circuit.CLOSED


@pytest.mark.parametrize("outcome", [Permanent("-118", "no account"), Throttled("night", "22-06")])
def test_a_refusal_of_one_person_and_the_night_say_nothing_against_a_provider(outcome):
    assert after(provider(), *[outcome] * 50)[0].circuit is Circuit.CLOSED


def test_unknown_outcomes_count_against_a_provider():
    assert after(provider(), *[Unknown("timeout", "-")] * 5)[0].circuit is Circuit.OPEN


def test_a_provider_that_names_a_time_is_left_alone_for_it_at_once():
    state, reason = after(provider(), GOOD, Throttled("429", "slow", timedelta(seconds=40)))
    assert (state.circuit, state.until) == (Circuit.OPEN, NOW + timedelta(seconds=40))
    assert reason.code is ReasonCode.PROVIDER_THROTTLED


@pytest.mark.parametrize(
    ("wish", "wait"), [(timedelta(days=30), WISH_MOST), (timedelta(milliseconds=1), timedelta(seconds=1))]
)
def test_an_absurd_wish_is_clamped(wish, wait):
    assert after(provider(), Throttled("429", "slow", wish))[0].until == NOW + wait


def test_being_told_to_slow_down_halves_the_pace_and_good_calls_mend_it_step_by_step():
    state, _ = after(provider(), Throttled("-32", "quota"), *[GOOD] * 20)
    assert state.pace == 0.5
    for _ in range(10):
        state, _ = after(state, *[GOOD] * 5)
    assert state.pace == 1


def test_the_pace_never_stands_still():
    state = provider()
    for _ in range(20):
        state = replace(after(state, Throttled("-32", "quota"), *[GOOD] * 20)[0], circuit=Circuit.CLOSED)
    assert state.pace == SLOWEST_PACE


def test_an_open_circuit_wants_a_probe_when_its_time_has_come():
    state = provider(circuit=Circuit.OPEN, until=NOW)
    assert (state.wants_probe(NOW - MINUTE), state.wants_probe(NOW)) == (False, True)


def test_a_circuit_that_was_opened_before_the_clock_was_set_back_does_not_stay_open_for_days():
    assert provider(circuit=Circuit.OPEN, until=NOW).wants_probe(NOW - LONGEST - MINUTE)


def test_a_paused_provider_is_never_probed():
    state = provider(circuit=Circuit.PAUSED)
    assert not state.wants_probe(NOW + 1000 * MINUTE)
    assert after(state, *[BAD] * 9)[0] == state


def test_a_probe_that_goes_well_closes_the_circuit_and_forgets_the_faults():
    state, reason = after(provider(circuit=Circuit.HALF_OPEN, until=NOW + MINUTE, trips=2, bad=7), GOOD)
    assert (state.circuit, state.until, state.bad, state.trips) == (Circuit.CLOSED, None, 0, 2)
    assert reason.code is ReasonCode.PROVIDER_CLOSED


def test_each_probe_that_fails_doubles_the_wait_up_to_a_cap():
    state, waits = provider(circuit=Circuit.HALF_OPEN, until=NOW, trips=1), []
    for _ in range(8):
        state, _ = after(replace(state, circuit=Circuit.HALF_OPEN), BAD)
        waits.append((state.until - NOW).total_seconds())
    assert waits == [4, 8, 10, 10, 10, 10, 10, OPEN_CAP.total_seconds()]


def test_waits_are_spread_so_that_workers_do_not_come_back_together():
    near, far = (after(provider(), *[BAD] * 5, random01=each)[0].until for each in (0.0, 0.99))
    assert near < far < near + OPEN_BASE / 2


def test_answers_to_calls_that_were_under_way_at_the_opening_change_nothing():
    state = provider(circuit=Circuit.OPEN, until=NOW + MINUTE)
    assert after(state, *[BAD] * 9, GOOD) == (state, None)


def test_openings_are_lived_down_by_health():
    state = provider(trips=2, good=50, counted_from=NOW - MINUTE)
    assert after(state, GOOD)[0].trips == 1


def test_a_spent_quota_waits_for_the_next_day():
    state, reason = quota_spent(provider(), 500, NOW + 60 * MINUTE)
    assert (state.circuit, state.until) == (Circuit.OPEN, NOW + 60 * MINUTE)
    assert "500" in reason.text("vi")


FIRST, SECOND = provider("esms"), provider("vnpt")
SLOW, FINE, IDLE = Punctuality(40, 25), Punctuality(40, 2), Punctuality(0, 0)


def test_a_provider_with_slow_receipts_gives_way_to_one_without():
    ((changed, reason),) = after_receipts([FIRST, SECOND], [SLOW, IDLE], NOW)
    assert changed.name == "esms"
    assert [each.name for each in by_preference([changed, SECOND], NOW)] == ["vnpt", "esms"]
    assert reason.text("en") == (
        "another provider is preferred until 10:15 19/11: 25 of 40 messages by esms lack a receipt in time"
    )


@pytest.mark.parametrize(
    "other",
    [
        provider("vnpt", Circuit.OPEN, until=NOW + MINUTE),
        provider("vnpt", Circuit.PAUSED),
        provider("vnpt", demoted_until=NOW + MINUTE),
    ],
)
def test_a_slow_provider_is_better_than_none(other):
    assert after_receipts([FIRST, other], [SLOW, IDLE], NOW) == []


def test_a_slow_provider_is_better_than_another_slow_one():
    assert after_receipts([FIRST, SECOND], [SLOW, SLOW], NOW) == []


def test_a_few_messages_prove_nothing():
    assert after_receipts([FIRST, SECOND], [Punctuality(19, 19), FINE], NOW) == []


def test_a_demotion_holds_for_its_time_whatever_the_figures_say_and_the_next_is_longer():
    ((demoted, _),) = after_receipts([FIRST, SECOND], [SLOW, FINE], NOW)
    assert after_receipts([demoted, SECOND], [IDLE, FINE], NOW + 14 * MINUTE) == []
    ((restored, reason),) = after_receipts([demoted, SECOND], [IDLE, FINE], NOW + 15 * MINUTE)
    assert (restored.demoted_until, reason.code) == (None, ReasonCode.PROVIDER_RESTORED)
    ((again, _),) = after_receipts([restored, SECOND], [SLOW, FINE], NOW + 30 * MINUTE)
    assert again.demoted_until == NOW + 60 * MINUTE


def test_who_is_preferred_by_an_operator_comes_first_until_then_even_if_it_was_set_back():
    until = NOW + timedelta(hours=4)
    states = [provider("esms"), provider("viettel", demoted_until=NOW + MINUTE)]
    changed = [state for state, _ in preferred(states, ProviderName("viettel"), "lan", "đối soát", until)]
    assert [each.name for each in by_preference(changed, NOW)] == ["viettel", "esms"]
    assert [each.name for each in by_preference(changed, until)] == ["esms", "viettel"]
    assert after_receipts(changed, [Punctuality(0, 0), Punctuality(100, 100)], NOW) == []
