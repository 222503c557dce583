"""Child processes of a run: started with a log each, waited for, ended in order."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from notifier.domain.errors import NotifierError
from notifier.settings import ROOT

READY_SECONDS = 40.0
END_SECONDS = 40.0
LOOK_SECONDS = 0.1


@asynccontextmanager
async def running(
    directory: Path, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> AsyncIterator[dict[str, int]]:
    """Run each command under its role until the context closes; gives their process ids."""
    children: dict[str, asyncio.subprocess.Process] = {}
    try:
        for role, command in commands.items():
            with (directory / f"{role}.log").open("ab") as log:
                children[role] = await asyncio.create_subprocess_exec(
                    *command, cwd=ROOT, env=dict(environment), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
                )
        yield {role: child.pid for role, child in children.items()}
        for role, child in children.items():
            if child.returncode is not None:
                raise NotifierError(f"{role} ended in the middle of the run:\n{last_lines(directory, role)}")
    finally:
        for child in reversed(children.values()):
            with suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        await asyncio.gather(*(_ended(child) for child in children.values()))


async def _ended(child: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(child.wait(), END_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()


async def output_of(module: str, specification: str, python: str = sys.executable) -> bytes:
    """What `python -m MODULE SPECIFICATION` prints. Raises `NotifierError` where it fails."""
    child = await asyncio.create_subprocess_exec(
        python, "-m", module, specification, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    if child.returncode:
        raise NotifierError(f"{module} failed with exit code {child.returncode}")
    return out


async def until(is_so: Callable[[], Awaitable[bool]], what: str, seconds: float = READY_SECONDS) -> None:
    """Look again and again. Raises `NotifierError` that says what did not come true."""
    try:
        async with asyncio.timeout(seconds):
            while not await is_so():
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise NotifierError(f"after {seconds:.0f} s it is still not so: {what}") from None


async def answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as reply:
            return reply.ok
    except aiohttp.ClientError:
        return False


def last_lines(directory: Path, role: str) -> str:
    return (directory / f"{role}.log").read_text(encoding="utf-8", errors="replace")[-2000:]
