from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifier.domain.clock import VIETNAM
from notifier.reminders.calendar import (
    Calendars,
    add_working_time,
    is_working,
    next_opening,
    reading,
    subtract_working_time,
    working_time_between,
)
from tests.support.calendar import DAYS, SEEDED, USUAL, at, week

SATURDAYS = Calendars(DAYS, (USUAL, week("mon-thu 07:30-11:30,13:00-17:00; fri-sat 07:30-11:30", "H01.14")))
calendars = st.sampled_from([SEEDED.of(), SATURDAYS.of("H01.14")])
seconds = st.integers(0, int(timedelta(days=500).total_seconds()))
edges = st.sampled_from([at(f"2026-{day} {hour}") for day in ("01-10", "02-13", "11-23") for hour in (
    "07:00", "07:30", "11:30", "13:00", "13:30", "17:00")])  # fmt: skip
moments = seconds.map(lambda number: at("2025-08-01 00:00") + timedelta(seconds=number)) | edges
durations = st.integers(0, 60 * 8 * 3600).map(lambda number: timedelta(seconds=number))
unhurried = settings(deadline=None)


def in_stretch(calendar, moment):
    """Working time, or a closing."""
    return is_working(calendar, moment) or is_working(calendar, moment - timedelta(microseconds=1))


@unhurried
@given(calendars, moments, durations)
def test_between_the_start_and_the_sum_lies_what_was_added(calendar, start, duration):
    assert working_time_between(calendar, start, add_working_time(calendar, start, duration)) == duration


@unhurried
@given(calendars, moments, durations)
def test_between_the_difference_and_the_end_lies_what_was_subtracted(calendar, end, duration):
    assert working_time_between(calendar, subtract_working_time(calendar, end, duration), end) == duration


@unhurried
@given(calendars, moments, durations)
def test_what_was_added_to_working_time_can_be_taken_off_again(calendar, moment, duration):
    start = next_opening(calendar, moment)
    assert subtract_working_time(calendar, add_working_time(calendar, start, duration), duration) == start


@unhurried
@given(calendars, moments, durations)
def test_what_was_taken_off_can_be_added_again(calendar, moment, duration):
    end = subtract_working_time(calendar, moment, timedelta(seconds=1)) + timedelta(seconds=1)
    assert add_working_time(calendar, subtract_working_time(calendar, end, duration), duration) == end


@unhurried
@given(calendars, moments, durations, durations)
def test_adding_twice_is_adding_the_sum(calendar, start, first, second):
    twice = add_working_time(calendar, add_working_time(calendar, start, first), second)
    assert twice == add_working_time(calendar, start, first + second)


@unhurried
@given(calendars, moments, durations, durations)
def test_subtracting_twice_is_subtracting_the_sum(calendar, end, first, second):
    twice = subtract_working_time(calendar, subtract_working_time(calendar, end, first), second)
    assert twice == subtract_working_time(calendar, end, first + second)


@unhurried
@given(calendars, st.tuples(moments, moments).map(sorted), durations)
def test_a_later_start_never_ends_earlier(calendar, starts, duration):
    ends = [add_working_time(calendar, start, duration) for start in starts]
    assert ends == sorted(ends)


@unhurried
@given(calendars, moments, st.tuples(durations, durations).map(sorted))
def test_more_time_never_ends_earlier(calendar, start, pair):
    ends = [add_working_time(calendar, start, duration) for duration in pair]
    assert ends == sorted(ends)


@unhurried
@given(calendars, moments, durations)
def test_a_sum_and_a_difference_are_never_inside_closed_time(calendar, moment, duration):
    assert in_stretch(calendar, add_working_time(calendar, moment, duration))
    assert in_stretch(calendar, subtract_working_time(calendar, moment, duration))


@unhurried
@given(calendars, moments, moments, moments)
def test_working_time_adds_up_over_any_moment_between(calendar, first, second, third):
    whole = working_time_between(calendar, first, third)
    assert working_time_between(calendar, first, second) + working_time_between(calendar, second, third) == whole


@unhurried
@given(calendars, moments, st.integers(0, 40))
@example(SEEDED.of(), at("2026-02-13 15:00"), 12)
def test_counting_agrees_with_summing_day_by_day(calendar, start, days):
    end = start + timedelta(days=days)
    assert working_time_between(calendar, start, end) == counted_naively(calendar, start, end)


def counted_naively(calendar, start, end):
    """Minute arithmetic on each day's own hours, without the table of stretches."""
    total = timedelta()
    first, last = start.astimezone(VIETNAM).replace(tzinfo=None), end.astimezone(VIETNAM).replace(tzinfo=None)
    for number in range((last.date() - first.date()).days + 1):
        day: date = first.date() + timedelta(days=number)
        for span in reading(calendar, day).hours:
            opens, closes = (first.combine(day, each) for each in (span.opens, span.closes))
            total += max(timedelta(), min(closes, last) - max(opens, first))
    return total
