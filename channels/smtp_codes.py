"""What an SMTP refusal means: the enhanced code first (RFC 3463, IANA registry checked 2026-11), then the basic one.

5.7.x is about us (reputation, authentication), never about the address.
"""

import re
from enum import StrEnum

from channels.faults import Fault


class Phase(StrEnum):
    """How far the dialogue had come when the peer refused."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


ENHANCED: dict[str, Fault] = {
    "5.1.1": Fault.RECIPIENT,
    "5.1.2": Fault.RECIPIENT,
    "5.1.3": Fault.RECIPIENT,
    "5.1.6": Fault.RECIPIENT,
    "5.1.10": Fault.RECIPIENT,
    "5.1.7": Fault.CONFIG,  # our own sender address
    "5.1.8": Fault.CONFIG,
    "5.2.1": Fault.RECIPIENT,
    "4.2.2": Fault.TRANSIENT,  # mailbox full: until the delivery's own deadline
    "5.2.2": Fault.TRANSIENT,
    "5.2.3": Fault.CONFIG,  # our message is too big
    "5.3.4": Fault.CONFIG,
    "5.6.7": Fault.RECIPIENT,  # their server takes no address beyond ASCII
    "5.6.9": Fault.RECIPIENT,
    "4.5.3": Fault.QUOTA,  # too many recipients
    "4.7.0": Fault.QUOTA,  # rate
}

NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""What is worth remembering: no later mail to the address can arrive either."""

ENHANCED_FAMILIES: dict[str, Fault] = {
    "5.2": Fault.RECIPIENT,  # their mailbox
    "5.3": Fault.CONFIG,  # the mail system
    "5.4": Fault.RECIPIENT,  # no way leads to their domain
    "5.5": Fault.CONFIG,  # protocol
    "5.6": Fault.CONFIG,  # content
    "5.7": Fault.CONFIG,  # reputation, authentication, policy
    "4.7": Fault.TRANSIENT,  # greylisting
}

BEFORE_RECIPIENT = frozenset({Phase.CONNECT, Phase.MAIL})
ABOUT_ADDRESSES = frozenset({"5.1", "5.2"})
"""Before a recipient is named, the address that these speak of is our own."""

BASIC: dict[int, Fault] = {
    421: Fault.QUOTA,
    450: Fault.TRANSIENT,
    451: Fault.TRANSIENT,
    452: Fault.TRANSIENT,
}

BASIC_AT_RCPT: dict[int, Fault] = {
    501: Fault.RECIPIENT,
    550: Fault.RECIPIENT,
    551: Fault.RECIPIENT,
    552: Fault.TRANSIENT,  # mailbox full, said the old way
    553: Fault.RECIPIENT,
}

_ENHANCED_CODE = re.compile(r"\b([245]\.\d{1,3})\.(\d{1,3})\b")
_TEMPORARY, _PERMANENT = range(400, 500), range(500, 600)


def classify(basic: int, text: str, phase: Phase) -> tuple[Fault, str]:
    """The fault and the code it is known by. A reply that is no refusal at all is ambiguous once data has left."""
    found = _ENHANCED_CODE.match(text.lstrip())
    if found and found[0][0] == str(basic)[0]:
        code = found[0]
        if phase in BEFORE_RECIPIENT and found[1] in ABOUT_ADDRESSES:
            return Fault.CONFIG, code
        fault = ENHANCED.get(code) or ENHANCED_FAMILIES.get(found[1])
        return fault or _by_basic(basic, phase), code
    return _by_basic(basic, phase), str(basic)


def _by_basic(basic: int, phase: Phase) -> Fault:
    if phase is Phase.RCPT and basic in BASIC_AT_RCPT:
        return BASIC_AT_RCPT[basic]
    if basic in BASIC:
        return BASIC[basic]
    if basic in _PERMANENT:
        return Fault.CONFIG
    return Fault.AMBIGUOUS if phase is Phase.DATA and basic not in _TEMPORARY else Fault.TRANSIENT
