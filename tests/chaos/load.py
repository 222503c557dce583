"""A dossier system that posts its events, and posts each again until it has a 202 for it."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from notifier.cli.playground import Playground
from notifier.cli.post import post
from notifier.domain.clock import Clock
from tests.chaos.events import Invented

TRY_SECONDS = 10.0
AGAIN_SECONDS = 0.25
LONGEST_SECONDS = 150.0


@dataclass(slots=True)
class Load:
    """What became of posting: `accepted` have their 202; `answers` counts every answer, silence as 0."""

    accepted: list[Invented] = field(default_factory=list)
    accepted_at: dict[str, datetime] = field(default_factory=dict)
    """By id of the event, on the installation's clock."""
    refused: list[Invented] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)


async def post_all(
    ground: Playground, clock: Clock, events: Sequence[Invented], *, per_second: float, rng: random.Random
) -> Load:
    """Post at a pace that varies like that of many independent senders; answers when each has its 202 or gave up."""
    load = Load()
    timeout = aiohttp.ClientTimeout(total=TRY_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as senders:
        for event in events:
            senders.create_task(_post_until_taken(session, ground, clock, event, load))
            await asyncio.sleep(rng.expovariate(per_second))
    return load


async def _post_until_taken(
    session: aiohttp.ClientSession, ground: Playground, clock: Clock, event: Invented, load: Load
) -> None:
    body = json.dumps(event.document, ensure_ascii=False).encode()
    secret = ground.webhook_secrets[event.source]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST_SECONDS
    while loop.time() < deadline:
        try:
            status, _ = await post(session, ground.web_url, event.source, secret, body, clock())
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        load.answers[status] += 1
        if status == 202:
            load.accepted.append(event)
            load.accepted_at[event.id] = clock()
            return
        await asyncio.sleep(AGAIN_SECONDS)
    load.refused.append(event)
