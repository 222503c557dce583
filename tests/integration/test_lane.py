"""A lane's round: what is due is taken, as much as there is room for, and again until nothing is left."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.cli.playground import free_port
from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, ProviderName, SourceName
from notifier.domain.outcomes import Accepted
from notifier.settings import load_settings
from notifier.store import due
from notifier.store.due import Kind
from tests.support.intake import event, sample
from tests.support.stack import post_event
from tests.support.waiting import until
from workers import steps
from workers.lane import Lane
from workers.queues import Bell, connect, queue_of

LANE = Urgency.URGENT
"""Of a request for more papers."""
KINDS = {Kind.EVENT}
REQUEST = "05-yeu-cau-bo-sung"


@pytest.fixture
async def lane(app):
    made = Lane(app, LANE)
    yield made
    await made.finish(10)


@pytest.fixture
async def another(ground):
    """The bell of another process."""
    redis = load_settings(ground.environ).redis
    made = Bell(redis.url.get_secret_value(), redis.prefix)
    yield made
    await made.close()


@pytest.fixture
def queue(ground):
    redis = load_settings(ground.environ).redis
    with connect(redis.url.get_secret_value()) as connection:
        yield queue_of(connection, redis.prefix, LANE)


class Silent:
    """A connection to a provider that says nothing until it is told to."""

    def __init__(self) -> None:
        self.calls: list[asyncio.Future[Accepted]] = []

    async def send(self, _message) -> Accepted:
        self.calls.append(asyncio.get_running_loop().create_future())
        return await self.calls[-1]

    async def close(self) -> None:
        """Nothing is open."""

    def answer(self) -> None:
        for number, call in enumerate(self.calls):
            if not call.done():
                call.set_result(Accepted(f"m-{number}"))


def silenced(app, lane, *, room: int) -> Silent:
    """The gateway of SMS says nothing, and takes so many messages at once."""
    lane._calls._fewer = {"sms": room}
    silent = app.connections[ProviderName("sms")] = Silent()
    return silent


async def post_request(client, ground, number: int) -> None:
    """A request for papers, of a dossier of its own."""
    code = f"H01.14-261119-{number:04d}"
    await post_event(client, ground, event({"/id": f"one-{number}", "/data/HoSo/MaHoSo": code}, of="05"))


async def posted(client, ground, count: int) -> None:
    for number in range(count):
        await post_request(client, ground, number)


async def states(app, channel: str) -> list[str]:
    rows = await app.pool.fetch("SELECT state FROM delivery WHERE channel = $1 ORDER BY state", channel)
    return [row["state"] for row in rows]


async def test_an_event_is_routed_and_its_messages_are_sent_in_one_go(client, ground, app, sandbox, lane):
    await post_event(client, ground, sample(REQUEST))

    await lane.work_off()
    await lane.finish(10)

    assert "planned" not in await states(app, "sms") + await states(app, "email") + await states(app, "zalo")
    assert {message.channel for message in sandbox.messages} >= {"email", "sms"}


async def test_no_more_is_taken_than_a_provider_has_room_for(client, ground, app, sandbox, lane):
    silent = silenced(app, lane, room=4)
    await posted(client, ground, 6)
    working = asyncio.create_task(lane.work_off())
    await until(lambda: len(silent.calls) == 2, 10, "half of the room to be used by one source")

    assert (await states(app, "sms")).count("planned") == 4
    assert "planned" not in await states(app, "email")

    async def all_sent() -> bool:
        silent.answer()
        return len(silent.calls) == 6

    await until(all_sent, 10, "the others to follow as room is made")
    await working
    assert "planned" not in await states(app, "sms")


async def test_what_becomes_due_meanwhile_is_heard_without_redis(client, ground, app, sandbox, lane):
    silent = silenced(app, lane, room=2)
    await posted(client, ground, 3)
    working = asyncio.create_task(lane.work_off())
    await until(lambda: len(silent.calls) == 1, 10, "the lane to wait for room")
    await post_request(client, ground, 9999)

    async def routed() -> bool:
        return await app.pool.fetchval("SELECT state FROM event WHERE external_id = 'one-9999'") == "routed"

    await until(routed, 10, "the newcomer to be routed while the others wait for room")

    async def all_sent() -> bool:
        silent.answer()
        return len(silent.calls) == 4

    await until(all_sent, 10, "the others to follow")
    await working


async def test_a_step_that_fails_leaves_the_others_and_its_rows(client, ground, app, sandbox, lane, monkeypatch):
    async def fails(*_given) -> None:
        raise RuntimeError("our fault")

    await post_event(client, ground, sample(REQUEST))
    route = lane._steps[Kind.EVENT]
    monkeypatch.setitem(lane._steps, Kind.EVENT, replace(route, run=fails))

    await lane.work_off()

    assert await app.pool.fetchval("SELECT state FROM event") == "received"
    await app.pool.execute("UPDATE event SET lease_until = now() - interval '1 s'")
    await Lane(app, LANE).work_off()
    assert await app.pool.fetchval("SELECT state FROM event") == "routed"


async def test_a_process_that_nobody_believes_alive_takes_nothing(client, ground, app, sandbox, lane, monkeypatch):
    await post_event(client, ground, sample(REQUEST))
    monkeypatch.setattr(app.heartbeat, "_believed_until", float("-inf"))

    await lane.work_off()

    assert await app.pool.fetchval("SELECT lease_owner FROM event") is None


async def test_two_workers_never_take_the_same_row(client, ground, app):
    await posted(client, ground, 8)
    async with app.pool.acquire() as one, app.pool.acquire() as other:
        taken = await asyncio.gather(
            *(due.take_events(each, LANE, name, app.clock(), 5) for each, name in ((one, "one"), (other, "other")))
        )
    assert len({id_ for ids in taken for id_ in ids}) == sum(map(len, taken)) >= 5


async def test_one_source_leaves_room_for_another(client, ground, app, sandbox, lane):
    await posted(client, ground, 3)
    await steps.route(app, [row["id"] for row in await app.pool.fetch("SELECT id FROM event")])
    source = SourceName(await app.pool.fetchval("SELECT source FROM event LIMIT 1"))
    room = {(source, ChannelName("sms")): 0, (source, ChannelName("email")): 2}
    async with app.pool.acquire() as connection:
        taken = await due.take_deliveries(connection, LANE, room, "w", app.clock(), 100, search=False)
        later = app.clock() + timedelta(days=30)
        expired = await due.take_deliveries(connection, LANE, room, "w", later, 100, search=True)
    channels = [
        row["channel"] for row in await app.pool.fetch("SELECT channel FROM delivery WHERE id = ANY ($1)", taken)
    ]
    assert (channels.count("sms"), channels.count("email")) == (0, 2)
    assert len(expired) >= 3


async def test_a_ring_where_nobody_attends_brings_a_worker_by_a_job(another, queue):
    another.ring(Kind.EVENT, LANE)
    await until(lambda: queue.count, 10, "a job")


async def test_who_attends_a_lane_hears_another_process_without_a_job(app, another, queue):
    async with app.bell.attending(LANE, KINDS):
        another.ring(Kind.EVENT, LANE)
        assert await app.bell.hears(10)
    assert queue.count == 0


async def test_what_is_rung_until_nobody_attends_any_more_is_heard_or_has_a_job(app, another, queue):
    async with app.bell.attending(LANE, KINDS):
        another.ring(Kind.EVENT, LANE)
    await another.close()
    assert app.bell.heard == KINDS or queue.count == 1


async def test_a_worker_is_called_in_though_another_attends(app, another, queue):
    async with app.bell.attending(LANE, KINDS):
        another.ring(Kind.EVENT, LANE)
        another.call_in(Kind.EVENT, LANE)
        another.ring(Kind.EVENT, LANE)
        await until(lambda: queue.count, 10, "a job")


async def test_only_the_kinds_of_work_of_those_who_attend_are_heard(app, another):
    async with app.bell.attending(LANE, KINDS):
        another.ring(Kind.RECEIPT, LANE)
        another.ring(Kind.EVENT, LANE)
        assert await app.bell.hears(10)
        assert app.bell.heard == KINDS


async def test_who_was_rung_for_one_kind_of_work_looks_for_no_other(app, lane, monkeypatch):
    looked: list[str] = []
    monkeypatch.setattr(due, "take_events", seen(looked, due.take_events))
    monkeypatch.setattr(due, "take_deliveries", seen(looked, due.take_deliveries))
    working = asyncio.create_task(lane.work_off())
    await until(lambda: "take_deliveries" in looked, 10, "the look at all when it comes")
    before = len(looked)

    app.bell.hear(Kind.DELIVERY)
    await working
    assert looked[before:] == ["take_deliveries"]


def seen(looked: list[str], take):
    """The same, noted down."""

    async def noted(*given, **named):
        looked.append(take.__name__)
        return await take(*given, **named)

    return noted


async def test_a_lane_that_rests_is_left_and_its_next_event_brings_a_worker(client, ground, app, sandbox, lane, queue):
    await post_event(client, ground, sample(REQUEST))
    await until(lambda: queue.count, 10, "the job of the event")
    queue.empty()

    await lane.work_off()

    assert queue.count == 0
    await post_request(client, ground, 1)
    await until(lambda: queue.count, 10, "the job of the next event")


async def test_without_redis_a_lane_is_worked_off_all_the_same(client, ground, app, sandbox, lane, caplog):
    await post_event(client, ground, sample(REQUEST))
    deaf = Bell(f"redis://127.0.0.1:{free_port(8700)}", "nobody")
    await Lane(replace(app, bell=deaf), LANE).work_off()
    await deaf.close()

    assert await app.pool.fetchval("SELECT state FROM event") == "routed"
    assert "rings of other processes cannot be heard" in caplog.messages
