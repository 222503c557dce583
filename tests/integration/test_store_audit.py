"""The audit trail in the database: it can only grow, and it tells every change of state exactly once."""

import asyncpg
import pytest

from notifier.domain.deliveries import MOVES, DeliveryState
from tests.support.front_door import quick
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle
from workers import steps


@pytest.fixture
async def ground(ground):
    return quick(ground)


@pytest.fixture
async def told(client, ground, app, sandbox) -> None:
    """A whole run: refused on one channel, confirmed on the others."""
    script = [{"channel": "sms", "behave": "fail"}]
    async with client.post(f"{sandbox.http_url}/sandbox/script", json=script) as answer:
        assert answer.ok
    await post_event(client, ground, sample("03"))
    await settle(app)
    await becomes(app, "citizen", "zalo", "read")
    await becomes(app, "citizen", "sms", "failed")


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_database_itself_refuses_to_change_the_trail(client, ground, app, statement):
    await post_event(client, ground, sample("02"))

    async with app.pool.acquire() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute(statement)
        assert await connection.fetchval("SELECT count(*) FROM audit") == 1


async def trails(app) -> dict[object, list[tuple[str | None, str]]]:
    """Delivery → its moves, in the order of the trail."""
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT delivery_id, from_state, to_state FROM audit WHERE delivery_id IS NOT NULL ORDER BY seq"
        )
    found: dict[object, list[tuple[str | None, str]]] = {}
    for row in rows:
        found.setdefault(row["delivery_id"], []).append((row["from_state"], row["to_state"]))
    return found


async def test_every_move_in_the_trail_is_a_legal_one(told, app):
    moves = {move for trail in (await trails(app)).values() for move in trail[1:]}

    assert moves
    assert [
        (start, end) for start, end in moves if start is None or DeliveryState(end) not in MOVES[DeliveryState(start)]
    ] == []


async def test_each_move_starts_where_the_one_before_it_ended(told, app):
    for trail in (await trails(app)).values():
        assert [start for start, _ in trail] == [None, *(end for _, end in trail[:-1])]


async def test_the_trail_ends_where_each_delivery_stands(told, app):
    async with app.pool.acquire() as connection:
        standing = {row["id"]: row["state"] for row in await connection.fetch("SELECT id, state FROM delivery")}

    assert {id_: trail[-1][1] for id_, trail in (await trails(app)).items()} == standing


async def test_the_trail_has_no_personal_data(told, app):
    async with app.pool.acquire() as connection:
        trail = await connection.fetchval("SELECT string_agg(audit::text, ' ') FROM audit")
        people = await connection.fetch("SELECT name, phone, email, zalo_uid FROM recipient")

    told_of = {value for row in people for value in row.values() if value}
    assert told_of
    assert [value for value in told_of if value in trail] == []


@pytest.fixture
async def routed(client, ground, app) -> None:
    await post_event(client, ground, sample("02"))
    async with app.pool.acquire() as connection:
        id_ = await connection.fetchval("SELECT id FROM event")
    await steps.route(app, [id_])


@pytest.mark.parametrize(
    ("state", "due_at"),
    [
        ("planned", None),
        ("held", None),
        ("standby", None),
        ("sending", None),
        ("delivered", "now()"),
        ("read", "now()"),
    ],
)
async def test_a_delivery_with_work_ahead_is_always_due_and_a_finished_one_never(routed, app, state, due_at):
    async with app.pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError, match="delivery_unfinished_is_due"):
            await connection.execute(f"UPDATE delivery SET state = '{state}', due_at = {due_at or 'NULL'}")  # noqa: S608


@pytest.mark.parametrize("statement", ["state = 'received'", "due_at = now()"])
async def test_an_event_is_due_exactly_until_it_is_routed(routed, app, statement):
    async with app.pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError, match="event_unfinished_is_due"):
            await connection.execute(f"UPDATE event SET {statement}")  # noqa: S608
