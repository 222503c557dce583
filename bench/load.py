"""A dossier system that posts signed events, in a process of its own: `python -m bench.load SPEC`, the answer as JSON.

In a closed loop each client posts its next event when it has the answer to the one before. At a pace the events are due
at fixed moments, whatever becomes of those before, and an answer is late from the moment when its event was due.
"""

import asyncio
import base64
import hmac
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import uvloop

from bench.events import KINDS, SOURCE, Inventor, event_id
from notifier.domain.clock import system_clock

ACCEPTED = 202
AGAIN_SECONDS = 0.05
TRIES = 2000


@dataclass(frozen=True, slots=True)
class Spec:
    """`rate` in events a second; without it `clients` post in a closed loop."""

    url: str
    secret: str
    kind: str
    first: int
    count: int
    clients: int = 32
    rate: float | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self))


@dataclass(slots=True)
class Posted:
    """`sent` and `taken`: by number of the event, when it was due or sent and when its 202 came (monotonic seconds)."""

    sent: dict[int, float] = field(default_factory=dict)
    taken: dict[int, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> str:
        return json.dumps({"sent": list(self.sent.items()), "taken": list(self.taken.items()), "answers": self.answers})

    @staticmethod
    def from_json(text: bytes) -> "Posted":
        read = json.loads(text)
        return Posted(dict(map(tuple, read["sent"])), dict(map(tuple, read["taken"])), Counter(read["answers"]))

    def waits(self) -> list[float]:
        """Seconds until the 202, of each event that has one."""
        return [at - self.sent[number] for number, at in self.taken.items()]


class Poster:
    """Posts one event until it is taken; counts every answer."""

    def __init__(self, spec: Spec, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._url = f"{spec.url}/v1/events"
        self._key = base64.b64decode(spec.secret.removeprefix("whsec_"))
        self._make: Callable[[int], bytes] = Inventor(KINDS[spec.kind], system_clock()).body
        self.posted = Posted()

    async def post(self, number: int, due: float | None = None) -> None:
        body = self._make(number)
        self.posted.sent[number] = due or time.monotonic()
        for _ in range(TRIES):
            try:
                async with self._session.post(self._url, data=body, **self._signed(number, body)) as reply:
                    await reply.read()
                    status = reply.status
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            self.posted.answers[str(status)] += 1
            if status == ACCEPTED:
                self.posted.taken[number] = time.monotonic()
                return
            await asyncio.sleep(AGAIN_SECONDS)

    def _signed(self, number: int, body: bytes) -> dict[str, Any]:
        """As Standard Webhooks wants it: the signature over id, time and body."""
        name, at = event_id(number), str(int(system_clock().timestamp()))
        mac = hmac.digest(self._key, f"{name}.{at}.".encode() + body, "sha256")
        headers = {
            "Content-Type": "application/cloudevents+json",
            "webhook-id": name,
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        }
        return {"headers": headers, "params": {"source": SOURCE}}


async def post_all(spec: Spec) -> Posted:
    connector = aiohttp.TCPConnector(limit=0 if spec.rate else spec.clients)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
        poster = Poster(spec, session)
        numbers = iter(range(spec.first, spec.first + spec.count))
        async with asyncio.TaskGroup() as group:
            if spec.rate is None:
                for _ in range(spec.clients):
                    group.create_task(_in_turn(poster, numbers))
            else:
                await _at_pace(poster, numbers, spec.rate, group)
        return poster.posted


async def _in_turn(poster: Poster, numbers: Iterator[int]) -> None:
    for number in numbers:
        await poster.post(number)


async def _at_pace(poster: Poster, numbers: Iterator[int], rate: float, group: asyncio.TaskGroup) -> None:
    began = time.monotonic()
    for position, number in enumerate(numbers):
        due = began + position / rate
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        group.create_task(poster.post(number, due))


if __name__ == "__main__":
    sys.stdout.write(uvloop.run(post_all(Spec(**json.loads(sys.argv[1])))).as_json())
