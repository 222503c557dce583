"""A delivery: one message for one person on one channel, from its plan to its proof.

The table `MOVES` is the whole state machine. The database guards every move by the state it expects,
and a test proves that nothing but this table is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.content import ContentKind
from notifier.domain.ids import ChannelName, DeliveryId, EventId, InboxOwner, ProviderName, RecipientId
from notifier.domain.reasons import Reason


class DeliveryState(StrEnum):
    STANDBY = "standby"
    """A fallback: sent only if the channels before it reach nobody."""
    PLANNED = "planned"
    """To be sent when `due_at` comes."""
    HELD = "held"
    """To be sent when `due_at` comes, later than the event asked, for a stated reason."""
    SENDING = "sending"
    """Leased by a worker; the attempt row is committed, the provider may have been called."""
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    UNKNOWN = "unknown"
    """The call's result is not known. Never sent again blindly."""
    FAILED = "failed"
    EXPIRED = "expired"
    """Its deadline passed before it could be sent: by then it would mislead."""
    SUPPRESSED = "suppressed"
    """Decided at routing not to send: no consent, no address, told elsewhere."""
    CANCELLED = "cancelled"
    """No longer needed: the channel before it reached the person, or somebody stopped it."""
    SUPERSEDED = "superseded"
    """Overtaken by a later status of the same dossier, or told in one message with others."""


_D = DeliveryState
_OVER = frozenset({_D.EXPIRED, _D.CANCELLED, _D.SUPERSEDED})
_PROVEN = frozenset({_D.DELIVERED, _D.READ})
MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    _D.STANDBY: _OVER | {_D.PLANNED, _D.HELD},
    _D.PLANNED: _OVER | _PROVEN | {_D.SENDING, _D.HELD, _D.ACCEPTED, _D.UNKNOWN},
    _D.HELD: _OVER | {_D.SENDING, _D.PLANNED, _D.UNKNOWN},
    _D.SENDING: _PROVEN | {_D.ACCEPTED, _D.PLANNED, _D.FAILED, _D.UNKNOWN, _D.EXPIRED},
    _D.ACCEPTED: _PROVEN | {_D.FAILED},
    _D.UNKNOWN: _PROVEN | {_D.ACCEPTED, _D.FAILED, _D.EXPIRED, _D.PLANNED, _D.CANCELLED},
    _D.DELIVERED: frozenset({_D.READ, _D.FAILED}),
    _D.FAILED: _PROVEN | {_D.PLANNED, _D.CANCELLED},
    _D.EXPIRED: _PROVEN | {_D.PLANNED, _D.CANCELLED},
    _D.READ: frozenset(),
    _D.SUPPRESSED: frozenset({_D.STANDBY, _D.PLANNED, _D.HELD}),
    _D.CANCELLED: frozenset(),
    _D.SUPERSEDED: frozenset(),
}
"""Every legal move.

Receipts and late answers may correct a failure or an unknown, and make a planned resend needless. An operator may send
what has failed, expired or is unknown again, or drop it, and have the rules asked again about what was not to be sent.
"""

SENDABLE = frozenset({_D.PLANNED, _D.HELD})
MISSED = frozenset({_D.FAILED, _D.EXPIRED, _D.SUPPRESSED, _D.CANCELLED, _D.SUPERSEDED})


class Urgency(StrEnum):
    """How soon (facts: tthc 7.1). Each has its own queue."""

    URGENT = "urgent"
    """U1: at once; citizens 7 to 21 h, staff at any hour."""
    NORMAL = "normal"
    """U2: within minutes, outside quiet hours."""
    BULK = "bulk"
    """U3: the next morning."""


def most_urgent(asked: Iterable[Urgency]) -> Urgency:
    """The most urgent of these; there has to be one."""
    known = frozenset(asked)
    return next(urgency for urgency in Urgency if urgency in known)


class Position(StrEnum):
    """A delivery's place in its rule."""

    FIRST = "first"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """What routing decided for one person on one channel, with its reason."""

    channel: ChannelName
    position: Position
    rank: int
    """0 for every `send` channel; 1, 2, … for the fallbacks in their order."""
    state: DeliveryState
    reason: Reason
    due_at: datetime | None
    """When work on it is next needed; None only where none ever is."""
    expires_at: datetime
    urgency: Urgency
    desk: InboxOwner | None = None
    """Whose desk: what is due there at one moment goes out as one message."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as stored, with what a worker needs to decide about it."""

    id: DeliveryId
    event_id: EventId
    recipient_id: RecipientId
    channel: ChannelName
    content_kind: ContentKind
    position: Position
    rank: int
    state: DeliveryState
    due_at: datetime | None
    expires_at: datetime
    urgency: Urgency
    attempts: int
    """Calls that count against the budget: a throttled call does not."""
    created_at: datetime
    provider: ProviderName | None = None
    """Who holds it, took it or may hold it. On a planned one: the only provider that may be called again."""
    accepted_at: datetime | None = None
    asks: int = 0
    """How often its provider was asked what became of it."""
    desk: InboxOwner | None = None
