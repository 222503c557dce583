"""Ctrl-C and SIGTERM: both ask us to end, and Ctrl-C is kept from what we started, as we end that ourselves."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


def asked_to_end() -> asyncio.Event:
    """What Ctrl-C and SIGTERM set from now on, in the running loop."""
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    return asked


@contextmanager
def children_deaf_to_ctrl_c() -> Iterator[None]:
    """What this thread starts meanwhile inherits its mask, so a terminal's Ctrl-C reaches us alone.

    One that comes meanwhile is not lost: it is heard at the end.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
