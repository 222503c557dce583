"""Keeps child processes running: starts them, restarts those that die, and ends them all in order.

Children are forked from a server that has imported everything once, so that a whole installation starts in the time
of one process and shares its memory.
"""

import asyncio
import ctypes
import logging
import multiprocessing
import os
import platform
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
GRACE_SECONDS = 30.0
"""A worker lets its calls under way end."""
PRELOADED = ["notifier.cli.web", "notifier.cli.worker", "notifier.cli.dispatcher"]
_PR_SET_PDEATHSIG = 1


class Supervisor:
    """Children run in sessions of their own, so that Ctrl-C reaches only the supervisor, which ends them in order."""

    def __init__(self, log_directory: Path) -> None:
        self._log_directory = log_directory
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[str, ForkServerProcess] = {}

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run `notifier ARGUMENTS…` under this name until the end."""
        self._launch(name, arguments, environment)
        self._keepers.append(asyncio.create_task(self._keep(name, arguments, environment)))

    def running(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: process.pid for name, process in self._processes.items() if process.pid and process.is_alive()}

    def _launch(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        log_file = self._log_directory / f"{name}.log"
        process = self._context.Process(target=_run, args=(list(arguments), dict(environment), log_file), name=name)
        process.start()
        self._processes[name] = process

    async def _keep(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        while True:
            process = self._processes[name]
            await _end_of(process)
            log.warning("a process ended and is started again", extra={"role": name, "code": process.exitcode})
            await asyncio.sleep(RESTART_SECONDS)
            self._launch(name, arguments, environment)

    async def stop(self) -> None:
        """End the children, the last started first; those that do not go within the grace are killed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            try:
                await asyncio.wait_for(_end_of(process), GRACE_SECONDS)
            except TimeoutError:
                process.kill()
                await _end_of(process)
            process.join()


async def _end_of(process: ForkServerProcess) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process.sentinel)


def _run(arguments: list[str], environment: dict[str, str], log_file: Path) -> None:
    """In the child: be a process like any other that was started with these arguments."""
    from notifier.cli import main  # noqa: PLC0415 - the commands start supervisors

    os.setsid()
    if platform.system() == "Linux":  # if the supervisor is killed outright, its children end too
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.environ.clear()
    os.environ.update(environment)
    with log_file.open("ab", buffering=0) as sink:
        os.dup2(sink.fileno(), sys.stdout.fileno())
        os.dup2(sink.fileno(), sys.stderr.fileno())
    main(arguments, prog_name="notifier")
