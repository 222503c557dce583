"""A whole benchmark: the sides in turn, round after round, then what is measured of us alone."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench import sides
from bench.events import URGENT
from bench.limits import Limit, limits
from bench.machine import machine, versions
from bench.measure import Run
from bench.ours import ours, prepare
from bench.processes import output_of
from bench.reference_side import DATABASE as REFERENCE_DATABASE
from bench.reference_side import PYTHON, reference
from bench.scenarios import Bench, Burst, Grown, Idle, Say, burst, grown, idle, scaled, sized
from bench.servers import serving
from bench.sides import new_ground, sinking
from notifier.domain.errors import NotifierError

SCENARIOS = ("compare", "half", "idle", "limits", "scale-out", "burst", "growth")
QUICK = ("compare", "half", "idle", "limits")
APPRISE_WARM_UP = 8
BURST_RUNS = 2
"""So many times as long as another run urgent events are posted on top of a burst."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run consists of. `seconds` is about how long each measured run lasts, where `events` does not say how many."""

    scenarios: Sequence[str]
    rounds: int = 3
    seconds: float = 10.0
    events: int | None = None
    clients: int = 32
    rate: float | None = None
    workers: int = 1
    peers: bool = True
    burst_messages: int = 100_000
    growth: Sequence[int] = (1_000_000, 10_000_000)


@dataclass(frozen=True, slots=True)
class Apprise:
    """One round of Apprise. `faults` is what did not arrive."""

    events: int
    seconds: float
    cpu_seconds: float
    version: str
    faults: list[str]

    def rate(self) -> float:
        return self.events / self.seconds

    def cpu_per_1000(self) -> float:
        return self.cpu_seconds / (self.events * len(URGENT.channels)) * 1000


@dataclass(slots=True)
class Result:
    machine: dict[str, str]
    versions: dict[str, str]
    settings: dict[str, str]
    ours: list[Run] = field(default_factory=list)
    reference: list[Run] = field(default_factory=list)
    apprise: list[Apprise] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    half: Run | None = None
    idle: Idle | None = None
    burst: Burst | None = None
    growth: list[Grown] = field(default_factory=list)
    scale_out: list[Run] = field(default_factory=list)

    def runs(self) -> list[Run]:
        """All but those of peers."""
        return [
            *self.ours,
            *([self.half] if self.half else []),
            *self.scale_out,
            *(run for each in self.growth for run in (*each.beside_none, *each.runs)),
        ]

    def faults(self) -> list[str]:
        """Whatever of ours did not come exactly once."""
        found = [f"{run.name}: {fault}" for run in self.runs() for fault in run.faults]
        return found + (
            [f"burst: {self.burst.missing} urgent messages did not come in time"]
            if self.burst and self.burst.missing
            else []
        )


async def benchmark(wanted: Wanted, say: Say) -> Result:
    """Measure what is wanted. Leaves nothing behind."""
    directory = Path(tempfile.mkdtemp(prefix="notifier-bench-"))
    facts = machine()
    try:
        async with serving(directory) as servers:
            settings = {f"postgresql {name}": value for name, value in (await servers.settings()).items()}
            settings |= {
                "redis": f"{servers.redis.info('server')['redis_version']}, AOF on",
                "processes of ours": f"notifier serve: web, dispatcher, {wanted.workers} worker(s) of each of 3 lanes",
                "receipts": f"SMS and Zalo, {sides.RECEIPT_SECONDS:g} s after the message",
            }
            result = Result(facts, versions(), settings)
            bench = Bench(servers, say, wanted.seconds, wanted.events, wanted.clients, wanted.workers)
            await _measure(wanted, bench, result)
            return result
    finally:
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def _measure(wanted: Wanted, bench: Bench, result: Result) -> None:
    database_url = await prepare(bench.servers)
    if wanted.peers and not PYTHON.exists():
        raise NotifierError(
            "the environment of the peers is missing: start with ./dev bench, or leave them out by --no-peers"
        )
    if set(QUICK) & set(wanted.scenarios):
        await _compare(wanted, bench, result, database_url)
    if "limits" in wanted.scenarios and result.ours:
        result.limits = await limits(bench.servers, database_url, 1, bench.servers.directory / "limits")
    if "scale-out" in wanted.scenarios:
        result.scale_out = await scaled(bench)
    if "burst" in wanted.scenarios:
        result.burst = await burst(bench, wanted.burst_messages, BURST_RUNS * wanted.seconds)
    if "growth" in wanted.scenarios:
        result.growth = await grown(bench, wanted.growth, wanted.rounds)


async def _compare(wanted: Wanted, bench: Bench, result: Result, database_url: str) -> None:
    """The sides in turn. The one whose turn it is not stays up with nothing to do: starting it anew would cost more."""
    rounds = wanted.rounds if "compare" in wanted.scenarios else 1
    async with ours(bench.servers, database_url, workers=wanted.workers, run=bench.directory("ours")) as side:
        events = await bench.warm(side)
        async with _peers(bench) if wanted.peers else nullcontext() as peers:
            for number in range(1, rounds + 1):
                result.ours.append(await bench.run(side, f"round {number}", events, rate=wanted.rate))
                if peers:
                    run = await bench.run(peers.reference, f"round {number}", peers.events, rate=wanted.rate)
                    result.reference.append(run)
                    result.apprise.append(await _apprise_round(bench, peers, number))
        await _alone(wanted, bench, result, side)


async def _alone(wanted: Wanted, bench: Bench, result: Result, side: sides.Side) -> None:
    """What needs nothing but our processes as they run: at half of the throughput that was just seen, and at rest."""
    if "half" in wanted.scenarios:
        rate = max(run.whole_rate() for run in result.ours) / 2
        events = wanted.events or sized(rate * wanted.seconds)
        result.half = await bench.run(side, "half of that load", events, rate=rate)
    if "idle" in wanted.scenarios:
        result.idle = await idle(bench, side)


@dataclass(frozen=True, slots=True)
class Peers:
    """The reference, running, with how many events a round of it has; sinks for Apprise, and the same of it."""

    reference: sides.Side
    events: int
    apprise: sides.Ground
    apprise_events: int


@asynccontextmanager
async def _peers(bench: Bench) -> AsyncIterator[Peers]:
    database_url = await bench.servers.new_database(REFERENCE_DATABASE)
    ground = new_ground(bench.servers.directory / bench.directory("apprise"))
    ground = replace(ground, sinks=replace(ground.sinks, zalo_url=""))  # nobody there hears receipts
    async with sinking(ground):
        first = await _apprise_run(ground, next(bench.numbers), APPRISE_WARM_UP)
        apprise_events = bench.events or sized(APPRISE_WARM_UP / first["seconds"] * bench.seconds)
        async with reference(bench.servers, database_url, run=bench.directory("reference")) as side:
            yield Peers(side, await bench.warm(side), ground, apprise_events)


async def _apprise_round(bench: Bench, peers: Peers, number: int) -> Apprise:
    await sides.forget(peers.apprise.sinks_url)
    done = await _apprise_run(peers.apprise, next(bench.numbers), peers.apprise_events)
    taken, events = await sides.taken(peers.apprise.sinks_url), peers.apprise_events
    faults = [f"{channel}: {len(found)} of {events}" for channel, found in taken.taken.items() if len(found) != events]
    run = Apprise(events, done["seconds"], done["cpu_seconds"], done["version"], faults)
    told = f"{run.rate():.1f} events/s, {run.cpu_per_1000():.2f} CPU s per 1,000 messages"
    bench.say(f"Apprise, round {number}: {events} events, {told}{''.join(f'; {fault}' for fault in faults)}")
    return run


async def _apprise_run(ground: sides.Ground, first: int, events: int) -> dict[str, Any]:
    http = ground.sinks_url.removeprefix("http://")
    spec = {"first": first, "events": events, "http": http, "smtp_port": ground.sinks.smtp_port}
    answer: dict[str, Any] = json.loads(await output_of("bench.apprise_peer", json.dumps(spec), python=str(PYTHON)))
    return answer
