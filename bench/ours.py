"""Our side: the processes of production, started as one machine starts them."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from bench import meters
from bench.events import SOURCE, rules_at_any_hour
from bench.processes import answers, running, until
from bench.servers import Servers
from bench.sides import OA_ID, Ground, Side, new_ground, sinking
from notifier.cli.serve import roles
from notifier.domain.clock import system_clock
from notifier.domain.deliveries import Urgency
from notifier.domain.errors import NotifierError
from notifier.settings import ROOT
from notifier.store import tokens
from notifier.store.migrate import migrate
from notifier.store.pool import open_pool

DATABASE = "notifier"
TOKEN_LIFE = timedelta(hours=25)

_MARK = "SELECT coalesce(max(seq), 0) FROM audit"
_IS_OPEN = """
SELECT EXISTS (SELECT FROM event WHERE due_at IS NOT NULL) OR EXISTS (SELECT FROM delivery WHERE due_at IS NOT NULL)
    OR EXISTS (SELECT FROM receipt WHERE due_at IS NOT NULL)
"""
_TALLY = """
WITH told AS (
    SELECT a.delivery_id, min(a.at) AS first, max(a.at) FILTER (WHERE a.to_state = 'delivered') AS receipted
    FROM audit a WHERE a.seq > $1 AND a.to_state IN ('accepted', 'delivered') GROUP BY a.delivery_id
)
SELECT stage, d.channel, count(*) AS count, extract(epoch FROM max(at))::float AS last
FROM told JOIN delivery d ON d.id = told.delivery_id
CROSS JOIN LATERAL (VALUES ('recorded', first), ('receipted', receipted)) AS s(stage, at)
WHERE at IS NOT NULL AND (stage = 'recorded' OR d.channel <> 'portal') GROUP BY 1, 2
"""
"""A receipt that overtakes our own record of the call is both."""


async def prepare(servers: Servers, database: str = DATABASE) -> str:
    """A database of ours, at the newest schema; answers its URL."""
    url = await servers.new_database(database)
    await asyncio.to_thread(migrate, url)
    return url


@asynccontextmanager
async def ours(servers: Servers, database_url: str, *, workers: int = 1, run: str = "ours") -> AsyncIterator[Side]:
    """`notifier serve` with so many workers of each lane, all ready, with sinks of their own."""
    ground = new_ground(servers.directory / run)
    environment = _environment(ground, database_url, servers.redis_url)
    await _grant(database_url)
    counts = [f"--workers={lane}={workers}" for lane in Urgency]
    commands = {"serve": [sys.executable, "-m", "notifier", "serve", *counts]}
    wanted = roles(dict.fromkeys(Urgency, workers))
    async with sinking(ground), running(ground.directory, commands, environment) as started:
        await until(lambda: answers(f"{ground.url}/readyz"), "our web process is ready")
        await until(lambda: _alive(database_url, len(Urgency) * workers + 1), "our workers are alive")
        pids = _by_role(started["serve"], wanted)
        side = Side(
            "Notifier", database_url, ground.url, ground.secret, pids, ground.sinks_url, _MARK, _IS_OPEN, _TALLY
        )
        yield side
        if _by_role(started["serve"], wanted) != pids:
            raise NotifierError(f"a process of ours ended in the middle of the run; see {ground.directory}/serve.log")


def _by_role(serve: int, wanted: Container[str]) -> dict[str, int]:
    """The supervising process, with the server that the others are forked from, and each of the others."""
    return {"serve": serve} | {name: pid for name, pid in meters.named(serve).items() if name in wanted}


def _environment(ground: Ground, database_url: str, redis_url: str) -> dict[str, str]:
    rules = ground.directory / "rules.toml"
    rules.write_text(rules_at_any_hour(), encoding="utf-8")
    keys, inherited = (
        ground.keys,
        {name: value for name, value in os.environ.items() if not name.startswith("NOTIFIER_")},
    )
    ours = {
        "CONFIG": str(ROOT / "bench" / "notifier.toml"),
        "SECRET_KEY": keys["service"],
        "PUBLIC_URL": ground.url,
        "RULES_FILE": str(rules),
        "DATABASE__URL": database_url,
        "REDIS__URL": redis_url,
        "REDIS__PREFIX": ground.directory.name,
        "WEB__PORT": str(ground.web_port),
        "SOURCES": json.dumps({SOURCE: {"secrets": [ground.secret]}}),
        "CHANNELS__EMAIL__PORT": str(ground.sinks.smtp_port),
        "CHANNELS__EMAIL__BOUNCE_SECRET": keys["mail"],
        "CHANNELS__EMAIL__RECEIPT_KEY": keys["mail_path"],
        "CHANNELS__SMS__BASE_URL": f"{ground.sinks_url}/esms",
        "CHANNELS__SMS__API_KEY": keys["sms"],
        "CHANNELS__SMS__SECRET_KEY": keys["sms"],
        "CHANNELS__SMS__RECEIPT_KEY": keys["sms_path"],
        "CHANNELS__ZALO__OAUTH_URL": f"{ground.sinks_url}/zalo/oauth",
        "CHANNELS__ZALO__BUSINESS_URL": f"{ground.sinks_url}/zalo/business",
        "CHANNELS__ZALO__OPENAPI_URL": f"{ground.sinks_url}/zalo/openapi",
        "CHANNELS__ZALO__APP_SECRET": keys["app"],
        "CHANNELS__ZALO__OA_SECRET": keys["oa"],
    }
    return inherited | {f"NOTIFIER_{name}": value for name, value in ours.items()}


async def _grant(database_url: str) -> None:
    """An access token that is good for the whole run."""
    pool, now = await open_pool(database_url, size=3, name="notifier-bench"), system_clock()
    async with pool, pool.acquire() as connection:
        await tokens.grant(connection, f"zalo:{OA_ID}", "not-used", now, access_token="bench", until=now + TOKEN_LIFE)


async def _alive(database_url: str, processes: int) -> bool:
    connection = await asyncpg.connect(database_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM process WHERE alive_until > now()")) >= processes
    finally:
        await connection.close()
