"""Dockets and timers, whatever happens to a dossier and in whatever order it becomes known."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.dossiers import FilingChannel, Status
from notifier.domain.events import DossierEvent
from notifier.domain.ids import ChannelName, EventId, EventType
from notifier.reminders.docket import OVER, PAUSED, Docket, after, fold, in_order
from notifier.reminders.timers import asked_for, running, true_of
from notifier.routing.rules import load_rules
from notifier.settings import ROOT
from tests.support.calendar import SEEDED
from tests.support.events import event, local

RULES = load_rules(
    (ROOT / "rules.toml").read_text(encoding="utf-8"),
    "rules.toml",
    [ChannelName(each) for each in ("portal", "zalo", "sms", "email")],
).timer_rules
CALENDAR = SEEDED.of()
OF_CITIZENS = {"supplement_due", "unpaid", "result_waits"}
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: local(1) + timedelta(minutes=minutes))
deadlines = moments | st.integers(1, 60).map(lambda days: local(1) + timedelta(days=days))
"""At any minute, or bare dates."""
statuses = st.none() | st.sampled_from(Status)


@st.composite
def dossiers(draw) -> list[DossierEvent]:
    """The events of one dossier as they happened; a system numbers all of them or none."""
    is_numbered = draw(st.booleans())
    times = sorted(draw(st.sets(moments, min_size=1, max_size=7)))
    return [_event(draw, place, at, place if is_numbered else None) for place, at in enumerate(times, start=1)]


def _event(draw, place: int, at: datetime, seq: int | None) -> DossierEvent:
    whole = event()
    step = draw(st.none() | deadlines)
    return event(
        id=EventId(UUID(int=place)),
        type=EventType(draw(st.sampled_from(["hoso.chuyen_buoc", "hoso.xin_loi_gia_han"]))),
        seq=seq,
        occurred_at=at + timedelta(seconds=1),  # never midnight, which states no time
        received_at=at + timedelta(minutes=1),
        status=draw(statuses),
        filed_by=draw(st.none() | st.sampled_from(FilingChannel)),
        filed_at=draw(st.none() | moments),
        due_at=draw(st.none() | deadlines),
        new_due_at=draw(st.none() | deadlines),
        accepted_at=None,
        finished_at=draw(st.none() | moments),
        progress=_step(whole, step) if step else None,
        supplement=draw(st.none() | st.just(whole.supplement)),
    )


def _step(whole: DossierEvent, due: datetime):
    assert whole.progress
    return replace(whole.progress, step_due_at=due)


def docket_of(told: list[DossierEvent]) -> Docket:
    docket = fold(told)
    assert docket is not None
    return docket


@given(dossiers(), st.randoms())
def test_a_docket_does_not_depend_on_the_order_in_which_its_events_come(told, random):
    came = random.sample(told, len(told))
    assert in_order(came) == told
    assert fold(in_order(came)) == fold(told)


@given(dossiers())
def test_event_by_event_a_docket_comes_out_as_from_all_of_them(told):
    docket = None
    for each in told:
        docket = after(docket, each)
    assert docket == fold(told)


@given(dossiers(), moments)
def test_an_event_that_says_nothing_asks_for_what_was_asked_for(told, now):
    docket = docket_of(told)
    names = ("status", "due_at", "new_due_at", "filed_at", "filed_by", "accepted_at", "finished_at", "returned_at")
    silent = event(type=EventType("hoso.khac"), **dict.fromkeys(("progress", "supplement", *names)))
    assert asked_for(after(docket, silent), RULES, CALENDAR, now) == asked_for(docket, RULES, CALENDAR, now)


@given(dossiers(), moments)
def test_nobody_is_reminded_of_what_is_over_and_no_officer_of_what_is_paused(told, now):
    docket = docket_of(told)
    clocks = {clock.value for clock in running(docket)}
    if docket.status in OVER or docket.status is None:
        assert asked_for(docket, RULES, CALENDAR, now) == []
    if docket.status in {*PAUSED, Status.DONE}:
        assert clocks <= OF_CITIZENS


@given(dossiers(), moments)
def test_whatever_is_asked_for_lies_ahead_is_true_and_has_a_name_of_its_own(told, now):
    docket = docket_of(told)
    timers = asked_for(docket, RULES, CALENDAR, now)
    names = [(each.type, each.basis, each.number) for each in timers]
    assert len(names) == len(set(names))
    assert {(type_, basis) for type_, basis, _ in names} <= true_of(docket, RULES)
    assert all(each.due_at >= now for each in timers)
    assert all(each.due_at < each.valid_until for each in timers if each.valid_until)


@given(dossiers(), moments, st.integers(0, 30 * 24 * 60))
def test_what_is_planned_keeps_its_time_while_it_lies_ahead(told, now, minutes):
    """Asked again later, a dossier that stands as before asks for the same, as far as that was not due meanwhile."""
    docket, later = docket_of(told), now + timedelta(minutes=minutes)
    daily = {rule.type for rule in RULES if rule.daily}
    before = {each for each in asked_for(docket, RULES, CALENDAR, now) if each.due_at >= later and not each.late}
    assert {each for each in before if each.type not in daily} <= set(asked_for(docket, RULES, CALENDAR, later))
