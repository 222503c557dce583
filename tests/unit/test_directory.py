"""Who is meant: what the directory adds to the people of an event, who stands in for whom, who answers for a unit."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from notifier.domain.directory import (
    Directory,
    Origin,
    Role,
    by_every_code,
    known_as,
    parent_of,
    people_of,
    stands_in,
)
from notifier.domain.dossiers import Unit
from notifier.domain.events import Reminder
from notifier.domain.learning import said_by
from tests.support.directory import DESK, OA, TODAY, UNIT, agency, directory, head, learned, officer, person
from tests.support.intake import accepted, domain_event, sample

PHONE, OTHER_PHONE = "+84912000901", "+84912000902"


def stand_in(found: Directory, code: str, day: date = TODAY) -> str | None:
    return stands_in(found, person(code), day, OA).code


def heads(found: Directory, *units: str, role: Role = Role.HEAD, day: date = TODAY) -> list[str | None]:
    return [each.code for each in people_of(found, units, role, day, OA)]


# Known as


def test_somebody_unknown_is_as_the_event_says():
    assert known_as(directory(), person("a", phone=PHONE), TODAY, OA) == person("a", phone=PHONE)


def test_somebody_without_a_code_is_as_the_event_says():
    assert known_as(directory(officer("a")), person(None), TODAY, OA) == person(None)


def test_what_an_administrator_wrote_wins():
    found = known_as(
        directory(officer("a", phone=PHONE, name="Phạm Thị Thử")), person("a", phone=OTHER_PHONE), TODAY, OA
    )
    assert (found.phone, found.name) == (PHONE, "Phạm Thị Thử")


def test_what_an_administrator_left_empty_is_taken_from_the_event():
    assert known_as(directory(officer("a")), person("a", phone=PHONE), TODAY, OA).phone == PHONE


def test_the_event_wins_over_what_earlier_events_said():
    assert (
        known_as(directory(learned("a", phone=PHONE)), person("a", phone=OTHER_PHONE), TODAY, OA).phone == OTHER_PHONE
    )


def test_what_the_event_lacks_is_filled_from_earlier_events():
    assert known_as(directory(learned("a", phone=PHONE)), person("a"), TODAY, OA).phone == PHONE


def test_an_event_without_a_name_does_not_rename_an_officer():
    assert (
        known_as(directory(learned("a", name="Phạm Thị Thử")), replace(person("a"), name="a"), TODAY, OA).name
        == "Phạm Thị Thử"
    )


def test_the_user_id_is_that_of_the_account_asked_for():
    found = directory(officer("a", zalo={OA: "111", "zalo-hue": "222"}))
    assert known_as(found, person("a"), TODAY, "zalo-hue").zalo_uid == "222"


def test_the_account_is_known_in_any_case_and_keeps_the_event_s_spelling():
    found = known_as(directory(officer("pt.thu", phone=PHONE)), person("PT.Thu"), TODAY, OA)
    assert (found.code, found.phone) == ("PT.Thu", PHONE)


def test_somebody_who_has_left_cannot_be_reached():
    left = officer("a", gone_at=TODAY, phone=PHONE, zalo={OA: "111"})
    found = known_as(directory(left), person("a", phone=PHONE, email="a@example.vn", zalo_uid="111"), TODAY, OA)
    assert (found.code, found.phone, found.email, found.zalo_uid) == ("a", None, None, None)


# Stands in


@pytest.mark.parametrize(
    ("days_after_first", "who"), [(-1, "a"), (0, "b"), (4, "b"), (5, "a")], ids=["before", "first", "last", "after"]
)
def test_both_ends_belong_to_a_leave(days_after_first, who):
    away = officer("a", leave_from=TODAY, leave_until=TODAY + timedelta(days=4), deputy="b")
    assert stand_in(directory(away, officer("b")), "a", TODAY + timedelta(days=days_after_first)) == who


def test_a_leave_without_an_end_goes_on():
    away = officer("a", leave_from=TODAY, deputy="b")
    assert stand_in(directory(away, officer("b")), "a", date(2027, 11, 25)) == "b"


def test_a_deputy_who_is_there_is_not_asked_for_without_a_leave():
    assert stand_in(directory(officer("a", deputy="b"), officer("b")), "a") == "a"


def away(code: str, deputy: str | None, **fields):
    return officer(code, leave_from=TODAY, deputy=deputy, **fields)


@pytest.mark.parametrize(
    ("others", "who"),
    [
        ((officer("b"),), "b"),
        ((away("b", "c"), officer("c")), "c"),
        ((away("b", "c"), away("c", "d"), officer("d")), "d"),
        ((away("b", "a"),), "a"),
        ((away("b", "c"), away("c", "b")), "a"),
        ((away("b", None),), "a"),
        ((officer("b", gone_at=TODAY),), "a"),
        ((away("b", "c"), officer("c", gone_at=TODAY)), "a"),
        ((), "a"),
    ],
    ids=["deputy", "second", "third", "circle", "circle of others", "nobody", "left", "second left", "unknown"],
)
def test_deputies_are_followed_as_far_as_they_lead(others, who):
    assert stand_in(directory(away("a", "b"), *others), "a") == who


def test_a_deputy_is_told_by_their_own_contacts():
    found = directory(away("a", "b", phone=PHONE), officer("b", phone=OTHER_PHONE, zalo={OA: "222"}))
    told = stands_in(found, person("a", phone=PHONE, zalo_uid="111"), TODAY, OA)
    assert (told.name, told.phone, told.zalo_uid) == ("Cán bộ b", OTHER_PHONE, "222")


def left(code: str, **fields):
    return officer(code, gone_at=TODAY, **fields)


def test_until_the_day_before_leaving_an_officer_is_told():
    assert stand_in(directory(left("a", deputy="b"), officer("b")), "a", TODAY - timedelta(days=1)) == "a"


def test_the_deputy_of_somebody_who_has_left_is_told():
    assert stand_in(directory(left("a", deputy="b"), officer("b"), head("h")), "a") == "b"


def test_without_a_deputy_a_head_is_told_of_what_somebody_who_left_was_to_do():
    assert stand_in(directory(left("a"), head("h")), "a") == "h"


def test_of_the_heads_one_who_is_there_is_told():
    found = directory(left("a"), head("h1", leave_from=TODAY), head("h2"))
    assert stand_in(found, "a") == "h2"


def test_where_nobody_is_left_the_inbox_of_who_left_keeps_it():
    told = stands_in(directory(left("a", phone=PHONE)), person("a", phone=PHONE), TODAY, OA)
    assert (told.code, told.phone) == ("a", None)


# People of a unit


def test_the_heads_of_a_unit_answer_for_it():
    found = directory(officer("a"), head("h2"), head("h1"), head("x", "H01.15"))
    assert heads(found, UNIT) == ["h1", "h2"]


def test_roles_are_told_apart():
    found = directory(head("h"), officer("d", role=Role.DIRECTOR))
    assert heads(found, UNIT, role=Role.DIRECTOR) == ["d"]


def test_the_nearest_parent_with_heads_answers():
    found = directory(agency(DESK), agency(UNIT, parent="H01"), head("h"), head("chair", "H01"))
    assert heads(found, DESK) == ["h"]


def test_a_written_parent_goes_before_that_of_the_code():
    found = directory(agency(DESK, parent="H01.99"), head("h"), head("centre", "H01.99"))
    assert heads(found, DESK) == ["centre"]


def test_a_unit_that_the_directory_does_not_know_has_the_parent_of_its_code():
    assert heads(directory(head("h")), "H01.14.02.01") == ["h"]


def test_the_whole_province_answers_only_where_it_is_written_as_parent():
    chair = head("chair", "H01")
    assert heads(directory(chair), DESK) == []
    assert heads(directory(chair, agency(UNIT, parent="H01")), DESK) == ["chair"]


@pytest.mark.parametrize(("code", "parent"), [("H01.14.02", "H01.14"), ("H01.14", None), ("H01", None), ("desk", None)])
def test_codes_say_their_parents(code, parent):
    assert parent_of(code) == parent


def test_the_next_unit_is_asked_where_the_first_leads_nowhere():
    found = directory(agency("H02.01"), head("h"))
    assert heads(found, "H02.01", UNIT) == ["h"]


def test_heads_who_have_left_do_not_count():
    found = directory(head("h", DESK, gone_at=TODAY), head("above"))
    assert heads(found, DESK) == ["above"]


def test_heads_on_leave_are_answered_too():
    assert heads(directory(head("h", leave_from=TODAY, deputy="b"), officer("b")), UNIT) == ["h"]


def test_heads_whom_events_named_do_not_count_beside_those_an_administrator_wrote():
    found = directory(learned("old", role=Role.HEAD), head("new"))
    assert heads(found, UNIT) == ["new"]


def test_parents_in_a_circle_end():
    found = directory(agency("H01.1A", parent="H01.2A"), agency("H01.2A", parent="H01.1A"))
    assert heads(found, "H01.1A") == []


# Mergers

MERGED = agency("H33.07", valid_until=date(2025, 6, 30), successor=UNIT)


@pytest.mark.parametrize(
    ("day", "who"), [(date(2025, 6, 30), ["old"]), (date(2025, 7, 1), ["new"])], ids=["last", "next"]
)
def test_from_the_day_after_its_last_a_unit_goes_on_as_its_successor(day, who):
    assert heads(directory(MERGED, agency(UNIT), head("old", "H33.07"), head("new")), "H33.07", day=day) == who


def test_a_successor_may_have_been_succeeded_itself():
    found = directory(
        agency("H33.01", valid_until=date(2024, 12, 31), successor="H33.07"), MERGED, agency(UNIT), head("new")
    )
    assert heads(found, "H33.01") == ["new"]


def test_successors_in_a_circle_end():
    found = directory(MERGED, agency(UNIT, valid_until=date(2025, 7, 31), successor="H33.07"))
    assert heads(found, "H33.07") == []


def test_a_unit_that_has_ended_without_a_successor_answers_for_itself():
    found = directory(agency(UNIT, valid_until=date(2025, 6, 30)), head("h"))
    assert heads(found, UNIT) == ["h"]


def test_a_unit_is_found_by_its_other_codes():
    found = directory(agency(UNIT, other_codes=("H33.07", "000.00.07.H33")), head("h"))
    assert heads(found, "H33.07") == ["h"]


def test_a_head_is_found_where_the_unit_is_written_by_another_code():
    found = directory(agency(UNIT, other_codes=("H33.07",)), head("h", "H33.07"))
    assert heads(found, UNIT) == ["h"]


def test_what_an_administrator_wrote_hides_what_events_called_the_same():
    ours = agency(UNIT, other_codes=("H33.07",))
    assert by_every_code([agency("H33.07", origin=Origin.EVENT), ours])["H33.07"] == ours


# Learning


def translated():
    return domain_event(accepted(sample("04")))


def test_an_event_names_its_officers_and_units():
    officers, agencies = said_by(translated(), OA)
    assert {each.code: (each.role, each.unit) for each in officers} == {
        "hv.kiem": (Role.OFFICER, UNIT),
        "pv.pho": (Role.OFFICER, UNIT),
        "lt.vidu": (Role.HEAD, UNIT),
    }
    assert {each.code for each in agencies} == {UNIT, DESK}
    assert {each.origin for each in (*officers, *agencies)} == {Origin.EVENT}


def test_the_user_id_of_an_event_is_that_of_our_account():
    officers, _ = said_by(translated(), "zalo-tinh")
    assert [each.zalo for each in officers if each.code == "pv.pho"] == [{"zalo-tinh": "9990000000000000909"}]


def test_people_without_a_code_are_not_learned():
    told = translated()
    nameless = replace(told, progress=replace(told.progress, next_handlers=(person(None),), heads=()))
    assert said_by(nameless, OA)[0] == ()


def test_units_without_a_code_are_not_learned():
    told = translated()
    units = {"receiving_unit": Unit(None, "Một cửa"), "handling_unit": None}
    assert said_by(replace(told, dossier=replace(told.dossier, **units)), OA)[1] == ()


def test_our_own_reminders_teach_nothing():
    told = translated()
    assert said_by(replace(told, reminder=Reminder(told.occurred_at, 1)), OA) == ((), ())
