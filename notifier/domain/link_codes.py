"""One-time codes by which a person proves that an id at an Official Account is theirs: they send the code there.

The account shows us who wrote; that they know the code shows whose inbox, or which officer, they are.
"""

import re
import secrets
from datetime import timedelta

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letters and digits that are taken for each other, and no U: codes spell no words."""
LENGTH = 8
LIFE = timedelta(minutes=15)
TRIES = 5
TRIES_IN = timedelta(hours=1)
"""So many wrong codes of one person in so long; then none of theirs is looked at until it has passed."""

_IN_TEXT = re.compile(rf"\bLK[\s.:-]*((?:[{ALPHABET}][\s.-]*){{{LENGTH}}})(?![A-Z0-9])")
_UNLINK = re.compile(r"\s*(?:HỦY|HUỶ|HUY)\s+(?:LIÊN\s+KẾT|LIEN\s+KET|LK)[\s.!]*", re.IGNORECASE)


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """As people read and send it: `LK-7K4M-2Q9P`."""
    return f"LK-{code[:4]}-{code[4:]}"


def code_in(text: str) -> str | None:
    """The code that a message brings, however it is spaced; None for any other message."""
    found = _IN_TEXT.search(text.upper())
    return re.sub(r"[\s.-]", "", found[1]) if found else None


def asks_to_unlink(text: str) -> bool:
    return _UNLINK.fullmatch(text) is not None
