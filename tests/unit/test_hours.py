"""When something may be sent."""

from datetime import time

import pytest

from notifier.domain.hours import Hours, WorkingHours, opening, waits
from notifier.domain.reasons import ReasonCode
from notifier.reminders.calendar import next_opening
from tests.support.calendar import SEEDED, at

DAY = Hours(time(7), time(21), ReasonCode.QUIET_HOURS)
NIGHT = Hours(time(22), time(6), ReasonCode.QUIET_HOURS)
ALL_DAY = Hours(time(0), time(0), ReasonCode.QUIET_HOURS)
ZALO = Hours(time(6, 5), time(21, 55), ReasonCode.CHANNEL_WINDOW)
OFFICE = WorkingHours(lambda moment: next_opening(SEEDED.of(), moment))


@pytest.mark.parametrize(
    ("hours", "moment", "holds"),
    [
        (DAY, "2026-11-23 07:00", True),
        (DAY, "2026-11-23 21:00", False),
        (NIGHT, "2026-11-23 23:00", True),
        (NIGHT, "2026-11-23 05:59", True),
        (NIGHT, "2026-11-23 12:00", False),
        (ALL_DAY, "2026-11-23 00:00", True),
        (OFFICE, "2026-11-23 07:00", True),
        (OFFICE, "2026-11-23 12:00", False),
        (OFFICE, "2026-11-23 17:00", False),
        (OFFICE, "2026-11-24 09:00", False),
    ],
)
def test_hours_hold_from_their_opening_until_before_their_closing(hours, moment, holds):
    assert hours.hold(at(moment)) is holds


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23 09:10", "2026-11-23 09:10"),
        ("2026-11-23 12:00", "2026-11-23 13:30"),
        ("2026-11-23 17:00", "2026-11-25 07:00"),
        ("2027-02-03 17:00", "2027-02-11 07:00"),
    ],
)
def test_an_office_opens_after_lunch_after_the_night_and_after_days_off(moment, opens):
    assert opening(at(moment), (OFFICE, ZALO)) == at(opens)


def test_without_hours_every_moment_is_open():
    assert opening(at("2026-11-23 03:00"), ()) == at("2026-11-23 03:00")


def test_hours_that_never_meet_are_never_open():
    assert opening(at("2026-11-23 12:00"), (DAY, NIGHT)) is None


def test_all_have_to_be_open_at_once():
    late = Hours(time(16), time(23), ReasonCode.QUIET_HOURS)
    assert opening(at("2026-11-23 17:30"), (OFFICE, late)) == at("2026-11-25 16:00")


def test_the_first_that_is_closed_says_why_it_waits():
    until = at("2026-11-25 07:00")
    assert waits(at("2026-11-23 22:30"), (OFFICE, ZALO), until).code is ReasonCode.WORKING_HOURS
    assert waits(at("2026-11-23 22:30"), (ZALO, OFFICE), until).code is ReasonCode.CHANNEL_WINDOW


def test_why_it_waits_names_the_time_in_vietnam():
    assert "07:00 25/11" in waits(at("2026-11-23 17:30"), (OFFICE,), at("2026-11-25 07:00")).text("vi")
