"""What a receiver's answer means and when it is asked again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.callbacks.schedule import (
    JITTER,
    RETRIES,
    RETRY_AFTER_MOST,
    Again,
    Exhausted,
    Gone,
    Taken,
    Verdict,
    after_try,
)

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
tries = st.integers(1, len(RETRIES))
chance = st.floats(0, 1, exclude_max=True)
failures = st.one_of(st.none(), st.integers(100, 199), st.integers(300, 599).filter(lambda status: status != 410))


def verdict(status: int | None, *, number: int = 1, asked: timedelta | None = None, random01: float = 0.5) -> Verdict:
    return after_try(number, status, asked, NOW, random01)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_taken(status: int):
    assert verdict(status) == Taken()


def test_410_stops_everything_even_on_the_last_try():
    assert verdict(410, number=len(RETRIES) + 1) == Gone()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 500, None])
def test_redirects_refusals_and_silence_are_failures_that_are_tried_again(status: int | None):
    assert verdict(status) == Again(NOW + RETRIES[0])


def test_the_first_wait_is_seconds_and_the_last_is_hours():
    waits = [verdict(500, number=number) for number in (1, len(RETRIES))]

    assert waits == [Again(NOW + timedelta(seconds=5)), Again(NOW + timedelta(hours=14))]


@given(failures, chance)
def test_after_the_last_try_it_is_a_dead_letter(status, random01):
    assert verdict(status, number=len(RETRIES) + 1, random01=random01) == Exhausted()


@given(st.lists(chance, min_size=len(RETRIES), max_size=len(RETRIES)))
def test_the_tries_reach_over_more_than_a_day_whatever_the_jitter(chances):
    waits = [verdict(500, number=number, random01=random01) for number, random01 in enumerate(chances, start=1)]

    assert sum((each.due_at - NOW for each in waits), timedelta()) > timedelta(hours=24)


@given(failures, tries, chance)
def test_each_wait_is_within_its_jitter(status, number, random01):
    wait = verdict(status, number=number, random01=random01).due_at - NOW

    assert RETRIES[number - 1] * (1 - JITTER) <= wait <= RETRIES[number - 1] * (1 + JITTER)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_retry_after_is_obeyed_and_pauses_the_whole_receiver(status: int):
    after = verdict(status, asked=timedelta(minutes=7))

    assert (after.pause_all, after.due_at >= NOW + timedelta(minutes=7)) == (True, True)


@pytest.mark.parametrize("status", [500, 404, 301])
def test_retry_after_with_another_status_says_nothing(status: int):
    assert verdict(status, asked=timedelta(minutes=7)) == Again(NOW + RETRIES[0])


@given(st.sampled_from([429, 502, 503, 504]), tries, st.timedeltas(timedelta(), timedelta(days=365)), chance)
def test_retry_after_neither_shortens_our_own_wait_nor_stretches_it_without_end(status, number, asked, random01):
    wait = verdict(status, number=number, asked=asked, random01=random01).due_at - NOW

    assert RETRIES[number - 1] * (1 - JITTER) <= wait
    assert wait <= max(RETRIES[number - 1], RETRY_AFTER_MOST) * (1 + JITTER)
