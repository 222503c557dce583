"""Keeps child processes running: starts them, restarts those that die, and ends them all in order.

Children are forked from a server that has imported everything once (`notifier.cli.preloaded`), so that a whole
installation starts in the time of one process and shares its memory. The supervising process itself imports little.
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
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from notifier.cli.signals import children_deaf_to_ctrl_c

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
GRACE_SECONDS = 35.0
"""A worker lets its calls under way end; it gives up by itself a little earlier."""
PRELOADED = ["notifier.cli.preloaded"]
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


class Supervisor:
    """Children run in sessions of their own, so that Ctrl-C reaches only the supervisor, which ends them in order.

    Each writes to a file of its own in `log_directory`, or without one to the standard error of this process.
    """

    def __init__(self, log_directory: Path | None = None) -> None:
        self._log_directory = log_directory
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        resource_tracker.ensure_running()  # here, as it lets Ctrl-C through again when it has started
        with children_deaf_to_ctrl_c():
            forkserver.ensure_running()
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[str, ForkServerProcess] = {}

    async def once(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run `notifier ARGUMENTS…` to its end; answers its exit code."""
        process = self._process(name, arguments, environment)
        await _end_of(process)
        return process.exitcode or 0

    def start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run `notifier ARGUMENTS…` under this name until the end."""
        self._processes[name] = self._process(name, arguments, environment)
        self._keepers.append(asyncio.create_task(self._keep(name, arguments, environment)))

    def running(self) -> dict[str, int]:
        """Process ids by name."""
        return {name: process.pid for name, process in self._processes.items() if process.pid and process.is_alive()}

    def _process(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> ForkServerProcess:
        log_file = self._log_directory / f"{name}.log" if self._log_directory else None
        process = self._context.Process(target=_run, args=(list(arguments), dict(environment), log_file), name=name)
        process.start()
        return process

    async def _keep(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        while True:
            process = self._processes[name]
            await _end_of(process)
            log.warning("a process ended and is started again", extra={"role": name, "code": process.exitcode})
            await asyncio.sleep(RESTART_SECONDS)
            try:
                self._processes[name] = self._process(name, arguments, environment)
            except (OSError, EOFError):  # no memory for it; or the server that forks died, and comes back
                log.exception("a process could not be started", extra={"role": name})

    async def stop(self) -> None:
        """End the children, the last started first; those that do not go within the grace are killed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in reversed(self._processes.values()):
            process.terminate()
        await asyncio.gather(*(_ended(name, process) for name, process in self._processes.items()))


async def _ended(name: str, process: ForkServerProcess) -> None:
    try:
        await asyncio.wait_for(_end_of(process), GRACE_SECONDS)
    except TimeoutError:
        log.warning("a process did not end in time and is killed", extra={"role": name})
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


def end_with_parent() -> None:
    """If the parent of this process is killed outright, this one is asked to end too."""
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _run(arguments: list[str], environment: dict[str, str], log_file: Path | None) -> None:
    """In the child: be a process like any other that was started with these arguments."""
    from notifier.cli import main  # noqa: PLC0415 - the commands start supervisors

    os.setsid()
    end_with_parent()
    if platform.system() == "Linux":  # what top and ps show; the first 15 characters
        ctypes.CDLL(None).prctl(_PR_SET_NAME, multiprocessing.current_process().name.encode())
    os.environ.clear()
    os.environ.update(environment)
    if log_file is not None:
        with log_file.open("ab", buffering=0) as sink:
            os.dup2(sink.fileno(), sys.stdout.fileno())
            os.dup2(sink.fileno(), sys.stderr.fileno())
    main(arguments, prog_name="notifier")
