"""What `notifier route` explains of several events, one after the other."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from notifier.cli.route import USUAL_CHANNELS
from tests.support.intake import MINISTRY, NOW, PROVINCE, accepted, event
from tests.support.routing_events import local, shipped_rules
from workers.steps.contexts import routing_context
from workers.steps.rehearsal import Rehearsal

OVERTAKES = "! overtakes {}: what was not sent of it to the citizen is not sent any more"


class Rehearsed:
    """A rehearsal at some time of day."""

    def __init__(self, now: datetime = NOW) -> None:
        routing = replace(routing_context({}, b"x", now), channels=USUAL_CHANNELS)
        self.rehearsal = Rehearsal(shipped_rules(), routing, now)

    def explain(self, of: str, changes: dict[str, Any] | None = None, *, ministry: bool = False) -> list[str]:
        source = {"/source": MINISTRY.name} if ministry else {}
        profile = MINISTRY if ministry else PROVINCE
        item = accepted(event({**(changes or {}), **source}, of=of), profile=profile)
        return self.rehearsal.explain(item, profile, "en")


def citizen(lines: list[str]) -> list[str]:
    start = lines.index("citizen:")
    return lines[start + 1 : start + 5]


def test_a_single_event_is_explained_as_the_only_one_of_its_dossier():
    lines = Rehearsed().explain("08")
    assert [line.split()[:2] for line in citizen(lines)] == [
        ["portal", "planned"],
        ["zalo", "planned"],
        ["sms", "planned"],
        ["email", "planned"],
    ]


def test_the_status_before_that_the_event_states_tells_whether_it_surprises():
    lines = Rehearsed().explain("08", {"/data/HoSo/TrangThaiTruoc": "1"})
    assert "the status was just corrected or is unusual" in citizen(lines)[0]


def test_a_later_event_says_what_it_overtakes():
    told = Rehearsed()
    told.explain("02")
    assert OVERTAKES.format("hoso.duoc_tiep_nhan") in told.explain("08")


def test_an_earlier_event_that_comes_later_was_overtaken():
    told = Rehearsed()
    told.explain("08")
    assert all("the event came after a later status (hoso.xu_ly_xong)" in line for line in citizen(told.explain("02")))


def test_a_missing_number_is_named():
    told = Rehearsed()
    told.explain("02")
    assert "! events are missing: seq 3 has not come" in told.explain("04")


def test_an_event_right_after_a_correction_waits():
    told = Rehearsed(local(22, 0))
    back = {"/id": "b", "/type": "hoso.moi_dang_ky", "/seq": 3, "/data/HoSo/TrangThaiHoSo": "1"}
    told.explain("02")
    assert "held" in citizen(told.explain("02", back))[0]
    assert "held" in citizen(told.explain("02", {"/id": "c", "/seq": 4}))[0]


def test_the_same_from_another_system_is_told_once():
    told = Rehearsed()
    told.explain("02")
    again = citizen(told.explain("02", {"/id": "m"}, ministry=True))
    assert all(f"{PROVINCE.name} has had this status told on the same day" in line for line in again)


def test_what_was_taken_back_does_not_silence_the_other_system():
    told = Rehearsed(local(22, 0))
    told.explain("02")
    told.explain("02", {"/id": "b", "/type": "hoso.dinh_chinh", "/seq": 3, "/data/HoSo/TrangThaiHoSo": "1"})
    assert "planned" in citizen(told.explain("02", {"/id": "m"}, ministry=True))[0]
