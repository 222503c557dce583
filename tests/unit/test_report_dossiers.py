"""What the reports on dossiers count: answers, letters of apology, ends on time and late."""

from dataclasses import replace
from datetime import date

import pytest

from notifier.domain.dossiers import Status
from notifier.reminders.reports import on_time
from notifier.reminders.reports.acceptance import Acceptances, Answer, Filed, answered
from notifier.reminders.reports.apologies import Apology, Due, apology, last_day_for_letter
from notifier.reminders.reports.late_list import Late, LateList
from notifier.reminders.reports.on_time import Counts, Group
from notifier.reminders.reports.sheets import LISTED_MOST
from tests.support.calendar import SEEDED, at
from tests.support.report_cells import AGENCIES, AN, cells, total

CALENDAR = SEEDED.of()


# Acceptance

MONDAY = at("2026-11-16 08:00")
FILED = Filed("s", "H01-1", "H01.14", "1.004884", MONDAY, Status.PROCESSING, MONDAY, None, None)


@pytest.mark.parametrize(
    ("filed", "answer", "expected"),
    [
        ("2026-11-16 08:00", "2026-11-17 08:00", Answer.IN_TIME),
        ("2026-11-16 08:00", "2026-11-17 08:01", Answer.LATE),
        ("2026-11-13 16:00", "2026-11-16 16:00", Answer.IN_TIME),  # over a weekend
        ("2026-11-23 16:00", "2026-11-25 16:00", Answer.IN_TIME),  # over the holiday of 24 November
        ("2026-11-23 16:00", "2026-11-25 16:01", Answer.LATE),
        ("2026-11-15 21:40", "2026-11-16 17:00", Answer.IN_TIME),  # filed on a Sunday night
    ],
)
def test_an_answer_within_8_working_hours_is_in_time(filed, answer, expected):
    found = answered(replace(FILED, filed_at=at(filed), answered_at=at(answer)), CALENDAR, at("2026-12-01 08:00"))

    assert found.answer is expected


def test_an_answer_counts_from_the_earlier_of_the_date_of_acceptance_and_the_first_event():
    early, late = at("2026-11-16 09:00"), at("2026-11-20 09:00")
    for given in ({"accepted_at": early, "answered_at": late}, {"accepted_at": late, "answered_at": early}):
        assert answered(replace(FILED, **given), CALENDAR, late).at == early


@pytest.mark.parametrize(("now", "expected"), [("2026-11-17 08:00", Answer.OPEN), ("2026-11-17 08:01", Answer.OVERDUE)])
def test_what_nobody_has_answered_is_open_and_then_overdue(now, expected):
    assert answered(replace(FILED, status=Status.NEW), CALENDAR, at(now)).answer is expected


def test_a_dossier_that_was_set_back_to_new_is_not_answered():
    back = replace(FILED, status=Status.NEW, accepted_at=MONDAY, answered_at=MONDAY)

    assert answered(back, CALENDAR, at("2026-11-18 08:00")).answer is Answer.OVERDUE


def test_a_dossier_withdrawn_before_an_answer_asks_for_none():
    withdrawn = replace(FILED, status=Status.WITHDRAWN, since=MONDAY, accepted_at=MONDAY)

    assert answered(withdrawn, CALENDAR, at("2026-12-01 08:00")).answer is Answer.WITHDRAWN


def test_a_dossier_withdrawn_after_its_answer_was_answered():
    since = at("2026-11-19 08:00")
    withdrawn = replace(FILED, status=Status.WITHDRAWN, since=since, accepted_at=since, answered_at=MONDAY)

    assert answered(withdrawn, CALENDAR, at("2026-12-01 08:00")).answer is Answer.IN_TIME


def test_what_lies_in_a_year_without_a_calendar_is_not_guessed():
    assert answered(replace(FILED, answered_at=at("2031-01-02 08:00")), CALENDAR, MONDAY).answer is Answer.UNCOUNTED


def test_only_dossiers_whose_answer_is_known_are_in_the_denominator():
    found = Acceptances(AGENCIES, SEEDED, at("2026-11-17 08:00"))
    found.add(replace(FILED, answered_at=MONDAY))
    found.add(replace(FILED, filed_at=at("2026-11-10 08:00"), answered_at=MONDAY))
    found.add(replace(FILED, filed_at=at("2026-11-16 15:00"), status=Status.NEW))
    found.add(replace(FILED, status=Status.WITHDRAWN))
    found.add(replace(FILED, filed_at=at("2026-11-10 09:00"), status=Status.NEW, unit=None))
    agencies, dossiers = found.sheets()

    assert cells(agencies, "agency", "filed", "in_time", "late", "overdue", "in_time_percent", "open", "withdrawn") == [
        ("", 1, 0, 0, 1, 0.0, 0, 0),
        ("H01.14", 4, 1, 1, 0, 50.0, 1, 1),
    ]
    assert total(agencies, "filed", "in_time_percent") == (5, 33.3)
    assert cells(dossiers, "dossier", "hours") == [("H01-1", 32.0), ("H01-1", 39.0)]


def test_only_so_many_dossiers_are_listed_and_all_are_counted():
    found = Acceptances(AGENCIES, SEEDED, at("2026-11-20 08:00"))
    for _ in range(LISTED_MOST + 1):
        found.add(replace(FILED, status=Status.NEW))
    agencies, dossiers = found.sheets()

    assert (total(agencies, "overdue"), len(dossiers.rows)) == ((LISTED_MOST + 1,), LISTED_MOST)
    assert dossiers.notes == ("Chỉ liệt kê 5000 hồ sơ nộp sớm nhất trong 5001.",)


# Apologies

TODAY = date(2026, 12, 10)
DUE = Due("s", "H01-1", "H01.14", None, at("2026-12-01 17:00"), None, Status.PROCESSING, MONDAY, None)


@pytest.mark.parametrize(
    ("due", "last"),
    [
        ("2026-12-01", "2026-11-30"),  # a Tuesday
        ("2026-11-30", "2026-11-27"),  # a Monday
        ("2026-11-25", "2026-11-23"),  # after the holiday of 24 November
        ("2026-08-24", "2026-08-22"),  # after a make-up Saturday
        ("2026-11-29", "2026-11-27"),  # a due date on a Sunday
    ],
)
def test_the_letter_is_due_on_the_last_working_day_before_the_due_date(due, last):
    assert last_day_for_letter(CALENDAR, date.fromisoformat(due)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("2026-11-25 08:00", Apology.IN_TIME),
        ("2026-11-30 23:59", Apology.IN_TIME),
        ("2026-12-01 00:00", Apology.LATE),
        ("2026-12-05 08:00", Apology.LATE),
        (None, Apology.NONE),
    ],
)
def test_a_letter_is_in_time_until_the_end_of_the_working_day_before(letter, expected):
    assert apology(replace(DUE, apologised_at=letter and at(letter)), CALENDAR, TODAY) is expected


@pytest.mark.parametrize(
    ("ended", "expected"), [("2026-12-01 23:59", Apology.NOT_NEEDED), ("2026-12-02 00:00", Apology.NONE)]
)
def test_a_dossier_that_is_finished_by_its_due_date_needs_no_letter(ended, expected):
    assert apology(replace(DUE, ended_at=at(ended)), CALENDAR, TODAY) is expected


def test_a_dossier_whose_clock_stands_still_needs_no_letter():
    paused = replace(DUE, status=Status.SUPPLEMENT_REQUESTED, since=at("2026-12-01 16:00"))

    assert apology(paused, CALENDAR, TODAY) is Apology.PAUSED
    assert apology(replace(paused, since=at("2026-12-02 08:00")), CALENDAR, TODAY) is Apology.NONE


@pytest.mark.parametrize(("today", "expected"), [(1, Apology.NOT_YET), (2, Apology.NONE)])
def test_a_dossier_is_judged_from_the_day_after_its_due_date(today, expected):
    assert apology(DUE, CALENDAR, date(2026, 12, today)) is expected


def test_a_letter_in_a_year_without_a_calendar_is_not_judged():
    old = replace(DUE, due_at=at("2019-12-03 17:00"), apologised_at=at("2019-12-02 08:00"))

    assert apology(old, CALENDAR, TODAY) is Apology.UNCOUNTED


# On time


def test_carried_and_received_dossiers_are_as_many_as_those_that_ended_or_run():
    counts = Counts(carried=3, received=7, before=4, on=2, late=1, running=2, paused=1)
    agencies, procedures = on_time.sheets([Group("H01.14", "1.004884", "Khai sinh", counts)], AGENCIES)

    assert total(agencies, "carried", "received", "before", "on", "late", "on_time_percent") == (3, 7, 4, 2, 1, 85.7)
    assert cells(procedures, "agency", "procedure", "procedure_name") == [("H01.14", "1.004884", "Khai sinh")]


def test_a_dossier_without_a_due_date_is_neither_on_time_nor_late():
    agencies, _ = on_time.sheets([Group(None, "", "", Counts(received=1, undated=1))], AGENCIES)

    assert total(agencies, "undated", "on_time_percent") == (1, None)


# The late list


def late(**values) -> Late:
    base = Late("s", "H01-1", "H01.14", "1.004884", ("An",), date(2026, 11, 20), None)
    return replace(base, **values)


def test_days_late_go_from_the_due_date_to_the_end_or_to_today():
    found = LateList(AGENCIES, {"an": AN}, date(2026, 12, 5))
    found.add(late())
    found.add(late(ended=date(2026, 11, 23)))
    agencies, officers, dossiers = found.sheets()

    assert cells(dossiers, "days_late", "officer_names") == [(15, "Trần Văn An"), (3, "Trần Văn An")]
    assert cells(agencies, "late", "finished", "open", "mean_days", "most_days") == [(2, 1, 1, 9.0, 15)]
    assert cells(officers, "officer", "officer_name", "late") == [("an", "Trần Văn An", 2)]


def test_a_dossier_of_two_officers_counts_for_both_and_once_in_all():
    found = LateList(AGENCIES, {"an": AN}, date(2026, 12, 5))
    found.add(late(handlers=("an", "binh", "AN")))
    found.add(late(handlers=()))
    agencies, officers, _ = found.sheets()

    assert cells(officers, "officer", "officer_name", "late") == [
        ("", "(không rõ)", 1),
        ("an", "Trần Văn An", 1),
        ("binh", "", 1),
    ]
    assert total(agencies, "late") == (2,)
