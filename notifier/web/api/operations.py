"""For those who run the service: alive, ready, measured, described."""

from contextlib import suppress
from datetime import timedelta

import asyncpg
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily

from channels.zalo_oauth import REFRESH_TOKEN_LIFE
from notifier.delivery.gate import ProviderState
from notifier.intake.problems import PROBLEMS
from notifier.store import calendar, providers, tokens
from notifier.store.gauges import Backlog, backlog
from notifier.store.pool import DATABASE_DOWN, Connection
from notifier.store.revisions import newest_revision, schema_revision
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from workers.tokens import grant_name
from workers.wiring import App

WAIT_SECONDS = 3
"""For a connection to the database: whoever asks here asks again soon."""


async def healthz(_request: web.Request) -> web.Response:
    """200 as long as the process answers at all."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """200 when events can be taken in, with the reasons; 503 when they cannot.

    A missing Redis does not make the service unready: events are committed and sent once Redis is back.
    """
    app = request.app[APP]
    reasons = {}
    try:
        async with app.pool.acquire(timeout=WAIT_SECONDS) as connection:
            found, expected = await schema_revision(connection), newest_revision()
        reasons["database"] = "ok" if found == expected else f"schema is {found}, {expected} is expected: migrate"
    except (*DATABASE_DOWN, asyncpg.PostgresError, TimeoutError):
        reasons["database"] = "cannot be reached: check database.url and that PostgreSQL runs"
    reasons["redis"] = "ok" if await app.bell.alive() else "cannot be reached: events are kept and sent later"
    ready = reasons["database"] == "ok"
    return web.json_response({"ready": ready, "reasons": reasons}, status=200 if ready else 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus: the counters of this process, and the backlog in the database as long as that answers."""
    app = request.app[APP]
    text = generate_latest()
    registry = CollectorRegistry()
    with suppress(*DATABASE_DOWN, TimeoutError):
        async with app.pool.acquire(timeout=WAIT_SECONDS) as connection:
            registry.register(_BacklogCollector(await backlog(connection, app.clock())))
            registry.register(_ProviderCollector(await providers.read(connection)))
            registry.register(_GrantCollector(await grants_left(connection, app)))
            registry.register(_CalendarCollector(await calendar.days_left(connection, app.clock())))
    return web.Response(body=text + generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _BacklogCollector:
    def __init__(self, rows: list[Backlog]) -> None:
        self._rows = rows

    def collect(self) -> list[GaugeMetricFamily]:
        unfinished = GaugeMetricFamily("notifier_unfinished_rows", "Rows with work ahead", labels=["kind"])
        overdue = GaugeMetricFamily("notifier_overdue_seconds", "Age of the oldest due row", labels=["kind"])
        for row in self._rows:
            unfinished.add_metric([row.kind], row.unfinished)
            overdue.add_metric([row.kind], row.overdue_seconds)
        return [unfinished, overdue]


class _ProviderCollector:
    def __init__(self, states: list[ProviderState]) -> None:
        self._states = states

    def collect(self) -> list[GaugeMetricFamily]:
        passes = GaugeMetricFamily("notifier_provider_passes", "Whether messages pass", labels=["provider", "channel"])
        for state in self._states:
            passes.add_metric([state.name, state.channel], float(state.passes()))
        return [passes]


async def grants_left(connection: Connection, app: App) -> dict[str, float]:
    """For each Official Account the days until its refresh token ends; 0 where the grant is missing or lost."""
    left = {}
    for name, account in app.accounts.items():
        pair = await tokens.read(connection, grant_name(account.settings))
        ends = None if pair is None or pair.lost else pair.rotated_at + REFRESH_TOKEN_LIFE
        left[str(name)] = max(0.0, (ends - app.clock()) / timedelta(days=1)) if ends else 0.0
    return left


class _GrantCollector:
    def __init__(self, left: dict[str, float]) -> None:
        self._left = left

    def collect(self) -> list[GaugeMetricFamily]:
        days = GaugeMetricFamily("notifier_grant_days_left", "Days until a grant ends", labels=["provider"])
        for name, left in self._left.items():
            days.add_metric([name], left)
        return [days]


class _CalendarCollector:
    def __init__(self, days_left: int) -> None:
        self._days_left = days_left

    def collect(self) -> list[GaugeMetricFamily]:
        help_text = "Days ahead the working calendar is kept for"
        return [GaugeMetricFamily("notifier_calendar_days_left", help_text, value=self._days_left)]


async def problem_page(request: web.Request) -> web.Response:
    """What a problem's `type` points at: its meaning and what to do."""
    problem = PROBLEMS.get(request.match_info["code"])
    if problem is None:
        raise ProblemError("not-found", "There is no problem of this code.")
    text = (
        f"{problem.title}\n\nCode: {problem.code}\nStatus: {problem.status}\n\n{problem.meaning}\n\n{problem.remedy}\n"
    )
    return web.Response(text=text)
