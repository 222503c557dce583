"""The checker is fed errors and has to see each: a harness that cannot fail proves nothing."""

import math
from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.check import Evidence, Findings, Shown, examine, strays
from tests.chaos.events import Invented, Inventor
from tests.chaos.verdict import Row, percentile

KEY = "0" * 31
A_MAIL, AN_SMS, A_ZALO, IN_PORTAL, A_FALLBACK = (f"{KEY}{number}" for number in range(5))
BY_UID = "sha256:by-uid"
EVENT = Invented(
    "e1",
    "mcdt.example.vn",
    {},
    Counter({("citizen", channel): 1 for channel in ("email", "sms", "zalo", "portal")} | {("head", "sms"): 1}),
)


def shown(id_: str, channel: str, **changes: object) -> Shown:
    usual = Shown(id_, "e1", "citizen", channel, "somebody", "delivered", "receipt", waits=False, was_unknown=False)
    return replace(usual, **changes)  # type: ignore[arg-type]


GOOD = Evidence(
    accepted=[EVENT],
    routed={"e1": True},
    deliveries=[
        shown(A_MAIL, "email"),
        shown(AN_SMS, "sms"),
        shown(A_ZALO, "zalo", keyless=BY_UID),
        shown(IN_PORTAL, "portal", in_inbox=1),
        shown(A_FALLBACK, "sms", audience="head", recipient="head", state="cancelled"),
    ],
    ledger={
        "email": {f"<{A_MAIL}@example.gov.vn>": (1, 0)},
        "sms": {AN_SMS: (1, 0)},
        "zalo": {BY_UID: (1, 0)},
    },
)


def with_ledger(channel: str, keys: dict[str, tuple[int, int]]) -> Evidence:
    return replace(GOOD, ledger={**GOOD.ledger, channel: keys})


def with_delivery(id_: str, **changes: object) -> Evidence:
    return replace(
        GOOD,
        deliveries=[replace(each, **changes) if each.id == id_ else each for each in GOOD.deliveries],  # type: ignore[arg-type]
    )


def test_what_was_taken_once_is_neither_lost_nor_doubled():
    found = examine(GOOD)
    assert (found.deliveries, found.delivered, found.lost, found.duplicates) == (4, 4, Counter(), Counter())


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (replace(GOOD, routed={}), "event missing"),
        (replace(GOOD, routed={"e1": False}), "event not routed"),
        (replace(GOOD, deliveries=GOOD.deliveries[1:]), "never planned"),
        (with_ledger("email", {}), "email delivered, but nobody took it"),
        (with_delivery(IN_PORTAL, in_inbox=0), "portal delivered, but nobody took it"),
        (with_delivery(A_MAIL, state="sending"), "email still sending"),
        (with_delivery(A_MAIL, state="planned", waits=True), "email still planned"),
        (with_delivery(A_MAIL, state="failed", reason=None), "email failed without a reason"),
        (with_delivery(A_FALLBACK, state="standby", waits=True), "sms fallback never taken"),
        (replace(GOOD, told=frozenset({"c1"})), "callback sent, but nobody heard it"),
    ],
)
def test_each_way_to_lose_a_message_is_seen(evidence: Evidence, why: str):
    assert examine(evidence).lost[why] > 0


@pytest.mark.parametrize(
    ("channel", "key"), [("email", f"<{A_MAIL}@example.gov.vn>"), ("sms", AN_SMS), ("zalo", BY_UID)]
)
def test_a_message_that_went_out_twice_is_a_duplicate(channel: str, key: str):
    assert examine(with_ledger(channel, {key: (2, 0)})).duplicates == Counter({channel: 1})


def test_a_double_that_the_provider_dropped_is_none():
    found = examine(with_ledger("sms", {AN_SMS: (1, 3)}))
    assert (found.duplicates.total(), found.dropped) == (0, 3)


def test_two_copies_in_an_inbox_are_a_duplicate():
    assert examine(with_delivery(IN_PORTAL, in_inbox=2)).duplicates == Counter({"portal": 1})


def test_what_ended_visibly_is_not_lost():
    evidence = replace(with_delivery(A_MAIL, state="unknown", was_unknown=True), ledger={**GOOD.ledger, "email": {}})
    found = examine(evidence)
    assert (found.lost.total(), found.unknown) == (0, 1)


def test_a_message_of_no_delivery_is_a_stray():
    assert strays(with_ledger("sms", {AN_SMS: (1, 0), "f" * 32: (1, 0)}).ledger, GOOD.deliveries) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("f", Findings(lost=Counter({"event missing": 2})), 0), "2 lost: event missing"),
        (Row("f", Findings(duplicates=Counter({"email": 2})), 1), "2 duplicates, 1 allowed (2 email)"),
        (Row("f", Findings(duplicates=Counter({"sms": 1})), 5), "1 duplicates by sms"),
        (
            Row("f", Findings(duplicates=Counter({"email": 1}), hidden=1), 1),
            "1 duplicates that were never shown as unknown",
        ),
        (Row("f", Findings(strays=1), 0), "1 messages that no delivery accounts for"),
        (Row("f", Findings(gaps=1), 0), "1 gaps in inboxes"),
        (Row("f", Findings(), 0, recover=[1.0, 15.1]), "p99 of recovery is 15.1 s"),
        (Row("f", Findings(), 0, recover=[math.inf]), "p99 of recovery is never"),
        (Row("f", Findings(), 0, drains=[31.0]), "a drain took 31 s"),
        (Row("f", Findings(), 0, unsettled=1), "1 not settled in time"),
        (Row("f", Findings(), 0, refused=1), "1 events without a 202"),
        (Row("f", Findings(), 0, not_done=["nobody passed call.before"]), "nobody passed call.before"),
    ],
)
def test_each_bound_that_is_passed_is_said(row: Row, said: str):
    assert row.breaches() == [said]


def test_a_row_within_its_bounds_holds():
    row = Row("f", Findings(duplicates=Counter({"zalo": 1})), 1, recover=[14.9], drains=[29.0])
    assert row.breaches() == []


def test_percentiles_are_those_of_the_nearest_rank():
    assert [percentile([4.0, 1.0, 3.0, 2.0], percent) for percent in (50, 99)] == [2.0, 4.0]


def test_the_same_seed_invents_the_same_events():
    one, other = Inventor(7, "run"), Inventor(7, "run")
    assert [one.event() for _ in range(20)] == [other.event() for _ in range(20)]


def test_no_two_events_share_a_person():
    inventor = Inventor(7, "run")
    papers = [inventor.event().document["data"]["HoSo"]["DinhDanhCHS"][0]["SoDinhDanh"] for _ in range(200)]
    assert len(set(papers)) == 200
