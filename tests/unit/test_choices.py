"""What citizens can choose under the shipped rules, and what it does to their messages."""

from datetime import time

import pytest

from notifier.domain.deliveries import DeliveryState
from notifier.domain.hours import Rest, with_rest
from notifier.domain.ids import InboxOwner
from notifier.domain.preferences import KindName, Preferences
from notifier.domain.reasons import ReasonCode
from notifier.domain.recipients import Audience, Locale
from notifier.routing.choices import Fault, faults, offers
from notifier.routing.context import Address, ChannelView
from notifier.routing.plan import plan
from notifier.routing.rules import Rules
from tests.support.routing_events import EMAIL, PORTAL, SMS, VIEWS, ZALO, a_context, an_event, local, shipped_rules

RULES = shipped_rules()
REQUIRED, PROGRESS, VISITS = KindName("required"), KindName("progress"), KindName("visits")
S = DeliveryState
PROVING = {
    ZALO: ChannelView(Address.ZALO, proves=True),
    SMS: ChannelView(Address.PHONE, proves=True),
    EMAIL: ChannelView(Address.EMAIL),
}
OFFERED = offers(RULES, {**VIEWS, **PROVING})


def told(type_: str, choice: Preferences, now=None, rules: Rules = RULES, **views: ChannelView):
    """Channel → state and code of the reason, for the citizen."""
    context = a_context(**{**PROVING, **views})
    context.preferences[InboxOwner("inbox-of-citizen")] = choice
    (one,) = [
        each
        for each in plan(an_event(type_, authorised=None), rules, context, now or local(9, 30)).recipients
        if each.recipient.audience is Audience.CITIZEN
    ]
    return {each.channel: (each.state, each.reason.code) for each in one.deliveries}, one


def without(kind: KindName, *ways, **more) -> Preferences:
    return Preferences(declined={kind: frozenset(ways)}, **more)


def test_what_the_law_obliges_is_what_the_forms_of_the_circular_tell():
    required = {name for name, rule in RULES.rules.items() if rule.kind == REQUIRED}
    assert {"hoso.duoc_tiep_nhan", "hoso.yeu_cau_bo_sung", "hoso.khong_tiep_nhan", "hoso.xin_loi_gia_han"} <= required
    assert [key for key, kind in RULES.kinds.items() if kind.is_obligatory] == [REQUIRED]


def test_each_kind_offers_the_ways_that_its_rules_use():
    assert {each.key: set(each.ways) for each in OFFERED} == {
        "required": {ZALO, SMS, EMAIL},
        "progress": {ZALO, EMAIL},
        "visits": {ZALO, SMS},
        "reminders": {ZALO, SMS},
    }


def test_a_way_that_is_declined_is_not_used_and_the_reason_says_so():
    ways, _ = told("hoso.moi_dang_ky", without(PROGRESS, ZALO))
    assert ways[ZALO] == (S.SUPPRESSED, ReasonCode.OWN_CHOICE)
    assert ways[EMAIL] == (S.PLANNED, ReasonCode.RULE)


def test_a_choice_for_one_kind_leaves_the_others_alone():
    ways, _ = told("lichhen.dat", without(PROGRESS, ZALO))
    assert ways[ZALO] == (S.PLANNED, ReasonCode.RULE)


def test_a_declined_way_of_an_obligatory_notice_waits_behind_the_chosen_ones():
    ways, one = told("hoso.yeu_cau_bo_sung", without(REQUIRED, SMS, EMAIL))
    assert ways[ZALO] == (S.PLANNED, ReasonCode.RULE)
    assert ways[SMS] == ways[EMAIL] == (S.STANDBY, ReasonCode.OBLIGATORY_WAITS)
    assert [each.rank for each in one.deliveries] == [0, 0, 1, 2]


def test_an_obligatory_notice_goes_by_a_declined_way_where_no_chosen_one_can_go():
    off = ChannelView(Address.ZALO, enabled=False, proves=True)
    ways, _ = told("hoso.yeu_cau_bo_sung", without(REQUIRED, SMS, EMAIL), zalo=off)
    assert ways[SMS] == (S.PLANNED, ReasonCode.OBLIGATED)
    assert ways[EMAIL] == (S.STANDBY, ReasonCode.OBLIGATORY_WAITS)


def test_an_obligatory_notice_goes_by_a_declined_way_where_no_chosen_one_proves_its_arrival():
    ways, _ = told("hoso.yeu_cau_bo_sung", without(REQUIRED, ZALO, SMS))
    assert ways[EMAIL] == (S.PLANNED, ReasonCode.RULE)
    assert ways[ZALO] == (S.PLANNED, ReasonCode.OBLIGATED)
    assert ways[SMS] == (S.STANDBY, ReasonCode.OBLIGATORY_WAITS)


def test_the_chosen_fallback_is_no_fallback_where_nothing_else_was_chosen():
    ways, _ = told("hoso.duoc_tiep_nhan", without(REQUIRED, ZALO, EMAIL))
    assert ways[SMS] == (S.PLANNED, ReasonCode.RULE)


def test_own_quiet_hours_hold_what_disturbs_and_not_the_inbox():
    ways, one = told("hoso.yeu_cau_bo_sung", Preferences(rest=Rest(time(12), time(14))), local(12, 30))
    held = {each.channel: each.due_at for each in one.deliveries if each.state is S.HELD}
    assert held == dict.fromkeys([ZALO, SMS, EMAIL], local(14))
    assert ways[ZALO][1] is ReasonCode.OWN_HOURS
    assert ways[PORTAL][0] is S.PLANNED


def test_at_night_the_longer_of_both_quiet_hours_counts():
    ways, one = told("hoso.yeu_cau_bo_sung", Preferences(rest=Rest(time(20), time(8))), local(22))
    assert {each.due_at for each in one.deliveries if each.state is S.HELD} == {local(8, day=20)}
    assert ways[SMS] == (S.HELD, ReasonCode.OWN_HOURS)


def test_own_quiet_hours_give_way_where_the_message_would_come_too_late():
    rest, until = Rest(time(9), time(15)), local(11)
    assert with_rest((), rest, local(9, 30), until) == ()
    assert with_rest((), rest, local(9, 30), local(16)) == (rest.waking,)


def test_the_language_is_that_which_was_chosen():
    _, one = told("hoso.yeu_cau_bo_sung", Preferences(Locale.EN))
    assert one.recipient.locale is Locale.EN


@pytest.mark.parametrize(
    ("declined", "found"),
    [
        ({ZALO}, []),
        ({ZALO, EMAIL}, []),
        ({ZALO, SMS}, [(Fault.NO_SURE_WAY, REQUIRED)]),
        ({ZALO, SMS, EMAIL}, [(Fault.NO_SURE_WAY, REQUIRED)]),
    ],
)
def test_an_obligatory_kind_keeps_a_way_that_proves_arrival(declined, found):
    assert faults(without(REQUIRED, *declined), OFFERED, RULES) == found


def test_every_way_of_another_kind_can_be_declined():
    assert faults(without(PROGRESS, ZALO, SMS, EMAIL), OFFERED, RULES) == []


@pytest.mark.parametrize(
    ("begins", "ends", "found"),
    [
        (time(20), time(9), []),
        (time(11), time(13, 30), []),
        (time(11, 30), time(7), []),
        (time(11, 29), time(7), [(Fault.REST_TOO_LONG, None)]),
        (time(7), time(21), [(Fault.REST_TOO_LONG, None)]),
    ],
)
def test_four_hours_of_every_day_stay_open(begins, ends, found):
    assert faults(Preferences(rest=Rest(begins, ends)), OFFERED, RULES) == found


def test_a_choice_in_one_line_says_all_of_it_and_nothing_of_the_person():
    choice = Preferences(Locale.EN, Rest(time(20), time(7)), {PROGRESS: frozenset({ZALO, EMAIL}), VISITS: frozenset()})
    assert choice.text() == "en; 20:00-07:00; progress: -email -zalo"
