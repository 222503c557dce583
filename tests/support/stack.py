"""The service inside the test process: real PostgreSQL, Redis, SMTP and HTTP on loopback sockets, no RQ worker.

`settle` does what dispatcher and workers do, in the test's own time. The flow tests run the real processes instead.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer
from redis import Redis

from notifier.cli import embedded
from notifier.cli.demo import START
from notifier.cli.playground import PROVINCE, Playground, playground
from notifier.cli.zalo_accounts import zalo_grant
from notifier.domain.clock import move_clock, shifted_clock
from notifier.intake.signature import parse_secret, sign
from notifier.sandbox.app import Sandbox, running
from notifier.sandbox.settings import Delays
from notifier.settings import load_settings
from notifier.store import tokens
from notifier.store.migrate import migrate
from notifier.web.app import web_application
from tests.support.waiting import until
from workers import steps
from workers.wiring import App, open_app

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
SOON = Delays(receipt_seconds=(0.02, 0.1), read_seconds=(0.2, 0.5), retry_seconds=(0.1, 0.2, 0.4, 0.8))
LATE = Delays(receipt_seconds=(3.0, 3.0), read_seconds=(9.0, 9.0))
STANDSTILLS = {"NOTIFIER_DATABASE__IDLE_TIMEOUT_SECONDS": "60"}
"""A machine that runs many tests at once stands still now and then."""
CALLS: dict[str, Any] = {}
"""The calls under way of the app of the running test, by its name."""
MEMORY_BYTES = 1 << 30
_numbers = count(1)


@pytest.fixture(scope="session")
def template_database() -> Iterator[str]:
    """The URL of a migrated database that nobody connects to: each test gets a copy of it.

    Not below pytest's own directory: whoever starts another pytest closes that to PostgreSQL's user.
    """
    with (
        TemporaryDirectory(prefix="notifier-tests-", dir=memory()) as directory,
        embedded.postgres(Path(directory) / "data") as url,
    ):
        template = url.replace("/postgres?", "/template_notifier?")

        async def create() -> None:
            connection = await asyncpg.connect(url)
            for name in ("fsync", "full_page_writes", "autovacuum"):  # it outlives a killed process, not a power cut
                await connection.execute(f"ALTER SYSTEM SET {name} = off")
            await connection.execute("ALTER SYSTEM SET max_wal_size = '128MB'")
            await connection.execute("SELECT pg_reload_conf()")
            await connection.execute("CREATE DATABASE template_notifier")
            await connection.close()

        asyncio.run(create())
        migrate(template)
        yield template


def memory() -> str | None:
    """Where files stay in memory, if there is room: to copy a database takes a tenth of the time there."""
    shared = Path("/dev/shm")  # noqa: S108
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > MEMORY_BYTES else None


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
async def new_database(template_database: str) -> AsyncIterator[str]:
    """The URL of a fresh, migrated, empty database; dropped afterwards."""
    async with fresh_database(template_database) as url:
        yield url


@asynccontextmanager
async def fresh_database(template_database: str, *, like: str = "template_notifier") -> AsyncIterator[str]:
    """The URL of a copy of the database called `like`, to which nobody is connected; dropped afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = await asyncpg.connect(template_database.replace("/template_notifier?", "/postgres?"))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY FILE_COPY")
    yield template_database.replace("/template_notifier?", f"/{name}?")
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def ground(
    request: pytest.FixtureRequest, tmp_path: Path, new_database: str, redis_url: str
) -> AsyncIterator[Playground]:
    """Settings of a whole installation; its clock shows `START`."""
    Redis.from_url(redis_url).flushall()
    made = playground(tmp_path, database_url=new_database, redis_url=redis_url, environment="test")
    move_clock(made.clock_file, START)
    late = request.node.get_closest_marker("late_receipts") is not None
    return replace(
        made, sandbox=replace(made.sandbox, delays=LATE if late else SOON), environ=made.environ | STANDSTILLS
    )


@pytest.fixture
async def sandbox(ground: Playground) -> AsyncIterator[Sandbox]:
    async with running(ground.sandbox, clock=shifted_clock(ground.clock_file)) as made:
        yield made


@pytest.fixture
async def app(ground: Playground) -> AsyncIterator[App]:
    """The wired service, its Zalo grant stored. Nothing listens and nothing runs by itself."""
    settings = load_settings(ground.environ)
    async with open_app(settings, name="test") as made:
        await grant_zalo(made, ground)
        CALLS[made.name] = steps.new_calls(made)
        yield made
        await asyncio.wait_for(CALLS.pop(made.name).finish(5), 20)


async def grant_zalo(app: App, ground: Playground) -> None:
    async with app.pool.acquire() as connection:
        await tokens.grant(connection, zalo_grant(app.settings), ground.refresh_token, app.clock())


@pytest.fixture
async def web(app: App) -> AsyncIterator[TestServer]:
    """The web process' application on the port that the sandbox posts its receipts to."""
    server = TestServer(web_application(app), host="127.0.0.1", port=app.settings.web.port, access_log=None)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
async def client(web: TestServer) -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client of the web process."""
    async with aiohttp.ClientSession(base_url=str(web.make_url("/"))) as session:
        yield session


def signed(
    ground: Playground, body: bytes, *, source: str = PROVINCE, at: datetime | None = None, message_id: str = "msg_1"
) -> dict[str, str]:
    """Headers of a request that `source` signs at the time the ground's clock shows."""
    moment = at or shifted_clock(ground.clock_file)()
    return sign(parse_secret(ground.webhook_secrets[source]), message_id, moment, body)


async def post_event(
    client: aiohttp.ClientSession, ground: Playground, event: dict[str, Any] | list[Any], **options: Any
) -> tuple[int, Any]:
    """Post as the event's source would; answers status and body."""
    source = event["source"] if isinstance(event, dict) else PROVINCE
    body = json.dumps(event, ensure_ascii=False).encode()
    kind = STRUCTURED if isinstance(event, dict) else {"Content-Type": "application/json"}
    params = {} if isinstance(event, dict) else {"source": source}
    headers = {**kind, **signed(ground, body, source=source, **options)}
    async with client.post("/v1/events", data=body, headers=headers, params=params) as answer:
        return answer.status, await answer.json()


_WORK: dict[str, tuple[str, Callable[[App, list[Any]], Awaitable[None]]]] = {
    "event": ("SELECT id FROM event WHERE due_at <= $1", steps.route),
    "delivery": (
        "SELECT id FROM delivery WHERE due_at <= $1",
        lambda app, ids: steps.deliver(app, CALLS[app.name], ids),
    ),
    "receipt": ("SELECT id FROM receipt WHERE due_at <= $1", steps.receipts),
}


async def work_once(app: App) -> int:
    """One round of everything that is due now, timers too; answers how many rows that were."""
    async with app.pool.acquire() as connection:
        done = await steps.fire(app, connection, app.clock())
    for query, step in _WORK.values():
        async with app.pool.acquire() as connection:
            ids = [row["id"] for row in await connection.fetch(query, app.clock())]
        if ids:
            await step(app, ids)
            done += len(ids)
    return done


async def settle(app: App, *, states: set[str] | None = None, seconds: float = 20) -> None:
    """Work until nothing is due and no delivery waits in `states` (default: for its receipt)."""
    waiting = states if states is not None else {"accepted", "sending", "planned"}

    async def quiet() -> bool:
        if await work_once(app):
            return False
        async with app.pool.acquire() as connection:
            open_states = {
                row["state"] for row in await connection.fetch("SELECT state FROM delivery WHERE due_at IS NOT NULL")
            }
        return not open_states & waiting

    await until(quiet, seconds, "everything due to be worked off")


async def states(app: App) -> dict[tuple[str, str], str]:
    """(person's ref, channel) → state, for every delivery."""
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT r.ref, d.channel, d.state FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
        )
    return {(row["ref"], row["channel"]): row["state"] for row in rows}


GOES_ON = {"accepted": ("delivered", "read"), "delivered": ("read",)}


async def becomes(app: App, ref: str, channel: str, state: str, *, seconds: float = 20) -> None:
    """Work on until the delivery to this person on this channel is in this state, or has gone on from it by a receipt."""

    async def is_so() -> bool:
        await work_once(app)
        return (await states(app)).get((ref, channel)) in {state, *GOES_ON.get(state, ())}

    await until(is_so, seconds, f"{ref}'s {channel} to be {state}")
