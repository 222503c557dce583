"""What the real processes make of losses: of everything in Redis, and of the workers themselves."""

import copy
import os
import re
import signal
from collections import Counter

import pytest
from redis import Redis

from notifier.settings import load_settings
from tests.flow.test_samples import MESSAGES, SAMPLES
from tests.support.system import System
from tests.support.waiting import until

SAMPLE = "05-yeu-cau-bo-sung"


def dossier(number: int) -> tuple[dict, str]:
    """The sample event as one of another dossier."""
    event = copy.deepcopy(SAMPLES[SAMPLE])
    code = f"H01.14-261118-{number}"
    event["id"], event["data"]["HoSo"]["MaHoSo"] = f"loss-{number}", code
    return event, code


async def posted(system: System, numbers: range) -> list[str]:
    codes = []
    for number in numbers:
        event, code = dossier(number)
        await system.post(SAMPLE, event)
        codes.append(code)
    return codes


async def arrived(system: System, before: dict, codes: list[str]) -> Counter:
    """Messages since `before`, with every dossier's code made the sample's."""
    kinds: Counter = Counter()
    for number, (channel, to, text) in (await system.messages()).items():
        if number not in before:
            kinds[channel, to, re.sub("|".join(codes), "H01.14-261118-0039", text)] += 1
    return kinds


async def test_emptying_redis_at_any_moment_loses_nothing_and_doubles_nothing(system: System):
    before = await system.messages()
    redis = Redis.from_url(load_settings(system.ground.environ).redis.url.get_secret_value())
    codes = []
    for number in range(7000, 7006):
        codes += await posted(system, range(number, number + 1))
        redis.flushall()
    await system.settled(*codes)
    assert await arrived(system, before, codes) == Counter(dict.fromkeys(MESSAGES[SAMPLE], 6))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_ending_every_worker_loses_nothing(system: System, how: signal.Signals):
    first = 7100 if how is signal.SIGTERM else 7200
    before = await system.messages()
    old = workers(system)
    for pid in old:
        os.kill(pid, how)
    codes = await posted(system, range(first, first + 4))
    await until(lambda: len(workers(system)) == len(old) and not workers(system) & old, 40, "new workers")
    await system.settled(*codes)
    assert await arrived(system, before, codes) == Counter(dict.fromkeys(MESSAGES[SAMPLE], 4))


def workers(system: System) -> set[int]:
    """Process ids of the running workers."""
    running = system.here.supervisor.running()
    return {pid for name, pid in running.items() if name.startswith("worker-")}
