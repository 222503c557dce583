"""Which agencies somebody may look at: their own, all below them, and nothing else."""

from notifier.domain.directory import Agency, by_every_code
from notifier.reminders.reports.units import Agencies
from notifier.reminders.reports.within import EVERYWHERE, chosen, seen_by

AGENCIES = Agencies(
    by_every_code(
        [
            Agency("H01", "UBND tỉnh"),
            Agency("H01.14", "UBND xã A", parent="H01"),
            Agency("K07", "UBND xã B, sáp nhập về", parent="H01"),
            Agency("H02", "Sở khác"),
        ]
    )
)


def test_who_works_for_no_agency_in_particular_sees_all():
    assert seen_by(AGENCIES, []) is EVERYWHERE


def test_an_agency_sees_itself_and_those_below_it_however_their_codes_begin():
    assert [seen_by(AGENCIES, ["H01"]).holds(code) for code in ("H01", "H01.14", "K07", "H02")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_unit_that_the_directory_does_not_know_belongs_to_the_one_whose_code_it_begins_with():
    seen = seen_by(AGENCIES, ["H01"])
    assert [seen.holds(code) for code in ("H01.99", "K07.3", "H019", "K071")] == [True, True, False, False]


def test_a_beginning_stands_once():
    assert seen_by(AGENCIES, ["H01", "H01.14"]).begin == ["H01.", "K07."]


def test_who_asks_for_one_agency_sees_no_other():
    asked = chosen(AGENCIES, ["H01"], "K07")
    assert asked is not None
    assert [asked.holds(code) for code in ("K07", "H01.14")] == [True, False]


def test_what_is_not_theirs_is_not_shown_at_all():
    assert chosen(AGENCIES, ["H01.14"], "H02") is None
