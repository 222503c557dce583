"""A message as octets: its alphabet, and the parts into which a long one is cut.

Source: 3GPP TS 23.038 (the default alphabet, one septet in each octet as SMPP carries it) and TS 23.040, 9.2.3.24.1
(the header of a part). An SMSC may have another default alphabet; then what does not fit it goes as UCS-2.
"""

from dataclasses import dataclass
from typing import Literal, assert_never

from channels.smpp.pdu import Parameters, Tag
from notifier.domain.content import SmsEncoding
from notifier.rendering.text import encoding_of, split

Alphabet = Literal["gsm", "latin1", "ascii"]
LongText = Literal["udh", "sar", "payload"]

DEFAULT_CODING, UCS2_CODING = 0x00, 0x08
UDH_INDICATOR = 0x40
LONGEST_SHORT = 254

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_SEPTETS: dict[str, bytes] = {
    **{character: bytes((code,)) for code, character in enumerate(_BASIC) if code != _ESCAPE},
    **{character: bytes((_ESCAPE, code)) for character, code in _EXTENSION.items()},
}
_EXTENDED = {code: character for character, code in _EXTENSION.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """What one submit_sm carries of a message."""

    data_coding: int
    text: bytes
    esm_class: int = 0
    parameters: Parameters = ()


def parts_of(text: str, reference: int, *, alphabet: Alphabet = "gsm", long_text: LongText = "udh") -> tuple[Part, ...]:
    """The parts of a message, one of them for a short one. `reference` (one octet) holds those of a long one together.

    It is to be the same each time the same message is sent: a part that comes twice is then the same part.
    """
    encoding = encoding_of(text)
    if encoding is SmsEncoding.GSM7 and _in_default(text, alphabet) is None:
        encoding = SmsEncoding.UCS2
    coding = DEFAULT_CODING if encoding is SmsEncoding.GSM7 else UCS2_CODING
    pieces = [_octets(piece, encoding, alphabet) for piece in split(text, encoding)]
    if len(pieces) == 1:
        return (Part(coding, pieces[0]),)
    match long_text:
        case "udh":
            return tuple(
                Part(coding, bytes((5, 0, 3, reference, len(pieces), number)) + piece, UDH_INDICATOR, more)
                for number, piece, more in _numbered(pieces)
            )
        case "sar":
            return tuple(
                Part(coding, piece, 0, (*_sar(reference, len(pieces), number), *more))
                for number, piece, more in _numbered(pieces)
            )
        case "payload":
            return (Part(coding, b"", 0, ((Tag.MESSAGE_PAYLOAD, b"".join(pieces)),)),)
        case _:
            assert_never(long_text)


def gsm_encoded(text: str) -> bytes | None:
    """One septet in each octet, two for the extension table; None for a text with other characters."""
    try:
        return b"".join(_SEPTETS[character] for character in text)
    except KeyError:
        return None


def gsm_decoded(octets: bytes) -> str:
    """The text of such octets. A code that stands for nothing becomes a replacement character. Never raises."""
    text, escaped = [], False
    for code in octets:
        if escaped:
            text.append(_EXTENDED.get(code, "\ufffd"))
            escaped = False
        elif code == _ESCAPE:
            escaped = True
        else:
            text.append(_BASIC[code] if code < len(_BASIC) else "\ufffd")
    return "".join(text) + ("\ufffd" if escaped else "")


def decoded(octets: bytes, data_coding: int, alphabet: Alphabet = "gsm") -> str:
    """The text of octets in any coding that we meet. Never raises."""
    if data_coding == UCS2_CODING:
        return octets.decode("utf-16-be", "replace")
    if data_coding == DEFAULT_CODING and alphabet == "gsm":
        return gsm_decoded(octets)
    return octets.decode("latin-1")


def _in_default(text: str, alphabet: Alphabet) -> bytes | None:
    if alphabet == "gsm":
        return gsm_encoded(text)
    try:
        return text.encode(alphabet)
    except UnicodeEncodeError:
        return None


def _octets(text: str, encoding: SmsEncoding, alphabet: Alphabet) -> bytes:
    octets = _in_default(text, alphabet) if encoding is SmsEncoding.GSM7 else None
    return text.encode("utf-16-be") if octets is None else octets


def _numbered(pieces: list[bytes]) -> list[tuple[int, bytes, Parameters]]:
    """Each piece with its number from 1 and, but for the last, the word that there are more to come."""
    last = len(pieces)
    return [
        (number, piece, ((Tag.MORE_MESSAGES, b"\1"),) if number < last else ())
        for number, piece in enumerate(pieces, start=1)
    ]


def _sar(reference: int, total: int, number: int) -> Parameters:
    return (
        (Tag.SAR_REFERENCE, reference.to_bytes(2, "big")),
        (Tag.SAR_TOTAL, bytes((total,))),
        (Tag.SAR_NUMBER, bytes((number,))),
    )
