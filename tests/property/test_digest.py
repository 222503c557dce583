"""The order of a digest: whatever comes, in whatever order it comes."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.dossiers import FilingChannel
from notifier.domain.ids import DossierCode, EventId, EventType
from notifier.reminders.digest import by_dossier, deadline_of, is_late, most_urgent_first, waits_since
from tests.support.events import event, local
from tests.support.reminders import BASES, NOW, reminder

TYPES = ("hoso.chuyen_buoc", "hoso.moi_dang_ky", *BASES)
MOMENTS = st.builds(
    lambda days, hours: local(23) + timedelta(days=days, hours=hours), st.integers(-3, 3), st.sampled_from([0, 8, 17])
)


@st.composite
def events(draw):
    made = []
    for number in range(draw(st.integers(0, 8))):
        type_ = draw(st.sampled_from(TYPES))
        common = {
            "id": EventId(UUID(int=number)),
            "code": DossierCode(f"H-{draw(st.integers(1, 4))}"),
            "filed_by": draw(st.sampled_from(FilingChannel)),
            "occurred_at": draw(MOMENTS),
            "progress": None,
            "new_due_at": None,
            "due_at": draw(st.none() | MOMENTS),
        }
        made.append(
            reminder(type_, basis=draw(MOMENTS), **common) if type_ in BASES else event(type=EventType(type_), **common)
        )
    return made


@given(events(), st.randoms())
def test_the_order_does_not_depend_on_the_order_given(told, random):
    shuffled = random.sample(told, len(told))
    assert most_urgent_first(shuffled, NOW) == most_urgent_first(told, NOW)


@given(events())
def test_nothing_is_lost_and_nothing_added(told):
    assert sorted(each.id for each in most_urgent_first(told, NOW)) == sorted(each.id for each in told)


@given(events())
def test_nothing_that_is_late_stands_behind_what_is_not(told):
    late = [is_late(each, NOW) for each in most_urgent_first(told, NOW)]
    assert late == sorted(late, reverse=True)


@given(events())
def test_nothing_without_a_time_stands_before_what_has_one(told):
    in_time = [each for each in most_urgent_first(told, NOW) if not is_late(each, NOW)]
    timeless = [waits_since(each) is None and deadline_of(each) is None for each in in_time]
    assert timeless == sorted(timeless)


@given(events())
def test_every_dossier_has_one_place_and_the_places_are_in_order(told):
    groups = by_dossier(told, NOW)
    firsts = [group[0] for group in groups]
    assert sorted(group[0].dossier.code for group in groups) == sorted({each.dossier.code for each in told})
    assert tuple(firsts) == most_urgent_first(firsts, NOW)
