"""Text as the channels need it: composed, with plain punctuation, without accents, counted in SMS parts.

Source of the counts: GSM 03.38 (3GPP TS 23.038) and the concatenation header with an 8-bit reference (TS 23.040).
"""

import re
import unicodedata
from functools import lru_cache

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
_ODD = re.compile(f"[{''.join(map(chr, _PUNCTUATION))}]")
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
    if not text.replace("\n", " ").isprintable():  # all that is to go is not printable, and most texts hold none of it
        text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """The composed text with every run of white space as one space, and none at the ends."""
    if text.isprintable() and "  " not in text:  # the only white space that is printable is the space
        return unicodedata.normalize("NFC", text.strip(" "))
    return " ".join(composed(text).split())


def normalised(text: str) -> str:
    """The composed text with plain quotes, dashes, spaces and dots. Idempotent; NFC and NFD give the same."""
    plain = composed(text)
    return unicodedata.normalize("NFC", plain.translate(_PUNCTUATION)) if _ODD.search(plain) else plain


def unaccented(text: str) -> str:
    """The normalised text without the accents of Latin letters: đ and Đ too, which no decomposition splits."""
    plain = normalised(text)
    if plain.isascii():
        return plain
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", plain))
    return unicodedata.normalize("NFC", bare.translate(_BARRED))


def replaced(text: str, *, accents: bool = False) -> dict[str, str]:
    """What `unaccented` (or, with `accents`, `normalised`) writes otherwise: each such character, in their order."""
    composed_once = dict.fromkeys(unicodedata.normalize("NFC", text))
    return {each: plain for each in composed_once if (plain := _written(each, accents)) != each}


@lru_cache(maxsize=1024)
def _written(character: str, accents: bool) -> str:  # noqa: FBT001  a cache finds what is given by place faster
    return normalised(character) if accents else unaccented(character)


def encoding_of(text: str) -> SmsEncoding:
    return SmsEncoding.GSM7 if _GSM7.issuperset(text) else SmsEncoding.UCS2


def split(text: str, encoding: SmsEncoding | None = None) -> tuple[str, ...]:
    """The parts that a gateway sends, in the encoding that the text needs or in a wider one that is asked for.

    No part ends between ESC and its code, or inside a UTF-16 pair.
    """
    encoding = encoding or encoding_of(text)
    single, each = LIMITS[encoding]
    length = _length(text, encoding)
    if length <= single:
        return (text,)
    if length == len(text):
        return tuple(text[begin : begin + each] for begin in range(0, length, each))
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
    encoding = encoding_of(plain)
    return SmsContent(text=plain, encoding=encoding, parts=len(split(plain, encoding)))


def _length(text: str, encoding: SmsEncoding) -> int:
    if encoding is SmsEncoding.GSM7:
        return len(text) + sum(map(text.count, GSM7_EXTENSION))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _units(character: str, encoding: SmsEncoding) -> int:
    if encoding is SmsEncoding.GSM7:
        return 2 if character in GSM7_EXTENSION else 1
    return 2 if character > _LAST_OF_ONE_UNIT else 1
