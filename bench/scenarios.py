"""What is measured of us alone: at a pace, under a burst, at rest, with years of old rows, with more workers."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from bench import growth, meters, sides
from bench.events import BULK, URGENT
from bench.measure import Plan, Run, measure, post
from bench.ours import ours, prepare
from bench.servers import Servers
from bench.sides import Side

WARM_UP = 30
FEWEST, MOST = 40, 60_000
"""Events of a run."""
IDLE_SECONDS, REST_SECONDS = 20.0, 3.0
LATEST_SECONDS = 120.0
BURST_RATE = 10.0
"""Urgent events a second on top of a burst."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Bench:
    """What the scenarios share. A run lasts about `seconds` unless `events` says how many it has."""

    servers: Servers
    say: Say
    seconds: float
    events: int | None
    clients: int
    workers: int
    rate: float | None = None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1, MOST + 1))
    """Where the numbers of the events of each run begin."""
    starts: Iterator[int] = field(default_factory=itertools.count)

    def plan(self, name: str, events: int, *, rate: float | None = None) -> Plan:
        return Plan(name, URGENT, next(self.numbers), events, self.clients, rate)

    def directory(self, name: str) -> str:
        """Of the ports, logs and secrets of one start."""
        return f"{name}-{next(self.starts)}"

    async def warm(self, side: Side) -> int:
        """Send a few events through, so that everything is open; answers how many a run should have."""
        run = await measure(self.servers, side, self.plan("warm-up", WARM_UP))
        if run.faults:
            self.say(f"{side.name}, warm-up: {'; '.join(run.faults)}")
        return self.events or sized(run.rate("recorded") * self.seconds)

    async def run(self, side: Side, name: str, events: int, *, rate: float | None = None) -> Run:
        run = await measure(self.servers, side, self.plan(name, events, rate=rate))
        told = f"{run.whole_rate():.1f} events/s all the way, {run.cpu_per_1000():.2f} CPU s per 1,000 messages"
        self.say(f"{side.name}, {name}: {run.events} events, {told}{''.join(f'; {fault}' for fault in run.faults)}")
        return run


def sized(events: float) -> int:
    return round(min(max(events, FEWEST), MOST))


@dataclass(frozen=True, slots=True)
class Idle:
    """Shares of one core by role, and the memory of our processes in bytes."""

    cpu: dict[str, float]
    rss: int
    pss: int


async def idle(bench: Bench, side: Side) -> Idle:
    """What everything costs while there is nothing to do."""
    pids = {**side.processes, **bench.servers.pids}
    await asyncio.sleep(REST_SECONDS)
    connection = await asyncpg.connect(side.database_url)
    before = await meters.read(pids, connection, bench.servers.redis)
    await asyncio.sleep(IDLE_SECONDS)
    used = (await meters.read(pids, connection, bench.servers.redis)).since(before)
    await connection.close()
    memory = meters.memory(side.processes).values()
    cpu = {role: seconds / IDLE_SECONDS for role, seconds in used.cpu.items()}
    return Idle(cpu, sum(rss for rss, _ in memory), sum(pss for _, pss in memory))


@dataclass(frozen=True, slots=True)
class Burst:
    """Urgent events among so many bulk messages: seconds to the provider, by channel."""

    bulk_messages: int
    accept_seconds: float
    drained: int
    """Bulk mails that were at the provider when the last urgent event was posted, `window_seconds` after the first."""
    window_seconds: float
    urgent: dict[str, list[float]] = field(repr=False)
    missing: int
    """Urgent messages that were not there `LATEST_SECONDS` later."""


async def burst(bench: Bench, messages: int, window: float) -> Burst:
    """Post the bulk as fast as it is taken, then urgent events at a steady pace while it drains. Its rest is left."""
    url = await prepare(bench.servers, "burst")
    async with ours(bench.servers, url, workers=bench.workers, run=bench.directory("burst")) as side:
        await bench.warm(side)
        await sides.forget(side.sinks_url)
        events = messages // len(BULK.channels)
        posted = await post(side, Plan("burst", BULK, next(bench.numbers), events, bench.clients))
        for _ in range(events // MOST):  # these numbers are taken too
            next(bench.numbers)
        plan = bench.plan("urgent", round(window * BURST_RATE), rate=BURST_RATE)
        urgent = await post(side, plan)
        drained = len((await sides.taken(side.sinks_url)).taken["email"].keys() & posted.sent.keys())
        waits = await _all_out(side, urgent.sent)
    return Burst(
        bulk_messages=messages,
        accept_seconds=max(posted.taken.values()) - min(posted.sent.values()),
        drained=drained,
        window_seconds=window,
        urgent=waits,
        missing=sum(plan.events - len(found) for found in waits.values()),
    )


async def _all_out(side: Side, sent: Mapping[int, float]) -> dict[str, list[float]]:
    """How long each of these events took to each provider, once all are there or it is too late."""
    waits: dict[str, list[float]] = {}
    for _ in range(round(LATEST_SECONDS)):
        taken = (await sides.taken(side.sinks_url)).taken
        waits = {channel: [at - sent[n] for n, at in taken[channel].items() if n in sent] for channel in URGENT.outward}
        if all(len(found) == len(sent) for found in waits.values()):
            break
        await asyncio.sleep(1)
    return waits


@dataclass(frozen=True, slots=True)
class Grown:
    """Runs beside so many old deliveries, and those beside none that took turns with them."""

    old: int
    size_bytes: int
    runs: list[Run]
    beside_none: list[Run]


async def grown(bench: Bench, sizes: Sequence[int], rounds: int) -> list[Grown]:
    """The same run on an empty database and on one with more old rows each time, in turn."""
    empty, full = await prepare(bench.servers, "empty"), await prepare(bench.servers, "full")
    found, have, events = [], 0, None
    for size in sizes:
        async with ours(bench.servers, full, run=bench.directory("growth")) as side:
            pattern = bench.plan("pattern", 1)
            await measure(bench.servers, side, pattern)
        await growth.grow(full, pattern.first, size, have, bench.say)
        have, made = size, Grown(size, await growth.size_bytes(full), [], [])
        for number in range(1, rounds + 1):
            made.beside_none.append(await _fresh(bench, empty, f"no old deliveries, round {number}", events))
            events = events or made.beside_none[0].events
            made.runs.append(await _fresh(bench, full, f"{size:,} old deliveries, round {number}", events))
        found.append(made)
    return found


async def scaled(bench: Bench, groups: Sequence[int] = (1, 2)) -> list[Run]:
    """The same run with more groups of worker processes, each with one worker of every lane."""
    url, runs, events = await prepare(bench.servers, "scale"), [], None
    for group in groups:
        name = f"{group} worker group{'s' if group > 1 else ''}"
        runs.append(await _fresh(bench, url, name, events, workers=group))
        events = runs[0].events
    return runs


async def _fresh(bench: Bench, database_url: str, name: str, events: int | None, workers: int | None = None) -> Run:
    """A run on processes that were started for it; without `events` the warm-up tells how many."""
    started = ours(bench.servers, database_url, workers=workers or bench.workers, run=bench.directory("fresh"))
    async with started as side:
        wanted = await bench.warm(side)
        return await bench.run(side, name, events or wanted)
