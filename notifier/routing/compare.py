"""What other rules would change, counted over events that have been: deliveries more and less, and those at another time.

Each event is taken as the only one of its dossier, under both sets of rules with the same knowledge of the world; only the hours of digests are their own.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.deliveries import DeliveryState, Position
from notifier.domain.events import DossierEvent
from notifier.domain.ids import ChannelName, DossierCode, EventType
from notifier.domain.recipients import Audience
from notifier.routing.context import RoutingContext
from notifier.routing.plan import plan
from notifier.routing.rules import Rules

EXAMPLES_MOST = 20
GOING = frozenset({DeliveryState.PLANNED, DeliveryState.HELD, DeliveryState.STANDBY})
"""What would go out: at once, later, or as a fallback if nothing else arrives."""


@dataclass(frozen=True, slots=True)
class Way:
    """One message for one person of an event."""

    audience: Audience
    ref: str
    channel: ChannelName
    position: Position


@dataclass(frozen=True, slots=True)
class Example:
    """An event that would be told of otherwise. `moved` are the ways that stay, at another time."""

    type: EventType
    code: DossierCode
    more: tuple[Way, ...]
    less: tuple[Way, ...]
    moved: tuple[Way, ...]


@dataclass(slots=True)
class Comparison:
    """Counts by type of event, channel and position."""

    events: int = 0
    changed: int = 0
    """Events that would be told of otherwise."""
    before: Counter[tuple[EventType, ChannelName, Position]] = field(default_factory=Counter)
    after: Counter[tuple[EventType, ChannelName, Position]] = field(default_factory=Counter)
    moved: Counter[EventType] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)
    """The first of each type."""


def compare(
    events: Iterable[DossierEvent], old: Rules, new: Rules, context_of: Callable[[DossierEvent, Rules], RoutingContext]
) -> Comparison:
    """Both sets of rules over these events, each decided as of when it came, by what is known under those rules."""
    found, seen = Comparison(), set[EventType]()
    for event in events:
        was, will = (ways(event, rules, context_of(event, rules)) for rules in (old, new))
        found.events += 1
        found.before.update((event.type, way.channel, way.position) for way in was)
        found.after.update((event.type, way.channel, way.position) for way in will)
        moved = tuple(way for way in was if way in will and was[way] != will[way])
        found.moved[event.type] += len(moved)
        more, less = tuple(way for way in will if way not in was), tuple(way for way in was if way not in will)
        if more or less or moved:
            found.changed += 1
            if len(found.examples) < EXAMPLES_MOST and event.type not in seen:
                found.examples.append(Example(event.type, event.dossier.code, more, less, moved))
                seen.add(event.type)
    return found


def ways(event: DossierEvent, rules: Rules, context: RoutingContext) -> dict[Way, datetime | None]:
    """By which ways whom an event would be told, and when at the earliest."""
    decided = plan(event, rules, context, event.received_at)
    return {
        Way(one.recipient.audience, one.recipient.ref, each.channel, each.position): each.due_at
        for one in decided.recipients
        for each in one.deliveries
        if each.state in GOING
    }
