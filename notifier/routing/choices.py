"""Which choices citizens have, which of them can be kept, and in what order a rule's ways are tried after them.

A choice takes ways away, or puts them last; it never adds one. Of a notice that the law obliges us to give, no way is
taken away: those that the person did not choose are tried when the chosen ones fail.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.deliveries import Urgency
from notifier.domain.hours import Rest
from notifier.domain.ids import ChannelName
from notifier.domain.preferences import KindName, Preferences
from notifier.domain.recipients import Audience
from notifier.routing.context import Address, ChannelView
from notifier.routing.rules import Rules
from notifier.routing.tables import NoticeKind, SendingHours, Tell

WAKING_LEAST = 4 * 60
"""Minutes a day in which a message of every urgency must still be allowed to come."""
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind of notice and the ways by which this installation can give it, beside the inbox."""

    key: KindName
    kind: NoticeKind
    ways: tuple[ChannelName, ...]
    sure: tuple[ChannelName, ...]
    """Those of the ways that report whether a message has arrived; all of them where none does."""


class Fault(StrEnum):
    """Why a choice cannot be kept."""

    NO_SURE_WAY = "no_sure_way"
    """Nothing that proves arrival would be left for an obligatory kind."""
    REST_TOO_LONG = "rest_too_long"


def offers(rules: Rules, channels: Mapping[ChannelName, ChannelView]) -> tuple[Offer, ...]:
    """What may be chosen, in the order of the rules file."""
    return tuple(_offer(key, kind, _used(rules, key), channels) for key, kind in rules.kinds.items())


def faults(wanted: Preferences, offered: Sequence[Offer], rules: Rules) -> list[tuple[Fault, KindName | None]]:
    """All that is wrong with a choice, with the kind that it concerns."""
    unsure = [
        (Fault.NO_SURE_WAY, each.key)
        for each in offered
        if each.kind.is_obligatory and each.ways and not set(each.sure) - wanted.declines(each.key)
    ]
    too_long = [(Fault.REST_TOO_LONG, None)] if wanted.rest and not _leaves_room(wanted.rest, rules) else []
    return [*unsure, *too_long]


def answered(
    before: Preferences, offered: Sequence[Offer], answers: Mapping[tuple[KindName, ChannelName], bool]
) -> dict[KindName, frozenset[ChannelName]]:
    """What is declined after these answers. What was not asked, as a way that is switched off, stays as it was."""
    declined = {kind: set(ways) for kind, ways in before.declined.items()}
    for (kind, way), is_wanted in answers.items():
        if any(each.key == kind and way in each.ways for each in offered):
            ways = declined.setdefault(kind, set())
            (ways.discard if is_wanted else ways.add)(way)
    return {kind: frozenset(ways) for kind, ways in declined.items() if ways}


def in_order(
    tell: Tell, declined: Collection[ChannelName], *, is_obligatory: bool
) -> tuple[list[ChannelName], list[ChannelName]]:
    """What is sent at once and what waits behind it, after the person's choice."""
    send, fallback = list(tell.send), list(tell.fallback)
    if not is_obligatory:
        return send, fallback
    last = [way for way in (*send, *fallback) if way in declined]
    return [way for way in send if way not in last], [*(way for way in fallback if way not in last), *last]


def _used(rules: Rules, key: KindName) -> list[ChannelName]:
    """The channels by which citizens are told of notices of this kind, each once."""
    told = [rule.citizens for rule in rules.rules.values() if rule.kind == key]
    return list(dict.fromkeys(way for tell in told if tell for way in (*tell.send, *tell.fallback)))


def _offer(
    key: KindName, kind: NoticeKind, used: Sequence[ChannelName], channels: Mapping[ChannelName, ChannelView]
) -> Offer:
    ways = tuple(way for way in used if way in channels and channels[way].address is not Address.INBOX)
    return Offer(key, kind, ways, tuple(way for way in ways if channels[way].proves) or ways)


def _leaves_room(rest: Rest, rules: Rules) -> bool:
    return all(
        sum(_is_open(rules, urgency, minute) and not _rests(rest, minute) for minute in range(_DAY)) >= WAKING_LEAST
        for urgency in Urgency
    )


def _is_open(rules: Rules, urgency: Urgency, minute: int) -> bool:
    hours = rules.sending_hours(Audience.CITIZEN, urgency)
    if not isinstance(hours, SendingHours):
        return True
    return hours.opens.hour * 60 + hours.opens.minute <= minute < hours.closes.hour * 60 + hours.closes.minute


def _rests(rest: Rest, minute: int) -> bool:
    begins, ends = (at.hour * 60 + at.minute for at in (rest.begins, rest.ends))
    return begins <= minute < ends if begins <= ends else minute >= begins or minute < ends
