from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import EventId
from notifier.domain.order import Place, gap_before, last_of, later, spans_text
from tests.support.routing_events import local


def a_place(number: int, seq: int | None = None, *, occurred=None, received=None) -> Place:
    came = received or local(9, number)
    return Place(EventId(UUID(int=number)), seq, occurred or came, came)


def test_numbers_decide_whatever_the_times_say():
    assert later(a_place(1, seq=5, occurred=local(8)), a_place(2, seq=4, occurred=local(10)))


def test_without_numbers_the_times_that_are_stated_decide():
    assert later(a_place(1, occurred=local(8, 30)), a_place(2, 7, occurred=local(8, 20)))


def test_an_event_that_states_no_time_is_as_late_as_it_came():
    """A record of status 4 has no date of its own; a result that was ready before it came is no older for that."""
    assert later(a_place(2, occurred=local(8, 59)), a_place(1))


def test_a_date_without_an_hour_is_no_time():
    assert later(a_place(2, occurred=local(0)), a_place(1, occurred=local(8)))


def test_equal_numbers_leave_it_to_the_times():
    assert later(a_place(1, seq=5, occurred=local(8, 30)), a_place(2, seq=5, occurred=local(8, 20)))


places = st.builds(
    lambda number, seq, occurred, received: a_place(
        number,
        seq,
        occurred=local(8) + timedelta(minutes=occurred) if occurred is not None else None,
        received=local(9) + timedelta(minutes=received),
    ),
    st.integers(1, 5),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(0, 3),
    st.integers(0, 2),
)


@given(places, places)
def test_of_two_events_exactly_one_is_the_later(one, other):
    assert later(one, other) != later(other, one) or one.id == other.id


def test_an_event_is_not_later_than_itself():
    assert not later(a_place(1, 1), a_place(1, 1))


def test_the_last_is_the_latest_and_not_the_newest():
    marks = [a_place(1, 1), a_place(2, 3), a_place(3, 2)]
    assert last_of(marks) == marks[1]


def gaps(*seqs: int | None) -> list[str]:
    """What is missing at each of these events, once all have come in this order."""
    all_ = [a_place(number, seq) for number, seq in enumerate(seqs, start=1)]
    return [spans_text(gap_before(each, all_)) for each in all_]


def test_a_missing_number_is_seen_at_the_event_after_it():
    assert gaps(1, 2, 4, 5) == ["", "", "3", ""]


def test_several_missing_numbers_are_written_as_people_do():
    assert gaps(1, 5, 7) == ["", "2–4", "6"]


def test_nothing_is_missing_before_the_first_number_known():
    assert gaps(5, 6) == ["", ""]


def test_what_has_come_meanwhile_is_not_missing():
    assert gaps(1, 6, 4) == ["", "2–3, 5", ""]


def test_an_event_that_comes_late_opens_no_gap():
    assert gaps(1, 4, 3) == ["", "2", ""]


def test_an_event_without_a_number_is_before_and_after_no_gap():
    assert gaps(1, None, 3, None) == ["", "", "2", ""]


def test_a_number_beyond_all_measure_costs_no_time():
    assert gaps(1, 10**18) == ["", f"2–{10**18 - 1}"]
