"""How the form of a citizen's choices is read."""

from datetime import time

import pytest
from multidict import MultiDict

from notifier.domain.hours import Rest
from notifier.domain.preferences import KindName, Preferences
from notifier.domain.recipients import Locale
from notifier.routing.choices import offers
from notifier.web.pages.citizen.preferences import HALF, entered
from tests.support.routing_events import SMS, VIEWS, ZALO, shipped_rules

RULES = shipped_rules()
OFFERED = offers(RULES, VIEWS)
BEFORE = Preferences(Locale.EN, Rest(time(20), time(8)), {KindName("progress"): frozenset({ZALO})})


def read(*pairs: tuple[str, str]):
    return entered(MultiDict(pairs), BEFORE, OFFERED, RULES)


def test_what_was_shown_and_not_ticked_is_declined():
    assert read(("shown", "visits:sms"), ("shown", "visits:zalo"), ("way", "visits:zalo")).chosen.declined == {
        "progress": frozenset({ZALO}),
        "visits": frozenset({SMS}),
    }


def test_what_was_not_shown_stays_as_it_was():
    assert read(("way", "progress:zalo"), ("way", "visits:fax")).chosen.declined == BEFORE.declined


def test_a_kind_that_is_wanted_again_leaves_nothing_behind():
    assert read(("shown", "progress:zalo"), ("way", "progress:zalo")).chosen.declined == {}


def test_no_times_are_no_quiet_hours():
    assert (read(("begins", ""), ("ends", "")).chosen.rest, read().wrong) == (None, {})


@pytest.mark.parametrize(("begins", "ends"), [("12:00", ""), ("", "12:00"), ("12:00", "12:00"), ("trưa", "12:00")])
def test_two_different_times_are_needed(begins: str, ends: str):
    found = read(("begins", begins), ("ends", ends))
    assert (list(found.wrong), found.begins, found.ends) == ([HALF], begins, ends)


@pytest.mark.parametrize(("said", "locale"), [("vi", Locale.VI), ("fr", Locale.EN)])
def test_a_language_that_there_is_not_changes_nothing(said: str, locale: Locale):
    assert read(("language", said)).chosen.locale is locale
