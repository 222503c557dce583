"""The gate before a provider: its circuit, its pace, and which provider of a channel is preferred.

A circuit opens when half of the recent calls went wrong, or when the provider itself says for how long to stay away.
It is then left alone, each time longer, until one message is tried; if that goes well, the circuit closes.

| circuit   | messages                                   | becomes                                          |
| --------- | ------------------------------------------ | ------------------------------------------------ |
| closed    | pass, within rate and quota                | open, by too many faults, a Retry-After, a quota |
| open      | wait, or take another provider             | half_open, when `until` has come                 |
| half_open | one, the probe; the others as when open    | closed or open, by what the probe comes to       |
| paused    | wait, or take another provider             | closed, by whoever paused it                     |

Which faults count: passing ones, unknown outcomes and being told to slow down. A refusal of one message or of one
person shows that the provider works.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.delivery.decide import NIGHT
from notifier.domain.hours import clock_text
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.outcomes import Accepted, Outcome, Throttled, Transient, Unknown
from notifier.domain.reasons import Reason, ReasonCode

LEAST_FAULTS = 5
FAULT_SHARE = 0.5
MEMORY = timedelta(seconds=30)
"""Counts are halved this often, so that the past fades."""
OPEN_BASE, OPEN_CAP = timedelta(seconds=2), timedelta(seconds=10)
"""One message every ten seconds hurts no provider, and a provider that is back is noticed."""
WISH_LEAST, WISH_MOST = timedelta(seconds=1), timedelta(minutes=15)
"""Between these a provider's own Retry-After is honoured."""
LONGEST = timedelta(hours=26)
"""No circuit is open for longer; one that seems so was opened before the clock was set back."""
SLOWEST_PACE, PACE_STEP = 0.1, 0.1

SLOW_WINDOW = timedelta(minutes=15)
SLOW_LEAST = 20
SLOW_SHARE = 0.5
DEMOTED_BASE, DEMOTED_CAP = timedelta(minutes=15), timedelta(hours=4)


class Circuit(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What all workers know of a provider."""

    name: ProviderName
    channel: ChannelName
    circuit: Circuit
    counted_from: datetime
    until: datetime | None = None
    """Open: when one message may be tried. Half open: until when that one is waited for."""
    trips: int = 0
    """Openings that have not been lived down yet; each doubles the next."""
    good: float = 0
    bad: float = 0
    demoted_until: datetime | None = None
    demotions: int = 0
    pace: float = 1
    """Share of the rate that is used, between `SLOWEST_PACE` and 1."""

    def passes(self) -> bool:
        return self.circuit is Circuit.CLOSED

    def wants_probe(self, now: datetime) -> bool:
        """One message may be tried: it has been left alone for long enough, or the probe was never heard of again."""
        is_waiting = self.circuit in {Circuit.OPEN, Circuit.HALF_OPEN}
        return is_waiting and self.until is not None and (now >= self.until or self.until - now > LONGEST)


@dataclass(frozen=True, slots=True)
class Tally:
    """What some calls to one provider came to."""

    good: int = 0
    bad: int = 0
    code: str = "-"
    """Of the last fault."""
    slow_down: bool = False
    wish: timedelta | None = None
    """The longest Retry-After among them."""
    spent: bool = False
    """The provider says that the day's messages are used up."""
    remaining: int | None = None
    daily: int | None = None
    """How many messages it still takes today and how many a day, by its last word."""

    def plus(self, outcome: Outcome) -> "Tally":
        match outcome:
            case Throttled() if outcome.code == NIGHT or outcome.alone:
                return self
            case Throttled() if outcome.until_reset:
                return replace(self, bad=self.bad + 1, code=outcome.code, spent=True)
            case Throttled():
                wish = max(filter(None, (self.wish, outcome.retry_after)), default=None)
                return replace(self, bad=self.bad + 1, code=outcome.code, slow_down=True, wish=wish)
            case Transient() | Unknown():
                return replace(self, bad=self.bad + 1, code=outcome.code)
            case Accepted() if outcome.remaining is not None:
                left = outcome.remaining if self.remaining is None else min(outcome.remaining, self.remaining)
                told = replace(self, good=self.good + 1, remaining=left, daily=outcome.daily)
                return replace(told, spent=True, code="remaining 0") if left == 0 else told
            case _:
                return replace(self, good=self.good + 1)


def after_calls(
    state: ProviderState, tally: Tally, now: datetime, random01: float, reset: datetime | None = None
) -> tuple[ProviderState, Reason | None]:
    """The state after some more calls, and the reason if the circuit has moved. Total.

    Answers to calls that were under way when the circuit opened change nothing any more, but one: that the day's
    messages are used up until `reset`.
    """
    if tally.spent and reset is not None and state.circuit is not Circuit.PAUSED:
        return day_spent(state, tally.code, reset)
    match state.circuit:
        case Circuit.HALF_OPEN if tally.bad:
            return _opened(state, tally, now, random01)
        case Circuit.HALF_OPEN if tally.good:
            closed = replace(state, circuit=Circuit.CLOSED, until=None, good=0, bad=0, counted_from=now)
            return closed, Reason(ReasonCode.PROVIDER_CLOSED, {"provider": state.name})
        case Circuit.CLOSED:
            counted = _paced(_counted(state, tally, now), tally)
            calls = counted.good + counted.bad
            if tally.wish or (counted.bad >= LEAST_FAULTS and counted.bad >= FAULT_SHARE * calls):
                return _opened(counted, tally, now, random01)
            return counted, None
        case _:
            return state, None


def quota_spent(state: ProviderState, quota: int, until: datetime) -> tuple[ProviderState, Reason]:
    """The day's messages are used up: closed for business until `until`, when the day is over."""
    values = {"provider": state.name, "quota": str(quota), "until": clock_text(until)}
    return replace(state, circuit=Circuit.OPEN, until=until), Reason(ReasonCode.PROVIDER_QUOTA_SPENT, values)


def day_spent(state: ProviderState, code: str, until: datetime) -> tuple[ProviderState, Reason | None]:
    """The provider takes no more today: closed for business until `until`, when it counts anew."""
    if state.circuit is Circuit.OPEN and state.until is not None and state.until >= until:
        return state, None
    values = {"provider": state.name, "code": code, "until": clock_text(until)}
    return replace(state, circuit=Circuit.OPEN, until=until, good=0, bad=0), Reason(
        ReasonCode.PROVIDER_DAY_SPENT, values
    )


def paused(state: ProviderState, by: str, why: str) -> tuple[ProviderState, Reason]:
    """Nothing is given to it until somebody resumes it."""
    values = {"provider": state.name, "by": by, "why": why}
    return replace(state, circuit=Circuit.PAUSED, until=None), Reason(ReasonCode.PROVIDER_PAUSED, values)


def resumed(state: ProviderState, by: str, why: str, now: datetime) -> tuple[ProviderState, Reason]:
    """Messages pass again, whatever kept them; its faults are forgotten."""
    values = {"provider": state.name, "by": by, "why": why}
    fresh = replace(
        state, circuit=Circuit.CLOSED, until=None, trips=0, good=0, bad=0, counted_from=now, demoted_until=None, pace=1
    )
    return fresh, Reason(ReasonCode.PROVIDER_RESUMED, values)


def preferred(
    states: Sequence[ProviderState], name: ProviderName, by: str, why: str, until: datetime
) -> list[tuple[ProviderState, Reason]]:
    """Of the providers of a channel, `name` comes first until `until`: the others are set back, it is not any more."""
    values = {"preferred": name, "by": by, "why": why, "until": clock_text(until)}
    return [
        (
            replace(state, demoted_until=None if state.name == name else until),
            Reason(ReasonCode.PROVIDER_PREFERRED, {"provider": state.name, **values}),
        )
        for state in states
    ]


def _counted(state: ProviderState, tally: Tally, now: datetime) -> ProviderState:
    fades = now - state.counted_from >= MEMORY or now < state.counted_from
    keep = 0.5 if fades else 1
    healthy = fades and state.good >= LEAST_FAULTS and state.bad < 0.1 * state.good
    return replace(
        state,
        good=state.good * keep + tally.good,
        bad=state.bad * keep + tally.bad,
        counted_from=now if fades else state.counted_from,
        trips=max(0, state.trips - 1) if healthy else state.trips,
    )


def _paced(state: ProviderState, tally: Tally) -> ProviderState:
    """Halved when told to slow down, a step faster with every tally that went well."""
    if tally.slow_down:
        return replace(state, pace=max(SLOWEST_PACE, state.pace / 2))
    return replace(state, pace=min(1, state.pace + PACE_STEP)) if tally.good else state


def _opened(state: ProviderState, tally: Tally, now: datetime, random01: float) -> tuple[ProviderState, Reason]:
    if tally.wish:
        wait = min(max(tally.wish, WISH_LEAST), WISH_MOST)
    else:
        wait = min(OPEN_BASE * (1 << min(state.trips, 10)), OPEN_CAP)
    until = now + wait * (1 + random01 / 4)
    opened = replace(state, circuit=Circuit.OPEN, until=until, trips=state.trips + 1, good=0, bad=0, counted_from=now)
    values = {"provider": state.name, "code": tally.code, "until": clock_text(until, seconds=True)}
    if tally.wish:
        return opened, Reason(ReasonCode.PROVIDER_THROTTLED, values)
    bad, calls = state.bad or tally.bad, (state.good + state.bad) or (tally.good + tally.bad)
    return opened, Reason(ReasonCode.PROVIDER_OPENED, {**values, "bad": f"{bad:.0f}", "calls": f"{calls:.0f}"})


def by_preference(states: Sequence[ProviderState], now: datetime) -> list[ProviderState]:
    """The providers of a channel in the order in which to use them: as configured, the demoted ones last."""
    return sorted(states, key=lambda each: each.demoted_until is not None and now < each.demoted_until)


@dataclass(frozen=True, slots=True)
class Punctuality:
    """Messages that a provider took in the window, and how many of them lack a receipt in time."""

    taken: int
    late: int

    @property
    def is_slow(self) -> bool:
        return self.taken >= SLOW_LEAST and self.late >= SLOW_SHARE * self.taken


def after_receipts(
    states: Sequence[ProviderState], figures: Sequence[Punctuality], now: datetime
) -> list[tuple[ProviderState, Reason | None]]:
    """The changes of preference within one channel, given each provider's figures, in the order of configuration.

    The preferred provider is demoted when its receipts are slow and another one is fit to take over. A demotion lasts
    a while, each time longer, whatever the figures say meanwhile: without messages there are none.
    """
    changes: list[tuple[ProviderState, Reason | None]] = []
    for state in states:
        if state.demoted_until is not None and (now >= state.demoted_until or state.demoted_until - now > LONGEST):
            restored = Reason(ReasonCode.PROVIDER_RESTORED, {"provider": state.name})
            changes.append((replace(state, demoted_until=None), restored))
    if changes or not states:
        return changes
    (first, *others), punctual = by_preference(states, now), dict(zip((s.name for s in states), figures, strict=True))
    fit = [each for each in others if each.passes() and not punctual[each.name].is_slow and each.demoted_until is None]
    seen = punctual[first.name]
    if first.demoted_until is None and seen.is_slow and fit:
        until = now + min(DEMOTED_BASE * (1 << min(first.demotions, 10)), DEMOTED_CAP)
        values: dict[str, str] = {
            "provider": first.name,
            "late": str(seen.late),
            "calls": str(seen.taken),
            "until": clock_text(until),
        }
        demoted = replace(first, demoted_until=until, demotions=first.demotions + 1)
        changes.append((demoted, Reason(ReasonCode.PROVIDER_DEMOTED, values)))
    elif seen.taken >= 10 * SLOW_LEAST and not seen.is_slow and first.demotions:
        changes.append((replace(first, demotions=first.demotions - 1), None))
    return changes
