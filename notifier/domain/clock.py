"""The one place that asks what time it is. Everything else is given the time as a value.

All times in the program are aware. `VIETNAM` is the zone of every local time that a dossier system
writes and of every hour that a rule names; it has no daylight saving (facts: tthc, working time).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Clock = Callable[[], datetime]
"""Answers the current time, aware, in UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


def shifted_clock(offset_file: Path) -> Clock:
    """A clock that many processes share and one can move: the file holds an offset in seconds.

    For the demo and the tests only; the settings refuse it in production. A missing file means no offset.
    """
    seen: tuple[int, timedelta] = (0, timedelta())

    def now() -> datetime:
        nonlocal seen
        try:
            changed = offset_file.stat().st_mtime_ns
            if changed != seen[0]:
                seen = (changed, timedelta(seconds=float(offset_file.read_text() or "0")))
        except FileNotFoundError:
            seen = (0, timedelta())
        return datetime.now(UTC) + seen[1]

    return now


def move_clock(offset_file: Path, to: datetime) -> None:
    """Make every `shifted_clock` on this file show `to` now. The change is atomic for readers."""
    offset = (to - datetime.now(UTC)).total_seconds()
    fresh = offset_file.with_suffix(".new")
    fresh.write_text(repr(offset))
    fresh.replace(offset_file)
