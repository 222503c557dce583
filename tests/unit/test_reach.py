"""How far somebody sees and acts: their own agencies, all below them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.directory import Agency, by_every_code, parent_of
from notifier.domain.reach import EVERYWHERE, narrowed, reach_from

KNOWN = by_every_code(
    [
        Agency("H01", "UBND tỉnh"),
        Agency("H01.14", "UBND xã A", other_codes=("X14",), parent="H01"),
        Agency("K07", "UBND xã B, sáp nhập về", parent="H01"),
        Agency("H02", "Sở khác"),
    ]
)
CODES = ("H01", "H01.1", "H01.14", "H01.14.2", "H02", "H02.3", "K07", "K07.1", "X14")
codes = st.sampled_from(CODES)
directories = st.lists(
    st.builds(Agency, code=codes, name=st.just("x"), parent=st.none() | codes, other_codes=st.just(())), max_size=6
).map(by_every_code)


def test_who_works_for_no_agency_in_particular_sees_all_and_what_has_no_agency():
    assert reach_from(KNOWN, []) is EVERYWHERE
    assert [EVERYWHERE.includes(agency) for agency in ("H01", "", None)] == [True, True, True]


def test_what_has_no_agency_is_within_none():
    assert [reach_from(KNOWN, ["H01"]).includes(agency) for agency in ("", None)] == [False, False]


def test_an_agency_reaches_itself_and_those_below_it_however_their_codes_begin():
    found = [reach_from(KNOWN, ["H01"]).includes(code) for code in ("H01", "H01.14", "X14", "K07", "H02")]
    assert found == [True, True, True, True, False]


def test_a_unit_that_the_directory_does_not_know_belongs_to_the_one_whose_code_it_begins_with():
    found = [reach_from(KNOWN, ["H01"]).includes(code) for code in ("H01.99", "K07.3", "X14.1", "H019", "K071")]
    assert found == [True, True, True, False, False]


def test_an_agency_reaches_what_is_below_it_though_the_directory_is_empty():
    assert [reach_from({}, ["H01"]).includes(code) for code in ("H01", "H01.2.3", "H02")] == [True, True, False]


@pytest.mark.parametrize("parent", ["H01.9", "H01.14"])
def test_an_agency_is_within_if_its_parent_is_by_its_code_alone(parent):
    known = by_every_code([Agency("H01.14", "UBND xã A"), Agency("K07", "UBND xã B", parent=parent)])
    assert reach_from(known, ["H01"]).includes("K07")


def test_an_agency_that_is_within_by_its_code_is_so_by_its_other_codes():
    known = by_every_code([Agency("H01.14", "UBND xã A", other_codes=("X14",))])
    assert reach_from(known, ["H01"]).includes("X14")


def test_a_beginning_stands_once():
    assert reach_from(KNOWN, ["H01", "H01.14"]).beginnings == ("H01.", "K07.", "X14.")


def test_who_asks_for_one_agency_sees_no_other():
    asked = narrowed(reach_from(KNOWN, ["H01"]), KNOWN, "K07")
    assert asked is not None
    assert [asked.includes(code) for code in ("K07", "H01.14")] == [True, False]


def test_what_is_not_theirs_is_not_shown_at_all():
    assert narrowed(reach_from(KNOWN, ["H01.14"]), KNOWN, "H02") is None


def test_a_reach_is_told_as_the_account_says():
    assert str(reach_from(KNOWN, ["H01.14", "H02"])) == "H01.14, H02"


@given(directories, st.lists(codes, min_size=1, max_size=3), codes)
def test_an_agency_is_within_if_a_way_up_from_it_meets_a_named_one(known, named, code):
    """The way up: to the parent that the directory names, else the one that the code says; or any beginning of the code."""
    met, open_ = set(), [code]
    while open_:
        each = open_.pop()
        if each not in met:
            met.add(each)
            above = [known[each].parent or parent_of(each)] if each in known else []
            open_ += [one for one in (*above, each.rpartition(".")[0]) if one]
    assert reach_from(known, named).includes(code) == bool(met & set(named))


@given(directories, codes, codes, codes)
def test_who_narrows_what_they_see_sees_no_more_than_before(known, own, asked, code):
    seen = reach_from(known, [own])
    found = narrowed(seen, known, asked)
    assert found is None or not found.includes(code) or seen.includes(code)
