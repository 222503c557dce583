"""Overtaking: which events of a dossier make the unsent messages of which others needless, and which wait a little.

Events overtake each other on a track (`rules.toml`), a later one an earlier one, and only towards citizens: staff are
reminded of every step. A correction acts on the track of the statuses whatever its own is. What repeats a status that
is told the first time only does not overtake what it repeats.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import DeliveryState
from notifier.domain.dossiers import Move
from notifier.domain.ids import EventType
from notifier.domain.order import Place, later
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import Step
from notifier.routing.rules import Rules
from notifier.routing.tables import Track

CORRECTION = EventType("hoso.dinh_chinh")


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a dossier, as far as the others must know of it."""

    place: Place
    type: EventType
    transition: Move | None
    routed: bool = True
    undone: bool = False
    """Messages of it to the citizen were overtaken or taken back before they were sent."""

    @property
    def corrects(self) -> bool:
        return self.transition is Move.CORRECTION or self.type == CORRECTION


@dataclass(frozen=True, slots=True)
class Course:
    """How an event that is being routed stands among the others of its dossier."""

    overtaken_by: EventType | None = None
    """A later one was routed before: the citizen must not hear of this one any more."""
    overtakes: tuple[Told, ...] = ()
    """What was not sent of these to the citizen must not be sent any more."""
    hold_until: datetime | None = None
    """The citizen does not hear of it before: it may be corrected."""
    told_before: bool = False
    """The citizen was told of an event of its type, or is going to be."""


ALONE = Course()
"""Of an event that is the only one of its dossier."""


def course(event: Told, others: Sequence[Told], rules: Rules, now: datetime) -> Course:
    """`others` are all events of the dossier that have come, routed or not."""
    routed = [each for each in others if each.routed]
    first = overtaker(event, routed, rules)
    return Course(
        overtaken_by=first.type if first else None,
        overtakes=tuple(each for each in routed if _overtakes(event, each, rules)),
        hold_until=_hold_until(event, others, rules, now),
        told_before=any(each.type == event.type and not each.undone for each in routed),
    )


def overtaker(event: Told, routed: Iterable[Told], rules: Rules) -> Told | None:
    """The event that overtook this one first; None if none did."""
    first: Told | None = None
    for each in routed:
        if _overtakes(each, event, rules) and (first is None or later(first.place, each.place)):
            first = each
    return first


def overtaken(state: DeliveryState, *, perhaps_sent: bool, by: Told, now: datetime) -> Step:
    """What becomes of an unsent message to a citizen whose event was overtaken.

    `perhaps_sent`: a call was made for it whose result is not known. Then its provider is asked or its receipt awaited,
    and it is not sent again.
    """
    code = ReasonCode.CORRECTED if by.corrects else ReasonCode.LATER_STATUS
    reason = Reason(code, {"type": by.type})
    if perhaps_sent and state is DeliveryState.PLANNED:
        return Step(DeliveryState.UNKNOWN, now, reason)
    return Step(DeliveryState.CANCELLED if by.corrects else DeliveryState.SUPERSEDED, None, reason)


def _overtakes(one: Told, other: Told, rules: Rules) -> bool:
    rule = rules.rules.get(other.type)
    if rule is None or rule.track is None or not later(one.place, other.place):
        return False
    repeats = one.type == other.type and rule.first_time_only
    return rule.track in _tracks(one, rules) and not repeats


def _tracks(event: Told, rules: Rules) -> set[Track | None]:
    """Where it overtakes others."""
    rule = rules.rules.get(event.type)
    return {rule.track if rule else None} | ({Track.STATUS} if event.corrects else set())


def _hold_until(event: Told, others: Sequence[Told], rules: Rules, now: datetime) -> datetime | None:
    rule, hold = rules.rules.get(event.type), rules.corrections.hold
    if rule is None or rule.track is not Track.STATUS or not hold:
        return None
    strange = event.transition in {Move.CORRECTION, Move.ODD}
    just_corrected = any(each.corrects and each.place.received_at > now - hold for each in others)
    return now + hold if strange or just_corrected else None
