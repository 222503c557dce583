"""The first command of the README, as a newcomer runs it."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import psutil

from notifier.settings import ROOT
from tests.support.waiting import until

SECONDS = 120


async def demo(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "notifier", "demo", *arguments),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")},
        stdout=PIPE,
        stderr=PIPE,
    )


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
