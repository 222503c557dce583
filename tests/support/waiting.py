"""Waiting for a condition with a deadline, in the place of sleeping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

_PAUSE = 0.01


async def until(condition: Callable[[], Any | Awaitable[Any]], seconds: float, what: str) -> Any:
    """Answer the first truthy value of `condition`, plain or async; fail naming `what` when `seconds` have passed."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if loop.time() >= deadline:
            raise AssertionError(f"Waited {seconds:g} s in vain for {what}.")
        await asyncio.sleep(_PAUSE)
