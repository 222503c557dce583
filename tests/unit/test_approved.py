"""What we want to say against what a provider has approved."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.approved import ApprovedTemplate, Parameter, misfits, narrower

TEMPLATE = ApprovedTemplate(
    "410001",
    "Tiếp nhận",
    "ENABLE",
    parameters=(
        Parameter("ten", longest=30, shortest=1),
        Parameter("han", required=False, longest=20),
        Parameter("so_tien", required=False, type="NUMBER", longest=12, may_be_empty=True),
        Parameter("ngay", required=False, type="DATE"),
    ),
)


def test_values_that_fit_have_nothing_against_them():
    values = {"ten": "Nguyễn Văn Bình", "so_tien": "1.200.000", "ngay": "17:00 25/11/2026", "han": ""}
    assert misfits(TEMPLATE, values) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "ten is missing"),
        ({"ten": ""}, "ten is empty"),
        ({"ten": "x" * 31}, "ten has 31 characters, at most 30 are taken"),
        ({"ten": "x", "la": "y"}, "la is not among its parameters"),
        ({"ten": "x", "so_tien": "nhiều"}, "so_tien has not the form of a number"),
        ({"ten": "x", "ngay": "mai"}, "ngay has not the form of a date"),
    ],
)
def test_what_does_not_fit_is_named_without_its_value(values: dict[str, str], words: str):
    assert misfits(TEMPLATE, values) == [words]


@pytest.mark.parametrize("moment", ["25/11/2026", "17:00 25/11/2026", "17:00:30 25/11/2026", "11/2026", "17:00"])
def test_every_documented_form_of_a_date_fits(moment: str):
    assert misfits(TEMPLATE, {"ten": "x", "ngay": moment}) == []


def test_characters_are_counted_in_nfc():
    assert misfits(TEMPLATE, {"ten": unicodedata.normalize("NFD", "ễ" * 30)}) == []


def test_without_known_parameters_everything_fits():
    assert misfits(ApprovedTemplate("1", "x", "ENABLE"), {"ten": "x" * 500}) == []


@given(st.dictionaries(st.sampled_from(["ten", "han", "so_tien", "ngay", "la"]), st.text(max_size=40)))
def test_a_fault_never_tells_a_value(values: dict[str, str]):
    for fault in misfits(TEMPLATE, {name: f"«{value}»" for name, value in values.items()}):
        assert "«" not in fault


def test_a_template_that_takes_less_than_we_count_on_is_found_out():
    longest = {"ten": 50, "han": 20, "so_tien": 12, "noi_dung": 200}
    assert narrower(TEMPLATE, longest, ["ten", "noi_dung"]) == [
        "noi_dung is not among its parameters",
        "ten may have 30 characters, we count on 50",
    ]


def test_a_required_parameter_that_we_may_leave_out_or_never_give_is_found_out():
    assert narrower(TEMPLATE, {"ten": 30}, []) == ["ten is required, we may leave it out"]
    assert narrower(TEMPLATE, {"han": 20}, []) == ["we never give ten"]
