"""A provider's circuit over any history of calls: it never gets stuck, and never lets a storm through."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.delivery.gate import LONGEST, SLOWEST_PACE, Circuit, ProviderState, Tally, after_calls
from notifier.domain.ids import ChannelName, ProviderName
from tests.support.delivery_values import NOW

tallies = st.builds(
    Tally,
    good=st.integers(0, 50),
    bad=st.integers(0, 50),
    slow_down=st.booleans(),
    wish=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)),
)
histories = st.lists(st.tuples(tallies, st.integers(-3600, 3600), st.floats(0, 1, exclude_max=True)), max_size=40)
FRESH = ProviderState(ProviderName("esms"), ChannelName("sms"), Circuit.CLOSED, NOW)


@given(histories)
def test_whatever_happens_the_circuit_can_be_passed_or_probed_in_the_end(history):
    state, now = FRESH, NOW
    for tally, seconds, random01 in history:
        now += timedelta(seconds=seconds)
        if state.wants_probe(now):
            state = replace(state, circuit=Circuit.HALF_OPEN, until=now + timedelta(seconds=40))
        state, reason = after_calls(state, tally, now, random01)
        assert reason is None or reason.text()
        assert SLOWEST_PACE <= state.pace <= 1
        assert state.passes() or state.wants_probe(now + LONGEST + timedelta(hours=1))


@given(histories, st.floats(0, 1, exclude_max=True))
def test_a_provider_that_only_fails_is_always_left_alone(history, random01):
    state, now = FRESH, NOW
    for tally, seconds, _ in history:
        now += timedelta(seconds=abs(seconds))
        state, _ = after_calls(state, tally, now, random01)
    state, _ = after_calls(state, Tally(bad=10_000), now, random01)
    assert not state.passes()


@given(histories, st.floats(0, 1, exclude_max=True))
def test_one_good_probe_is_enough(history, random01):
    state = replace(FRESH, circuit=Circuit.HALF_OPEN, until=NOW)
    for tally, _, _ in history:
        state = replace(after_calls(state, tally, NOW, random01)[0], circuit=Circuit.HALF_OPEN)
    assert after_calls(state, Tally(good=1), NOW, random01)[0].passes()
