"""When a fallback's turn has come, and when it is no longer needed. Total, idempotent, blind to the order it is given.

One person's deliveries for one event are siblings. The portal inbox reaches nobody who does not look, so it counts only
once its message was read. Of the others:

- one has reached the person (delivered, read; accepted, where its provider proves no more): fallbacks are cancelled;
- one is still under way (to be sent, in a call, waiting for its receipt): fallbacks wait;
- one was overtaken by a later status: fallbacks wait for whoever overtook it;
- all have missed (failed, expired, suppressed, cancelled, or no proof came in time): the next fallback is released.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from notifier.domain.content import ContentKind
from notifier.domain.deliveries import MISSED, SENDABLE, Delivery, DeliveryState, Position
from notifier.domain.hours import Bound, opening, waits
from notifier.domain.ids import ChannelName, DeliveryId, ProviderName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import Step


def after_settled(
    siblings: Sequence[Delivery],
    proving: Collection[ProviderName],
    hours: Mapping[ChannelName, Sequence[Bound]],
    now: datetime,
) -> list[tuple[DeliveryId, Step]]:
    """The moves of the fallbacks among `siblings`, all deliveries of one person for one event, after any of them moved.

    `proving` are the providers that can prove delivery; `hours` all hours that bind each channel for this person.
    """
    ways = sorted((each for each in siblings if _counts(each)), key=_place)
    reached = next((each for each in ways if _reached(each, proving)), None)
    if reached:
        needless = Reason(ReasonCode.FALLBACK_NOT_NEEDED, {"reached": reached.channel})
        return [(each.id, Step(DeliveryState.CANCELLED, None, needless)) for each in ways if _unsent_fallback(each)]
    waiting = [each for each in ways if each.state is DeliveryState.STANDBY]
    tried = [each for each in ways if each.state is not DeliveryState.STANDBY]
    if not all(_missed(each, proving) for each in tried):
        return []
    return _release(waiting, ", ".join(each.channel for each in tried), hours, now)


def _release(
    waiting: Sequence[Delivery], missed: str, hours: Mapping[ChannelName, Sequence[Bound]], now: datetime
) -> list[tuple[DeliveryId, Step]]:
    """The first of `waiting` that can still be sent in time goes; those before it have expired."""
    moves: list[tuple[DeliveryId, Step]] = []
    for each in waiting:
        bound = hours.get(each.channel, ())
        opens = opening(now, bound)
        if opens is None or opens >= each.expires_at:
            moves.append((each.id, Step(DeliveryState.EXPIRED, None, Reason(ReasonCode.DEADLINE_PASSED))))
        elif opens > now:
            return [*moves, (each.id, Step(DeliveryState.HELD, opens, waits(now, bound, opens)))]
        else:
            used = Reason(ReasonCode.FALLBACK_USED, {"missed": missed or "-"})
            return [*moves, (each.id, Step(DeliveryState.PLANNED, now, used))]
    return moves


def _place(delivery: Delivery) -> tuple[int, ChannelName, DeliveryId]:
    return delivery.rank, delivery.channel, delivery.id


def _counts(delivery: Delivery) -> bool:
    return delivery.content_kind is not ContentKind.INBOX or delivery.state is DeliveryState.READ


def _unsent_fallback(delivery: Delivery) -> bool:
    return delivery.position is Position.FALLBACK and delivery.state in SENDABLE | {DeliveryState.STANDBY}


def _reached(delivery: Delivery, proving: Collection[ProviderName]) -> bool:
    if delivery.state is DeliveryState.ACCEPTED:
        return delivery.provider not in proving
    return delivery.state in {DeliveryState.DELIVERED, DeliveryState.READ}


def _missed(delivery: Delivery, proving: Collection[ProviderName]) -> bool:
    """Settled without reaching the person. No due time left on accepted or unknown: its receipt did not come."""
    match delivery.state:
        case DeliveryState.ACCEPTED:
            return delivery.provider in proving and delivery.due_at is None
        case DeliveryState.UNKNOWN:
            return delivery.due_at is None
        case DeliveryState.SUPERSEDED:
            return False
        case state:
            return state in MISSED
