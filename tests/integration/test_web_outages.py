"""The front door while PostgreSQL or Redis is away: what is acknowledged is safe, and nothing else is acknowledged."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from notifier.cli import embedded
from notifier.domain.deliveries import Urgency
from notifier.domain.ids import InboxOwner
from notifier.settings import load_settings
from notifier.store import due
from notifier.store.due import Kind
from notifier.web import live
from notifier.web.app import web_application
from notifier.web.keys import WATCH
from tests.support.front_door import Cable, bearer, problem
from tests.support.intake import event, sample
from tests.support.stack import post_event
from tests.support.waiting import until
from workers.dispatcher import ring_due
from workers.lane import Lane
from workers.queues import queue_of
from workers.wiring import App, open_app


@dataclass
class Line:
    """A web process whose way to PostgreSQL can be cut."""

    app: App
    client: aiohttp.ClientSession
    cable: Cable
    server: TestServer


@pytest.fixture
async def line(ground, new_database, monkeypatch) -> AsyncIterator[Line]:
    monkeypatch.setattr(live, "RECONNECT_SECONDS", 0.01)
    cable = Cable(new_database)
    await cable.plug()
    settings = load_settings({**ground.environ, "NOTIFIER_DATABASE__URL": cable.url})
    async with open_app(settings, name="test") as app:
        server = TestServer(web_application(app), access_log=None)
        await server.start_server()
        async with aiohttp.ClientSession(base_url=str(server.make_url("/"))) as client:
            yield Line(app, client, cable, server)
        await server.close()
    await cable.pull()


async def ready(client: aiohttp.ClientSession) -> tuple[int, dict[str, str]]:
    async with client.get("/readyz") as answer:
        return answer.status, (await answer.json())["reasons"]


async def test_without_the_database_nothing_is_acknowledged(line, ground):
    await line.cable.pull()

    status, document = await post_event(line.client, ground, sample("02"))

    assert (status, document["code"]) == (503, "database-unavailable")


async def test_of_many_posts_at_once_none_is_acknowledged_without_the_database(line, ground):
    await line.cable.pull()

    answers = await asyncio.gather(*(post_event(line.client, ground, event({"/id": f"E-{n}"})) for n in range(20)))

    assert {(status, document["code"]) for status, document in answers} == {(503, "database-unavailable")}


async def test_a_503_says_when_to_come_again(line, ground):
    await line.cable.pull()

    async with line.client.get("/v1/inbox/x/messages", headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "database-unavailable"

    assert int(answer.headers["Retry-After"]) > 0


async def test_a_statement_that_the_outage_interrupts_is_not_acknowledged(line, ground, app):
    async with app.pool.acquire() as blocking, blocking.transaction():
        await blocking.execute("LOCK TABLE event_payload IN ACCESS EXCLUSIVE MODE")
        posting = asyncio.create_task(post_event(line.client, ground, sample("02")))

        async def waits() -> bool:
            async with app.pool.acquire() as connection:
                return bool(
                    await connection.fetchval(
                        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
                    )
                )

        await until(waits, 5, "the insert to wait for the table")
        await line.cable.pull()

    assert (await posting)[0] == 503


async def test_a_connection_that_an_administrator_ends_counts_as_the_database_being_away(line, ground, app):
    async with app.pool.acquire() as blocking, blocking.transaction():
        await blocking.execute("LOCK TABLE event_payload IN ACCESS EXCLUSIVE MODE")
        posting = asyncio.create_task(post_event(line.client, ground, sample("02")))

        async def ended() -> bool:
            async with app.pool.acquire() as connection:
                return bool(
                    await connection.fetchval(
                        "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                    )
                )

        await until(ended, 5, "the waiting connection to be ended")

    assert (await posting)[0] == 503


async def test_when_the_database_is_back_the_same_event_is_taken_in(line, ground):
    await line.cable.pull()
    await post_event(line.client, ground, sample("02"))
    await line.cable.plug()

    status, answer = await post_event(line.client, ground, sample("02"))

    assert (status, answer["duplicate"]) == (202, False)


async def test_readiness_names_the_database_and_comes_back(line):
    await line.cable.pull()
    status, reasons = await ready(line.client)
    assert (status, reasons["database"]) == (503, "cannot be reached: check database.url and that PostgreSQL runs")

    await line.cable.plug()
    assert (await ready(line.client))[0] == 200


async def test_alive_and_measured_even_without_a_database(line):
    await line.cable.pull()

    for path in ("/healthz", "/metrics"):
        async with line.client.get(path) as answer:
            assert answer.status == 200, path


async def test_a_live_stream_ends_with_the_database_and_its_next_connection_hears_again(line, ground):
    path, owner = "/v1/inbox/somebody/stream", InboxOwner("somebody")
    watch = line.server.app[WATCH]
    async with line.client.get(path, headers=bearer(ground)) as stream:
        await line.cable.pull()
        assert await asyncio.wait_for(stream.content.read(), 5) == b"retry: 3000\n\n"

    await line.cable.plug()
    with watch.watching(owner) as news:

        async def heard() -> bool:
            async with line.app.pool.acquire() as connection:
                await connection.execute("SELECT pg_notify('inbox_changed', $1)", owner)
            return news.is_set()

        await until(heard, 5, "news to be heard again")


@pytest.fixture
async def bell(tmp_path):
    """A Redis of the test's own: (its URL, how to stop it, how to start it)."""
    directory = tmp_path / "redis"
    directory.mkdir()
    socket = directory / "redis.sock"
    running = []

    async def start() -> None:
        running.append(await asyncio.to_thread(embedded.start_redis, directory, socket))

    async def stop() -> None:
        running[-1].terminate()
        await asyncio.to_thread(running.pop().wait, 15)

    await start()
    yield f"unix://{socket}", stop, start
    if running:
        await stop()


@pytest.fixture
async def ringing(ground, bell):
    """A web process on that Redis."""
    settings = load_settings({**ground.environ, "NOTIFIER_REDIS__URL": bell[0]})
    async with open_app(settings, name="test") as app:
        server = TestServer(web_application(app), access_log=None)
        await server.start_server()
        async with aiohttp.ClientSession(base_url=str(server.make_url("/"))) as client:
            yield app, client
        await server.close()


LANE = Urgency.URGENT
"""Where the second sample event waits."""


def jobs(redis_url: str, lane: Urgency = LANE) -> int:
    """How many jobs wait in a lane."""
    with Redis.from_url(redis_url) as connection:
        return queue_of(connection, "notifier", lane).count


async def ring_again(app: App) -> set[Kind]:
    """One round of the dispatcher."""
    async with app.pool.acquire() as connection:
        return await ring_due(app, connection, app.clock())


async def rung(redis_url: str, lane: Urgency = LANE) -> int:
    return await until(lambda: jobs(redis_url, lane), 5, "a job in the queue")


async def event_id(app: App) -> str:
    async with app.pool.acquire() as connection:
        return str(await connection.fetchval("SELECT id FROM event"))


async def test_without_redis_events_are_taken_in_all_the_same(ringing, ground, bell):
    app, client = ringing
    _, stop, _ = bell
    await stop()

    status, _ = await post_event(client, ground, sample("02"))

    assert status == 202
    assert await event_id(app)


async def test_without_redis_the_service_is_ready_and_says_what_is_missing(ringing, bell):
    _, client = ringing
    _, stop, _ = bell
    await stop()

    assert await ready(client) == (
        200,
        {"database": "ok", "redis": "cannot be reached: events are kept and sent later"},
    )


async def test_what_came_in_without_redis_is_rung_for_and_routed_when_it_is_back(ringing, ground, bell):
    app, client = ringing
    url, stop, start = bell
    await stop()
    await post_event(client, ground, sample("02"))
    await start()

    await ring_again(app)
    await rung(url)
    await Lane(app, LANE).work_off()

    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT state FROM event") == "routed"


@pytest.mark.parametrize("sample_name", ["02", "03"])
async def test_flushing_redis_loses_nothing(ringing, ground, bell, sample_name):
    app, client = ringing
    await post_event(client, ground, sample(sample_name))
    lane = app.rules.lane(sample(sample_name)["type"])
    await rung(bell[0], lane)
    with Redis.from_url(bell[0]) as connection:
        connection.flushall()

    assert await ring_again(app) == {Kind.EVENT}
    assert await rung(bell[0], lane) == 1


async def test_while_a_job_waits_nobody_adds_another(ringing, ground, bell):
    app, client = ringing
    for number in range(3):
        await post_event(client, ground, event({"/id": f"one-{number}"}))
        await rung(bell[0])
        await ring_again(app)
    await app.bell.close()

    assert jobs(bell[0]) == 1


async def test_what_a_worker_has_taken_is_not_rung_for(ringing, ground):
    app, client = ringing
    await post_event(client, ground, sample("02"))
    async with app.pool.acquire() as connection:
        await due.take_events(connection, LANE, "worker", app.clock(), 10)

    assert await ring_again(app) == set()


async def test_a_job_says_nothing_of_what_is_due(ringing, ground, bell):
    _, client = ringing
    await post_event(client, ground, event({"/data/HoSo/ChuHoSo": "Nguyễn Văn Riêng"}))
    await rung(bell[0])

    with Redis.from_url(bell[0]) as connection:
        (job,) = Queue(f"notifier-{LANE}", connection=connection, serializer=JSONSerializer).jobs
        stored = connection.hgetall(job.key)
    assert json.loads(zlib.decompress(stored[b"data"])) == [
        "workers.worker.run",
        None,
        [],
        {},
    ]
    assert not [value for value in stored.values() if "Riêng".encode() in value or b"0912000" in value]


async def test_a_look_up_page_without_the_database_still_speaks_to_people(line, ground):
    await line.cable.pull()

    async with line.client.get("/t/abcdefghijklmnop") as answer:
        text = await answer.text()
    assert answer.status == 503
    assert answer.content_type == "text/html"
    assert "Tạm thời chưa xem được" in text
