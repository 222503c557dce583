"""A month of an invented province under the virtual clock, against a calculation that shares no code with ours.

Three communes, forty officers, 5,000 dossiers, Tết in the middle. `tests.support.province` draws what happens,
`notifier.cli.simulation` decides as the service does, `tests.support.naive_reminders` and `naive_telling` work out the
slow and simple way who had to be told of what and when.
"""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest

from notifier.cli.playground import playground
from notifier.cli.simulated_post import Notice
from notifier.cli.simulation import Simulation
from notifier.domain.dossiers import Status
from notifier.domain.recipients import Audience
from notifier.settings import load_settings
from tests.support.intake import accepted, domain_event
from tests.support.naive_calendar import ZONE
from tests.support.naive_reminders import RULES, TIMERS, Fact, dossiers_of, minutes_of, reminders, told_by_systems
from tests.support.naive_telling import MERGE, expected
from tests.support.province import END, Province, province
from tests.support.province_check import Differences, differences
from tests.support.province_documents import envelope
from tests.support.province_people import CALENDARS
from workers.calendars import Shelf
from workers.steps.contexts import routing_context
from workers.wiring import channel_setups, rules_of

pytestmark = pytest.mark.timeout(600)  # the month is played once, for all tests
SEED, DOSSIERS = 2027, 5_000
FINISHED_OR_PAUSED = frozenset(Status) - {Status.NEW, Status.ACCEPTED, Status.PROCESSING}
OF_CITIZENS = {
    "han.bo_sung_sap_het": Status.SUPPLEMENT_REQUESTED,
    "han.phi_chua_nop": Status.PAYMENT_REQUESTED,
    "han.chua_nhan_ket_qua": Status.DONE,
}
"""What citizens are reminded of while it is their turn."""


@dataclass(frozen=True, slots=True)
class Month:
    province: Province
    notices: list[Notice]
    facts: list[Fact]
    """All reminders that had to fire."""
    found: Differences


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    drawn = province(SEED, DOSSIERS)
    gc.disable()  # millions of values that all stay: looking through them again and again takes a fifth of the time
    notices = _played(drawn, tmp_path_factory)
    gc.enable()
    officers = {each.code: each for each in drawn.officers}
    facts = [fact for dossier in dossiers_of(drawn.events).values() for fact in reminders(dossier, END)]
    wanted = [each for fact in facts for each in expected(fact, officers, citizens=True)]
    wanted += [each for fact in told_by_systems(drawn.events) for each in expected(fact, officers, citizens=False)]
    yield Month(drawn, notices, facts, differences(wanted, notices, END, _is_of_interest))
    gc.collect()


def _played(drawn: Province, tmp_path_factory: pytest.TempPathFactory) -> list[Notice]:
    nowhere = {"database_url": "postgresql://nobody@127.0.0.1/none", "redis_url": "redis://127.0.0.1/0"}
    settings = load_settings(playground(tmp_path_factory.mktemp("month"), environment="test", **nowhere).environ)
    setups = channel_setups(settings)
    context = routing_context(setups, b"secret", END)
    notices: list[Notice] = []
    simulation = Simulation(rules_of(settings, setups), Shelf(CALENDARS), drawn.directory, context, notices.append)
    simulation.play(drawn.events, END)
    assert simulation.missing_years == set()
    return notices


def _is_of_interest(_dossier: str, type_: str, _mark: Any, _number: int, ref: str, _channel: str) -> bool:
    """What citizens hear of the course of their dossiers is decided, and tested, elsewhere."""
    return ref != "citizen" or type_.startswith("han.")


# What was drawn


def test_the_month_has_every_kind_of_reminder_and_of_trouble(month):
    assert {fact.type for fact in month.facts} == set(TIMERS)
    assert {each.dossier.status for each in month.province.events} == {None, *Status}
    assert len({each.dossier.code for each in month.province.events}) == DOSSIERS
    assert (len(month.province.officers), len(month.province.agencies)) == (40, 6)
    late = sum(a.seq is not None and a.received_at - a.occurred_at > timedelta(hours=1) for a in month.province.events)
    assert late > 500
    assert len(month.found.in_time) > 50_000


def test_the_documents_of_a_dossier_system_say_what_was_drawn():
    for event in province(SEED, 60).events:
        read = domain_event(accepted(envelope(event)))
        assert read == replace(event, id=read.id, received_at=read.received_at)


# Each once, and at its minute


def test_what_is_due_is_told(month):
    assert month.found.missing[:3] == []


def test_nothing_is_told_twice(month):
    assert month.found.twice[:3] == []


def test_everything_is_told_at_its_minute(month):
    assert month.found.at_another_time[:3] == []


def test_what_came_to_nothing_in_the_meantime_is_not_told(month):
    assert month.found.needless[:3] == []


def test_nothing_else_is_told(month):
    assert month.found.unexpected[:3] == []


def test_nobody_is_reminded_of_a_dossier_that_is_finished_or_paused(month):
    stretches = {code: list(each.stretches(END)) for code, each in dossiers_of(month.province.events).items()}
    told = [(notice.at, event) for notice in month.notices for event in notice.of if event.reminder]
    statuses = [
        (at, event.type, event.dossier.code, each.state.status)
        for at, event in told
        for each in stretches[event.dossier.code]
        if each.came <= at < each.until
    ]
    wrong = [
        (at, type_, code, status)
        for at, type_, code, status in statuses
        if status in FINISHED_OR_PAUSED and status is not OF_CITIZENS.get(type_)
    ]
    assert len(statuses) == len(told)
    assert wrong[:3] == []


# Put together


def test_heads_hear_of_what_may_wait_at_the_hours_of_digests_on_working_days(month):
    hours = {time.fromisoformat(each) for each in RULES["gathering"]["digest_at"]}
    digests = [
        each for each in month.notices if each.audience is Audience.HEAD and _gathered(each, "head") == {"digest"}
    ]
    times = {(each.ref, each.at.astimezone(ZONE)) for each in digests}
    assert len(times) > 100
    assert {at.time() for _, at in times} <= hours
    assert all(minutes_of(_commune(ref)).works(at.date()) for ref, at in times)


def test_an_officer_is_disturbed_once_in_ten_minutes_by_what_may_wait(month):
    times: dict[str, list[datetime]] = defaultdict(list)
    for each in month.notices:
        if each.audience is Audience.HANDLER and _gathered(each, "handler") == {"merge"}:
            times[each.ref].append(each.at)
    gaps = [later - earlier for moments in times.values() for earlier, later in pairwise(moments)]
    assert len(gaps) > 1000
    assert min(gaps) >= MERGE


def test_what_may_wait_is_told_in_working_time_only(month):
    wrong = [
        (each.at.astimezone(ZONE), each.ref, each.type)
        for each in month.notices
        if each.audience.is_staff
        and None not in _gathered(each, each.audience.value)
        and minutes_of(_commune(each.ref)).next(each.at) != each.at
    ]
    assert wrong == []


def test_the_days_of_tet_are_free_of_what_may_wait(month):
    tet = (datetime(2027, 2, 4, tzinfo=ZONE), datetime(2027, 2, 11, tzinfo=ZONE))
    during = Counter(
        each.type
        for each in month.notices
        if tet[0] <= each.at < tet[1] and each.audience.is_staff and None not in _gathered(each, each.audience.value)
    )
    assert during == {}


def test_what_is_due_at_one_moment_reaches_an_officer_as_one_message(month):
    reminded = Counter(
        (each.ref, each.at, channel)
        for each in month.notices
        if each.audience.is_staff and all(event.reminder for event in each.of)
        for channel in each.channels
    )
    assert len(reminded) > 1000
    assert [key for key, count in reminded.items() if count > 1] == []


def _gathered(notice: Notice, audience: str) -> set[str | None]:
    """How the rules have the things that a notice tells put together: merge, digest, or None for what is urgent."""
    rules = [RULES["rules"][event.type] for event in notice.of]
    return {
        tell.get("gather") if tell.get("urgency", rule["urgency"]) != "urgent" else None
        for rule in rules
        for tell in rule["tell"]
        if tell["to"] == audience
    }


def _commune(ref: str) -> str:
    return ref.rpartition(".")[0].upper()
