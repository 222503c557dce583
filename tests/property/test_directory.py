"""Whatever the directory holds, whoever is told is somebody who can be told."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.directory import Agency, Directory, Officer, Role, people_of, stands_in
from tests.support.directory import OA, TODAY, person

_CODES = "abcd"
webs = st.fixed_dictionaries(
    {
        code: st.builds(
            Officer,
            code=st.just(code),
            name=st.just(code),
            unit=st.none() | st.sampled_from(["H01.14", "H01.15"]),
            role=st.sampled_from(Role),
            deputy=st.none() | st.sampled_from(_CODES),
            leave_from=st.none() | st.just(TODAY),
            gone_at=st.none() | st.just(TODAY),
        )
        for code in _CODES
    }
)
_UNITS = ("H01.14", "H01.15")
units = st.fixed_dictionaries(
    {},
    optional={
        code: st.builds(
            Agency,
            code=st.just(code),
            name=st.just("x"),
            parent=st.none() | st.sampled_from(_UNITS),
            valid_until=st.sampled_from([None, TODAY - timedelta(days=1)]),
            successor=st.none() | st.sampled_from(_UNITS),
        )
        for code in _UNITS
    },
)


@given(webs, units)
def test_nobody_who_is_away_stands_in_for_another(officers, agencies):
    found = Directory(officers, agencies)
    for code in _CODES:
        told = stands_in(found, person(code), TODAY, OA)
        head = officers[told.code].role is Role.HEAD and officers[code].gone(TODAY)
        assert told.code == code or officers[told.code].present(TODAY) or head


@given(webs, units, st.sampled_from(Role))
def test_nobody_who_has_left_answers_for_a_unit(officers, agencies, role):
    found = Directory(officers, agencies)
    told = people_of(found, ["H01.14", "H01.15"], role, TODAY, OA)
    assert not [each for each in told if officers[each.code].gone(TODAY) or officers[each.code].role is not role]
