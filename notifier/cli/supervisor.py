"""Keeps child processes running: starts them, restarts those that die, and ends them all in order."""

import asyncio
import ctypes
import logging
import platform
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
GRACE_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


class Supervisor:
    """Children run in sessions of their own, so that Ctrl-C reaches only the supervisor, which ends them in order."""

    def __init__(self, environment: Mapping[str, str], log_directory: Path) -> None:
        self._environment = dict(environment)
        self._log_directory = log_directory
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, arguments: Sequence[str]) -> None:
        """Run `notifier ARGUMENTS…` under this name until the end."""
        await self._launch(name, arguments)
        self._keepers.append(asyncio.create_task(self._keep(name, arguments)))

    def running(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def _launch(self, name: str, arguments: Sequence[str]) -> None:
        with (self._log_directory / f"{name}.log").open("ab") as sink:
            self._processes[name] = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "notifier", *arguments),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    async def _keep(self, name: str, arguments: Sequence[str]) -> None:
        while True:
            code = await self._processes[name].wait()
            log.warning("a process ended and is started again", extra={"role": name, "code": code})
            await asyncio.sleep(RESTART_SECONDS)
            await self._launch(name, arguments)

    async def stop(self) -> None:
        """End the children, the last started first; those that do not go within the grace are killed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in reversed(self._processes.values()):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                await asyncio.wait_for(process.wait(), GRACE_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


def _die_with_parent() -> None:
    """Linux: if the supervisor is killed outright, its children end too."""
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
