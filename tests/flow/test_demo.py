"""The first command of the README, as a newcomer runs it."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from notifier.cli.playground import PORTS_TRIED
from notifier.settings import ROOT
from tests.support.waiting import until

SECONDS = 120


async def demo(*arguments: str, **environ: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "notifier", "demo", *arguments),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")} | environ,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )


def started_by(process: Process) -> list[str]:
    """The command lines of the processes that it has started and that run now."""
    return [line_of(each) for each in psutil.Process(process.pid).children(recursive=True)]


def line_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


async def test_once_ends_by_itself_and_tells_the_story_of_a_dossier():
    process = await demo("--once")
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    text = out.decode()
    assert (process.returncode, err.decode()) == (0, "")
    story = text.split("notifier timeline H01.14-261119-0042")[1]
    events = re.findall(r"^(?:Sự kiện số \d|! thiếu).*", story, re.MULTILINE)
    assert [line.split(" (")[0] for line in events] == [
        "Sự kiện số 1: hoso.moi_dang_ky",
        "Sự kiện số 2: hoso.duoc_tiep_nhan",
        "! thiếu sự kiện số 3",
        "Sự kiện số 4: hoso.chuyen_buoc",
        "Sự kiện số 5: hoso.xu_ly_xong",
        "Sự kiện số 6: hoso.da_tra_ket_qua",
    ]


async def test_ctrl_c_leaves_no_process_and_no_file_behind():
    process = await demo()
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(SECONDS):
        while "đã đến" not in text:
            text += (await process.stdout.readline()).decode()
    family = psutil.Process(process.pid).children(recursive=True)
    directory = re.search(r"NOTIFIER_CONFIG=(\S+)/notifier\.toml", text)
    assert directory is not None
    assert len(family) >= 6

    process.send_signal(signal.SIGINT)
    await asyncio.wait_for(process.communicate(), SECONDS)

    def all_ended() -> bool:
        return not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in family)

    assert process.returncode == 0
    await until(
        all_ended, 10, "the end of all processes"
    )  # the server of forks goes when it sees that its parent has gone
    assert not Path(directory[1]).exists()


async def test_where_no_port_is_free_it_says_so():
    last = 8080 + PORTS_TRIED - 1
    with ExitStack() as taken:
        for port in range(8080, last + 1):
            with suppress(OSError):  # somebody else has it
                taken.enter_context(socket.create_server(("127.0.0.1", port)))
        process = await demo()
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)

    said = f"no free port from 8080 to {last} on the loopback address\n"
    assert (process.returncode, err.decode()) == (1, said)
    assert "All stopped, nothing left behind." in out.decode()


CHILDREN = ["forkserver", "initdb", "--boot", "--single", "pg_ctl", "redis-server"]
"""By their command lines, in the order in which they are started."""


@pytest.mark.parametrize("child", CHILDREN)
async def test_ctrl_c_while_it_starts_ends_it_without_a_word_of_complaint(child):
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    process = await demo(TMPDIR=str(directory))
    this_or_later = CHILDREN[CHILDREN.index(child) :]  # some are gone after a tenth of a second

    def is_so_far() -> bool:
        return any(name in line for line in started_by(process) for name in this_or_later)

    await until(is_so_far, SECONDS, f"{child} to be started")

    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all of them hear it
    out, err = await asyncio.wait_for(process.communicate(), SECONDS)

    assert (process.returncode, err.decode()) == (0, "")
    assert "All stopped, nothing left behind." in out.decode()
    assert [each for each in psutil.process_iter() if str(directory) in line_of(each)] == []
    assert [path.name for path in directory.iterdir()] in ([], [".lockfile"])  # the wheel's own, of all its servers
    shutil.rmtree(directory)
