"""What a citizen's choice can do to a plan, whatever the rules, the event, the hour and the choice."""

from dataclasses import replace
from datetime import time

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.deliveries import SENDABLE, DeliveryState
from notifier.domain.hours import Rest
from notifier.domain.preferences import KindName, Preferences
from notifier.domain.recipients import Audience, Locale
from notifier.routing.plan import plan
from notifier.routing.tables import NoticeKind, Spoken
from tests.property.test_routing_plan import TYPE, clock_times, contexts, events, moments, rule_books
from tests.support.routing_events import CHANNELS, PORTAL

S = DeliveryState
OPEN = {*SENDABLE, S.STANDBY}
KIND = KindName("thu")
WORDS = Spoken(vi="a", en="a")
OFTEN_CLOSED = st.just(Rest(time(0, 1), time(0)))

choices = st.builds(
    Preferences,
    st.sampled_from(Locale),
    st.none() | st.builds(Rest, clock_times, clock_times) | OFTEN_CLOSED,
    st.builds(lambda ways: {KIND: ways}, st.frozensets(st.sampled_from(CHANNELS))),
)


def with_kind(rules, *, obligatory: bool):
    kind = NoticeKind(name=WORDS, about=WORDS, law=WORDS if obligatory else None)
    rule = rules.rules[TYPE].model_copy(update={"kind": KIND})
    return rules.model_copy(update={"kinds": {KIND: kind}, "rules": {TYPE: rule}})


def plans(event, rules, context, choice, now):
    """The people of the plan without and with the choice, who are the same."""
    owners = {context.inbox_owner(audience, None, event) for audience in Audience}
    chosen = replace(context, preferences=dict.fromkeys(owners, choice))
    return zip(plan(event, rules, context, now).recipients, plan(event, rules, chosen, now).recipients, strict=True)


def ways(one, states) -> set[str]:
    return {each.channel for each in one.deliveries if each.state in states and each.channel != PORTAL}


@settings(deadline=None)
@given(events, rule_books(), contexts, choices, moments, st.booleans())
def test_a_choice_never_adds_a_way(event, rules, context, choice, now, obligatory):
    for before, after in plans(event, with_kind(rules, obligatory=obligatory), context, choice, now):
        assert ways(after, OPEN) <= ways(before, OPEN)


@settings(deadline=None)
@given(events, rule_books(), contexts, choices, moments)
def test_no_choice_takes_a_way_from_an_obligatory_notice(event, rules, context, choice, now):
    for before, after in plans(event, with_kind(rules, obligatory=True), context, choice, now):
        assert ways(after, OPEN) == ways(before, OPEN)
        assert bool(ways(after, SENDABLE)) >= bool(ways(before, SENDABLE))


@settings(deadline=None)
@given(events, rule_books(), contexts, choices, moments)
def test_no_choice_takes_proof_from_an_obligatory_notice(event, rules, context, choice, now):
    proving = {name for name, view in context.channels.items() if view.proves}
    for before, after in plans(event, with_kind(rules, obligatory=True), context, choice, now):
        assert bool(ways(after, SENDABLE) & proving) >= bool(ways(before, SENDABLE) & proving)


@settings(deadline=None)
@given(events, rule_books(), contexts, choices, moments, st.booleans())
def test_own_quiet_hours_never_let_a_message_expire_that_would_have_gone(
    event, rules, context, choice, now, obligatory
):
    for before, after in plans(event, with_kind(rules, obligatory=obligatory), context, choice, now):
        in_time = {each.channel for each in before.deliveries if each.due_at and each.due_at < each.expires_at}
        for each in after.deliveries:
            if each.channel in in_time and each.state in SENDABLE:
                assert each.due_at < each.expires_at


def in_inbox(one) -> bool:
    return any(each.channel == PORTAL and each.state in OPEN for each in one.deliveries)


@settings(deadline=None)
@given(events, rule_books(), contexts, choices, moments, st.booleans())
def test_the_inbox_and_the_officers_know_no_choice(event, rules, context, choice, now, obligatory):
    for before, after in plans(event, with_kind(rules, obligatory=obligatory), context, choice, now):
        if before.recipient.audience is Audience.CITIZEN:
            assert in_inbox(after) >= in_inbox(before)
        else:
            assert before.deliveries == after.deliveries
            assert after.recipient.locale is Locale.VI
