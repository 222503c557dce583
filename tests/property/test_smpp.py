"""SMPP on the wire: what is written is read back, what is no SMPP is refused, and text comes out as it went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.smpp.pdu import (
    LAST_SEQUENCE,
    Bind,
    BindResponse,
    Command,
    Empty,
    Parameters,
    Pdu,
    ShortMessage,
    SmppError,
    Taken,
    decode,
    encode,
    read_head,
)
from channels.smpp.receipts import report_of
from channels.smpp.text import LONGEST_SHORT, UDH_INDICATOR, decoded, gsm_decoded, gsm_encoded, parts_of
from notifier.rendering.text import GSM7_BASIC, GSM7_EXTENSION, split

strings = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\0"), max_size=30)
octets = st.integers(0, 255)
parameters = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=4).map(tuple)
BODIES = {
    Bind: st.builds(Bind, strings, strings, strings, octets, octets, octets, strings),
    BindResponse: st.builds(BindResponse, strings, parameters),
    ShortMessage: st.builds(
        ShortMessage,
        **dict.fromkeys(("service_type", "source", "dest", "schedule", "validity"), strings),
        **dict.fromkeys(("source_ton", "dest_npi", "esm_class", "registered_delivery", "data_coding"), octets),
        text=st.binary(max_size=LONGEST_SHORT),
        parameters=parameters,
    ),
    Taken: st.builds(Taken, strings, parameters),
}
KINDS = {
    Command.BIND_TRANSCEIVER: Bind,
    Command.BIND_TRANSCEIVER_RESP: BindResponse,
    Command.SUBMIT_SM: ShortMessage,
    Command.DELIVER_SM: ShortMessage,
    Command.SUBMIT_SM_RESP: Taken,
    Command.DELIVER_SM_RESP: Taken,
}


@st.composite
def pdus(draw: st.DrawFn) -> Pdu:
    command = draw(st.sampled_from(Command))
    body = draw(BODIES[KINDS[command]]) if command in KINDS else Empty()
    if command.name.startswith("BIND_") and command not in KINDS:
        body = draw(BODIES[BindResponse if command.name.endswith("RESP") else Bind])
    return Pdu(command, draw(st.integers(1, LAST_SEQUENCE)), body, draw(st.integers(0, 0xFFFFFFFF)))


gsm_text = st.text(st.sampled_from(sorted(GSM7_BASIC | GSM7_EXTENSION)), max_size=700)
any_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


@given(pdus())
def test_what_is_written_is_read_back(pdu: Pdu):
    assert decode(encode(pdu)) == pdu


def lenient(raw: bytes) -> Pdu | None:
    try:
        return decode(raw)
    except SmppError:
        return None


@given(st.binary(max_size=80))
def test_noise_is_read_or_refused_and_nothing_else(noise: bytes):
    lenient(noise)


@given(pdus(), st.data())
def test_a_pdu_with_a_changed_octet_is_read_or_refused_and_nothing_else(pdu: Pdu, data: st.DataObject):
    raw = bytearray(encode(pdu))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(octets)
    lenient(bytes(raw))


@given(pdus(), st.integers(1, 40))
def test_a_pdu_that_is_cut_short_is_refused(pdu: Pdu, missing: int):
    with pytest.raises(SmppError):
        decode(encode(pdu)[:-missing])


@given(st.integers(65_537, 0xFFFFFFFF) | st.integers(0, 15))
def test_a_length_that_no_pdu_has_is_refused_before_its_body_is_waited_for(length: int):
    with pytest.raises(SmppError):
        read_head(length.to_bytes(4, "big") + bytes(12))


@given(gsm_text)
def test_the_default_alphabet_gives_back_every_text_that_it_can_hold(text: str):
    raw = gsm_encoded(text)
    assert raw is not None
    assert gsm_decoded(raw) == text


def joined(text: str, long_text: str) -> tuple[str, int, int]:
    """The text that a phone makes of the parts, how many there are, and the longest of them in octets."""
    parts = parts_of(text, 7, long_text=long_text)
    raw, longest = [], 0
    for part in parts:
        piece = part.text[6:] if part.esm_class & UDH_INDICATOR else part.text
        raw.append(piece or dict(part.parameters).get(0x0424, b""))
        longest = max(longest, len(part.text))
    return (
        "".join(decoded(piece, part.data_coding) for piece, part in zip(raw, parts, strict=True)),
        len(parts),
        longest,
    )


@given(gsm_text | any_text, st.sampled_from(["udh", "sar"]))
def test_each_part_is_readable_by_itself_and_all_together_are_the_text(text: str, long_text: str):
    whole, count, longest = joined(text, long_text)
    assert (whole, count) == (text, len(split(text)))
    assert longest <= 160


@given(gsm_text | any_text)
def test_a_payload_carries_the_whole_text_in_one_message(text: str):
    whole, count, _ = joined(text, "payload")
    assert (whole, count) == (text, 1)


@given(
    BODIES[ShortMessage],
    st.lists(st.tuples(st.sampled_from([0x001E, 0x0423, 0x0427, 0x0424]), st.binary(max_size=20)), max_size=4).map(
        tuple
    ),
    st.sampled_from(["same", "receipts_decimal", "receipts_hex"]),
)
def test_odd_receipts_never_raise_and_always_name_a_message(body: ShortMessage, more: Parameters, ids: str):
    receipt = ShortMessage(esm_class=0x04, text=body.text, data_coding=body.data_coding, parameters=more)
    report = report_of(receipt, ids, 7)
    assert report is None or (report.message_id and report.code)
