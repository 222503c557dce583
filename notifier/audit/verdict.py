"""Did this person get this notice? One answer out of all the ways that were taken, and what happens next on each.

The best that is known of any way is the answer: read, proven to have arrived, taken by a provider that never proves
more; then what is still under way; then what nobody knows; then the inbox that was not opened; then why it is no.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import DeliveryState, Position
from notifier.domain.ids import ChannelName, DeliveryId, ProviderName
from notifier.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Way:
    """One delivery to the person, as it stands. `reason` is that of its last move, `since` its time."""

    id: DeliveryId
    channel: ChannelName
    kind: ContentKind
    position: Position
    rank: int
    state: DeliveryState
    since: datetime
    due_at: datetime | None
    expires_at: datetime
    provider: ProviderName | None = None
    reason: Reason | None = None
    proves: bool = False
    """Its provider can prove delivery, so that its taking the message alone is no proof."""


class Answer(StrEnum):
    YES = "yes"
    WAIT = "wait"
    UNSURE = "unsure"
    NEEDLESS = "needless"
    """It was overtaken, or told in another message."""
    NO = "no"


class Standing(StrEnum):
    """How a way stands, the best for the person first."""

    READ = "read"
    DELIVERED = "delivered"
    TAKEN = "taken"
    """Accepted, and more is never said on this channel."""
    AWAITED = "awaited"
    """Accepted; its receipt is still waited for."""
    ASKING = "asking"
    """Unknown; its provider will be asked or may still tell."""
    SENDING = "sending"
    PLANNED = "planned"
    HELD = "held"
    STANDBY = "standby"
    UNPROVEN = "unproven"
    """Accepted, and the receipt never came."""
    UNKNOWN = "unknown"
    IN_INBOX = "in_inbox"
    """In the portal inbox, not opened yet."""
    OVERTAKEN = "overtaken"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    NOBODY = "nobody"
    """There is no way at all."""


_BEST = tuple(Standing)
_S = Standing
_OF_STATE: dict[DeliveryState, Standing] = {
    DeliveryState.READ: _S.READ,
    DeliveryState.SENDING: _S.SENDING,
    DeliveryState.PLANNED: _S.PLANNED,
    DeliveryState.HELD: _S.HELD,
    DeliveryState.STANDBY: _S.STANDBY,
    DeliveryState.SUPERSEDED: _S.OVERTAKEN,
    DeliveryState.FAILED: _S.FAILED,
    DeliveryState.EXPIRED: _S.EXPIRED,
    DeliveryState.CANCELLED: _S.CANCELLED,
    DeliveryState.SUPPRESSED: _S.SUPPRESSED,
}
ANSWERS: dict[Standing, Answer] = {
    _S.READ: Answer.YES,
    _S.DELIVERED: Answer.YES,
    _S.TAKEN: Answer.YES,
    _S.AWAITED: Answer.WAIT,
    _S.ASKING: Answer.WAIT,
    _S.SENDING: Answer.WAIT,
    _S.PLANNED: Answer.WAIT,
    _S.HELD: Answer.WAIT,
    _S.STANDBY: Answer.WAIT,
    _S.UNPROVEN: Answer.UNSURE,
    _S.UNKNOWN: Answer.UNSURE,
    _S.IN_INBOX: Answer.UNSURE,
    _S.OVERTAKEN: Answer.NEEDLESS,
    _S.FAILED: Answer.NO,
    _S.EXPIRED: Answer.NO,
    _S.CANCELLED: Answer.NO,
    _S.SUPPRESSED: Answer.NO,
    _S.NOBODY: Answer.NO,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`way` is what the answer rests on; None where there is none. `in_inbox`: it is in the portal inbox as well."""

    standing: Standing
    way: Way | None = None
    in_inbox: bool = False

    @property
    def answer(self) -> Answer:
        return ANSWERS[self.standing]


def standing(way: Way) -> Standing:
    """How one way stands. Total over states."""
    match way.state:
        case DeliveryState.DELIVERED:
            return _S.IN_INBOX if way.kind is ContentKind.INBOX else _S.DELIVERED
        case DeliveryState.ACCEPTED if not way.proves:
            return _S.TAKEN
        case DeliveryState.ACCEPTED:
            return _S.AWAITED if way.due_at else _S.UNPROVEN
        case DeliveryState.UNKNOWN:
            return _S.ASKING if way.due_at else _S.UNKNOWN
        case state:
            return _OF_STATE[state]


def verdict(ways: Sequence[Way]) -> Verdict:
    """The answer for one person and one event, from all deliveries to them."""
    if not ways:
        return Verdict(_S.NOBODY)
    best = min(ways, key=lambda way: (_BEST.index(standing(way)), way.rank, way.channel))
    found = standing(best)
    stored = any(standing(way) is _S.IN_INBOX for way in ways)
    return Verdict(found, best, in_inbox=stored and found is not _S.IN_INBOX)
