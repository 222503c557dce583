"""Which reminders a dossier asks for, and when: every way that `[timers]` of rules.toml knows."""

from datetime import time, timedelta

import pytest

from notifier.domain.dossiers import FilingChannel, Status
from notifier.domain.errors import YearMissing
from notifier.domain.ids import EventId, EventType, uuid7
from notifier.domain.timers import Clock, TimerRule
from notifier.reminders.calendar import Calendars, add_working_time
from notifier.reminders.docket import Docket
from notifier.reminders.timers import CATCH_UP, asked_for, end_of, running, true_of
from tests.support.calendar import DAYS, SEEDED, USUAL, at, week, worked

NOW = at("2026-11-16 09:00")
CALENDAR = SEEDED.of()
FILED, DUE, STEP_DUE = at("2026-11-20 14:00"), at("2026-12-02 17:00"), at("2026-11-27 11:30")
TYPE = EventType("han.thu")


def docket(status: Status | None = Status.PROCESSING, **values) -> Docket:
    known = {
        "filed_by": FilingChannel.ONLINE,
        "filed_at": FILED,
        "due_at": DUE,
        "step_due_at": STEP_DUE,
        "since": at("2026-11-19 10:20"),
        "supplement_due_at": at("2026-11-30 17:00"),
        "finished_at": at("2026-11-23 15:40"),
    }
    return Docket(EventId(uuid7(NOW)), status=status, **known | values)


def rule(clock: Clock = Clock.DUE, **way) -> TimerRule:
    return TimerRule(TYPE, clock, **way)


def asked(rule: TimerRule, docket: Docket, now=NOW, calendar=CALENDAR) -> list[tuple[int, object, object]]:
    """Number, moment, until when it is true."""
    timers = asked_for(docket, [rule], calendar, now)
    assert {(each.type, each.basis) for each in timers} <= true_of(docket, [rule])
    return [(each.number, each.due_at, each.valid_until) for each in timers]


# Clocks


@pytest.mark.parametrize(
    ("status", "clocks"),
    [
        (None, set()),
        (Status.NEW, {Clock.FILED}),
        (Status.ACCEPTED, {Clock.STEP_DUE, Clock.DUE, Clock.DUE_WITHOUT_LETTER}),
        (Status.PROCESSING, {Clock.STEP_DUE, Clock.DUE, Clock.DUE_WITHOUT_LETTER}),
        (Status.SUPPLEMENT_REQUESTED, {Clock.SUPPLEMENT_DUE}),
        (Status.PAYMENT_REQUESTED, {Clock.UNPAID}),
        (Status.DONE, {Clock.RESULT_WAITS}),
        (Status.REFUSED, set()),
        (Status.WITHDRAWN, set()),
        (Status.STOPPED, set()),
        (Status.RETURNED, set()),
    ],
)
def test_each_status_has_its_clocks(status, clocks):
    assert set(running(docket(status))) == clocks


@pytest.mark.parametrize("filed_by", [FilingChannel.COUNTER, FilingChannel.POST, None])
def test_only_an_online_dossier_waits_to_be_taken_in(filed_by):
    assert running(docket(Status.NEW, filed_by=filed_by)) == {}


def test_a_clock_without_a_date_does_not_run():
    assert set(running(docket(due_at=None))) == {Clock.STEP_DUE}


def test_a_letter_stops_the_clock_of_the_date_it_is_about():
    assert Clock.DUE_WITHOUT_LETTER not in running(docket(apologised_for=DUE))


def test_after_a_letter_the_new_date_has_the_clock_again():
    moved = docket(apologised_for=DUE, due_at=at("2026-12-09 17:00"))
    assert running(moved)[Clock.DUE_WITHOUT_LETTER] == at("2026-12-09 17:00")


# Ways


def test_hours_after_are_working_hours_and_each_is_true_until_the_next():
    answer = rule(Clock.FILED, after_working_hours=(4, 6), limit_working_hours=8)
    assert asked(answer, docket(Status.NEW)) == [
        (1, at("2026-11-23 08:00"), at("2026-11-23 10:00")),
        (2, at("2026-11-23 10:00"), at("2026-11-23 14:00")),
    ]


def test_the_last_of_the_hours_stays_true_without_a_limit():
    assert asked(rule(Clock.FILED, after_working_hours=(8,)), docket(Status.NEW)) == [(1, at("2026-11-23 14:00"), None)]


def test_hours_before_are_working_hours_and_true_until_the_deadline():
    assert asked(rule(Clock.STEP_DUE, before_working_hours=(4,)), docket()) == [(1, at("2026-11-27 07:30"), STEP_DUE)]


def test_no_hours_before_is_the_deadline_itself_and_stays_true():
    assert asked(rule(Clock.STEP_DUE, before_working_hours=(0,)), docket()) == [(1, STEP_DUE, None)]


def test_working_days_before_begin_when_their_day_opens():
    assert asked(rule(before_working_days=(3, 1)), docket()) == [
        (1, at("2026-11-27 07:00"), DUE),
        (2, at("2026-12-01 07:00"), DUE),
    ]


def test_a_holiday_is_no_working_day_before():
    assert asked(rule(before_working_days=(1,)), docket(due_at=at("2026-11-25 17:00"))) == [
        (1, at("2026-11-23 07:00"), at("2026-11-25 17:00"))
    ]


def test_days_before_are_those_of_the_almanac():
    remind = rule(Clock.SUPPLEMENT_DUE, before_days=(2,))
    assert asked(remind, docket(Status.SUPPLEMENT_REQUESTED)) == [(1, at("2026-11-28 08:00"), at("2026-11-30 17:00"))]


def test_days_after_are_those_of_the_almanac_each_true_until_the_next():
    assert asked(rule(Clock.UNPAID, after_days=(2, 5)), docket(Status.PAYMENT_REQUESTED)) == [
        (1, at("2026-11-21 08:00"), at("2026-11-24 08:00")),
        (2, at("2026-11-24 08:00"), None),
    ]


def test_the_hour_of_days_can_be_said():
    evening = rule(Clock.RESULT_WAITS, after_days=(3,), at=time(18, 30))
    assert asked(evening, docket(Status.DONE)) == [(1, at("2026-11-26 18:30"), None)]


def test_daily_is_the_next_working_day_after_the_end():
    assert asked(rule(daily=True, at=time(7, 30)), docket()) == [(1, at("2026-12-03 07:30"), None)]


@pytest.mark.parametrize(
    ("now", "number", "moment"),
    [
        ("2026-12-03 07:30", 1, "2026-12-03 07:30"),
        ("2026-12-03 07:31", 2, "2026-12-04 07:30"),
        ("2026-12-05 12:00", 3, "2026-12-07 07:30"),
    ],
)
def test_daily_counts_the_working_days_that_a_dossier_is_late(now, number, moment):
    assert asked(rule(daily=True, at=time(7, 30)), docket(), at(now)) == [(number, at(moment), None)]


# Deadlines of midnight


def test_a_deadline_of_midnight_is_the_end_of_that_working_day():
    assert end_of(at("2026-11-27 00:00"), CALENDAR) == at("2026-11-27 17:00")


def test_on_a_day_off_a_deadline_of_midnight_is_the_end_of_the_day():
    assert end_of(at("2026-11-28 00:00"), CALENDAR) == at("2026-11-28 23:59")


def test_the_end_of_a_working_day_is_that_of_the_agency():
    saturdays = Calendars((*DAYS, worked("2026-11-28", "H01.14")), (USUAL, week("mon-fri 07:00-11:00", "H01.14")))
    assert end_of(at("2026-11-28 00:00"), saturdays.of("H01.14")) == at("2026-11-28 11:00")


def test_reminders_of_a_bare_date_count_to_its_end():
    bare = docket(step_due_at=at("2026-11-27 00:00"))
    assert asked(rule(Clock.STEP_DUE, before_working_hours=(4, 0)), bare) == [
        (1, at("2026-11-27 11:00"), at("2026-11-27 17:00")),
        (2, at("2026-11-27 17:00"), None),
    ]


# Asked for late


def test_what_would_have_come_before_is_not_asked_for_any_more():
    assert asked(rule(before_working_days=(3, 1)), docket(), at("2026-11-30 09:00")) == [
        (2, at("2026-12-01 07:00"), DUE)
    ]


def test_what_is_overdue_is_asked_for_when_the_dossier_system_has_had_time_to_tell_the_rest():
    now = at("2026-11-27 15:00")
    (timer,) = asked_for(docket(), [rule(Clock.STEP_DUE, before_working_hours=(4, 0))], CALENDAR, now)
    assert (timer.number, timer.due_at, timer.late) == (2, now + CATCH_UP, True)


def test_what_comes_in_time_is_not_late():
    (timer,) = asked_for(docket(), [rule(Clock.STEP_DUE, before_working_hours=(0,))], CALENDAR, STEP_DUE)
    assert not timer.late


def test_a_new_due_date_is_a_new_basis():
    moved = docket(due_at=at("2026-12-09 17:00"))
    assert not true_of(docket(), [rule()]) & true_of(moved, [rule()])


# The calendar


def test_a_year_that_is_not_kept_is_not_guessed():
    with pytest.raises(YearMissing, match="2028"):
        asked_for(docket(due_at=at("2028-02-01 17:00")), [rule(before_working_days=(3,))], CALENDAR, NOW)


def test_each_agency_counts_by_its_own_calendar():
    short = Calendars(DAYS, (USUAL, week("mon-fri 07:00-11:00", "H01.14"))).of("H01.14")
    eight = rule(Clock.FILED, after_working_hours=(8,))
    ((_, province, _),) = asked(eight, docket(Status.NEW))
    ((_, own, _),) = asked(eight, docket(Status.NEW), calendar=short)
    assert province < own == add_working_time(short, FILED, timedelta(hours=8))
