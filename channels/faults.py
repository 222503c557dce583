"""The classes into which every adapter sorts its provider's codes, and the outcome that each class means.

| fault     | meaning                                                    | outcome                            |
| --------- | ---------------------------------------------------------- | ---------------------------------- |
| recipient | never for this person on this channel                      | Permanent: the next channel        |
| template  | the template or this content is refused                    | Permanent: the next channel        |
| config    | our account, contract, credentials or code                 | Throttled: nothing is lost, alert  |
| quota     | money or rate                                              | Throttled: no attempt is counted   |
| day       | the day's volume is used up                                | Throttled until the day is over    |
| own_day   | that of this one template or person; others may go         | Throttled until the day is over    |
| night     | refused because of the hour                                | Throttled with the code `night`    |
| transient | the same call may work later                               | Transient                          |
| ambiguous | it may have been taken; also every code we do not know     | Unknown: never again blindly       |
"""

from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from channels.http import NoReply, NoReplyKind
from notifier.domain.outcomes import Outcome, Permanent, Throttled, Transient, Unknown


class Fault(StrEnum):
    RECIPIENT = "recipient"
    TEMPLATE = "template"
    CONFIG = "config"
    QUOTA = "quota"
    DAY = "day"
    OWN_DAY = "own_day"
    NIGHT = "night"
    TRANSIENT = "transient"
    AMBIGUOUS = "ambiguous"


def outcome_of(fault: Fault, code: str, retry_after: timedelta | None = None) -> Outcome:
    """The outcome that a fault means. `code` is the provider's own; the reason is the fault's name."""
    match fault:
        case Fault.RECIPIENT | Fault.TEMPLATE:
            return Permanent(code, fault.value)
        case Fault.CONFIG | Fault.QUOTA:
            return Throttled(code, fault.value, retry_after)
        case Fault.DAY:
            return Throttled(code, fault.value, retry_after, until_reset=True)
        case Fault.OWN_DAY:
            return Throttled(code, fault.value, retry_after, until_reset=True, alone=True)
        case Fault.NIGHT:
            return Throttled("night", f"{fault.value} ({code})", retry_after)
        case Fault.TRANSIENT:
            return Transient(code, fault.value, retry_after)
        case Fault.AMBIGUOUS:
            return Unknown(code, fault.value)
        case _:
            assert_never(fault)


def outcome_of_silence(no_reply: NoReply) -> Outcome:
    """What a call without a reply means: only a request that may have left is ambiguous."""
    if no_reply.kind is NoReplyKind.UNCERTAIN:
        return outcome_of(Fault.AMBIGUOUS, no_reply.code)
    if no_reply.code == "forbidden_address":
        return outcome_of(Fault.CONFIG, no_reply.code)
    return outcome_of(Fault.TRANSIENT, no_reply.code)
