"""One measured run: post events to a side, wait until all is done, and see that everything came exactly once."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import asyncpg

from bench import load, meters, sides
from bench.events import Kind
from bench.processes import output_of, until
from bench.servers import Servers
from bench.sides import Side, Taken
from notifier.domain.clock import system_clock

DRAIN_SECONDS = 1800.0
STAGES = ("accepted", "handed over", "recorded", "receipted")


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate` in events a second; without it so many clients in a closed loop. `first` is the number of the first event."""

    name: str
    kind: Kind
    first: int
    events: int
    clients: int = 32
    rate: float | None = None


@dataclass(slots=True)
class Run:
    """What came of one plan. Times in seconds; `faults` says what did not come exactly once."""

    side: str
    name: str
    kind: str
    events: int
    messages: int
    pace: str
    seconds: dict[str, float]
    """From the first event's posting until the last one had passed each stage."""
    accept: list[float] = field(repr=False)
    to_provider: dict[str, list[float]] = field(repr=False)
    """From the posting of an event until its message was at the provider, by channel."""
    cpu: dict[str, float]
    wal: int
    redis_commands: int
    memory: dict[str, tuple[int, int]]
    answers: dict[str, int]
    receipts: dict[str, int]
    faults: list[str]

    def rate(self, stage: str) -> float:
        """Events a second through this stage."""
        return self.events / self.seconds[stage] if self.seconds.get(stage) else 0.0

    def whole_rate(self) -> float:
        """Events a second all the way: through the slowest stage."""
        return min(self.rate(stage) for stage in STAGES)

    def cpu_per_1000(self, role: str | None = None) -> float:
        """CPU seconds for a thousand messages, of one role or of all."""
        used = sum(self.cpu.values()) if role is None else self.cpu.get(role, 0.0)
        return used / self.messages * 1000 if self.messages else 0.0


async def measure(servers: Servers, side: Side, plan: Plan) -> Run:
    """Post the events of the plan and follow them to the last receipt."""
    connection = await asyncpg.connect(side.database_url)
    try:
        await sides.forget(side.sinks_url)
        mark, epoch = await connection.fetchval(side.mark), system_clock().timestamp() - time.monotonic()
        pids = {**side.processes, **servers.pids}
        before = await meters.read(pids, connection, servers.redis)
        posted = await post(side, plan)
        await drained(connection, side)
        used = (await meters.read(pids, connection, servers.redis)).since(before)
        tally = await connection.fetch(side.tally, mark)
    finally:
        await connection.close()
    return _run(side, plan, posted, await sides.taken(side.sinks_url), tally, used, epoch)


async def post(side: Side, plan: Plan) -> load.Posted:
    spec = load.Spec(side.url, side.secret, plan.kind.name, plan.first, plan.events, plan.clients, plan.rate)
    return load.Posted.from_json(await output_of("bench.load", spec.as_json()))


async def drained(connection: asyncpg.Connection, side: Side) -> None:
    async def is_done() -> bool:
        return not await connection.fetchval(side.is_open)

    await until(is_done, f"{side.name} has done everything that it took", DRAIN_SECONDS)


def _run(
    side: Side,
    plan: Plan,
    posted: load.Posted,
    taken: Taken,
    tally: Sequence[asyncpg.Record],
    used: meters.Reading,
    epoch: float,
) -> Run:
    began = min(posted.sent.values())
    last = {
        "accepted": max(posted.taken.values(), default=began),
        "handed over": max((max(found.values()) for found in taken.taken.values() if found), default=began),
        "recorded": max((row["last"] - epoch for row in tally), default=began),
        "receipted": max((row["last"] - epoch for row in tally if row["stage"] == "receipted"), default=began),
    }
    return Run(
        side=side.name,
        name=plan.name,
        kind=plan.kind.name,
        events=plan.events,
        messages=plan.events * len(plan.kind.channels),
        pace=f"{plan.rate:.0f} a second" if plan.rate else f"{plan.clients} clients",
        seconds={stage: round(last[stage] - began, 4) for stage in STAGES},
        accept=posted.waits(),
        to_provider={
            channel: [at - posted.sent[number] for number, at in found.items() if number in posted.sent]
            for channel, found in taken.taken.items()
            if found
        },
        cpu=dict(used.cpu),
        wal=used.wal,
        redis_commands=used.redis_commands,
        memory=meters.memory(side.processes),
        answers=dict(posted.answers),
        receipts=dict(taken.receipts),
        faults=list(faults(plan, posted, taken, tally)),
    )


def faults(plan: Plan, posted: load.Posted, taken: Taken, tally: Sequence[asyncpg.Record]) -> Iterator[str]:
    """Whatever did not come exactly once, in words."""
    if len(posted.taken) != plan.events:
        yield f"{plan.events - len(posted.taken)} events were not accepted"
    yield from _faults_at_sinks(plan, taken)
    counted = {(row["stage"], row["channel"]): row["count"] for row in tally}
    for stage, channels in (("recorded", plan.kind.channels), ("receipted", plan.kind.receipted)):
        for channel in channels:
            if (count := counted.get((stage, channel), 0)) != plan.events:
                yield f"{channel}: {count} of {plan.events} {stage}"


def _faults_at_sinks(plan: Plan, taken: Taken) -> Iterator[str]:
    wanted = set(range(plan.first, plan.first + plan.events))
    for channel in plan.kind.outward:
        if missing := wanted - taken.taken[channel].keys():
            yield f"{channel}: {len(missing)} messages did not come"
        if strays := taken.taken[channel].keys() - wanted:
            yield f"{channel}: {len(strays)} messages of nobody's event"
    for channel, doubled in taken.doubles.items():
        yield f"{channel}: {doubled} messages came twice"
    if taken.strange:
        yield f"{taken.strange} messages without a number"
