"""A bulk run of one source, and how long everybody else waits while it drains."""

import asyncio
import math
import random
from dataclasses import dataclass
from datetime import datetime

from notifier.cli.playground import MINISTRY, PROVINCE, samples
from tests.chaos import backlog, observe
from tests.chaos.check import delivery_of
from tests.chaos.events import Inventor
from tests.chaos.load import Load, post_all
from tests.chaos.stand import Stand
from tests.chaos.trial import Trial

MESSAGES, QUICK_MESSAGES = 100_000, 20_000
WINDOW_SECONDS, QUICK_WINDOW_SECONDS = 60.0, 15.0
PER_SECOND = 2.0
"""Events of each kind."""
QUICK_PATIENCE = 4
"""By so much the bounds of the quick run are wider: it runs wherever tests run, on machines with other work to do."""
SETTLE_SECONDS = 90.0
OTHERS_LOOKS, OTHERS_LOOK_SECONDS = 10, 3.0
FIRST_NUMBER = 500_000
"""Of its dossiers, so that they are not those of the other faults."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Events that are posted while the backlog drains. `seconds` bounds their way from the 202 to the provider."""

    name: str
    source: str
    sample: str
    seconds: float


KINDS = (
    Kind("urgent of the same source", PROVINCE, "05-yeu-cau-bo-sung", 2),
    Kind("urgent of another source", MINISTRY, "06-yeu-cau-nvtc", 2),
    Kind("bulk of another source", MINISTRY, "09-da-tra-ket-qua", 15),
)


async def bulk_run(trial: Trial) -> None:
    """Seed the backlog, post the others while it drains, take the rest of it back, and measure."""
    messages = QUICK_MESSAGES if trial.quick else MESSAGES
    window = QUICK_WINDOW_SECONDS if trial.quick else WINDOW_SECONDS
    inventor = Inventor(0, "bulk", first=FIRST_NUMBER)
    seeded = await backlog.seed(trial, inventor, messages)
    posted = await _post_others(trial, inventor, window)
    trial.notes.append(f"{await backlog.drained(trial, seeded)} of {messages} drained in {window:.0f} s")
    await _wait_for_others(trial.stand, posted)
    await backlog.take_back(trial, seeded)
    await observe.settle(trial.stand, SETTLE_SECONDS)
    patience = QUICK_PATIENCE if trial.quick else 1
    for kind in KINDS:
        trial.timed(kind.name, await _waits(trial.stand, posted[kind]), kind.seconds * patience)


async def _post_others(trial: Trial, inventor: Inventor, window: float) -> dict[Kind, Load]:
    """Every kind at a steady pace, all of them at the same time."""
    stand, shapes = trial.stand, dict(samples())
    tasks: dict[Kind, asyncio.Task[Load]] = {}
    async with asyncio.TaskGroup() as posting:
        for kind in KINDS:
            shape = {**shapes[kind.sample], "source": kind.source}
            events = [inventor.like(shape, by_phone=True) for _ in range(round(window * PER_SECOND))]
            pace = random.Random(trial.rng.random())
            tasks[kind] = posting.create_task(
                post_all(stand.ground, stand.clock, events, per_second=PER_SECOND, rng=pace)
            )
    posted = {kind: task.result() for kind, task in tasks.items()}
    for load in posted.values():
        trial.accepted.extend(load.accepted)
        trial.refused += len(load.refused)
    return posted


async def _wait_for_others(stand: Stand, posted: dict[Kind, Load]) -> None:
    """Let what was posted last go out while the backlog still drains: to take it back keeps the database busy."""
    for _ in range(OTHERS_LOOKS):
        waits = [wait for load in posted.values() for wait in await _waits(stand, load)]
        if math.inf not in waits:
            return
        await asyncio.sleep(OTHERS_LOOK_SECONDS)


_SENT_AT_ONCE = """
SELECT e.external_id AS event, d.id FROM event e JOIN delivery d ON d.event_id = e.id
WHERE e.external_id = ANY ($1) AND d.position <> 'fallback' AND d.channel <> 'portal' AND d.state <> 'suppressed'
"""


async def _waits(stand: Stand, load: Load) -> list[float]:
    """Seconds from the 202 until the provider had the message; infinite for one that never came."""
    rows = await stand.ask(_SENT_AT_ONCE, list(load.accepted_at))
    taken = {delivery_of(key): at for key, at in (await stand.providers.first_taken()).items()}
    return [_seconds(load.accepted_at[row["event"]], taken.get(row["id"].hex)) for row in rows]


def _seconds(accepted: datetime, taken: datetime | None) -> float:
    return max(0.0, (taken - accepted).total_seconds()) if taken else math.inf
