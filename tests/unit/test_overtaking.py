from datetime import timedelta

import pytest

from notifier.domain.deliveries import MOVES, DeliveryState
from notifier.domain.dossiers import Move
from notifier.domain.reasons import ReasonCode
from notifier.routing.overtaking import course, overtaken, overtaker
from tests.support.overtaking import told
from tests.support.routing_events import local, shipped_rules

RULES = shipped_rules()
NOW = local(9, 30)
MINUTE = timedelta(minutes=1)
ACCEPTED = told("hoso.duoc_tiep_nhan", 2)
PLEASE = told("hoso.yeu_cau_bo_sung", 4)
DONE = told("hoso.xu_ly_xong", 5)
S = DeliveryState


def test_a_later_status_overtakes_the_earlier_ones():
    assert course(DONE, [ACCEPTED, PLEASE], RULES, NOW).overtakes == (ACCEPTED, PLEASE)


def test_an_earlier_status_that_comes_later_was_overtaken():
    assert course(ACCEPTED, [DONE, PLEASE], RULES, NOW).overtaken_by == PLEASE.type


def test_an_event_that_still_waits_for_its_routing_has_not_overtaken_anything():
    assert course(ACCEPTED, [told("hoso.xu_ly_xong", 5, routed=False)], RULES, NOW).overtaken_by is None


@pytest.mark.parametrize("type_", ["hoso.xin_loi_gia_han", "hoso.doi_ngay_hen_tra"])
def test_an_apology_and_a_new_date_are_never_overtaken(type_):
    letter = told(type_, 3)
    assert (overtaker(letter, [DONE], RULES), course(DONE, [letter], RULES, NOW).overtakes) == (None, ())


@pytest.mark.parametrize("type_", ["hoso.xin_loi_gia_han", "hoso.doi_ngay_hen_tra", "hoso.chuyen_buoc", "hoso.la_lam"])
def test_what_tells_of_no_status_overtakes_no_status(type_):
    assert course(told(type_, 6), [ACCEPTED], RULES, NOW).overtakes == ()


def test_papers_that_have_come_overtake_the_request_for_them():
    assert course(told("hoso.da_bo_sung", 5), [PLEASE], RULES, NOW).overtakes == (PLEASE,)


@pytest.mark.parametrize(
    ("earlier", "later_"),
    [
        ("lichhen.dat", "lichhen.doi"),
        ("lichhen.doi", "lichhen.huy"),
        ("bccc.da_gui", "bccc.dang_phat"),
    ],
)
def test_appointments_and_parcels_have_tracks_of_their_own(earlier, later_):
    one = told(earlier, 3)
    assert overtaker(one, [DONE], RULES) is None
    assert course(told(later_, 6), [one, ACCEPTED], RULES, NOW).overtakes == (one,)


def test_a_repeated_status_that_is_told_once_does_not_overtake_what_it_repeats():
    first, again = told("hoso.dang_xu_ly", 3), told("hoso.dang_xu_ly", 6)
    decided = course(again, [first, PLEASE], RULES, NOW)
    assert (decided.overtakes, decided.told_before) == ((PLEASE,), True)
    assert overtaker(first, [again], RULES) is None


def test_a_status_whose_messages_were_stopped_was_not_told():
    first = told("hoso.dang_xu_ly", 3, undone=True)
    assert not course(told("hoso.dang_xu_ly", 6), [first], RULES, NOW).told_before


@pytest.mark.parametrize("transition", [Move.ODD, Move.CORRECTION])
def test_a_status_that_surprises_waits_for_a_correction(transition):
    event = told("hoso.moi_dang_ky", 3, transition)
    assert course(event, [ACCEPTED], RULES, NOW).hold_until == NOW + 3 * MINUTE


def test_a_status_in_the_usual_course_does_not_wait():
    assert course(DONE, [ACCEPTED], RULES, NOW).hold_until is None


@pytest.mark.parametrize(("ago", "waits"), [(2, True), (4, False)])
def test_a_status_right_after_a_correction_waits(ago, waits):
    correction = told("hoso.dinh_chinh", 3, None, received=NOW - ago * MINUTE)
    assert bool(course(PLEASE, [correction], RULES, NOW).hold_until) is waits


def test_a_correction_that_is_not_routed_yet_counts_too():
    correction = told("hoso.dinh_chinh", 3, received=NOW, routed=False)
    assert course(PLEASE, [correction], RULES, NOW).hold_until


def test_what_tells_of_no_status_does_not_wait_for_a_correction():
    assert course(told("hoso.xin_loi_gia_han", 6, Move.ODD), [], RULES, NOW).hold_until is None


def test_the_hold_can_be_switched_off():
    off = RULES.model_copy(update={"corrections": RULES.corrections.model_copy(update={"hold_minutes": 0})})
    assert course(told("hoso.moi_dang_ky", 3, Move.CORRECTION), [], off, NOW).hold_until is None


def test_a_correction_acts_on_the_statuses_whatever_its_own_type():
    step = told("hoso.chuyen_buoc", 6, Move.CORRECTION)
    assert course(step, [ACCEPTED], RULES, NOW).overtakes == (ACCEPTED,)


def test_an_apology_that_corrects_is_still_never_overtaken():
    assert overtaker(told("hoso.xin_loi_gia_han", 4, Move.CORRECTION), [DONE], RULES) is None


def test_the_first_that_overtook_it_is_named():
    assert overtaker(ACCEPTED, [DONE, PLEASE], RULES) == PLEASE


@pytest.mark.parametrize("state", [S.STANDBY, S.PLANNED, S.HELD])
@pytest.mark.parametrize(
    ("by", "becomes", "code"),
    [
        (DONE, S.SUPERSEDED, ReasonCode.LATER_STATUS),
        (told("hoso.moi_dang_ky", 3, Move.CORRECTION), S.CANCELLED, ReasonCode.CORRECTED),
        (told("hoso.dinh_chinh", 3, None), S.CANCELLED, ReasonCode.CORRECTED),
    ],
)
def test_an_unsent_message_is_superseded_by_a_later_status_and_cancelled_by_a_correction(state, by, becomes, code):
    step = overtaken(state, perhaps_sent=False, by=by, now=NOW)
    assert (step.state, step.due_at, step.reason.code) == (becomes, None, code)
    assert becomes in MOVES[state]


def test_a_message_that_was_perhaps_sent_is_not_sent_again_but_asked_after():
    step = overtaken(S.PLANNED, perhaps_sent=True, by=DONE, now=NOW)
    assert (step.state, step.due_at) == (S.UNKNOWN, NOW)
    assert step.state in MOVES[S.PLANNED]
