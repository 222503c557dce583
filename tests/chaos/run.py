"""A run: fault after fault on one installation, each with its load, its settling and its verdict."""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from notifier.domain.clock import VIETNAM, move_clock
from tests.chaos import observe
from tests.chaos.check import examine, strays
from tests.chaos.events import Inventor
from tests.chaos.faults import Fault
from tests.chaos.load import Load, post_all
from tests.chaos.servers import SmallDisk
from tests.chaos.stand import Stand, standing
from tests.chaos.trial import Trial
from tests.chaos.verdict import Row, shown_seconds

DELIVERIES_PER_EVENT = 6.0
"""About what one event of the mix comes to, fallbacks that are never needed left out."""
SETTLE_SECONDS = 90.0
DISK_MEGABYTES = 320
SLOWEST = 5

Say = Callable[[str], None]


@dataclass(slots=True)
class Plan:
    """`deliveries` is about how many the whole run handles, shared out by the weights of its faults."""

    faults: Sequence[Fault]
    seed: int
    quick: bool
    deliveries: int

    def events(self, fault: Fault) -> int:
        share = fault.weight / (sum(each.weight for each in self.faults) or 1)
        return max(10, round(self.deliveries * share / DELIVERIES_PER_EVENT))


@dataclass(slots=True)
class Result:
    rows: list[Row] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def failed(self) -> bool:
        return any(row.breaches() for row in self.rows)


async def run(plan: Plan, say: Say) -> Result:
    """Run the plan; answers a row for each fault. Leaves nothing behind."""
    began, result = time.monotonic(), Result()
    inventor = Inventor(plan.seed, f"{plan.seed}")
    usual = [fault for fault in plan.faults if not fault.small_disk]
    async with _directory() as directory, standing(directory) as stand:
        for fault in usual:
            await _one(plan, fault, stand, inventor, result, say)
        await _sum_up(stand, result)
    for fault in plan.faults:
        if fault.small_disk:
            await _on_small_disk(plan, fault, inventor, result, say)
    result.seconds = time.monotonic() - began
    return result


@asynccontextmanager
async def _directory() -> AsyncIterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="notifier-chaos-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def _on_small_disk(plan: Plan, fault: Fault, inventor: Inventor, result: Result, say: Say) -> None:
    async with AsyncExitStack() as stack:
        directory = await stack.enter_async_context(_directory())
        disk = SmallDisk.mounted(directory / "disk", DISK_MEGABYTES)
        if disk is None:
            result.skipped.append(f"{fault.name}: no file system can be mounted here")
            return
        stack.callback(disk.close)
        data = disk.directory / "postgres"
        stand = await stack.enter_async_context(standing(directory, data))
        stand.disk = disk
        await _one(plan, fault, stand, inventor, result, say)


async def _one(plan: Plan, fault: Fault, stand: Stand, inventor: Inventor, result: Result, say: Say) -> None:
    began = time.monotonic()
    say(f"{fault.name} …")
    trial = Trial(stand, random.Random(f"{plan.seed} {fault.name}"), plan.quick)
    if fault.starts_at:
        _set_clock(stand, fault.starts_at)
    load = await _strike(plan, fault, trial, inventor)
    await stand.providers.behave_well()
    await stand.back()
    await trial.mend_grant()
    row = await _judge(fault, trial, load, SETTLE_SECONDS)
    row.seconds = time.monotonic() - began
    stand.accepted.extend([*load.accepted, *trial.accepted])
    result.rows.append(row)
    say("  " + " | ".join(row.cells()[1:]) + f" | {row.seconds:.0f} s")
    if row.breaches():
        say("\n".join(f"    {each}" for each in [*row.findings.examples[:SLOWEST], *row.slowest]))


async def _strike(plan: Plan, fault: Fault, trial: Trial, inventor: Inventor) -> Load:
    events = [inventor.event() for _ in range(plan.events(fault))]
    pace = random.Random(f"{plan.seed} {fault.name} pace")
    stand = trial.stand
    async with asyncio.TaskGroup() as both:
        posting = both.create_task(
            post_all(stand.ground, stand.clock, events, per_second=len(events) / fault.seconds, rng=pace)
        )
        both.create_task(fault.inflict(trial))
    return posting.result()


async def _judge(fault: Fault, trial: Trial, load: Load, seconds: float) -> Row:
    stand = trial.stand
    unsettled = await observe.settle(stand, seconds)
    found = examine(await observe.evidence(stand, [*load.accepted, *trial.accepted]))
    recover = await observe.times_to_recover(stand, trial.struck)
    slowest = sorted(recover, key=lambda one: one.seconds, reverse=True)[:SLOWEST]
    notes = [*trial.notes, *([f"{trial.kills} stopped"] if trial.kills else [])]
    notes += [f"drained in {max(trial.drains):.1f} s"] if trial.drains else []
    return Row(
        fault.name,
        found,
        allowed=trial.kills,
        recover=[one.seconds for one in recover],
        slowest=[f"{shown_seconds(one.seconds)}: {one.story}" for one in slowest],
        drains=trial.drains,
        unsettled=unsettled,
        refused=len(load.refused) + trial.refused,
        waits=trial.waits,
        notes=notes,
        not_done=trial.not_done,
    )


async def _sum_up(stand: Stand, result: Result) -> None:
    """Once more over the whole run: what later faults did to earlier messages, and what belongs to nobody."""
    untold = await observe.all_told(stand, SETTLE_SECONDS)
    evidence = await observe.evidence(stand, stand.accepted)
    found = examine(evidence)
    found.strays = strays(evidence.ledger, evidence.deliveries)
    result.rows.append(
        Row(
            "all of these, looked at once more in the end",
            found,
            allowed=sum(row.allowed for row in result.rows),
            unsettled=untold,
        )
    )


def _set_clock(stand: Stand, local: str) -> None:
    """Forward to the next time that the clock shows `local`."""
    hour, minute = (int(part) for part in local.split(":"))
    now = stand.clock().astimezone(VIETNAM)
    then = now.replace(hour=hour, minute=minute, second=0)
    move_clock(stand.ground.clock_file, then if then > now else then + timedelta(days=1))
