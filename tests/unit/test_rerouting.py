"""What the rules of now change about an event that was routed before: a table of what is there and what is planned."""

from dataclasses import replace
from uuid import UUID

import pytest

from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DeliveryId
from notifier.domain.recipients import Audience
from notifier.routing.plan import Plan
from notifier.routing.rerouting import Comparison, Existing, compare
from tests.unit.test_routing_plan import planned

S = DeliveryState
CITIZEN = next(one for one in planned().recipients if one.recipient.audience is Audience.CITIZEN)
PLAN = Plan((CITIZEN,), ())
"""The shipped rules for a citizen: portal, Zalo and mail are planned, SMS is on standby."""


def existing(channel: str, state: DeliveryState, *, perhaps_sent: bool = False) -> Existing:
    who = CITIZEN.recipient
    return Existing(DeliveryId(UUID(int=1)), who.id, who.audience, who.ref, channel, state, perhaps_sent)


def only(channel: str, state: DeliveryState | None = None) -> Plan:
    """The plan for this channel alone, perhaps with another state."""
    (mine,) = [each for each in CITIZEN.deliveries if each.channel == channel]
    mine = replace(mine, state=state) if state else mine
    return Plan((replace(CITIZEN, deliveries=(mine,)),), ())


def counts(found: Comparison) -> tuple[int, int, int, int]:
    return len(found.moved), len(found.added), len(found.stopped), found.kept


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (S.SUPPRESSED, S.PLANNED, (1, 0, 0, 0)),
        (S.SUPPRESSED, S.STANDBY, (1, 0, 0, 0)),
        (S.SUPPRESSED, S.SUPPRESSED, (0, 0, 0, 1)),
        (S.HELD, S.PLANNED, (1, 0, 0, 0)),
        (S.PLANNED, S.HELD, (1, 0, 0, 0)),
        (S.PLANNED, S.PLANNED, (0, 0, 0, 1)),
        (S.PLANNED, S.STANDBY, (0, 0, 0, 1)),
        (S.PLANNED, S.SUPPRESSED, (0, 0, 1, 0)),
        (S.STANDBY, S.SUPERSEDED, (0, 0, 1, 0)),
        *((done, S.PLANNED, (0, 0, 0, 1)) for done in (S.SENDING, S.ACCEPTED, S.DELIVERED, S.READ, S.UNKNOWN)),
        *((over, S.PLANNED, (0, 0, 0, 1)) for over in (S.FAILED, S.EXPIRED, S.CANCELLED, S.SUPERSEDED)),
    ],
)
def test_only_what_was_not_sent_yet_changes(was, now, expected):
    assert counts(compare([existing("zalo", was)], only("zalo", now))) == expected


def test_what_a_provider_may_hold_is_left_alone():
    mine = existing("zalo", S.PLANNED, perhaps_sent=True)
    assert counts(compare([mine], only("zalo", S.SUPPRESSED))) == (0, 0, 0, 1)


def test_a_way_that_is_new_is_added_unless_it_is_not_to_be_used():
    there = [existing("portal", S.DELIVERED)]
    assert counts(compare(there, only("zalo"))) == (0, 1, 0, 1)
    assert counts(compare(there, only("zalo", S.SUPPRESSED))) == (0, 0, 0, 1)


def test_what_the_rules_do_not_name_any_more_is_stopped():
    assert counts(compare([existing("zalo", S.HELD)], Plan((), ()))) == (0, 0, 1, 0)
    assert counts(compare([existing("zalo", S.DELIVERED)], Plan((), ()))) == (0, 0, 0, 1)


def test_rules_that_say_the_same_change_nothing():
    there = [existing(each.channel, each.state) for each in CITIZEN.deliveries]
    assert counts(compare(there, PLAN)) == (0, 0, 0, len(there))
