import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.content import SmsEncoding
from notifier.rendering.text import (
    GSM7_BASIC,
    GSM7_EXTENSION,
    composed,
    encoding_of,
    normalised,
    one_line,
    replaced,
    sms,
    split,
    unaccented,
)

VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ"
ASCII = "".join(map(chr, range(0x20, 0x7F)))

gsm7 = st.text(st.sampled_from(sorted(GSM7_BASIC | GSM7_EXTENSION)), max_size=700)
ucs2 = st.text(st.sampled_from([*VIETNAMESE, "🙂", "𠀀", "a", "€"]), max_size=400)
vietnamese = st.text(st.sampled_from(VIETNAMESE + VIETNAMESE.upper() + ASCII + "“”‘’–—…\u00a0\n₫"), max_size=400)
odd = st.text(st.sampled_from("aế \u0301\r\n\t\x00\x1c\x85\u00a0\u00ad\u200b\u2000\u2028\u3000\ue000\ufeff\U000e0001"))
anything = st.text(max_size=300) | odd
INVISIBLE = {
    *map(chr, [*range(9), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0), 0xAD, 0x61C, 0xFEFF])
} | {*map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])}


def greedy_count(codes: list[str], escape: set[str], single: int, each: int) -> int:
    """Parts of a stream of units where a unit in `escape` must not end a part."""
    if len(codes) <= single:
        return 1
    parts = 0
    while codes:
        cut = min(each, len(codes))
        if cut < len(codes) and codes[cut - 1] in escape:
            cut -= 1
        codes = codes[cut:]
        parts += 1
    return parts


@given(gsm7)
def test_gsm7_parts_are_what_cutting_the_septets_gives(text):
    septets = [code for character in text for code in (["ESC", "x"] if character in GSM7_EXTENSION else ["x"])]
    assert len(split(text)) == greedy_count(septets, {"ESC"}, 160, 153)


@given(ucs2.filter(lambda text: encoding_of(text) is SmsEncoding.UCS2))
def test_ucs2_parts_are_what_cutting_the_utf16_units_gives(text):
    raw = text.encode("utf-16-be")
    units = ["HIGH" if 0xD8 <= raw[at] <= 0xDB else "x" for at in range(0, len(raw), 2)]
    assert len(split(text)) == greedy_count(units, {"HIGH"}, 70, 67)


@given(anything)
def test_the_parts_together_are_the_text(text):
    assert "".join(split(text)) == text


@given(anything)
def test_the_content_counts_the_text_that_it_holds(text):
    content = sms(text)
    assert content.parts == len(split(content.text))


@given(anything)
def test_composed_text_has_lost_what_cannot_be_seen_and_nothing_else(text):
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    seen = "".join(character for character in ends if character not in INVISIBLE)
    assert composed(text) == unicodedata.normalize("NFC", seen)


@given(anything)
def test_one_line_is_the_words_of_the_composed_text(text):
    assert one_line(text) == " ".join(composed(text).split())


@given(vietnamese)
def test_every_unaccented_vietnamese_text_is_gsm7(text):
    assert sms(unaccented(text)).encoding is SmsEncoding.GSM7


@given(vietnamese)
def test_composed_and_decomposed_input_lose_accents_alike(text):
    assert unaccented(unicodedata.normalize("NFD", text)) == unaccented(unicodedata.normalize("NFC", text))


@given(anything)
def test_normalising_again_changes_nothing(text):
    assert normalised(normalised(text)) == normalised(text)


@given(anything)
def test_removing_accents_again_changes_nothing(text):
    assert unaccented(unaccented(text)) == unaccented(text)


@given(anything)
def test_normalised_text_is_nfc(text):
    assert unicodedata.is_normalized("NFC", normalised(text))


@given(vietnamese)
def test_the_report_of_what_is_replaced_says_all(text):
    composed_once = unicodedata.normalize("NFC", text)
    assert composed_once.translate(str.maketrans(replaced(text))) == unaccented(text)
