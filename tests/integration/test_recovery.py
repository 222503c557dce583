"""Processes that die or sleep with deliveries in their hands: others take them up, and late truths are heard."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from asyncpg import RaiseError

from notifier.domain.deliveries import Urgency
from notifier.domain.ids import DeliveryId, ProviderName
from notifier.domain.outcomes import Accepted, Transient
from notifier.store import due, processes, providers
from notifier.store.pool import DATABASE_DOWN, Connection, Pool, open_pool
from tests.integration.test_delivery_faults import CITIZEN_PHONE, pass_time, reasons, script, taken
from tests.support.intake import sample
from tests.support.stack import CALLS, post_event, settle, states, work_once
from tests.support.waiting import until
from workers import dispatcher, heartbeat, steps
from workers.heartbeat import LIFE, Heartbeat
from workers.wiring import App

STOPPED = "normal-host-1-abcdef"


class Hung:
    """A connection to a provider that answers when it is told to, with what it is told to."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.called = asyncio.Event()

    async def send(self, _message) -> Any:
        self.called.set()
        return await self.answer

    async def close(self) -> None:
        """Nothing is open."""


async def hung(client, ground, app: App, channel: str) -> Hung:
    """A delivery of this channel is being called for, and its provider is silent."""
    connection = Hung()
    app.connections[ProviderName(channel)] = connection
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await work_once(app)
    await work_once(app)
    await asyncio.wait_for(connection.called.wait(), 10)
    return connection


async def taken_for_dead(app: App) -> int:
    async with app.pool.acquire() as connection:
        await processes.beat(connection, app.name, -LIFE)
        count = await due.take_back(connection, await processes.dead(connection))
        await processes.bury(connection, [app.name])
    return count


async def take(connection: Connection, app: App) -> list[DeliveryId]:
    """What a worker of another name finds to do."""
    lanes = [
        await due.take_deliveries(connection, lane, {}, "other", app.clock(), 100, search=True) for lane in Urgency
    ]
    return [id_ for taken in lanes for id_ in taken]


async def state(app: App, channel: str) -> str:
    return (await states(app))["citizen", channel]


async def test_what_a_dead_process_held_is_free_at_once(client, ground, app, sandbox):
    connection = await hung(client, ground, app, "zalo")
    async with app.pool.acquire() as database:
        await processes.beat(database, app.name, LIFE)
        await dispatcher.reap(database)
        assert await take(database, app) == []
        await processes.beat(database, app.name, -LIFE)
        await dispatcher.reap(database)
        assert len(await take(database, app)) >= 1
        assert await processes.dead(database) == []
    connection.answer.set_result(Transient("503", "busy"))


async def test_who_wakes_up_while_its_work_is_taken_from_it_stays_known_as_alive(app):
    async with app.pool.acquire() as database:
        await processes.beat(database, "sleeper", -LIFE)
        (dead,) = await processes.dead(database)
        await processes.beat(database, "sleeper", LIFE)
        await processes.bury(database, [dead])
        assert await database.fetchval("SELECT count(*) FROM process WHERE name = 'sleeper'") == 1


async def test_an_acceptance_that_is_told_late_corrects_unknown(client, ground, app, sandbox):
    connection = await hung(client, ground, app, "zalo")
    assert await taken_for_dead(app) >= 1
    await work_once(app)
    assert await state(app, "zalo") == "unknown"
    connection.answer.set_result(Accepted("m-9"))
    await CALLS[app.name].finish()
    assert await state(app, "zalo") == "accepted"
    assert (await reasons(app, "citizen", "zalo"))[-2:] == ["unknown.worker_died", "accepted.provider"]


async def test_a_refusal_that_is_told_late_lets_the_message_go_again(client, ground, app, sandbox):
    connection = await hung(client, ground, app, "zalo")
    await taken_for_dead(app)
    await work_once(app)
    connection.answer.set_result(Transient("503", "busy"))
    await CALLS[app.name].finish()
    assert await state(app, "zalo") == "planned"


async def test_an_acceptance_that_is_told_late_makes_a_planned_resend_needless(client, ground, app, sandbox):
    connection = await hung(client, ground, app, "sms")
    await taken_for_dead(app)
    await work_once(app)
    assert await state(app, "sms") == "planned"
    connection.answer.set_result(Accepted("m-9"))
    await CALLS[app.name].finish()
    assert await state(app, "sms") == "accepted"
    assert taken(sandbox, "sms", CITIZEN_PHONE) == 0


async def test_a_process_that_slept_calls_nobody_and_says_so(client, ground, app, sandbox, monkeypatch):
    monkeypatch.setattr(app.heartbeat, "_believed_until", 0.0)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await work_once(app)
    await work_once(app)
    await CALLS[app.name].finish()
    assert set((await states(app)).values()) == {"planned"}
    assert not sandbox.messages
    assert "planned.not_called" in await reasons(app, "citizen", "zalo")
    monkeypatch.setattr(app.heartbeat, "_believed_until", float("inf"))
    await settle(app)
    assert set((await states(app)).values()) <= {"delivered", "read"}


async def test_a_process_beats_until_it_ends(app):
    await app.heartbeat.start()
    assert app.heartbeat.is_believed()
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM process WHERE alive_until > now()") == 1
        await app.heartbeat.stop()
        assert await connection.fetchval("SELECT count(*) FROM process") == 0


async def test_only_one_dispatcher_leads_and_another_follows_when_it_is_silent(app):
    async with app.pool.acquire() as connection:
        assert await processes.lead(connection, "dispatcher", "one", timedelta(seconds=5))
        assert not await processes.lead(connection, "dispatcher", "two", timedelta(seconds=5))
        assert await processes.lead(connection, "dispatcher", "one", timedelta(seconds=-1))
        assert await processes.lead(connection, "dispatcher", "two", timedelta(seconds=5))
        await processes.resign(connection, "dispatcher", "one")
        assert not await processes.lead(connection, "dispatcher", "one", timedelta(seconds=5))
        await processes.resign(connection, "dispatcher", "two")
        assert await processes.lead(connection, "dispatcher", "one", timedelta(seconds=5))


async def test_calls_that_outlast_a_shutdown_are_cut_off_and_told_as_unknown(client, ground, app, sandbox):
    await hung(client, ground, app, "zalo")
    await CALLS[app.name].finish(0.2)
    assert await state(app, "zalo") == "unknown"
    assert (await reasons(app, "citizen", "zalo"))[-1] == "unknown.outcome"


REFUSES = """
CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
CREATE TRIGGER refuses BEFORE UPDATE OF lease_owner ON delivery FOR EACH ROW WHEN (NEW.lease_owner = 'test' AND OLD.id = '{}')
    EXECUTE FUNCTION refuses()
"""


@pytest.mark.late_receipts
async def test_a_job_that_fails_lets_go_of_nothing_that_is_being_called_for(client, ground, app, sandbox):
    connection = await hung(client, ground, app, "zalo")
    async with app.pool.acquire() as database:
        called = await database.fetchval("SELECT id FROM delivery WHERE channel = 'zalo' AND state = 'sending'")
        other = await until(lambda: accepted(database), 10, "another one to be accepted")
        await database.execute("UPDATE delivery SET due_at = now() - interval '1 year' WHERE id = $1", other)
        await database.execute(REFUSES.format(other))
    with pytest.raises(RaiseError):
        await steps.deliver(app, CALLS[app.name], [called, other])
    await until_recorded(app)

    assert await state(app, "zalo") == "sending"
    connection.answer.set_result(Accepted("m-1"))
    await until(lambda: is_accepted(app), 10, "the answer to be recorded")
    assert (await reasons(app, "citizen", "zalo"))[-2:] == ["sending.leased", "accepted.provider"]


async def accepted(database: Connection) -> Any:
    return await database.fetchval("SELECT id FROM delivery WHERE state = 'accepted' LIMIT 1")


async def until_recorded(app: App) -> None:
    await until(lambda: nothing_to_record(app), 10, "what the job came to is recorded")


async def nothing_to_record(app: App) -> bool:
    return not CALLS[app.name].is_recording


async def is_accepted(app: App) -> bool:
    return await state(app, "zalo") == "accepted"


@pytest.mark.parametrize("fault", [ConnectionError, TimeoutError])
async def test_a_database_that_is_away_for_long_costs_no_result(monkeypatch, fault):
    from workers import calls as module  # noqa: PLC0415
    from workers.calls import Calls  # noqa: PLC0415

    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.001)
    recorded, failures = [], iter(range(100))

    async def record(batch) -> None:
        if next(failures, None) is not None:
            raise fault
        recorded.extend(batch)

    calls = Calls(record, most=1)
    calls.add(1)
    await calls.finish()
    assert recorded == [1]


async def test_one_unknown_is_settled_without_a_receipt_and_stays_visible(client, ground, app, sandbox):
    await script(sandbox, "zalo", CITIZEN_PHONE, "hang", seconds=1)
    connection = await hung(client, ground, app, "zalo")
    await taken_for_dead(app)
    await work_once(app)
    pass_time(ground, timedelta(hours=5))
    await work_once(app)
    assert await state(app, "zalo") == "unknown"
    assert (await reasons(app, "citizen", "zalo"))[-1] == "settled.no_receipt"
    with suppress(asyncio.InvalidStateError):
        connection.answer.set_result(Transient("x", "y"))


async def test_what_was_due_before_the_clock_was_set_back_does_not_wait_for_it(client, ground, app, sandbox):
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    async with app.pool.acquire() as connection:
        await steps.route(app, [await connection.fetchval("SELECT id FROM event")])
    watch = dispatcher.ClockWatch(app.clock())
    pass_time(ground, -timedelta(hours=3))
    await settle(app, states={"sending"})
    assert set((await states(app)).values()) == {"planned"}
    async with app.pool.acquire() as connection:
        await watch.look(connection, app.clock())
    await settle(app)
    assert set((await states(app)).values()) <= {"delivered", "read"}


async def test_what_is_written_late_with_the_time_of_before_does_not_wait_for_it_either(client, ground, app, sandbox):
    watch, before = dispatcher.ClockWatch(app.clock()), app.clock()
    pass_time(ground, -timedelta(hours=3))
    async with app.pool.acquire() as connection:
        await watch.look(connection, app.clock())
        await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
        await connection.execute("UPDATE event SET due_at = $1", before)
        await watch.look(connection, app.clock())
        assert await connection.fetchval("SELECT due_at FROM event") <= app.clock()


async def test_what_waits_for_its_hour_still_waits_when_the_clock_was_set_back(client, ground, app, sandbox):
    pass_time(ground, timedelta(hours=6))
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await work_once(app)
    watch = dispatcher.ClockWatch(app.clock())
    pass_time(ground, -timedelta(minutes=30))
    async with app.pool.acquire() as connection:
        await watch.look(connection, app.clock())
    await settle(app)
    assert (await states(app))["citizen", "sms"] == "held"


async def test_a_dead_process_gives_back_the_probe_that_it_had_begun(client, ground, app, sandbox):
    await hung(client, ground, app, "zalo")
    async with app.pool.acquire() as database:
        await database.execute(
            "UPDATE provider SET circuit = 'half_open', probe = $1, changed_at = $2, until = $3 WHERE name = 'zalo'",
            app.name,
            app.clock(),
            app.clock() + timedelta(seconds=40),
        )
        await processes.beat(database, app.name, -LIFE)
        await dispatcher.reap(database)
        state = next(each for each in await providers.read(database) if each.name == "zalo")
    assert state.wants_probe(app.clock())


class FaultyOnce:
    """A pool that fails in a way nobody foresaw, once."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.faults = [RuntimeError("an odd moment")]

    def acquire(self, timeout: float | None = None) -> Any:
        if self.faults:
            raise self.faults.pop()
        return self._pool.acquire(timeout=timeout)


async def test_a_heartbeat_outlives_a_fault_that_nobody_foresaw_and_beats_again_soon(app, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)
    pool = FaultyOnce(app.pool)
    pool.faults.clear()
    beating = Heartbeat(pool, "odd")
    await beating.start()
    pool.faults.append(RuntimeError("an odd moment"))
    await until(lambda: not pool.faults, 5, "the fault to happen")
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 60)
    async with app.pool.acquire() as database:
        await processes.forget(database, "odd")
        query = "SELECT count(*) FROM process WHERE name = 'odd'"
        await until(lambda: database.fetchval(query), 5, "the next beat")
    await beating.stop()


async def test_a_process_that_stands_still_in_mid_transaction_loses_its_locks_when_it_is_taken_for_dead(app):
    stopped = await open_pool(app.settings.database.url.get_secret_value(), size=1, name=f"notifier-{STOPPED}")
    async with stopped, stopped.acquire() as theirs, app.pool.acquire() as ours:
        await processes.beat(ours, STOPPED, -LIFE)
        transaction = theirs.transaction()
        await transaction.start()
        await theirs.execute("LOCK TABLE provider IN ACCESS EXCLUSIVE MODE")
        await asyncio.wait_for(dispatcher.reap(ours), 3)
        with pytest.raises(DATABASE_DOWN):
            await theirs.execute("SELECT 1")
