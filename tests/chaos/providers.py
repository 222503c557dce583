"""The sandbox providers in a process of their own, and what the harness asks of them."""

import asyncio
import multiprocessing
import signal
from collections.abc import Mapping
from datetime import datetime
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import aiohttp

from notifier.domain.clock import shifted_clock
from notifier.sandbox.app import running
from notifier.sandbox.settings import SandboxSettings

Ledger = Mapping[str, Mapping[str, tuple[int, int]]]
"""Channel → key → how often a message was taken, and how many doubles of it were dropped."""

READY_SECONDS = 20


class Providers:
    """Started by `start`; ended by `close`."""

    def __init__(self, settings: SandboxSettings, clock_file: Path) -> None:
        self._url = f"http://127.0.0.1:{settings.http_port}/sandbox"
        self._process: SpawnProcess = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(settings, clock_file), daemon=True
        )
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._process.start()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        async with asyncio.timeout(READY_SECONDS):
            while True:
                assert self._process.exitcode is None, "the sandbox did not start: is its port taken?"
                try:
                    await self.ledger()
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._process.terminate()
        await asyncio.to_thread(self._process.join, 5)
        self._process.kill()

    async def ledger(self) -> Ledger:
        found = await self._call("GET", "/ledger")
        return {channel: {key: (a, d) for key, (a, d, _) in keys.items()} for channel, keys in found.items()}

    async def first_taken(self) -> dict[str, datetime]:
        """Key → when a provider first got it, on the installation's clock."""
        found = await self._call("GET", "/ledger")
        return {key: datetime.fromisoformat(at) for keys in found.values() for key, (_, _, at) in keys.items()}

    async def behave(self, *rules: Mapping[str, Any]) -> None:
        """Add rules for every recipient: `channel`, `behave`, and what else the script takes."""
        await self._call("POST", "/script", list(rules))

    async def behave_well(self) -> None:
        await self._call("DELETE", "/script")

    async def revoke_token(self) -> None:
        await self._call("POST", "/zalo/revoke")

    async def consent(self) -> str:
        """The refresh token that an administrator gets who consents again."""
        return str((await self._call("POST", "/zalo/consent"))["refresh_token"])

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        assert self._session is not None
        async with self._session.request(method, self._url + path, json=body, raise_for_status=True) as reply:
            return await reply.json() if reply.content_type == "application/json" else None


def _serve(settings: SandboxSettings, clock_file: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def serve() -> None:
        async with running(settings, clock=shifted_clock(clock_file)):
            await asyncio.Event().wait()

    asyncio.run(serve())
