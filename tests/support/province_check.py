"""What was told beside what had to be told: the differences, one list for each kind."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from notifier.cli.simulated_post import Notice
from tests.support.naive_telling import TIMERS_OF_ONE_MOMENT, Expected

Told = Mapping[tuple[object, ...], Sequence[datetime]]
"""Dossier, type, which one, number, person, channel → when."""


@dataclass(frozen=True, slots=True)
class Differences:
    missing: list[Expected] = field(default_factory=list)
    twice: list[Expected] = field(default_factory=list)
    at_another_time: list[tuple[Expected, datetime]] = field(default_factory=list)
    needless: list[tuple[Expected, datetime]] = field(default_factory=list)
    """Reminders that were told although the dossier had come to stand otherwise."""
    unexpected: list[tuple[object, ...]] = field(default_factory=list)
    in_time: list[Expected] = field(default_factory=list)


def told_of(notices: Iterable[Notice]) -> Told:
    """Each thing that was told, also in a digest, by each channel."""
    told: dict[tuple[object, ...], list[datetime]] = defaultdict(list)
    for notice in notices:
        for event in notice.of:
            which = (event.reminder.basis, event.reminder.number) if event.reminder else (event.id, 1)
            for channel in notice.channels:
                told[event.dossier.code, event.type, *which, notice.ref, channel].append(notice.at)
    return told


def company_of(notices: Iterable[Notice]) -> Mapping[tuple[object, ...], set[tuple[object, ...]]]:
    """What each thing was told together with, by each channel."""
    company: dict[tuple[object, ...], set[tuple[object, ...]]] = defaultdict(set)
    for notice in notices:
        together = told_of([notice])
        for key in together:
            company[key] |= together.keys()
    return company


def differences(
    wanted: Sequence[Expected], notices: Sequence[Notice], end: datetime, is_of_interest: Callable[..., bool]
) -> Differences:
    """`is_of_interest` says of the key of something told that nobody expected whether that matters."""
    found, left, company = Differences(), dict(told_of(notices)), company_of(notices)
    asked = {(*each.fact.key, each.ref, each.channel) for each in wanted}
    for each in wanted:
        times = left.pop((*each.fact.key, each.ref, each.channel), [])
        needless_from = each.fact.needless_from
        if len(times) > 1:
            found.twice.append(each)
        elif times and needless_from and times[0] > needless_from:
            found.needless.append((each, times[0]))
        elif times and not each.earliest <= times[0] <= _latest(each):
            found.at_another_time.append((each, times[0]))
        elif times:
            found.in_time.append(each)
        elif each.latest <= end and not (needless_from and needless_from <= each.latest):
            found.missing.append(each)
    # A message that tells of several goes by every channel by which one of them has to.
    found.unexpected.extend(key for key in left if is_of_interest(*key) and not company[key] & asked)
    return found


def _latest(each: Expected) -> datetime:
    """Reminders of one moment wait for each other where they are put together."""
    waits = each.gather == "merge" and each.fact.type.startswith("han.")
    return max(each.latest, each.earliest + TIMERS_OF_ONE_MOMENT) if waits else each.latest
