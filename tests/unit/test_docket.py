"""How a dossier stands after its events."""

from dataclasses import replace
from uuid import UUID

import pytest

from notifier.domain.dossiers import FilingChannel, Person, Status, Unit
from notifier.domain.events import DossierEvent
from notifier.domain.ids import EventId, EventType
from notifier.reminders.docket import APOLOGY, Docket, fold, in_order, is_told
from tests.support.events import HEAD, OFFICER, event, local
from tests.support.reminders import digest, reminder

DUE, NEW_DUE = local(25, 17), local(4, 17, month=12)
NOTHING_KNOWN = {
    "status": None,
    "due_at": None,
    "new_due_at": None,
    "accepted_at": None,
    "finished_at": None,
    "returned_at": None,
    "supplement": None,
    "progress": None,
}


def told(number: int, status: Status | None = Status.PROCESSING, **said) -> DossierEvent:
    """The event with this `seq`, an hour after the one before. It says nothing that is not given."""
    common = {"id": EventId(UUID(int=number)), "seq": number, "occurred_at": local(20, 7 + number), "status": status}
    return event(**NOTHING_KNOWN | {"type": EventType("hoso.khac")} | common | said)


def stands(*events: DossierEvent) -> Docket:
    docket = fold(events)
    assert docket is not None
    return docket


def step(**said):
    return replace(event().progress, **said)


def test_without_events_there_is_no_docket():
    assert fold([]) is None


def test_what_an_event_does_not_say_stays_as_it_was():
    docket = stands(told(1, due_at=DUE, filed_by=FilingChannel.ONLINE), told(2, None, filed_by=None, filed_at=None))
    assert (docket.status, docket.due_at, docket.filed_by) == (Status.PROCESSING, DUE, FilingChannel.ONLINE)
    assert docket.last_event == EventId(UUID(int=2))


def test_a_status_counts_from_the_first_event_that_told_it():
    docket = stands(told(1, Status.ACCEPTED), told(2), told(3), told(4, None))
    assert docket.since == local(20, 9)


def test_the_date_of_acceptance_is_the_one_given():
    assert stands(told(1, Status.NEW), told(2, accepted_at=local(19, 9))).accepted_at == local(19, 9)


@pytest.mark.parametrize("answer", [Status.ACCEPTED, Status.REFUSED, Status.SUPPLEMENT_REQUESTED])
def test_without_a_date_of_acceptance_the_first_answer_counts(answer):
    assert stands(told(1, Status.NEW), told(2, answer), told(3)).accepted_at == local(20, 9)


def test_a_new_dossier_was_not_answered():
    assert stands(told(1, Status.NEW)).accepted_at is None


# Dates


def test_after_an_extension_the_new_due_date_is_in_force():
    assert stands(told(1, due_at=DUE), told(2, due_at=DUE, new_due_at=NEW_DUE)).due_at == NEW_DUE


def test_a_due_date_that_came_after_a_pause_is_in_force():
    assert stands(told(1, due_at=DUE), told(2, Status.STOPPED), told(3, due_at=NEW_DUE)).due_at == NEW_DUE


def test_a_letter_of_apology_is_about_the_date_that_it_moves():
    docket = stands(told(1, due_at=DUE), told(2, type=APOLOGY, new_due_at=NEW_DUE))
    assert (docket.apologised_for, docket.apologised_at, docket.due_at) == (DUE, local(20, 9), NEW_DUE)


def test_the_time_to_supplement_ends_with_the_status():
    asked = replace(event().supplement, deadline=local(30, 17))
    waiting = told(1, Status.SUPPLEMENT_REQUESTED, supplement=asked)
    assert stands(waiting).supplement_due_at == local(30, 17)
    assert stands(waiting, told(2)).supplement_due_at is None


def test_a_dossier_is_finished_when_its_system_says_so_else_when_it_came_to_be_done():
    assert stands(told(1), told(2, Status.DONE, finished_at=local(20, 8))).finished_at == local(20, 8)
    assert stands(told(1), told(2, Status.DONE), told(3, Status.RETURNED)).finished_at == local(20, 9)


def test_a_correction_takes_the_end_back():
    docket = stands(told(1, Status.DONE), told(2, Status.RETURNED), told(3))
    assert (docket.finished_at, docket.returned_at) == (None, None)


# Officers


def test_the_last_event_that_named_officers_says_who_has_it():
    other = Person("Lê Thị Thử", code="lt.thu")
    docket = stands(
        told(1, progress=step(next_handlers=(OFFICER,), heads=(HEAD,))),
        told(2, progress=step(next_handlers=(other,), heads=())),
        told(3),
    )
    assert (docket.handlers, docket.heads, docket.staff_event) == (("lt.thu",), (), EventId(UUID(int=2)))


def test_a_step_that_names_nobody_leaves_the_officers_and_has_its_own_end():
    unnamed = step(next_handlers=(), heads=(), step_name="Ký số", step_due_at=local(27, 17))
    docket = stands(told(1, progress=step(next_handlers=(OFFICER,))), told(2, progress=unnamed))
    assert (docket.handlers, docket.step, docket.step_due_at) == (("hv.kiem",), "Ký số", local(27, 17))
    assert docket.staff_event == EventId(UUID(int=1))


def test_a_step_without_an_end_has_none_of_the_step_before():
    docket = stands(told(1, progress=step(step_due_at=DUE)), told(2, progress=step(step_due_at=None)))
    assert docket.step_due_at is None


def test_a_unit_that_is_not_named_any_more_stays():
    docket = stands(told(1, handling_unit=Unit("H01.14", "UBND xã Bình Mẫu")), told(2, handling_unit=None))
    assert docket.handling_unit == "H01.14"


# Order


def test_an_event_that_comes_late_takes_its_place():
    late = told(1, Status.ACCEPTED, received_at=local(22, 8))
    assert [each.seq for each in in_order([told(2), told(3, Status.DONE), late])] == [1, 2, 3]


def test_a_late_event_does_not_turn_a_dossier_back():
    events = [told(2), told(3, Status.DONE), told(1, Status.ACCEPTED, received_at=local(22, 8))]
    assert stands(*in_order(events)).status is Status.DONE


@pytest.mark.parametrize("ours", [reminder("han.hoso_qua"), digest(event())])
def test_what_we_made_ourselves_changes_no_docket(ours):
    assert not is_told(ours)
