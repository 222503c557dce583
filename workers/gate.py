"""The gate that every call to a provider passes: which provider, whether now, and what the calls came to.

Circuits, rates and quotas are rows in PostgreSQL, so all workers share them and a lost Redis changes nothing. A worker
looks at them at most twice a second, and reports what its calls came to as often; while a circuit is in doubt, at once.
"""

import asyncio
import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as time_of_day

from channels.registry import ProviderSetup, serving
from notifier.delivery import gate
from notifier.delivery.gate import ProviderState, Tally
from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import Urgency
from notifier.domain.hours import next_time
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.outcomes import Outcome
from notifier.domain.reasons import Reason, ReasonCode
from notifier.store import pauses, providers
from notifier.store.pool import Connection, Pool
from notifier.store.providers import Allowance, MinuteCounts

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
GOOD_NEWS_SECONDS = 2.0
"""Faults are told at once; that all goes well can wait, and no row is fought for."""
PROBE_WAIT = timedelta(seconds=40)
"""Longer than the deadline of a call: then whoever probed has died."""
RESERVES = {Urgency.URGENT: 0.0, Urgency.NORMAL: 0.25, Urgency.BULK: 0.5}
"""Share of a provider's permits that a lane leaves to the more urgent ones."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that asks to be let through. One that names a provider goes to no other."""

    channel: ChannelName
    provider: ProviderName | None = None
    is_first_call: bool = True
    agency: str | None = None
    """Whose message it is: some providers speak for some agencies only."""


@dataclass(slots=True)
class _Unreported:
    tally: Tally = field(default_factory=Tally)
    counts: dict[datetime, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


class Gate:
    """Of one process. `channels` are the providers of each channel, the preferred one first."""

    def __init__(self, pool: Pool, channels: Sequence[Sequence[ProviderSetup]], name: str) -> None:
        self._pool = pool
        self._name = name
        self._channels = {setups[0].channel: tuple(setups) for setups in channels}
        self._setups = {setup.name: setup for setups in channels for setup in setups}
        self._states: dict[ProviderName, ProviderState] = {}
        self._paused: Collection[ChannelName] = ()
        self._looked = float("-inf")
        self._unreported: dict[ProviderName, _Unreported] = defaultdict(_Unreported)
        self._reported = float("-inf")
        self._reporting = asyncio.Lock()

    async def admit(
        self,
        connection: Connection,
        lane: Urgency,
        asked: Sequence[Asked],
        room: Callable[[ProviderName], int],
        now: datetime,
    ) -> list[ProviderName | None]:
        """The provider that each of these messages may be given to now, None where it has to wait.

        `room`: how many more calls to a provider this process may have under way. Within the transaction that writes
        down the calls.
        """
        await self._look(connection, now)
        granted: list[ProviderName | None] = [None] * len(asked)
        for channel in sorted({each.channel for each in asked}):
            waiting = [place for place, each in enumerate(asked) if each.channel == channel]
            may = {place: self._may_carry(asked[place]) for place in waiting}
            providers_in_order = self._in_order(channel, now)
            for provider in providers_in_order:
                others = {each.name for each in providers_in_order if each is not provider and each.passes()}
                eligible = [
                    place for place in waiting if _fits(asked[place], provider, others & may[place], may[place])
                ]
                wanted = min(len(eligible), room(provider.name))
                number = await self._permits(connection, provider, lane, wanted, now)
                for place in eligible[:number]:
                    granted[place] = provider.name
                    waiting.remove(place)
        return granted

    async def closed(self, connection: Connection, now: datetime) -> set[ChannelName]:
        """The channels on which nothing can be sent at this moment."""
        await self._look(connection, now)
        return {
            channel
            for channel in self._channels
            if not any(state.passes() or state.wants_probe(now) for state in self._in_order(channel, now))
        }

    def is_shut(self, asked: Asked, until: datetime) -> bool:
        """Whether all who may carry this message are shut until after `until`, by what was last seen.

        While one is probed it may open at any moment.
        """
        states = [state for name in self._may_carry(asked) if (state := self._states.get(name))]
        return bool(states) and all(
            state.circuit is gate.Circuit.OPEN and state.until is not None and state.until > until for state in states
        )

    def _may_carry(self, asked: Asked) -> frozenset[ProviderName]:
        if asked.provider is not None:
            return frozenset({asked.provider})
        return frozenset(setup.name for setup in serving(self._channels.get(asked.channel, ()), asked.agency))

    def note(self, provider: ProviderName, outcome: Outcome, now: datetime) -> None:
        """Remember what a call came to."""
        unreported = self._unreported[provider]
        unreported.tally = unreported.tally.plus(outcome)
        unreported.counts[_minute(now)][_column(outcome)] += 1

    def note_receipt(self, provider: ProviderName, taken_at: datetime, now: datetime) -> None:
        """Remember that the fate of a message became known, and whether in time."""
        setup = self._setups.get(provider)
        if setup is None:
            return
        counts = self._unreported[provider].counts[_minute(taken_at)]
        counts["proven"] += 1
        counts["late"] += (now - taken_at).total_seconds() > setup.limits.slow_receipt_seconds

    async def report(self, now: datetime) -> None:
        """Add what was remembered to what all know: at once where a probe is awaited, faults soon, good news later."""
        if not self._unreported or time.monotonic() - self._reported < self._patience():
            return
        async with self._reporting:
            if not self._unreported or time.monotonic() - self._reported < self._patience():
                return
            unreported, self._unreported = self._unreported, defaultdict(_Unreported)
            self._reported = time.monotonic()
            try:
                await self._report(unreported, now)
            except Exception:
                log.exception("what calls came to could not be added up")

    async def prefer(self, now: datetime) -> None:
        """Look at the receipts of channels with several providers, and change whom they prefer."""
        for setups in self._channels.values():
            if len(setups) > 1:
                async with self._pool.acquire() as connection, connection.transaction():
                    await self._prefer(connection, setups, now)

    async def _prefer(self, connection: Connection, setups: Sequence[ProviderSetup], now: datetime) -> None:
        held = {setup.name: await providers.hold(connection, setup.name) for setup in sorted(setups, key=_name)}
        states = [state for setup in setups if (state := held[setup.name])]
        figures = []
        for state in states:
            until = _minute(now - timedelta(seconds=self._setups[state.name].limits.slow_receipt_seconds))
            proves = self._setups[state.name].capabilities.proves_delivery
            since = until - gate.SLOW_WINDOW if proves else until
            figures.append(await providers.punctuality(connection, state.name, since, until))
        for changed, reason in gate.after_receipts(states, figures, now):
            await providers.write(connection, changed, reason, actor=self._name, now=now)
            self._states[changed.name] = changed
            _tell(reason)

    def _in_order(self, channel: ChannelName, now: datetime) -> list[ProviderState]:
        """Who may be given messages of a channel, the preferred one first; nobody while it is paused."""
        if channel in self._paused:
            return []
        states = [self._states[setup.name] for setup in self._channels.get(channel, ()) if setup.name in self._states]
        return gate.by_preference(states, now)

    async def _permits(
        self, connection: Connection, state: ProviderState, lane: Urgency, wanted: int, now: datetime
    ) -> int:
        if wanted <= 0:
            return 0
        if state.wants_probe(now):
            return await self._probe(connection, state, now)
        if not state.passes():
            return 0
        setup = self._setups[state.name]
        rate = setup.limits.rate_per_second or setup.capabilities.rate_per_second
        quota = setup.limits.daily_quota
        if rate is None and quota is None:
            return wanted
        allowance = Allowance(rate, quota, RESERVES[lane])
        day = (self._reset(state.name, now) - timedelta(days=1)).astimezone(VIETNAM).date()
        number, used = await providers.take_permits(connection, state.name, wanted, allowance, day)
        if quota is not None and used >= quota:
            await self._quota_spent(connection, state.name, quota, now)
        return number

    async def _probe(self, connection: Connection, state: ProviderState, now: datetime) -> int:
        reason = Reason(ReasonCode.PROVIDER_PROBED, {"provider": state.name})
        until = now + PROBE_WAIT
        claimed = await providers.claim_probe(
            connection, state.name, self._name, reason, until=until, now=now, longest=gate.LONGEST
        )
        self._looked = float("-inf")
        return int(claimed)

    async def _quota_spent(self, connection: Connection, name: ProviderName, quota: int, now: datetime) -> None:
        state = await providers.hold(connection, name)
        if state is None or not state.passes():
            return
        spent, reason = gate.quota_spent(state, quota, self._reset(name, now))
        await providers.write(connection, spent, reason, actor=self._name, now=now)
        self._states[name] = spent
        _tell(reason)

    def _reset(self, name: ProviderName, now: datetime) -> datetime:
        """When the provider's next day begins."""
        setup = self._setups.get(name)
        return next_time(now + timedelta(seconds=1), setup.limits.quota_resets_at if setup else time_of_day(0))

    async def _look(self, connection: Connection, now: datetime) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        states = {state.name: state for state in await providers.read(connection)}
        missing = {name: setup.channel for name, setup in self._setups.items() if name not in states}
        if missing:
            await providers.enrol(connection, missing, now)
            states = {state.name: state for state in await providers.read(connection)}
        self._states, self._paused = states, await pauses.channels(connection)
        self._looked = time.monotonic()

    def _patience(self) -> float:
        """How long after the last report the next one may wait, in seconds."""
        called = [
            (self._states.get(name), each.tally) for name, each in self._unreported.items() if each.tally != Tally()
        ]
        if any(tally.wish or tally.spent or state is None or not state.passes() for state, tally in called):
            return 0
        return LOOK_SECONDS if any(tally.bad for _, tally in called) else GOOD_NEWS_SECONDS

    async def _report(self, unreported: dict[ProviderName, _Unreported], now: datetime) -> None:
        async with self._pool.acquire() as connection:
            await providers.count(connection, list(_counts(unreported)))
            for name in sorted(unreported):
                if (tally := unreported[name].tally) != Tally():
                    await self._report_one(connection, name, tally, now)

    async def _report_one(self, connection: Connection, name: ProviderName, tally: Tally, now: datetime) -> None:
        """In a transaction of its own: nobody waits for one provider because of another."""
        async with connection.transaction():
            if (state := await providers.hold(connection, name)) is None:
                return
            reset = self._reset(name, now)
            changed, reason = gate.after_calls(state, tally, now, random.random(), reset)  # noqa: S311 - jitter
            if tally.remaining is not None:
                await providers.note_volume(connection, name, tally.remaining, tally.daily, now)
            if changed != state:
                await providers.write(connection, changed, reason, actor=self._name, now=now)
        self._states[name] = changed
        _tell(reason)


def _fits(
    asked: Asked, provider: ProviderState, others: Collection[ProviderName], may: Collection[ProviderName]
) -> bool:
    """Whether the message may go to this provider. One that was refused before is no probe while another works."""
    if provider.name not in may:
        return False
    return asked.provider is not None or provider.passes() or asked.is_first_call or not others


def _name(setup: ProviderSetup) -> ProviderName:
    return setup.name


def _counts(unreported: dict[ProviderName, _Unreported]) -> Collection[MinuteCounts]:
    return [
        MinuteCounts(name, minute, **columns)
        for name, each in unreported.items()
        for minute, columns in each.counts.items()
    ]


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _column(outcome: Outcome) -> str:
    return type(outcome).__name__.lower()


def _tell(reason: Reason | None) -> None:
    """Circuits and preferences are what an administrator wants to find in the log."""
    if reason is not None:
        extra = {"code": reason.code.value, "provider": reason.values["provider"]}
        log.warning("a provider's gate has moved", extra=extra)
