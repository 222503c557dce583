"""The order of the events of one dossier of one source, whatever order they came in, and the numbers that did not come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

from notifier.domain.clock import VIETNAM
from notifier.domain.ids import EventId

_MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Place:
    """What places an event among the others of its dossier."""

    id: EventId
    seq: int | None
    occurred_at: datetime
    received_at: datetime

    @property
    def states_time(self) -> bool:
        """An event that states none counts as happening when it came; a bare date states no time either."""
        return self.occurred_at != self.received_at and self.occurred_at.astimezone(VIETNAM).time() != _MIDNIGHT


def later(one: Place, other: Place) -> bool:
    """Whether `one` is the later: by `seq` if both have one, else by the times they state, else by when they came.

    Of two different events exactly one is the later.
    """
    if one.seq is not None and other.seq is not None and one.seq != other.seq:
        return one.seq > other.seq
    if one.states_time and other.states_time and one.occurred_at != other.occurred_at:
        return one.occurred_at > other.occurred_at
    return (one.received_at, one.id) > (other.received_at, other.id)


def last_of(places: Iterable[Place]) -> Place | None:
    """The latest of `places`, which are given in the order they came."""
    last: Place | None = None
    for place in places:
        if last is None or later(place, last):
            last = place
    return last


Span = tuple[int, int]
"""Numbers from the first to the last, both included."""


def gap_before(place: Place, others: Sequence[Place]) -> list[Span]:
    """The numbers that are missing between this event and the highest that had come before it.

    None for an event that comes late itself: its gap was found when a later one came. What lies before the first
    number known of a dossier is not asked: a source may have begun to tell of it half-way.
    """
    came = [o.seq for o in others if o.seq is not None and (o.received_at, o.id) < (place.received_at, place.id)]
    if place.seq is None or not came:
        return []
    known = sorted({o.seq for o in others if o.seq is not None and max(came) < o.seq < place.seq})
    return [(low + 1, high - 1) for low, high in pairwise([max(came), *known, place.seq]) if high > low + 1]


def spans_text(spans: Iterable[Span]) -> str:
    """As people write them: `3`, `3–5, 7`."""
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in spans)
