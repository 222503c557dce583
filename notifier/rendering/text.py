"""Text as the channels need it: composed, with plain punctuation, without accents, counted in SMS parts.

Source of the counts: GSM 03.38 (3GPP TS 23.038) and the concatenation header with an 8-bit reference (TS 23.040).
"""

import re
import unicodedata

from notifier.domain.content import SmsContent, SmsEncoding

_PLAIN = {
    "'": "‘’‚‛′ʼ`´",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−•·",
    " ": "\t\v\f\u00a0\u1680\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u0085\u2028\u2029",
    "...": "…",
    "đ": "₫",
    "x": "×",
}
_PUNCTUATION = str.maketrans({odd: plain for plain, odds in _PLAIN.items() for odd in odds})
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_BARRED = str.maketrans("đĐ", "dD")

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each. ESC is left out: it stands for nothing by itself."""
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Two septets each: ESC and a code."""
_LAST_OF_ONE_UNIT = "\uffff"
_GSM7 = GSM7_BASIC | GSM7_EXTENSION

LIMITS = {SmsEncoding.GSM7: (160, 153), SmsEncoding.UCS2: (70, 67)}
"""Septets or UTF-16 units of a message in one part, and of each part of a longer one."""


def composed(text: str) -> str:
    """The text in NFC, without control and zero-width characters. Line ends are LF. Idempotent."""
    visible = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", visible)


def one_line(text: str) -> str:
    """The composed text with every run of white space as one space, and none at the ends."""
    return " ".join(composed(text).split())


def normalised(text: str) -> str:
    """The composed text with plain quotes, dashes, spaces and dots. Idempotent; NFC and NFD give the same."""
    return unicodedata.normalize("NFC", composed(text).translate(_PUNCTUATION))


def unaccented(text: str) -> str:
    """The normalised text without the accents of Latin letters: đ and Đ too, which no decomposition splits."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", normalised(text)))
    return unicodedata.normalize("NFC", bare.translate(_BARRED))


def replaced(text: str, *, accents: bool = False) -> dict[str, str]:
    """What `unaccented` (or, with `accents`, `normalised`) writes otherwise: each such character, in their order."""
    write = normalised if accents else unaccented
    composed_once = dict.fromkeys(unicodedata.normalize("NFC", text))
    return {character: plain for character in composed_once if (plain := write(character)) != character}


def encoding_of(text: str) -> SmsEncoding:
    return SmsEncoding.GSM7 if _GSM7.issuperset(text) else SmsEncoding.UCS2


def split(text: str, encoding: SmsEncoding | None = None) -> tuple[str, ...]:
    """The parts that a gateway sends, in the encoding that the text needs or in a wider one that is asked for.

    No part ends between ESC and its code, or inside a UTF-16 pair.
    """
    encoding = encoding or encoding_of(text)
    single, each = LIMITS[encoding]
    if sum(_units(character, encoding) for character in text) <= single:
        return (text,)
    parts: list[str] = []
    begin = used = 0
    for at, character in enumerate(text):
        units = _units(character, encoding)
        if used + units > each:
            parts.append(text[begin:at])
            begin, used = at, 0
        used += units
    return (*parts, text[begin:])


def sms(text: str) -> SmsContent:
    """The normalised text with its encoding and the exact number of parts that it costs."""
    plain = normalised(text)
    return SmsContent(text=plain, encoding=encoding_of(plain), parts=len(split(plain)))


def _units(character: str, encoding: SmsEncoding) -> int:
    if encoding is SmsEncoding.GSM7:
        return 2 if character in GSM7_EXTENSION else 1
    return 2 if character > _LAST_OF_ONE_UNIT else 1
