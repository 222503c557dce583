"""The working calendar on days that people know, and on the edges of its years."""

from datetime import UTC, date, datetime, timedelta

import pytest

from notifier.domain.errors import YearMissing
from notifier.reminders.calendar import (
    Calendars,
    add_working_time,
    is_working,
    kept_until,
    next_opening,
    reading,
    subtract_working_time,
    working_time_between,
)
from notifier.reminders.calendar_text import hours_text, read_hours
from tests.support.calendar import DAYS, SEEDED, USUAL, at, off, week, worked

CALENDAR = SEEDED.of()
KNOWN_DAYS = [
    ("2025-01-24", True, "the Friday before Tết 2025"),
    ("2025-01-27", False, "28 Chạp, a day of Tết 2025"),
    ("2025-01-31", False, "the third of Tết 2025"),
    ("2025-02-03", True, "the first Monday after Tết 2025"),
    ("2025-04-07", False, "Giỗ Tổ 2025"),
    ("2025-04-26", True, "worked for 2 May 2025"),
    ("2025-05-02", False, "swapped with 26 April 2025"),
    ("2025-08-29", True, "the Friday before National Day 2025"),
    ("2025-09-01", False, "beside National Day 2025"),
    ("2025-11-24", True, "Culture Day is a holiday from 2026 on"),
    ("2026-01-02", False, "swapped with 10 January 2026"),
    ("2026-01-03", False, "a Saturday"),
    ("2026-01-10", True, "worked for 2 January 2026"),
    ("2026-02-13", True, "the Friday before Tết 2026"),
    ("2026-02-16", False, "29 Chạp, a day of Tết 2026"),
    ("2026-02-20", False, "the fourth of Tết 2026"),
    ("2026-02-23", True, "the first Monday after Tết 2026"),
    ("2026-04-27", False, "made up for Giỗ Tổ on a Sunday"),
    ("2026-04-28", True, "between Giỗ Tổ and 30 April 2026"),
    ("2026-04-30", False, "30 April"),
    ("2026-05-01", False, "1 May"),
    ("2026-05-04", True, "no make-up after 1 May 2026"),
    ("2026-08-22", True, "worked for 31 August 2026"),
    ("2026-08-31", False, "swapped with 22 August 2026"),
    ("2026-09-01", False, "beside National Day 2026"),
    ("2026-09-02", False, "National Day"),
    ("2026-11-23", True, "the day before Culture Day 2026"),
    ("2026-11-24", False, "Culture Day 2026"),
    ("2027-01-01", False, "New Year 2027, a Friday"),
    ("2027-02-03", True, "the Wednesday before Tết 2027"),
    ("2027-02-08", False, "the third of Tết 2027"),
    ("2027-02-11", True, "after Tết 2027"),
    ("2027-04-16", False, "Giỗ Tổ 2027"),
    ("2027-05-03", False, "made up for 1 May on a Saturday"),
    ("2027-09-02", False, "National Day"),
    ("2027-11-24", False, "Culture Day 2027"),
]


@pytest.mark.parametrize(("day", "working", "what"), KNOWN_DAYS, ids=str)
def test_a_known_day_is_worked_or_not(day, working, what):
    assert reading(CALENDAR, date.fromisoformat(day)).working is working


@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_each_seeded_year_gives_the_holidays_of_the_law(year):
    weekdays_off = [day for day in DAYS if day.date.year == year and day.kind == "off" and day.date.weekday() < 5]
    swapped = [day for day in DAYS if day.date.year == year and day.kind == "work"]
    assert len(weekdays_off) - len(swapped) == (11 if year == 2025 else 12)


KNOWN_SUMS = [
    ("2026-11-20 17:00", 8, "2026-11-23 17:00", "Friday evening and 8 hours is Monday evening"),
    ("2026-11-20 15:00", 8, "2026-11-23 15:00", "Friday 15:00 and a day"),
    ("2026-11-20 18:30", 8, "2026-11-23 17:00", "after hours counts from the next opening"),
    ("2026-11-23 07:00", 4.5, "2026-11-23 11:30", "the end of a morning is its closing"),
    ("2026-11-23 11:00", 1, "2026-11-23 14:00", "the lunch break is passed over"),
    ("2026-11-23 12:15", 0, "2026-11-23 13:30", "nothing, from a lunch break, is the next opening"),
    ("2026-11-23 11:30", 0, "2026-11-23 11:30", "nothing, from a closing, stays there"),
    ("2026-11-23 16:00", 8, "2026-11-25 16:00", "over Culture Day"),
    ("2025-12-31 16:00", 2, "2026-01-05 08:00", "over New Year 2026 with its swap"),
    ("2026-01-09 16:00", 2, "2026-01-10 08:00", "into the make-up Saturday of January 2026"),
    ("2026-01-10 16:00", 2, "2026-01-12 08:00", "out of the make-up Saturday of January 2026"),
    ("2026-02-13 16:00", 2, "2026-02-23 08:00", "over Tết 2026"),
    ("2027-02-03 16:00", 2, "2027-02-11 08:00", "over Tết 2027"),
    ("2026-04-29 16:00", 2, "2026-05-04 08:00", "over 30 April and 1 May 2026"),
    ("2026-08-21 16:00", 2, "2026-08-22 08:00", "into the make-up Saturday of August 2026"),
    ("2026-08-28 16:00", 2, "2026-09-03 08:00", "over National Day 2026"),
    ("2025-04-25 16:00", 2, "2025-04-26 08:00", "into the make-up Saturday of April 2025"),
    ("2026-12-31 16:30", 1, "2027-01-04 07:30", "into the next year"),
]


@pytest.mark.parametrize(("start", "hours", "end", "what"), KNOWN_SUMS, ids=str)
def test_a_known_time_is_added(start, hours, end, what):
    assert add_working_time(CALENDAR, at(start), timedelta(hours=hours)) == at(end)


KNOWN_DIFFERENCES = [
    ("2026-11-25 17:00", 8, "2026-11-25 07:00", "a day before an evening is its morning"),
    ("2026-11-25 15:00", 8, "2026-11-23 15:00", "over Culture Day"),
    ("2026-11-23 10:00", 8, "2026-11-20 10:00", "over a weekend"),
    ("2026-11-23 14:30", 1, "2026-11-23 13:30", "the beginning of an afternoon is its opening"),
    ("2026-11-23 00:00", 0, "2026-11-20 17:00", "nothing, from closed time, is the last closing"),
    ("2026-02-23 09:00", 24, "2026-02-11 09:00", "three days before, over Tết 2026"),
    ("2026-01-12 08:00", 8, "2026-01-10 08:00", "into the make-up Saturday of January 2026"),
]


@pytest.mark.parametrize(("end", "hours", "start", "what"), KNOWN_DIFFERENCES, ids=str)
def test_a_known_time_is_subtracted(end, hours, start, what):
    assert subtract_working_time(CALENDAR, at(end), timedelta(hours=hours)) == at(start)


def test_seconds_are_kept():
    assert add_working_time(CALENDAR, at("2026-11-23 11:29:30"), timedelta(seconds=45)) == at("2026-11-23 13:30:15")


def test_an_opening_is_working_time_and_a_closing_is_not():
    assert (is_working(CALENDAR, at("2026-11-23 07:00")), is_working(CALENDAR, at("2026-11-23 11:30"))) == (True, False)


def test_the_next_opening_of_working_time_is_that_time_itself():
    assert next_opening(CALENDAR, at("2026-11-23 10:07")) == at("2026-11-23 10:07")


def test_a_closing_waits_for_the_next_opening():
    assert next_opening(CALENDAR, at("2026-11-23 17:00")) == at("2026-11-25 07:00")


def test_the_answer_is_in_the_zone_that_was_asked_in():
    answer = add_working_time(CALENDAR, datetime(2026, 11, 20, 10, tzinfo=UTC), timedelta(hours=1))
    assert (answer, answer.tzinfo) == (datetime(2026, 11, 23, 1, tzinfo=UTC), UTC)


def test_the_day_is_that_of_vietnam_not_of_the_zone_asked_in():
    assert is_working(CALENDAR, datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) is False
    assert is_working(CALENDAR, datetime(2026, 11, 23, 0, 30, tzinfo=UTC)) is True


def test_working_time_backwards_is_negative():
    assert working_time_between(CALENDAR, at("2026-11-23 10:00"), at("2026-11-20 16:00")) == -timedelta(hours=4)


@pytest.mark.parametrize(
    ("ask", "year"),
    [
        (lambda: is_working(CALENDAR, at("2028-01-03 09:00")), 2028),
        (lambda: reading(CALENDAR, date(2024, 12, 31)), 2024),
        (lambda: next_opening(CALENDAR, at("2027-12-31 17:00")), 2028),
        (lambda: add_working_time(CALENDAR, at("2027-12-31 16:00"), timedelta(hours=1, seconds=1)), 2028),
        (lambda: subtract_working_time(CALENDAR, at("2025-01-02 08:00"), timedelta(hours=2)), 2024),
        (lambda: subtract_working_time(CALENDAR, at("2025-01-01 08:00"), timedelta()), 2024),
        (lambda: working_time_between(CALENDAR, at("2024-12-31 08:00"), at("2025-01-02 08:00")), 2024),
    ],
)
def test_a_year_that_is_not_kept_is_named(ask, year):
    with pytest.raises(YearMissing) as caught:
        ask()
    assert caught.value.year == year


def test_the_last_closing_of_the_last_year_can_be_reached():
    assert add_working_time(CALENDAR, at("2027-12-31 16:00"), timedelta(hours=1)) == at("2027-12-31 17:00")


def test_a_year_between_two_others_is_not_passed_over():
    holed = Calendars(tuple(day for day in DAYS if day.date.year != 2026), (USUAL,)).of()
    with pytest.raises(YearMissing) as caught:
        add_working_time(holed, at("2025-12-31 16:00"), timedelta(hours=2))
    assert caught.value.year == 2026


def test_a_year_with_some_of_its_holidays_is_not_kept():
    half = Calendars((*DAYS, off("2028-01-03"), off("2028-01-25")), (USUAL,))
    assert half.years() == {2025, 2026, 2027}


def test_days_of_one_agency_do_not_make_a_year():
    own = tuple(off(f"2028-01-{day:02}", "H01.14") for day in range(3, 29))
    assert 2028 not in Calendars((*DAYS, *own), (USUAL,)).years()


def test_the_calendar_reaches_to_the_end_of_the_last_year_in_a_row():
    assert kept_until(frozenset({2025, 2026, 2028}), date(2025, 6, 1)) == date(2026, 12, 31)
    assert kept_until(frozenset({2025}), date(2026, 1, 1)) is None


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="aware"):
        is_working(CALENDAR, datetime(2026, 11, 23, 9))  # noqa: DTZ001


@pytest.mark.parametrize("count", [add_working_time, subtract_working_time])
def test_a_negative_duration_is_refused(count):
    with pytest.raises(ValueError, match="not negative"):
        count(CALENDAR, at("2026-11-23 09:00"), -timedelta(seconds=1))


# Agencies


def hours_on(calendars, agency, day):
    return hours_text(reading(calendars.of(agency), date.fromisoformat(day)).hours)


def test_an_agency_without_rows_shares_the_calendar_of_the_province():
    assert SEEDED.of("H01.14") is CALENDAR


def test_an_agency_has_its_own_hours_and_the_holidays_of_the_province():
    own = Calendars(DAYS, (USUAL, week("mon-fri 07:30-11:30,13:00-17:00; sat 07:30-11:30", "H01.14")))
    assert hours_on(own, "H01.14", "2026-11-23") == "07:30-11:30,13:00-17:00"
    assert hours_on(own, "H01.14", "2026-11-28") == "07:30-11:30"
    assert hours_on(own, "H01.14", "2026-11-24") == ""
    assert hours_on(own, "H01.15", "2026-11-28") == ""


def test_a_one_stop_desk_without_rows_has_the_calendar_of_its_agency():
    own = Calendars(DAYS, (USUAL, week("mon-fri 07:30-11:30,13:00-17:00; sat 07:30-11:30", "H01.14")))
    assert hours_on(own, "H01.14.02", "2026-11-28") == "07:30-11:30"


def test_hours_change_on_the_day_that_they_name():
    summer = week("mon-fri 06:30-11:00,14:00-17:30", "H01.14", "2026-04-15")
    own = Calendars(DAYS, (USUAL, summer))
    assert hours_on(own, "H01.14", "2026-04-14") == "07:00-11:30,13:30-17:00"
    assert hours_on(own, "H01.14", "2026-04-15") == "06:30-11:00,14:00-17:30"


def test_the_day_of_an_agency_goes_before_that_of_the_province():
    own = Calendars((worked("2026-11-24", "H01.14"), *DAYS, off("2026-11-25", "H01.14")), (USUAL,))
    assert hours_on(own, "H01.14", "2026-11-24") == "07:00-11:30,13:30-17:00"
    assert hours_on(own, "H01.14", "2026-11-25") == ""
    assert hours_on(own, "", "2026-11-25") == "07:00-11:30,13:30-17:00"


def test_a_make_up_saturday_is_a_whole_day_where_saturday_mornings_are_usual():
    own = Calendars(DAYS, (USUAL, week("mon-fri 07:30-11:30,13:00-17:00; sat 07:30-11:30", "H01.14")))
    assert hours_on(own, "H01.14", "2026-08-22") == "07:30-11:30,13:00-17:00"


def test_a_day_can_have_hours_of_its_own():
    morning = worked("2026-02-13", hours=read_hours("07:00-11:30"))
    shorter = Calendars((*DAYS, morning), (USUAL,)).of()
    assert add_working_time(shorter, at("2026-02-13 11:00"), timedelta(hours=1)) == at("2026-02-23 07:30")
