"""Calls back to Notifier, made in the background so that a provider's answer never waits for its own report."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from random import SystemRandom
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from notifier.sandbox.script import Act
from notifier.sandbox.settings import Delays, is_loopback

_log = logging.getLogger(__name__)
_random = SystemRandom()


async def wait(span: tuple[float, float], act: Act) -> None:
    """Let the world take its time: a draw from `span`, or what the script says."""
    await asyncio.sleep(float(act.args.get("receipt_seconds", _random.uniform(*span))))


class Callbacks:
    """The sandbox's one client towards Notifier, and its background tasks."""

    def __init__(self, session: aiohttp.ClientSession, delays: Delays) -> None:
        self.session = session
        self._delays = delays
        self.given_up: set[str] = set()
        """Addresses that a provider calls no more: they were silent for too long."""
        self._tasks: set[asyncio.Task[None]] = set()

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it in the background until the sandbox stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def call(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = 5.0,
        again_on_refusal: bool = True,
        count_header: str | None = None,
        once: bool = False,
    ) -> bool:
        """Call until it is answered, along the ladder of `retry_seconds` or `once`. Answers whether it was taken (2xx).

        Where `again_on_refusal` is false only silence is followed by another try. Calls nothing but loopback.
        """
        if not is_loopback(urlsplit(url).hostname):
            _log.warning("the sandbox does not call %s: not a loopback address", urlsplit(url).hostname)
            return False
        timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        ladder = () if once else self._delays.retry_seconds
        for tried, pause in enumerate([0.0, *ladder]):
            await asyncio.sleep(pause)
            sent = {**(headers or {}), **({count_header: str(tried)} if count_header and tried else {})}
            try:
                async with self.session.request(
                    method, url, data=body, params=params, headers=sent, timeout=timeout, allow_redirects=False
                ) as reply:
                    if reply.ok or not again_on_refusal:
                        return reply.ok
            except (aiohttp.ClientError, TimeoutError):
                continue
        return False

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a background task of the sandbox failed", exc_info=task.exception())
