"""The whole system as real processes, and what a test may ask of it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from notifier.cli.demo import Installation, installation, post_sample
from notifier.cli.playground import Playground, samples
from notifier.domain.clock import move_clock
from notifier.domain.deliveries import DeliveryState
from notifier.store import progress
from notifier.store.progress import Line
from tests.support.rules import rules_at_once
from tests.support.waiting import until

SETTLED_SECONDS = 40
LINK = re.compile(r"http://\S+/t/[\w-]{16}$")
MessageKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class System:
    here: Installation

    @property
    def ground(self) -> Playground:
        return self.here.ground

    async def post(self, sample: str, body: Any = None) -> Any:
        """Post a sample event by its file name, or another body, signed; answers the body of the 202."""
        body = body or dict(samples())[sample]
        async with aiohttp.ClientSession() as session:
            return await post_sample(session, self.ground, self.here.clock, sample, body)

    async def lines(self, *codes: str) -> list[Line]:
        async with self.here.pool.acquire() as connection:
            return [line for line in await progress.lines(connection) if line.dossier_code in codes]

    async def settled(self, *codes: str) -> dict[tuple[str, str, str], str]:
        """Wait until nothing of these dossiers is due; answers (type, person, channel) → state.

        What is held for the morning gets its morning.
        """

        async def is_settled() -> bool:
            async with self.here.pool.acquire() as connection:
                if await progress.unrouted(connection):
                    return False
            waiting = [line for line in await self.lines(*codes) if line.due_at is not None]
            if waiting and all(line.state is DeliveryState.HELD for line in waiting):
                self.at_least(min(line.due_at for line in waiting if line.due_at))
            return not waiting

        await until(is_settled, SETTLED_SECONDS, f"{codes} to settle")
        return {(line.type, line.ref, line.channel): line.state.value for line in await self.lines(*codes)}

    def at_least(self, moment: datetime) -> None:
        """Let the clock of all processes show at least this moment."""
        if moment > self.here.clock():
            move_clock(self.ground.clock_file, moment)

    async def messages(self) -> dict[int, MessageKey]:
        """(channel, address, first words) of every message that a provider took, by its number."""
        url = f"http://127.0.0.1:{self.ground.sandbox.http_port}/sandbox/messages"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found = await answer.json()
        messages = found["messages"] if isinstance(found, dict) else found
        return {each["id"]: (each["channel"], each["to"], _headline(each)) for each in messages}

    async def story(self, source: str, code: str) -> dict[str, Any]:
        """The timeline of a dossier, as the API tells it."""
        url = f"{self.ground.web_url}/v1/dossiers/{source}/{code}/timeline"
        headers = {"Authorization": f"Bearer {self.ground.api_token}"}
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            story: dict[str, Any] = await answer.json()
            return story


def _headline(message: dict[str, Any]) -> str:
    content = message["content"]
    match message["channel"]:
        case "sms":
            return LINK.sub("<link>", content["text"])
        case "email":
            return str(content["subject"])
        case _:
            return str(content["title"])


@asynccontextmanager
async def running_system(directory: Path) -> AsyncIterator[System]:
    """Officers hear of all at once: what waits for its hour has tests of its own."""
    rules = directory / "rules.toml"
    rules.write_text(rules_at_once(), encoding="utf-8")
    async with installation(directory, lambda _: None, environment="test", rules_file=rules) as here:
        yield System(here)
