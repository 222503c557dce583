import unicodedata

import pytest

from notifier.domain.content import SmsEncoding
from notifier.rendering.text import composed, normalised, one_line, replaced, sms, split, unaccented


def test_a_message_of_160_septets_is_one_part():
    assert sms("a" * 160).parts == 1


def test_a_message_of_161_septets_is_two_parts_of_153():
    assert [len(part) for part in split("a" * 161)] == [153, 8]


def test_a_message_of_70_units_in_ucs2_is_one_part():
    content = sms("ế" * 70)
    assert (content.encoding, content.parts) == (SmsEncoding.UCS2, 1)


def test_a_message_of_71_units_in_ucs2_is_two_parts_of_67():
    assert [len(part) for part in split("ế" * 71)] == [67, 4]


def test_a_character_of_the_extension_table_costs_two_septets():
    assert (sms("€" * 80).parts, sms("€" * 81).parts) == (1, 2)


def test_an_escape_pair_is_never_split_between_parts():
    assert split("a" * 152 + "€" + "a" * 152) == ("a" * 152, "€" + "a" * 151, "a")


def test_a_surrogate_pair_is_never_split_between_parts():
    assert [len(part) for part in split("ế" * 66 + "🙂" + "ế" * 10)] == [66, 11]


def test_an_emoji_costs_two_units():
    assert (sms("🙂" * 35).parts, sms("🙂" * 36).parts) == (1, 2)


def test_accents_that_gsm7_has_stay_in_it():
    assert sms("à è é ì ò ù").encoding is SmsEncoding.GSM7


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("“hồ sơ”", '"hồ sơ"'),
        ("‘a’", "'a'"),
        ("2026–2027 — nay", "2026-2027 - nay"),
        ("một\u00a0hai", "một hai"),
        ("chờ…", "chờ..."),
        ("a\u200bb\ufeffc\u00ad", "abc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\ud800", "ab"),
    ],
)
def test_odd_punctuation_becomes_plain(odd, plain):
    assert normalised(odd) == plain


def test_accents_go_and_the_barred_d_goes_with_them():
    assert unaccented("Đăng ký lại khai sinh, đường Nguyễn Huệ") == "Dang ky lai khai sinh, duong Nguyen Hue"


def test_decomposed_input_is_composed():
    assert composed("Ho\u0302\u0300 so\u031b") == "Hồ sơ"


def test_marks_of_other_scripts_are_kept():
    assert unaccented("ភូមិ") == "ភូមិ"


def test_one_line_leaves_single_spaces():
    assert one_line("  hồ sơ \n\t số 1 ") == "hồ sơ số 1"


def test_the_report_names_each_character_that_is_written_otherwise():
    assert replaced("Đã nộp 20.000 ₫ – “xong”") == {
        "Đ": "D",
        "ã": "a",
        "ộ": "o",
        "₫": "d",
        "–": "-",
        "“": '"',
        "”": '"',
    }


def test_the_report_is_the_same_for_decomposed_text():
    assert replaced(unicodedata.normalize("NFD", "Hồ sơ")) == {"ồ": "o", "ơ": "o"}


def test_a_text_that_goes_out_as_it_is_has_nothing_to_report():
    assert replaced("Ho so H01.14-261119-0042") == {}


def test_accents_that_are_kept_are_not_reported():
    assert replaced("Hồ sơ – xong", accents=True) == {"–": "-"}
