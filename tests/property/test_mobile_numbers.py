"""Mobile numbers are read by the pattern of the numbering plan, and as the library of numbering plans reads them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.intake.contacts import mobile_e164

HEADS = [f"{number:03}" for number in range(1000)]
TAILS = st.text("0123456789", min_size=4, max_size=8)
SPELLINGS = st.sampled_from(["0", "84", "+84", "0084", "", "00", "+", "8484", "+840", "84 0", "(+84)", "0-", "+1"])


def by_the_library(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    is_mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if number.country_code != 84 or not is_mobile:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize("spelling", ["0", "84", "+84"])
def test_of_every_range_of_numbers_the_mobile_ones_are_found(spelling: str):
    numbers = [f"{spelling}{head}000123" for head in HEADS]
    assert [mobile_e164(number) for number in numbers] == [by_the_library(number) for number in numbers]


@given(SPELLINGS, st.sampled_from(HEADS), TAILS.filter(lambda tail: len(tail) != 7))
def test_any_other_spelling_is_left_to_the_library(spelling: str, head: str, tail: str):
    number = f"{spelling}{head}{tail}"
    assert mobile_e164(number) == by_the_library(number)


@given(st.text("0123456789٠١٢٣٤٥٦٧٨٩+", max_size=14))
def test_digits_of_other_scripts_are_never_part_of_an_address(text: str):
    assert (mobile_e164(text) or "+0")[1:].isascii()
