"""Marks: who passes one for which there is an order obeys it, alone, and it is known who that was."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from notifier.telemetry.marks import VARIABLE, Mark, taken_orders

PASSING = "from notifier.telemetry.marks import Mark, pass_by; input(); pass_by(Mark.CALL_BEFORE); print('passed')"


def passers(directory: Path, count: int) -> list[subprocess.Popen[str]]:
    """Processes that pass a mark as soon as they are told to."""
    environ = {**os.environ, VARIABLE: str(directory)}
    command = [sys.executable, "-c", PASSING]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return [subprocess.Popen(command, env=environ, text=True, **pipes) for _ in range(count)]


def test_one_process_obeys_and_is_known(tmp_path):
    (tmp_path / Mark.CALL_BEFORE.value).write_text("SIGKILL")
    (tmp_path / Mark.CALL_AFTER.value).write_text("SIGKILL")
    processes = passers(tmp_path, 5)
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    ended = {process.pid: (process.communicate()[0], process.returncode) for process in processes}
    (obeyed,) = [pid for pid, (_, code) in ended.items() if code == -signal.SIGKILL]
    assert list(taken_orders(tmp_path, Mark.CALL_BEFORE)) == [obeyed]
    assert taken_orders(tmp_path, Mark.CALL_AFTER) == {}
    assert [said for pid, (said, _) in ended.items() if pid != obeyed] == ["passed\n"] * 4


def test_without_an_order_a_mark_does_nothing(tmp_path):
    (process,) = passers(tmp_path, 1)
    assert process.communicate("\n")[0] == "passed\n"
    assert taken_orders(tmp_path, Mark.CALL_BEFORE) == {}
