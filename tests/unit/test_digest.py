"""What comes first when an officer is told of several things."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.domain.dossiers import FilingChannel
from notifier.domain.ids import SourceName
from notifier.reminders.digest import by_dossier, deadline_of, is_due_today, is_late, most_urgent_first, waits_since
from tests.support.events import event, local
from tests.support.reminders import BASES, NOW, item, reminder

STEP_DUE, DUE = local(25, 11, 30), local(4, 17, month=12)


def step(number: int, due, **overrides):
    told = item(number, "hoso.chuyen_buoc", **overrides)
    return replace(told, progress=replace(told.progress, step_due_at=due))


def test_what_is_late_goes_before_what_is_due_and_what_has_no_deadline_is_last():
    late, soon = step(2, local(23, 15)), step(1, local(23, 17))
    none = item(0, "hoso.moi_dang_ky", progress=None, due_at=None, new_due_at=None)
    assert most_urgent_first([none, soon, late], NOW) == (late, soon, none)


def test_at_equal_deadlines_the_online_dossier_goes_first():
    counter, online = step(0, STEP_DUE, filed_by=FilingChannel.COUNTER), step(1, STEP_DUE)
    assert most_urgent_first([counter, online], NOW) == (online, counter)


def test_a_whole_day_ends_after_every_hour_of_it():
    day, hour = step(0, local(24)), step(1, local(24, 16))
    assert most_urgent_first([day, hour], NOW) == (hour, day)


def test_who_waits_too_long_to_be_taken_in_is_late_without_a_deadline():
    assert is_late(reminder("han.qua_tiep_nhan"), NOW)


def test_who_waits_to_be_taken_in_goes_before_a_later_deadline():
    waiting, due = item(0, "han.sap_qua_tiep_nhan"), step(1, local(24, 8))
    assert most_urgent_first([due, waiting], NOW) == (waiting, due)


@pytest.mark.parametrize("event_type", ["han.buoc_sap_den", "han.hoso_qua", "han.can_xin_loi"])
def test_the_deadline_of_a_reminder_is_what_it_counts_to(event_type):
    assert deadline_of(reminder(event_type)) == BASES[event_type]


def test_the_deadline_of_a_step_is_its_own():
    assert deadline_of(event(type="hoso.chuyen_buoc")) == STEP_DUE


def test_without_a_step_the_due_date_in_force_counts():
    assert deadline_of(event(type="hoso.chuyen_buoc", progress=None)) == DUE


def test_of_an_appointment_its_time_counts():
    assert deadline_of(event(type="lichhen.dat")) == local(27, 8, 30)


def test_a_reminder_that_counts_up_has_a_beginning():
    told = reminder("han.sap_qua_tiep_nhan", progress=None, due_at=None, new_due_at=None)
    assert (waits_since(told), deadline_of(told)) == (local(23, 8, 15), None)


@pytest.mark.parametrize(
    ("due", "today"),
    [(local(23, 17), True), (local(23), True), (local(23, 15), False), (local(24), False), (None, False)],
)
def test_due_today_is_what_is_still_to_come_today(due, today):
    assert is_due_today(step(0, due, due_at=None, new_due_at=None), NOW) is today


def test_an_overdue_reminder_is_late_on_the_day_itself():
    assert is_late(reminder("han.buoc_qua", basis=local(23)), local(23, 17))


def test_of_the_steps_of_one_dossier_only_the_newest_is_left():
    old = step(0, local(23, 9), occurred_at=NOW - timedelta(hours=3))
    new = replace(step(0, STEP_DUE, occurred_at=NOW), id=item(9).id)
    assert by_dossier([old, new], NOW) == [(new,)]


def test_events_of_one_moment_are_told_apart_by_their_number():
    first, second = step(0, STEP_DUE, seq=1), replace(step(0, STEP_DUE, seq=2), id=item(9).id)
    assert by_dossier([second, first], NOW) == [(second,)]


def test_an_appointment_is_not_overtaken_by_a_step():
    booked = item(0, "lichhen.dat", occurred_at=NOW - timedelta(hours=3))
    moved = replace(step(0, STEP_DUE, occurred_at=NOW), id=item(9).id)
    assert by_dossier([booked, moved], NOW) == [(moved, booked)]


def test_reminders_of_a_dossier_stand_together_with_its_step():
    late, moved = item(0, "han.hoso_qua"), step(0, STEP_DUE)
    other = step(1, local(24, 9))
    assert by_dossier([moved, other, late], NOW) == [(late, moved), (other,)]


def test_equal_codes_of_two_sources_are_two_dossiers():
    one, other = step(0, STEP_DUE), replace(step(0, STEP_DUE), source=SourceName("hs.example.gov.vn"))
    assert len(by_dossier([one, other], NOW)) == 2
