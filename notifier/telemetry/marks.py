"""Marked points at which the chaos harness may kill or stop this process: before and after every commit and call.

Without `NOTIFIER_MARKS` in the environment a mark does nothing. With it, the variable names a directory: a process
that passes a mark whose file lies there adds its number to the file's name and sends itself the signal that the file
names. Renaming is atomic, so exactly one process is hit, and it is known which.
"""

import os
import signal
from enum import StrEnum
from functools import cache
from pathlib import Path

VARIABLE = "NOTIFIER_MARKS"


class Mark(StrEnum):
    INTAKE_BEFORE_COMMIT = "intake.before_commit"
    INTAKE_AFTER_COMMIT = "intake.after_commit"
    CALLBACK_STORED = "callback.stored"
    ROUTE_CLAIMED = "route.claimed"
    ROUTE_BEFORE_COMMIT = "route.before_commit"
    ROUTE_AFTER_COMMIT = "route.after_commit"
    ATTEMPT_BEFORE_COMMIT = "attempt.before_commit"
    ATTEMPT_AFTER_COMMIT = "attempt.after_commit"
    CALL_BEFORE = "call.before"
    CALL_AFTER = "call.after"
    RECORD_BEFORE_COMMIT = "record.before_commit"
    RECORD_AFTER_COMMIT = "record.after_commit"
    RECEIPTS_CLAIMED = "receipts.claimed"
    RECEIPTS_BEFORE_COMMIT = "receipts.before_commit"
    RECEIPTS_AFTER_COMMIT = "receipts.after_commit"
    RING_AFTER_COMMIT = "ring.after_commit"
    REAP_AFTER_COMMIT = "reap.after_commit"
    TOKEN_BEFORE_CALL = "token.before_call"  # noqa: S105 - a point in the code
    TOKEN_BEFORE_COMMIT = "token.before_commit"  # noqa: S105
    TOKEN_AFTER_COMMIT = "token.after_commit"  # noqa: S105
    TELL_BEFORE_CALL = "tell.before_call"
    TELL_AFTER_CALL = "tell.after_call"
    TELL_AFTER_COMMIT = "tell.after_commit"


@cache
def _directory() -> Path | None:
    """Asked when the first mark is passed: a forked process gets its environment after its modules."""
    return Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def pass_by(mark: Mark) -> None:
    """Pass a marked point; the process may not survive it."""
    if directory := _directory():
        _obey(directory / mark.value)


def taken_orders(directory: Path, mark: Mark) -> dict[int, Path]:
    """The orders that processes have taken at this mark, by process id; who reads one takes it away."""
    return {int(path.suffix[1:]): path for path in directory.glob(f"{mark.value}.*") if path.suffix[1:].isdecimal()}


def _obey(order: Path) -> None:
    try:
        number = signal.Signals[order.read_text().strip()]
        order.rename(f"{order}.{os.getpid()}")
    except (FileNotFoundError, KeyError):
        return
    os.kill(os.getpid(), number)
