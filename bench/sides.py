"""One side of a comparison: who takes the events of a run, and how it is known what became of them."""

import base64
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench import sinks
from bench.processes import answers, running, until
from notifier.cli.playground import free_port

APP_ID, OA_ID = "4100000000000000001", "4200000000000000002"
RECEIPT_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Side:
    """`processes` are those whose work counts. `is_open` and `tally` ask its own database.

    `is_open` is one boolean: something is still to be done, or a receipt to come. `tally` has one row of stage
    (`recorded`, `receipted`), channel, count and moment of the last, of what was written since the mark $1.
    """

    name: str
    database_url: str
    url: str
    secret: str
    processes: Mapping[str, int]
    sinks_url: str
    mark: str
    is_open: str
    tally: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The ports and secrets of one side."""

    directory: Path
    web_port: int
    sinks: sinks.Spec
    secret: str = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sinks_url(self) -> str:
        return f"http://127.0.0.1:{self.sinks.http_port}"


def new_ground(directory: Path) -> Ground:
    """Ports that are free now, secrets that nobody knows; the directory is made."""
    directory.mkdir(parents=True)
    base = 20_000 + os.getpid() % 8_000
    web_port = free_port(base)
    http_port, smtp_port = free_port(web_port + 1), free_port(web_port + 202)
    keys = {
        name: secrets.token_urlsafe(32) for name in ("oa", "app", "sms", "sms_path", "mail", "mail_path", "service")
    }
    zalo_url = f"http://127.0.0.1:{web_port}/v1/receipts/zalo"
    spec = sinks.Spec(http_port, smtp_port, zalo_url, APP_ID, OA_ID, keys["oa"], RECEIPT_SECONDS)
    secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    return Ground(directory, web_port, spec, secret, keys)


@asynccontextmanager
async def sinking(ground: Ground) -> AsyncIterator[int]:
    """The providers in their process; gives its id."""
    command = {"sinks": [sys.executable, "-m", "bench.sinks", ground.sinks.as_json()]}
    async with running(ground.directory, command, os.environ) as pids:
        await until(lambda: answers(f"{ground.sinks_url}/bench/count"), "the sinks answer")
        yield pids["sinks"]


async def taken(url: str) -> "Taken":
    async with aiohttp.ClientSession() as session, session.get(f"{url}/bench/taken", raise_for_status=True) as reply:
        found = await reply.json()
    found["taken"] = {channel: dict(map(tuple, pairs)) for channel, pairs in found["taken"].items()}
    return Taken(**found)


async def forget(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{url}/bench/forget", raise_for_status=True):
        pass


@dataclass(frozen=True, slots=True)
class Taken:
    """What the sinks took since they last forgot; moments in monotonic seconds by channel and number of the event."""

    taken: dict[str, dict[int, float]]
    doubles: dict[str, int]
    strange: int
    receipts: dict[str, int]
