"""The whole installation as real processes, every part of which can be hurt."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from notifier.cli.demo import START, grant_zalo, ready
from notifier.cli.playground import PROVINCE, Playground, free_port, playground
from notifier.cli.supervisor import Supervisor
from notifier.cli.zalo_accounts import zalo_grant
from notifier.domain.clock import Clock, move_clock, shifted_clock
from notifier.sandbox.settings import Delays
from notifier.settings import load_settings
from notifier.store import tokens
from notifier.store.migrate import migrate
from notifier.store.pool import DATABASE_DOWN, open_pool
from tests.chaos.dossier_system import SECRET, DossierSystem
from tests.chaos.events import Invented, chaos_rules
from tests.chaos.providers import Providers
from tests.chaos.servers import Postgres, Redis, SmallDisk, send

ROLES = {
    "web": ["web"],
    "urgent-1": ["worker", "urgent"],
    "urgent-2": ["worker", "urgent"],
    "normal-1": ["worker", "normal"],
    "normal-2": ["worker", "normal"],
    "bulk-1": ["worker", "bulk"],
    "bulk-2": ["worker", "bulk"],
    "dispatcher-1": ["dispatcher"],
    "dispatcher-2": ["dispatcher"],
}
"""Two of each but the web process, so that somebody is there to take over from one that is stopped."""
WORKERS = tuple(role for role, (command, *_) in ROLES.items() if command == "worker")
PROVIDER_SECONDS = "3"
"""How long the channels wait for a provider here."""
KEPT_MESSAGES = 500
BACK_SECONDS = 40.0


@dataclass(slots=True)
class Stand:
    ground: Playground
    clock: Clock
    supervisor: Supervisor
    postgres: Postgres
    redis: Redis
    providers: Providers
    dossier_system: DossierSystem
    marks: Path
    disk: SmallDisk | None = None
    accepted: list[Invented] = field(default_factory=list)
    """Every event of the run that has its 202."""

    def pids(self) -> dict[str, int]:
        """Process ids by role, of those that run."""
        return self.supervisor.running()

    async def back(self) -> None:
        """Wait until every role runs again and the web process answers."""
        async with asyncio.timeout(BACK_SECONDS):
            while set(self.pids()) != set(ROLES):
                await asyncio.sleep(0.05)
        await ready(self.ground)

    async def is_grant_lost(self) -> bool:
        rows = await self.ask("SELECT lost FROM oauth_token")
        return any(row["lost"] is not None for row in rows)

    async def token_version(self) -> int:
        (row,) = await self.ask("SELECT max(version) AS version FROM oauth_token")
        return int(row["version"])

    async def consent_again(self) -> None:
        """What an administrator does when the Zalo grant is lost."""
        token = await self.providers.consent()
        pool = await open_pool(self.postgres.url, size=1, name="notifier-chaos")
        async with pool, pool.acquire() as connection:
            name = zalo_grant(load_settings(self.ground.environ))
            await tokens.grant(connection, name, token, self.clock())

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """One to the database, of the harness itself."""
        connection = await asyncpg.connect(self.postgres.url, timeout=5)
        try:
            yield connection
        finally:
            await connection.close()

    async def ask(self, statement: str, *values: Any) -> Sequence[asyncpg.Record]:
        """What the database answers, once it answers."""
        async with asyncio.timeout(BACK_SECONDS):
            while True:
                try:
                    async with self.connection() as connection:
                        return await connection.fetch(statement, *values)
                except DATABASE_DOWN:
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def standing(directory: Path, data: Path | None = None) -> AsyncIterator[Stand]:
    """Everything running and ready. `data` is where PostgreSQL keeps its data, if not beside the rest."""
    async with AsyncExitStack() as stack:
        postgres = await asyncio.to_thread(Postgres, data or directory / "postgres")
        stack.push_async_callback(postgres.close)
        redis = await asyncio.to_thread(Redis, directory / "redis")
        stack.push_async_callback(redis.close)
        ground = _ground(directory, postgres.url, redis.url)
        move_clock(ground.clock_file, START)
        clock = shifted_clock(ground.clock_file)
        await asyncio.to_thread(migrate, postgres.url)
        await _grant(ground, clock, postgres.url)
        providers = Providers(ground.sandbox, ground.clock_file)
        await providers.start()
        stack.push_async_callback(providers.close)
        dossier_system = DossierSystem(free_port(8420))
        _subscribe(ground, dossier_system)
        await stack.enter_async_context(dossier_system.listening())
        supervisor = Supervisor(directory)
        stand = Stand(ground, clock, supervisor, postgres, redis, providers, dossier_system, directory / "marks")
        stack.push_async_callback(_stop, stand)
        for role, command in ROLES.items():
            supervisor.start(role, command, ground.environ)
        await ready(ground)
        yield stand


def _ground(directory: Path, database_url: str, redis_url: str) -> Playground:
    """The playground of the demo with marks, little patience and providers that report at once."""
    (directory / "marks").mkdir()
    rules = directory / "rules.toml"
    rules.write_text(chaos_rules(), encoding="utf-8")
    ground = playground(directory, database_url=database_url, redis_url=redis_url, environment="test")
    environ = {
        **ground.environ,
        "NOTIFIER_MARKS": str(directory / "marks"),
        "NOTIFIER_RULES_FILE": str(rules),
        **{f"NOTIFIER_CHANNELS__{name}__TIMEOUT_SECONDS": PROVIDER_SECONDS for name in ("EMAIL", "SMS", "ZALO")},
    }
    sandbox = replace(
        ground.sandbox,
        delays=Delays(answer_seconds=(0.05, 0.4), receipt_seconds=(0.05, 0.3), read_seconds=(0.05, 0.3)),
        people=(),
        portal=None,
        messages_kept=KEPT_MESSAGES,
    )
    return replace(ground, environ=environ, sandbox=sandbox)


def _subscribe(ground: Playground, dossier_system: DossierSystem) -> None:
    """Have the dossier system told of every delivery."""
    table = f"""
[sources."{PROVINCE}".callback]
url = "{dossier_system.url}"
secrets = ["{SECRET}"]
allow_private = ["127.0.0.0/8"]
"""
    with Path(ground.environ["NOTIFIER_CONFIG"]).open("a", encoding="utf-8") as settings:
        settings.write(table)


async def _grant(ground: Playground, clock: Clock, database_url: str) -> None:
    pool = await open_pool(database_url, size=3, name="notifier-chaos")
    await grant_zalo(ground, pool, clock)
    await pool.close()


async def _stop(stand: Stand) -> None:
    """End the processes. One that was left stopped is woken first, or it could not end."""
    for pid in stand.pids().values():
        send(pid, signal.SIGCONT)
    await stand.supervisor.stop()


def is_stopped(pid: int) -> bool:
    """Whether SIGSTOP holds it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return bool(re.search(r"\) T ", stat))


def machine() -> str:
    """Processors and memory, for the report."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {gigabytes:.0f} GiB"
