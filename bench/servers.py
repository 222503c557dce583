"""PostgreSQL and Redis of a run: real, from wheels, as durable as in production; both sides of a comparison use them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis import Redis

from notifier.cli import embedded

SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "max_connections")


@dataclass(frozen=True, slots=True)
class Servers:
    directory: Path
    postgres_url: str
    redis: Redis
    redis_socket: Path
    pids: dict[str, int]

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}"

    async def new_database(self, name: str) -> str:
        """An empty database; answers its URL."""
        connection = await asyncpg.connect(self.postgres_url)
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        return self.postgres_url.replace("/postgres?", f"/{name}?")

    async def settings(self) -> dict[str, str]:
        """Those of PostgreSQL that decide how durable and how fast it is."""
        connection = await asyncpg.connect(self.postgres_url)
        try:
            found = {name: str(await connection.fetchval(f"SHOW {name}")) for name in SETTINGS}
            return {"version": str(await connection.fetchval("SHOW server_version")), **found}
        finally:
            await connection.close()


@asynccontextmanager
async def serving(directory: Path) -> AsyncIterator[Servers]:
    """Both running, their data in `directory`, until the context closes."""
    async with AsyncExitStack() as stack:
        data = directory / "postgres"
        postgres_url = await asyncio.to_thread(stack.enter_context, embedded.postgres(data))
        await asyncio.to_thread(stack.enter_context, embedded.redis(directory / "redis"))
        socket = directory / "redis" / "redis.sock"
        redis = stack.enter_context(Redis(unix_socket_path=str(socket)))
        pids = {
            "PostgreSQL": int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0]),
            "Redis": int(redis.info("server")["process_id"]),
        }
        yield Servers(directory, postgres_url, redis, socket, pids)
