"""What changes when the rules are asked again about an event that was routed before: only what was not sent yet."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.domain.deliveries import MOVES, SENDABLE, DeliveryState, PlannedDelivery
from notifier.domain.ids import ChannelName, DeliveryId, RecipientId
from notifier.domain.recipients import Audience, Recipient
from notifier.routing.plan import Plan

_D = DeliveryState
UNSENT = SENDABLE | {_D.STANDBY}


@dataclass(frozen=True, slots=True)
class Existing:
    """A delivery as it is. `perhaps_sent`: a provider may hold it already."""

    id: DeliveryId
    recipient_id: RecipientId
    audience: Audience
    ref: str
    channel: ChannelName
    state: DeliveryState
    perhaps_sent: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One delivery that changes. `was` is None for a new one; recipient and plan for one of whom the rules say nothing."""

    recipient: Recipient | None
    was: Existing | None
    plan: PlannedDelivery | None
    becomes: DeliveryState
    audience: Audience
    channel: ChannelName


@dataclass(frozen=True, slots=True)
class Comparison:
    moved: Sequence[Change] = ()
    added: Sequence[Change] = ()
    stopped: Sequence[Change] = ()
    kept: int = 0
    """Sent already, or as the rules have it."""


def compare(existing: Sequence[Existing], decided: Plan) -> Comparison:
    """What has to change so that all that was not sent yet is as the plan has it.

    A fallback that was released stays released, and a message on its way to be sent goes on.
    """
    by_place = {(each.audience, each.ref, each.channel): each for each in existing}
    moved, added, stopped, seen = [], [], [], set()
    for one in decided.recipients:
        person = (one.recipient.audience, one.recipient.ref)
        for planned in one.deliveries:
            mine = by_place.get((*person, planned.channel))
            if mine is not None:
                seen.add(mine.id)
            stops = mine is not None and _stops(mine, planned)
            becomes = _D.CANCELLED if stops else planned.state
            change = Change(one.recipient, mine, planned, becomes, one.recipient.audience, planned.channel)
            if stops:
                stopped.append(change)
            elif mine is None:
                added += [change] if planned.state in UNSENT else []
            elif _moves(mine, planned):
                moved.append(change)
    gone = [each for each in existing if each.id not in seen and _is_open(each)]
    stopped += [Change(None, each, None, _D.CANCELLED, each.audience, each.channel) for each in gone]
    return Comparison(moved, added, stopped, len(existing) - len(moved) - len(stopped))


def _is_open(mine: Existing) -> bool:
    return mine.state in UNSENT and not mine.perhaps_sent


def _stops(mine: Existing, planned: PlannedDelivery) -> bool:
    return _is_open(mine) and planned.state not in UNSENT


def _moves(mine: Existing, planned: PlannedDelivery) -> bool:
    may = _is_open(mine) or mine.state is _D.SUPPRESSED
    same = planned.state is mine.state and mine.state is not _D.HELD
    return may and planned.state in UNSENT and not same and planned.state in MOVES[mine.state] | {mine.state}
