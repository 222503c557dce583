"""What the long-running commands share: logs, a fast event loop, an orderly end on SIGTERM and SIGINT."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable

import uvloop
from prometheus_client import start_http_server

from notifier.cli.signals import asked_to_end
from notifier.settings import Settings, load_settings
from notifier.telemetry.logs import set_up_logs


def process_name(role: str) -> str:
    """Who this process is in leases, in RQ and in the audit trail.

    Unique for ever, not only among running processes: a container that starts again has the host name and the process
    id of the one that was killed, and RQ refuses a name that it still knows.
    """
    return f"{role}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


def prepared(metrics_port: int | None = None) -> Settings:
    """Settings read, logs set up, metrics served where a port is given."""
    settings = load_settings()
    set_up_logs()
    if metrics_port is not None:
        start_http_server(metrics_port)
    return settings


def until_stopped(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `serve` with an event that SIGTERM and SIGINT set."""

    async def run() -> None:
        await serve(asked_to_end())

    uvloop.run(run())
