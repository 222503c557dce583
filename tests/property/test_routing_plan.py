from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.deliveries import SENDABLE, DeliveryState, PlannedDelivery, Position
from notifier.domain.dossiers import Consent, Person
from notifier.domain.hours import Hours, opening
from notifier.domain.reasons import ReasonCode
from notifier.domain.recipients import Audience
from notifier.routing.context import Address, ChannelView
from notifier.routing.explain import explain
from notifier.routing.overtaking import Course
from notifier.routing.plan import plan, sensitive
from notifier.routing.rules import Rules
from tests.support.routing_events import CHANNELS, PORTAL, a_context, an_event

S = DeliveryState
clock_times = st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0))
TYPE = "hoso.thu"


@st.composite
def tells(draw, audience):
    order = draw(st.permutations(CHANNELS))
    cut = draw(st.integers(1, len(order)))
    end = draw(st.integers(cut, len(order)))
    return {
        "to": audience,
        "send": order[:cut],
        "fallback": order[cut:end],
        "urgency": draw(st.sampled_from(["urgent", "normal", "bulk", None])),
    }


@st.composite
def sending_hours(draw):
    first, second = sorted(draw(st.sets(clock_times, min_size=2, max_size=2)))
    return {"opens": f"{first:%H:%M}", "closes": f"{second:%H:%M}", "next_morning": draw(st.booleans())}


@st.composite
def rule_books(draw):
    audiences = draw(st.lists(st.sampled_from(["citizen", "handler", "head"]), min_size=1, unique=True))
    group = {urgency: draw(st.none() | sending_hours()) for urgency in ("urgent", "normal", "bulk")}
    flags = ("linked_sources_tell", "first_time_only", "until_appointment")
    rule = {
        "urgency": draw(st.sampled_from(["urgent", "normal", "bulk"])),
        "tell": [draw(tells(audience)) for audience in audiences],
        **{flag: draw(st.booleans()) for flag in flags},
    }
    patience = {
        "receipt_wait_minutes": 5,
        "handover_wait_minutes": 20,
        "retry_base_seconds": 1,
        "retry_cap_seconds": 5,
        "attempts": 3,
    }
    document = {
        "linked_sources": ["LTKS"],
        "hours": {"citizen": group},
        "deadline_hours": {"urgent": 1, "normal": 30, "bulk": 168},
        "channels": {"default": patience},
        "sensitive": {"procedures": ["1.0017"], "words": ["HIV"]},
        "rules": {TYPE: rule},
    }
    return Rules.model_validate(document, context=CHANNELS)


moments = st.timedeltas(timedelta(), timedelta(days=30)).map(lambda passed: datetime(2026, 11, 1, tzinfo=UTC) + passed)
people = st.builds(
    Person,
    name=st.sampled_from(["Nguyễn Văn Mẫu", "Trần Thị Ví Dụ", "Lê Văn Thử"]),
    code=st.none() | st.sampled_from(["nv.mau", "NV.MAU", "tt.vidu"]),
    phone=st.none() | st.sampled_from(["+84912000101", "+842963852000", "+4915112345678"]),
    email=st.none() | st.just("mau@example.vn"),
    zalo_uid=st.none() | st.just("9990000000000000101"),
)
events = st.builds(
    an_event,
    st.sampled_from([TYPE, TYPE, TYPE, "hoso.khac"]),
    handlers=st.lists(people, max_size=3).map(tuple),
    heads=st.lists(people, max_size=2).map(tuple),
    appointment_at=st.none() | moments,
    owner=st.none() | people,
    authorised=st.none() | people,
    consent=st.builds(Consent, st.booleans(), st.booleans(), st.booleans()),
    linked_source=st.sampled_from([None, "LTKS", "khac"]),
    procedure_code=st.sampled_from([None, "1.001776", "2.000001"]),
)
views = st.fixed_dictionaries(
    {
        name: st.builds(
            ChannelView,
            st.just(address),
            enabled=st.integers(0, 4).map(bool),
            quiet=st.just(address is Address.INBOX),
            window=st.none() | st.tuples(clock_times, clock_times),
            proves=st.booleans(),
            staff_by_phone=st.booleans(),
        )
        for name, address in zip(CHANNELS, (Address.INBOX, Address.ZALO, Address.PHONE, Address.EMAIL), strict=True)
    }
)
courses = st.builds(
    Course,
    overtaken_by=st.none() | st.just("hoso.xu_ly_xong"),
    hold_until=st.none() | moments,
    told_before=st.booleans(),
)
contexts = st.builds(
    lambda course, told_by, without, changed: a_context(course=course, told_by=told_by, without=without, **changed),
    courses,
    st.none() | st.just("hs.bo-mau.example.gov.vn"),
    st.sets(st.sampled_from(CHANNELS), max_size=1).map(tuple),
    views,
)


def all_deliveries(decided) -> list[PlannedDelivery]:
    return [each for one in decided.recipients for each in one.deliveries]


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_every_event_under_every_rule_gets_a_plan_in_which_each_delivery_has_its_reason(event, rules, context, now):
    decided = plan(event, rules, context, now)
    told = [*decided.notes, *(each.reason for each in all_deliveries(decided))]
    assert told
    assert not [reason for reason in told if "{" in reason.text("vi") + reason.text("en")]


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_every_plan_can_be_explained_without_naming_a_person(event, rules, context, now):
    text = "\n".join(explain(plan(event, rules, context, now), event, "vi"))
    assert not [word for word in ("Nguyễn", "Trần", "+84", "@", "999000") if word in text]
    assert sensitive(event, rules) is (event.dossier.procedure_code == "1.001776")


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_no_citizen_is_disturbed_outside_the_allowed_hours(event, rules, context, now):
    for one in plan(event, rules, context, now).recipients:
        for each in one.deliveries:
            if each.state not in SENDABLE or one.recipient.audience is not Audience.CITIZEN:
                continue
            view = context.channels[each.channel]
            allowed = rules.allowed_hours(
                Audience.CITIZEN, each.urgency, quiet=view.quiet, window=view.window, working=context.working
            )
            on_its_way_out = each.state is S.HELD and each.due_at == each.expires_at
            assert on_its_way_out or all(hours.hold(each.due_at) for hours in allowed)


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_what_is_unfinished_is_due_by_its_deadline_and_what_is_suppressed_never(event, rules, context, now):
    for each in all_deliveries(plan(event, rules, context, now)):
        if each.state in {S.SUPPRESSED, S.SUPERSEDED}:
            assert each.due_at is None
        else:
            assert each.due_at is not None
            assert each.due_at.tzinfo is UTC
            assert each.due_at <= max(each.expires_at, now)


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_what_was_overtaken_tells_the_citizen_nothing_and_the_staff_everything(event, rules, context, now):
    for one in plan(event, rules, context, now).recipients:
        states = {each.state for each in one.deliveries}
        if one.recipient.audience is Audience.CITIZEN and context.course.overtaken_by:
            assert states == {S.SUPERSEDED}
        else:
            assert S.SUPERSEDED not in states


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_no_citizen_hears_of_it_before_the_hold_is_over_unless_it_would_come_too_late(event, rules, context, now):
    for one in plan(event, rules, context, now).recipients:
        for each in one.deliveries:
            if each.state in SENDABLE and one.recipient.audience is Audience.CITIZEN and context.course.hold_until:
                assert each.due_at >= min(context.course.hold_until, each.expires_at)


def deadlines(decided) -> dict[tuple[str, str], datetime]:
    return {(one.recipient.ref, each.channel): each.expires_at for one in decided.recipients for each in one.deliveries}


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_only_a_message_with_a_fallback_behind_it_has_to_be_handed_over_sooner(event, rules, context, now):
    patient = rules.model_copy(
        update={"channels": {"default": rules.channels["default"].model_copy(update={"handover_wait_minutes": 10**6})}}
    )
    late = deadlines(plan(event, patient, context, now))
    for one in plan(event, rules, context, now).recipients:
        for place, each in enumerate(one.deliveries):
            behind = any(other.state is S.STANDBY for other in one.deliveries[place + 1 :])
            sooner = each.expires_at != late[one.recipient.ref, each.channel]
            assert not sooner or (behind and each.state in SENDABLE and each.channel != PORTAL)
            assert not sooner or each.expires_at == each.due_at + timedelta(minutes=20)


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_the_portal_comes_first(event, rules, context, now):
    for one in plan(event, rules, context, now).recipients:
        sent = [each.channel for each in one.deliveries if each.position is Position.FIRST]
        if PORTAL in context.channels:
            assert PORTAL not in sent[1:]


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_each_person_is_told_once_on_each_channel(event, rules, context, now):
    decided = plan(event, rules, context, now)
    officers = [one.recipient.ref.casefold() for one in decided.recipients if one.recipient.audience.is_staff]
    assert len(officers) == len(set(officers))
    for one in decided.recipients:
        channels = [each.channel for each in one.deliveries]
        assert len(channels) == len(set(channels))


@settings(deadline=None)
@given(events, rule_books(), contexts, moments)
def test_a_fallback_goes_at_once_only_when_no_way_before_it_can(event, rules, context, now):
    for one in plan(event, rules, context, now).recipients:
        ways = [each for each in one.deliveries if each.position is Position.FALLBACK or each.channel != PORTAL]
        for place, each in enumerate(ways):
            if each.position is Position.FALLBACK and each.state in {*SENDABLE, S.STANDBY}:
                open_before = [way for way in ways[:place] if way.state in {*SENDABLE, S.STANDBY}]
                assert (each.state is S.STANDBY) == bool(open_before)


@settings(deadline=None)
@given(moments, st.lists(st.builds(Hours, clock_times, clock_times, st.just(ReasonCode.QUIET_HOURS)), max_size=3))
def test_an_opening_is_the_first_minute_in_which_all_hours_are_open(at, hours):
    at = at.replace(second=0, microsecond=0)
    minutes = (at.replace(hour=hour, minute=minute) for hour in range(24) for minute in range(60))
    after = sorted((moment - at).total_seconds() % 86_400 for moment in minutes if all(h.hold(moment) for h in hours))
    opens = opening(at, hours)
    assert (opens and (opens - at).total_seconds()) == (after[0] if after else None)


def test_equal_hours_are_the_whole_day():
    assert Hours(time(7), time(7), ReasonCode.QUIET_HOURS).hold(datetime(2026, 11, 1, tzinfo=UTC))
