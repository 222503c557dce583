from datetime import time, timedelta
from itertools import permutations

import pytest

from notifier.delivery.fallback import after_settled
from notifier.domain.deliveries import DeliveryState
from notifier.domain.hours import Hours
from notifier.domain.reasons import ReasonCode
from tests.support.delivery_values import IDS, NOW, a_delivery

S = DeliveryState
PROVING = {"zalo", "sms"}
NIGHT = NOW.replace(hour=15)
DAYTIME = Hours(time(7), time(21), ReasonCode.QUIET_HOURS)
SETTLED = None


def moves(*siblings, hours=None, now=NOW):
    return {
        next(name for name, known in IDS.items() if known == id_): step
        for id_, step in after_settled(siblings, PROVING, hours or {}, now)
    }


def portal():
    return a_delivery(S.DELIVERED, channel="portal", due_at=SETTLED)


def zalo(state, due_at=SETTLED):
    return a_delivery(state, due_at=due_at)


def sms(state=S.STANDBY, due_at=NOW, **changed):
    return a_delivery(state, channel="sms", rank=1, due_at=due_at, **changed)


def email(state=S.STANDBY, due_at=NOW, **changed):
    return a_delivery(state, channel="email", rank=2, due_at=due_at, **changed)


@pytest.mark.parametrize("state", [S.FAILED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED, S.UNKNOWN, S.ACCEPTED])
def test_the_first_fallback_is_released_when_every_other_way_has_missed(state):
    released = moves(portal(), zalo(state), sms(), email())
    assert {name: step.state for name, step in released.items()} == {"sms": S.PLANNED}


def test_a_released_fallback_says_what_has_missed():
    assert moves(zalo(S.FAILED), sms())["sms"].reason.text("en") == "fallback used because zalo cannot reach the person"


def test_reading_in_the_portal_makes_fallbacks_needless():
    read = a_delivery(S.READ, channel="portal", due_at=SETTLED)
    ended = moves(read, zalo(S.ACCEPTED, due_at=NOW + timedelta(hours=1)), sms(), email())

    assert {name: step.state for name, step in ended.items()} == {"sms": S.CANCELLED, "email": S.CANCELLED}


@pytest.mark.parametrize("state", [S.PLANNED, S.HELD, S.SENDING, S.ACCEPTED, S.UNKNOWN])
def test_fallbacks_wait_while_a_way_is_still_open(state):
    assert moves(portal(), zalo(state, due_at=NOW + timedelta(hours=1)), sms(), email()) == {}


def test_fallbacks_wait_where_a_later_status_has_overtaken_the_message():
    assert moves(zalo(S.SUPERSEDED), sms()) == {}


@pytest.mark.parametrize("state", [S.DELIVERED, S.READ])
def test_all_fallbacks_are_cancelled_when_the_person_is_reached(state):
    cancelled = moves(portal(), zalo(state), sms(), email())
    assert {name: step.state for name, step in cancelled.items()} == {"sms": S.CANCELLED, "email": S.CANCELLED}


def test_acceptance_is_enough_where_the_channel_proves_no_more():
    mail_first = a_delivery(S.ACCEPTED, channel="email", due_at=SETTLED)
    assert moves(zalo(S.FAILED), mail_first, sms())["sms"].state is S.CANCELLED


def test_the_portal_alone_does_not_reach_anybody():
    assert moves(portal(), zalo(S.FAILED), sms())["sms"].state is S.PLANNED


def test_a_released_fallback_that_is_not_sent_yet_is_cancelled_by_a_late_receipt():
    assert moves(zalo(S.DELIVERED), sms(S.PLANNED), email())["sms"].state is S.CANCELLED


def test_the_next_fallback_waits_for_the_one_before():
    assert moves(zalo(S.FAILED), sms(S.ACCEPTED, due_at=NOW), email()) == {}


def test_the_next_fallback_follows_when_the_one_before_fails():
    assert moves(zalo(S.FAILED), sms(S.FAILED, due_at=SETTLED), email())["email"].state is S.PLANNED


def test_a_fallback_released_at_night_is_held_until_the_morning():
    held = moves(zalo(S.FAILED), sms(), hours={"sms": (DAYTIME,)}, now=NIGHT)["sms"]
    assert (held.state, held.due_at) == (S.HELD, NOW.replace(hour=0) + timedelta(days=1))


def test_a_fallback_that_cannot_go_in_time_expires_and_the_next_one_goes():
    soon = NIGHT + timedelta(hours=1)
    released = moves(zalo(S.FAILED), sms(expires_at=soon), email(expires_at=soon), hours={"sms": (DAYTIME,)}, now=NIGHT)
    assert {name: step.state for name, step in released.items()} == {"sms": S.EXPIRED, "email": S.PLANNED}


def test_the_order_in_which_siblings_are_given_makes_no_difference():
    family = (portal(), zalo(S.FAILED), sms(), email())
    assert len({str(after_settled(order, PROVING, {}, NOW)) for order in permutations(family)}) == 1
