"""The reference as a side: uvicorn and Celery in the environment of the peers, on the same PostgreSQL and Redis."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.processes import answers, running, until
from bench.servers import Servers
from bench.sides import APP_ID, Ground, Side, new_ground, sinking
from notifier.settings import ROOT

DATABASE = "reference"
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
WORKERS = 2

_MARK = "SELECT extract(epoch FROM now())::float8"
_IS_OPEN = """
SELECT EXISTS (SELECT FROM delivery WHERE status = 'pending')
    OR EXISTS (SELECT FROM delivery WHERE status = 'sent' AND channel IN ('sms', 'zalo'))
"""
_TALLY = """
SELECT 'recorded' AS stage, channel, count(*) AS count, extract(epoch FROM max(sent_at))::float AS last
FROM delivery WHERE sent_at >= to_timestamp($1) GROUP BY channel
UNION ALL
SELECT 'receipted', channel, count(*), extract(epoch FROM max(delivered_at))::float
FROM delivery WHERE delivered_at >= to_timestamp($1) GROUP BY channel
"""


@asynccontextmanager
async def reference(servers: Servers, database_url: str, run: str = "reference") -> AsyncIterator[Side]:
    """One web process and Celery with two sending processes, ready, with sinks of their own."""
    ground = new_ground(servers.directory / run)
    python, port = str(PYTHON), str(ground.web_port)
    quiet = ["--log-level", "warning", "--no-access-log"]
    commands = {
        "web": [python, "-m", "uvicorn", "bench.reference.app:app", "--host", "127.0.0.1", "--port", port, *quiet],
        "celery": [
            *(python, "-m", "celery", "-A", "bench.reference.tasks:celery", "worker"),
            *("--pool", "prefork", "--concurrency", str(WORKERS), "--loglevel", "WARNING"),
        ],
    }
    environment = _environment(servers, ground, database_url)
    async with sinking(ground), running(ground.directory, commands, environment) as pids:
        await until(lambda: answers(f"{ground.url}/readyz"), "the reference is ready")
        yield Side(
            "reference", database_url, ground.url, ground.secret, pids, ground.sinks_url, _MARK, _IS_OPEN, _TALLY
        )


def _environment(servers: Servers, ground: Ground, database_url: str) -> dict[str, str]:
    settings = {
        "DATABASE_URL": database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        "BROKER_URL": f"redis+socket://{servers.redis_socket}?virtual_host=1",
        "WEBHOOK_SECRET": ground.secret,
        "PUBLIC_URL": ground.url,
        "PROVIDERS_URL": ground.sinks_url,
        "SMTP_PORT": str(ground.sinks.smtp_port),
        "ZALO_APP_ID": APP_ID,
        "ZALO_OA_SECRET": ground.keys["oa"],
        "SMS_PATH": ground.keys["sms_path"],
    }
    kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONHOME"}}
    return kept | {"PYTHONPATH": str(ROOT)} | {f"REFERENCE_{name}": value for name, value in settings.items()}
