import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.link_codes import ALPHABET, LENGTH, asks_to_unlink, code_in, new_code, shown

CODES = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


@given(
    CODES,
    st.sampled_from(["{}", "  {} ", "Mã của tôi: {}", "{}.", "{} ạ", "liên kết {}"]),
    st.sampled_from([str.lower, str.upper]),
)
def test_a_code_is_found_however_it_is_sent(code: str, message: str, write):
    assert code_in(write(message.format(shown(code)))) == code


@given(CODES, st.sampled_from(["", " ", "-", " - ", ". "]))
def test_a_code_may_be_spaced_as_people_like(code: str, between: str):
    assert code_in("LK" + between + between.join((code[:4], code[4:]))) == code


@pytest.mark.parametrize(
    "text",
    [
        "Xin chào",
        "H01.14-261119-0042",
        "LK",
        "LK-7K4M",
        "LK-7K4M-2Q9",
        "LK-7K4M-2Q9PX",
        "7K4M-2Q9P",
        "Cho tôi hỏi hồ sơ ABCDEFGH",
        "",
    ],
)
def test_other_messages_bring_no_code(text: str):
    assert code_in(text) is None


@pytest.mark.parametrize("text", ["HỦY LIÊN KẾT", "hủy liên kết", "Huỷ liên kết.", "huy lien ket", " HUY LK! "])
def test_whoever_wants_out_is_understood(text: str):
    assert asks_to_unlink(text)


@pytest.mark.parametrize("text", ["Tôi muốn hủy hồ sơ", "hủy liên kết giúp tôi với nhé", "LK"])
def test_other_wishes_end_no_link(text: str):
    assert not asks_to_unlink(text)


def test_codes_are_of_the_alphabet_and_not_alike():
    codes = {new_code() for _ in range(200)}
    assert (len(codes), {len(code) for code in codes}, set("".join(codes)) <= set(ALPHABET)) == (200, {LENGTH}, True)
