"""Events that are routed together get what each would have got alone, on real databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from notifier.domain.ids import EventId
from notifier.settings import load_settings
from notifier.store import events
from tests.support.stack import fresh_database
from tests.support.waiting import until
from tests.support.waves import at, live, picture, step, take, waiting
from workers import steps
from workers.steps.routing import AGAIN_AFTER
from workers.steps.understanding import all_understood
from workers.steps.waves import AT_ONCE, in_waves
from workers.wiring import App, open_app

NOW = at(25, 9)
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no row for %', NEW.event_id; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON recipient FOR EACH ROW WHEN (NEW.event_id = '{}') EXECUTE FUNCTION refuse();
"""
HELD_UP = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def opened(ground, url: str) -> AsyncIterator[App]:
    async with open_app(load_settings(ground.environ | {"NOTIFIER_DATABASE__URL": url}), name="test") as app:
        yield app


async def waves_of(app: App) -> list[list[EventId]]:
    async with app.pool.acquire() as connection:
        stored = await events.read(connection, await waiting(app))
    return [[event.id for event in wave] for wave in in_waves(all_understood(stored, app.profiles))]


async def left_by(ground, template: str, like: str, portions: list[list[EventId]], now) -> dict[str, list]:
    """What a copy of the database holds when these portions were routed."""
    async with fresh_database(template, like=urlsplit(like).path.strip("/")) as url, opened(ground, url) as app:
        for portion in portions:
            await steps.route(replace(app, clock=lambda: now), portion)
        async with app.pool.acquire() as connection:
            return await picture(connection)


@pytest.mark.parametrize("seed", range(4))
async def test_together_is_as_one_by_one(ground, template_database, new_database, seed):
    async with opened(ground, new_database) as app:
        now = await live(app, seed)
        waves = await waves_of(app)
    in_turn = [id_ for wave in waves for id_ in wave]

    together = await left_by(ground, template_database, new_database, [in_turn], now)
    alone = await left_by(ground, template_database, new_database, [[id_] for id_ in in_turn], now)

    assert len(waves[0]) > 1
    assert {name: rows for name, rows in together.items() if rows != alone[name]} == {}
    reasons = {row[8] for row in together["audit"] if row[4] == now}
    assert reasons >= {
        "held.merge",
        "superseded.later_status",
        "cancelled.reminder_outdated",
        "suppressed.told_by_other",
        "suppressed.bounced",
    }


async def test_no_dossier_comes_twice_in_a_wave_and_each_keeps_its_order(ground, new_database):
    async with opened(ground, new_database) as app:
        await live(app, 0)
        async with app.pool.acquire() as connection:
            stored = await events.read(connection, await waiting(app))
        came = all_understood(stored, app.profiles)

    waves = in_waves(came)

    for wave in waves:
        codes = [event.dossier.code for event in wave]
        assert len(codes) == len(set(codes))
    of_dossiers = {event.dossier_key for event in came}
    for key in of_dossiers:
        routed = [event.id for wave in waves for event in wave if event.dossier_key == key]
        assert routed == [event.id for event in came if event.dossier_key == key]


@pytest.fixture
async def steps_come(app) -> App:
    """Three steps of three dossiers have come in."""
    now = replace(app, clock=lambda: NOW)
    await take(now, *(step(number) for number in range(3)))
    return now


async def fates(app: App) -> list[tuple[str, object, object, int]]:
    """State, when it is due, in whose hands, how many recipients: of each event in the order they came."""
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT state, due_at, lease_owner, (SELECT count(*) FROM recipient r WHERE r.event_id = e.id) AS people"
            " FROM event e ORDER BY received_at"
        )
    return [tuple(row) for row in rows]


async def test_an_event_that_fails_is_put_off_and_the_others_of_its_wave_are_routed(steps_come):
    ids = await waiting(steps_come)
    async with steps_come.pool.acquire() as connection:
        await connection.execute(REFUSE.format(ids[1]))

    await steps.route(steps_come, ids)

    routed = ("routed", None, None, 3)
    assert await fates(steps_come) == [routed, ("received", NOW + AGAIN_AFTER, None, 0), routed]


async def test_what_another_worker_has_taken_meanwhile_is_left_to_it(steps_come):
    ids = await waiting(steps_come)
    async with steps_come.pool.acquire() as other:
        async with other.transaction():
            await other.execute("SELECT 1 FROM dossier FOR UPDATE")
            routing = asyncio.create_task(steps.route(steps_come, ids))
            await until(lambda: steps_come.pool.fetchval(HELD_UP), 10, "the wave to wait for its dossiers")
            await other.execute("UPDATE event SET lease_owner = 'other' WHERE id = $1", ids[0])
        await routing

    routed = ("routed", None, None, 3)
    assert await fates(steps_come) == [("received", NOW, "other", 0), routed, routed]


async def test_workers_and_intake_wait_for_each_other_without_a_dead_lock(app, caplog):
    now = replace(app, clock=lambda: NOW)
    await take(now, *(step(number) for number in range(2 * AT_ONCE)))
    ids = await waiting(now)
    workers = [replace(now, name=f"worker-{number}") for number in range(3)]
    more = [step(number, id=f"again-{number}", seq=5) for number in reversed(range(0, 2 * AT_ONCE, 8))]

    await asyncio.gather(*(steps.route(each, ids[place::3]) for place, each in enumerate(workers)), take(now, *more))

    assert caplog.messages == []
    assert {state for state, *_ in await fates(now)} == {"routed", "received"}
    assert len(await waiting(now)) == len(more)
