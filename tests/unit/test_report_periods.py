"""Which days a report covers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.errors import EntryError
from notifier.reminders.reports.periods import (
    NAMED,
    PeriodKind,
    containing,
    free_period,
    last_completed,
    period_named,
)
from notifier.reminders.reports.question import Question, ReportName, question
from tests.support.calendar import at

DAYS = st.dates(date(2001, 1, 1), date(2190, 12, 31))
KINDS = st.sampled_from(NAMED)


@pytest.mark.parametrize(
    ("kind", "name", "first", "last"),
    [
        ("ky21_20", "2026-11", "2026-10-21", "2026-11-20"),
        ("ky21_20", "2027-01", "2026-12-21", "2027-01-20"),
        ("ky21_20", "2026-12", "2026-11-21", "2026-12-20"),
        ("ky21_20", "2028-03", "2028-02-21", "2028-03-20"),
        ("thang", "2026-02", "2026-02-01", "2026-02-28"),
        ("thang", "2028-02", "2028-02-01", "2028-02-29"),
        ("thang", "2026-12", "2026-12-01", "2026-12-31"),
        ("quy", "2026-Q1", "2026-01-01", "2026-03-31"),
        ("quy", "2026-Q4", "2026-10-01", "2026-12-31"),
        ("quy15_14", "2026-Q4", "2026-09-15", "2026-12-14"),
        ("quy15_14", "2027-Q1", "2026-12-15", "2027-03-14"),
        ("tuan", "2026-W47", "2026-11-16", "2026-11-22"),
        ("tuan", "2026-W53", "2026-12-28", "2027-01-03"),
        ("tuan", "2026-11-18", "2026-11-16", "2026-11-22"),
    ],
)
def test_a_period_is_known_by_its_name(kind, name, first, last):
    found = period_named(PeriodKind(kind), name)

    assert (found.first, found.last) == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_period_goes_from_midnight_to_midnight_in_vietnam():
    found = period_named(PeriodKind.KY21_20, "2026-11")

    assert (found.start, found.end) == (at("2026-10-21 00:00"), at("2026-11-21 00:00"))


@given(KINDS, DAYS)
def test_a_day_lies_in_the_period_that_contains_it(kind, day):
    found = containing(kind, day)

    assert found.first <= day <= found.last


@given(KINDS, DAYS)
def test_periods_of_a_kind_follow_each_other_without_gap_or_overlap(kind, day):
    found = containing(kind, day)

    assert containing(kind, found.last + timedelta(days=1)).first == found.last + timedelta(days=1)


@given(KINDS, DAYS)
def test_a_period_has_the_name_that_asks_for_it(kind, day):
    found = containing(kind, day)

    assert period_named(kind, found.name) == found


@given(KINDS, DAYS)
def test_the_last_completed_period_ended_before_today_and_the_next_has_not(kind, day):
    found = last_completed(kind, day)

    assert found.last < day <= containing(kind, found.last + timedelta(days=1)).last


@pytest.mark.parametrize(
    ("today", "name"), [("2026-11-20", "2026-10"), ("2026-11-21", "2026-11"), ("2027-01-05", "2026-12")]
)
def test_the_report_of_the_21st_is_of_the_period_that_ended_the_day_before(today, name):
    assert last_completed(PeriodKind.KY21_20, date.fromisoformat(today)).name == name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ky21_20", "2026-13"),
        ("ky21_20", "2026-Q4"),
        ("thang", "2026-00"),
        ("thang", "11/2026"),
        ("quy", "2026-Q5"),
        ("quy", "2026-11"),
        ("tuan", "2025-W53"),
        ("tuan", "2026-W00"),
        ("tuan", "2026-11-31"),
        ("thang", "1026-11"),
        ("thang", ""),
    ],
)
def test_a_name_of_no_period_is_refused(kind, name):
    with pytest.raises(EntryError):
        period_named(PeriodKind(kind), name)


def test_free_days_are_both_included():
    found = free_period("01/11/2026", "2026-11-20")

    assert (found.start, found.end) == (at("2026-11-01 00:00"), at("2026-11-21 00:00"))


@pytest.mark.parametrize(("first", "last"), [("2026-11-02", "2026-11-01"), ("2025-01-01", "2026-12-31"), ("x", "y")])
def test_free_days_that_make_no_period_are_refused(first, last):
    with pytest.raises(EntryError):
        free_period(first, last)


TODAY = date(2026, 12, 5)


def asked(name: ReportName = ReportName.COVERAGE, **given) -> Question:
    return question(name, given, TODAY)


def test_without_a_period_a_report_is_of_the_last_completed_month_of_reports():
    assert asked().period == period_named(PeriodKind.KY21_20, "2026-11")


def test_without_a_period_the_late_list_of_the_5th_is_of_the_month_before():
    assert asked(ReportName.LATE_LIST).period == period_named(PeriodKind.MONTH, "2026-11")


@pytest.mark.parametrize(
    "given",
    [
        {"period": "nam"},
        {"period": "tu_den"},
        {"period": "quy", "of": "2026-11"},
        {"from": "2026-11-01"},
        {"to": "2026-11-01"},
        {"from": "2026-11-01", "to": "2026-11-02", "of": "2026-11"},
        {"agency": "H01;14"},
        {"table": "dossiers"},
    ],
)
def test_a_question_that_is_not_understood_is_refused(given):
    with pytest.raises(EntryError):
        asked(**given)
