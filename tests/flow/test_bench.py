"""The benchmark itself, small: our real processes, its load and its sinks. Figures are not judged here, counts are."""

import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from bench import growth
from bench.events import URGENT
from bench.measure import Plan, Run, measure
from bench.ours import ours, prepare
from bench.plot import plot
from bench.report import as_json, report
from bench.run import Result
from bench.servers import serving

FIRST, EVENTS = 1, 50
OLD = 400
FAR = 12_000_000
"""More old deliveries than anybody measures; the last of so many are made as well as the first."""


@dataclass(frozen=True)
class Measured:
    run: Run
    database_url: str


@pytest.fixture(scope="module")
async def measured() -> AsyncIterator[Measured]:
    """One run, done; its processes have ended, its database is still there."""
    directory = Path(tempfile.mkdtemp(prefix="notifier-bench-"))
    try:
        async with serving(directory) as servers:
            database_url = await prepare(servers)
            async with ours(servers, database_url) as side:
                run = await measure(servers, side, Plan("round 1", URGENT, FIRST, EVENTS))
            yield Measured(run, database_url)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def test_every_message_comes_once_is_recorded_and_receipted(measured: Measured):
    assert measured.run.faults == []
    assert {channel: len(waits) for channel, waits in measured.run.to_provider.items()} == {
        "email": EVENTS,
        "sms": EVENTS,
        "zalo": EVENTS,
    }


def test_what_it_cost_is_known_of_every_process(measured: Measured):
    assert measured.run.cpu.keys() >= {"serve", "web", "dispatcher", "worker-urgent-1", "PostgreSQL", "Redis"}
    assert measured.run.cpu_per_1000("worker-urgent-1") > 0
    assert measured.run.wal > 0
    assert all(rss >= pss > 0 for rss, pss in measured.run.memory.values())


def test_it_is_told_as_tables_as_a_picture_and_as_json(measured: Measured):
    result = Result({"cores": "2"}, {"commit": "x"}, {}, ours=[measured.run])
    assert "Each of 200 messages came exactly once" in report(result)
    assert "<svg" in plot(result)
    assert json.loads(json.dumps(as_json(result)))["ours"][0]["events_per_second"]["receipted"] > 0


async def test_old_deliveries_are_whole_copies_at_rest(measured: Measured):
    await growth.grow(measured.database_url, FIRST, OLD, 0, print)
    await growth.grow(measured.database_url, FIRST, FAR + OLD, FAR, print)
    connection = await asyncpg.connect(measured.database_url)
    counts = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM event) AS event, (SELECT count(*) FROM delivery) AS delivery,"
        " (SELECT count(*) FROM receipt) AS receipt, (SELECT count(*) FROM inbox_message) AS inbox_message,"
        " (SELECT count(*) FROM docket) AS docket"
    )
    orphans = await connection.fetchval(
        "SELECT count(*) FROM receipt_of o LEFT JOIN receipt r ON r.id = o.receipt_id"
        " LEFT JOIN delivery d ON d.id = o.delivery_id LEFT JOIN event e ON e.id = d.event_id"
        " LEFT JOIN recipient p ON p.id = d.recipient_id AND p.event_id = e.id WHERE r.id IS NULL OR p.id IS NULL"
    )
    unfinished = await connection.fetchval("SELECT count(*) FROM timer WHERE due_at < now()")
    await connection.close()
    events = EVENTS + 2 * OLD // 4
    assert dict(counts) == {
        "event": events,
        "delivery": 4 * events,
        "receipt": 2 * events,
        "inbox_message": events,
        "docket": events,
    }
    assert (orphans, unfinished) == (0, 0)


async def test_every_table_that_grows_with_the_events_is_filled(measured: Measured):
    connection = await asyncpg.connect(measured.database_url)
    rows = await connection.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name IN ('event_id', 'delivery_id', 'dossier_code')"
    )
    await connection.close()
    of_other_things = {"callback", "suppression", "zalo_feedback"}  # nothing of the kind comes of a run
    assert {row["table_name"] for row in rows} - of_other_things <= growth.TABLES.keys()
