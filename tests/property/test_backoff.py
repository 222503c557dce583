from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.delivery.backoff import backoff
from notifier.domain.steps import SendPolicy

bases = st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds))
policies = st.builds(
    lambda base, more: SendPolicy(base, base + more, attempts=5, receipt_wait=timedelta(hours=1)),
    bases,
    st.integers(0, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
)
attempts = st.integers(0, 10_000)
randoms = st.floats(0, 1, exclude_max=True)
wishes = st.timedeltas(timedelta(days=-1), timedelta(days=30))


@settings(deadline=None)
@given(policies, attempts, randoms)
def test_our_own_wait_is_never_longer_than_the_cap(policy, attempt, random01):
    assert timedelta() <= backoff(policy, attempt, random01) <= policy.retry_cap


@settings(deadline=None)
@given(policies, st.integers(1, 100), randoms)
def test_our_own_wait_does_not_shrink_from_call_to_call(policy, attempt, random01):
    assert backoff(policy, attempt, random01) <= backoff(policy, attempt + 1, random01)


@settings(deadline=None)
@given(policies, attempts, randoms)
def test_the_jitter_is_full(policy, attempt, random01):
    assert backoff(policy, attempt, 0) == timedelta()
    assert abs(backoff(policy, attempt, 0.5) * 2 - backoff(policy, attempt, 1.0)) <= timedelta(microseconds=2)


@settings(deadline=None)
@given(policies, attempts, randoms, wishes)
def test_a_wish_of_the_provider_is_kept_up_to_twice_the_cap(policy, attempt, random01, wish):
    assert min(wish, policy.retry_cap * 2) <= backoff(policy, attempt, random01, wish) <= policy.retry_cap * 2


@settings(deadline=None)
@given(policies, attempts, randoms, wishes)
def test_a_wish_of_the_provider_never_makes_us_hurry(policy, attempt, random01, wish):
    assert backoff(policy, attempt, random01, wish) >= backoff(policy, attempt, random01)
