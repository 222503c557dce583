"""`notifier serve`: one command runs everything that a machine needs, keeps it running and ends it."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bench import meters
from notifier.cli.playground import Playground, free_port
from notifier.cli.serve import METRICS_VARIABLE, roles
from notifier.domain.deliveries import Urgency
from notifier.settings import ROOT
from tests.support.waiting import until

SECONDS = 40
ROLES = roles({})
WORKERS = {f"worker-{lane}-1" for lane in Urgency}


@dataclass(frozen=True)
class Served:
    process: asyncio.subprocess.Process
    metrics_port: int
    log: Path

    def children(self) -> dict[str, int]:
        """Process ids of the running roles."""
        return {name: pid for name, pid in meters.named(self.process.pid).items() if name in ROLES}

    async def is_whole(self) -> bool:
        """Whether all of them run and answer on their ports."""
        return self.children().keys() == ROLES.keys() and all(
            [await answers(self.metrics_port + number) for number in range(len(ROLES) - 1)]
        )

    def said(self, message: str) -> set[str]:
        """The roles in whose name the one log has this message."""
        lines = map(json.loads, self.log.read_text(encoding="utf-8").splitlines())
        return {line["role"] for line in lines if line["message"] == message}


async def answers(port: int) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def started(environ: dict[str, str], log: Path) -> asyncio.subprocess.Process:
    with log.open("ab") as sink:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "notifier", "serve", cwd=ROOT, env=environ, stderr=sink, start_new_session=True
        )


@pytest.fixture
async def served(ground: Playground, tmp_path: Path) -> AsyncIterator[Served]:
    """Started; each role is told a metrics port of its own."""
    port = free_port(9400)
    environ = {**ground.environ, METRICS_VARIABLE: str(port)}
    made = Served(await started(environ, tmp_path / "serve.log"), port, tmp_path / "serve.log")
    try:
        yield made
    finally:
        if made.process.returncode is None:
            made.process.terminate()
            await made.process.wait()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def attends(pid: int, number: signal.Signals) -> bool:
    """Whether a process has something to do at this signal."""
    caught = re.search(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


async def test_one_that_is_killed_comes_back_and_sigterm_ends_all_with_exit_code_0(served: Served):
    """One story, as each start takes seconds: up, hurt, whole again, ended."""
    await until(served.is_whole, SECONDS, "all roles to answer")
    before = served.children()
    os.kill(before["worker-urgent-1"], signal.SIGKILL)
    await until(
        lambda: served.children().get("worker-urgent-1", 0) not in {0, before["worker-urgent-1"]}, SECONDS, "it"
    )
    await until(served.is_whole, SECONDS, "all roles to answer again")
    await until(lambda: served.said("worker ready") == WORKERS, SECONDS, "each to say so")
    family, after = meters.family(served.process.pid), served.children()
    served.process.terminate()
    assert await asyncio.wait_for(served.process.wait(), SECONDS) == 0
    await until(lambda: not any(runs(pid) for pid in family), SECONDS, "nothing to be left")
    assert {name for name in ROLES if before[name] != after[name]} == {"worker-urgent-1"}


async def test_none_outlives_the_supervising_process(served: Served):
    await until(lambda: served.children().keys() == ROLES.keys(), SECONDS, "all roles to run")
    family = meters.family(served.process.pid)
    served.process.kill()
    await served.process.wait()
    await until(lambda: not any(runs(pid) for pid in family), SECONDS, "nothing to be left")


async def test_settings_that_cannot_be_used_end_it_at_once_and_are_named(ground: Playground, tmp_path: Path):
    log = tmp_path / "serve.log"
    process = await started({**ground.environ, "NOTIFIER_WEB__PORT": "many"}, log)
    assert await asyncio.wait_for(process.wait(), SECONDS) == 1
    assert "web.port" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("processes", range(1, 3 + len(ROLES)))
async def test_ctrl_c_while_it_starts_ends_all_without_a_word_of_complaint(
    ground: Playground, tmp_path: Path, processes: int
):
    """As soon as so many run: itself, the server of forks with the tracker that Python gives it, then the roles."""
    log = tmp_path / "serve.log"
    process = await started(dict(ground.environ), log)
    await until(lambda: attends(process.pid, signal.SIGTERM), SECONDS, "it to attend to the second of its signals")
    await until(lambda: len(meters.family(process.pid)) >= processes, SECONDS, f"{processes} processes")
    family = meters.family(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert await asyncio.wait_for(process.wait(), SECONDS) == 0
    await until(lambda: not any(map(runs, family)), SECONDS, "the end of all processes")
    assert "Traceback" not in log.read_text(encoding="utf-8")
