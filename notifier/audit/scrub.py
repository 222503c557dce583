"""Texts without what says who somebody is: names, contacts, long numbers, and the tokens of links.

What was sent and what providers answered can be looked at without knowing the person.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from notifier.audit.dead import masked
from notifier.domain.masks import MARK

SHOWN_MOST = 4000
"""Characters of a callback."""
_TOKEN = re.compile(r"(?<=/[tu]/)[\w\-]{8,}|eyJ[\w\-.]{20,}|[\w\-+=]{38,}")
_SECRET = re.compile(r"key|token|secret|signature|mac|authorization", re.IGNORECASE)


def scrubbed(text: str, names: Collection[str] = ()) -> str:
    """The text without these names (in any case, with or without their accents), contacts, long numbers and tokens."""
    said = unicodedata.normalize("NFC", text)
    for form in sorted({each for name in names for each in _forms(name)}, key=len, reverse=True):
        said = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", MARK, said, flags=re.IGNORECASE)
    return masked(_TOKEN.sub("***", said))


def scrubbed_values(values: Mapping[str, Any], names: Collection[str] = ()) -> dict[str, str]:
    """The same for values by name; what a secret's name stands before is left out whole."""
    return {
        name: "***" if _SECRET.search(name) else scrubbed(str(value), names) for name, value in sorted(values.items())
    }


def _forms(name: str) -> set[str]:
    plain = unicodedata.normalize("NFC", name).strip()
    return {plain, _without_accents(plain)} if plain else set()


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(each for each in apart if not unicodedata.combining(each))
