"""Dossier systems are told what became of their notices: posted, signed, in order, again and again until taken."""

import asyncio
import json
from datetime import timedelta

import pytest
from standardwebhooks import WebhookVerificationError

from notifier.callbacks.schedule import RETRIES
from notifier.cli.demo import START
from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.domain.callbacks import CallbackState
from notifier.domain.clock import move_clock, shifted_clock, system_clock
from notifier.domain.deliveries import DeliveryState
from notifier.domain.reasons import Reason, ReasonCode
from notifier.settings import Callback
from notifier.store import callbacks, deliveries, endpoints, replays
from notifier.store import due as due_rows
from notifier.store.deliveries import Move
from notifier.store.endpoints import Endpoint
from notifier.store.replays import Filter
from tests.support.callbacks import NAME, PHONE, D, go, listener, listens, new_message, new_secret, told
from tests.support.intake import sample
from tests.support.peers import HttpAnswer, HttpPeer, Silence, running
from tests.support.stack import post_event, settle
from tests.support.waiting import until
from workers import steps
from workers.dispatcher import dispatch
from workers.queues import CALLBACK_LANE, connect, queue_of
from workers.receivers import endpoints_of
from workers.steps import Tellings

SENT, ARRIVED, READ, FAILED = "thongbao.da_gui", "thongbao.da_nhan", "thongbao.da_doc", "thongbao.that_bai"
ANSWER_410 = HttpAnswer(410)


@pytest.fixture(autouse=True)
def the_real_time(ground) -> None:
    """The official library compares with the clock of the machine."""
    move_clock(ground.clock_file, system_clock())


def pass_time(ground, by: timedelta) -> None:
    move_clock(ground.clock_file, shifted_clock(ground.clock_file)() + by)


# What is kept


async def test_a_source_without_a_table_is_told_nothing(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock(), source=MINISTRY)
        id_ = await new_message(connection, app.clock())
        await go(connection, id_, (D.PLANNED, D.SENDING, D.ACCEPTED), app.clock())
        assert await told(connection, id_) == []


async def test_waiting_longer_for_a_receipt_is_no_second_fact(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock())
        id_ = await new_message(connection, app.clock(), state="sending")
        await go(connection, id_, (D.SENDING, D.ACCEPTED), app.clock())
        settled = Move(id_, D.ACCEPTED, D.ACCEPTED, None, Reason(ReasonCode.NO_RECEIPT))
        assert await deliveries.move(connection, [settled], actor="test", now=app.clock())
        assert await told(connection, id_) == [(1, SENT)]


async def test_a_message_that_somebody_else_moved_first_is_not_told_twice(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock())
        id_ = await new_message(connection, app.clock(), state="sending")
        moves = [Move(id_, D.SENDING, D.DELIVERED, None, Reason(ReasonCode.RECEIPT_DELIVERED)) for _ in range(2)]
        for each in moves:
            await deliveries.move(connection, [each], actor="test", now=app.clock())
        assert await told(connection, id_) == [(1, ARRIVED)]


async def test_moves_at_the_same_moment_leave_no_gap_in_the_numbers(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock())
        id_ = await new_message(connection, app.clock(), state="accepted")

    async def race(to: DeliveryState) -> None:
        for before in (D.ACCEPTED, D.DELIVERED):
            async with app.pool.acquire() as connection:
                await deliveries.move(
                    connection,
                    [Move(id_, before, to, None, Reason(ReasonCode.RECEIPT_READ))],
                    actor="t",
                    now=app.clock(),
                )

    await asyncio.gather(*(race(to) for to in (D.DELIVERED, D.READ, D.DELIVERED, D.READ)))
    async with app.pool.acquire() as connection:
        numbers = [seq for seq, _ in await told(connection, id_)]
    assert numbers == list(range(1, len(numbers) + 1))


# Posting


async def test_the_official_library_verifies_what_is_posted_and_it_says_what_became_of_the_message(app):
    async with listener(app) as there:
        id_ = await there.message(D.ACCEPTED)
        await there.work()

    (event,) = there.events
    assert (event["type"], event["seq"], event["data"]["MaThongBao"]) == (SENT, 1, str(id_))
    assert there.peer.requests[0].headers["content-type"] == "application/cloudevents+json"
    assert there.peer.requests[0].headers["webhook-id"] == event["id"]


async def test_both_secrets_sign_while_one_is_replaced(app):
    async with listener(app) as there:
        await there.message(D.ACCEPTED)
        await there.work()

    for secret in there.secrets:
        assert there.verified(there.peer.requests[0], secret)
    with pytest.raises(WebhookVerificationError):
        there.verified(there.peer.requests[0], new_secret())


async def test_the_facts_of_a_message_come_in_their_order(app):
    async with listener(app) as there:
        await there.message(D.ACCEPTED, D.DELIVERED, D.READ)
        posted = []
        for _ in range(3):
            await app.pool.execute("UPDATE callback SET lease_until = NULL")
            await there.work()
            posted.append([(event["seq"], event["type"]) for event in there.events])

    assert posted == [[(1, SENT)], [(1, SENT), (2, ARRIVED)], [(1, SENT), (2, ARRIVED), (3, READ)]]


async def test_a_fact_that_was_tried_in_vain_does_not_hold_up_the_next(app):
    async with listener(app, HttpAnswer(500), HttpAnswer(204)) as there:
        await there.message(D.ACCEPTED, D.FAILED)
        for _ in range(2):
            await app.pool.execute("UPDATE callback SET lease_until = NULL")
            await there.work()

    assert [event["type"] for event in there.events] == [SENT, FAILED]


async def test_only_the_wanted_types_are_told(app):
    async with listener(app, types=[FAILED]) as there:
        await there.message(D.ACCEPTED, D.FAILED)
        await there.work()

    assert [(event["seq"], event["type"]) for event in there.events] == [(1, FAILED)]


async def test_a_retry_has_the_same_id_and_body_and_a_new_timestamp(app, ground):
    async with listener(app, HttpAnswer(500), HttpAnswer(204)) as there:
        await there.message(D.ACCEPTED)
        await there.work()
        pass_time(ground, timedelta(seconds=10))
        await there.work()

    first, second = there.peer.requests
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 10
    assert there.verified(second)
    assert [row["state"] for row in await there.rows()] == ["sent"]


async def test_what_was_taken_is_not_posted_again(app):
    async with listener(app) as there:
        await there.message(D.ACCEPTED)
        await there.work()
        await there.make_due()
        assert await there.work() == 0

    assert len(there.peer.requests) == 1


async def test_a_redirect_is_a_failure(app):
    async with listener(app, HttpAnswer(307, headers={"Location": "https://x.example.vn/"})) as there:
        await there.message(D.ACCEPTED)
        await there.work()

    (row,) = await there.rows()
    assert (row["state"], row["last_status"], row["attempts"]) == ("pending", 307, 1)


async def test_a_receiver_in_a_private_network_is_not_called_unless_that_is_allowed(app):
    async with listener(app, allow_private=[]) as there:
        await there.message(D.ACCEPTED)
        await there.work()

    (row,) = await there.rows()
    assert (row["state"], row["last_error"], there.peer.requests) == ("pending", "forbidden_address", [])


async def test_retry_after_pauses_the_whole_receiver(app, ground):
    async with listener(app, HttpAnswer(429, headers={"Retry-After": "100"}), HttpAnswer(204)) as there:
        await there.message(D.ACCEPTED)
        await there.work()
        await there.message(D.ACCEPTED)
        assert await there.work() == 0
        pass_time(ground, timedelta(seconds=99))
        assert await there.work() == 0
        pass_time(ground, timedelta(seconds=30))
        assert await there.work() == 2

    assert [row["state"] for row in await there.rows()] == ["sent", "sent"]


async def test_a_receiver_that_is_busy_is_spared_the_rest_of_the_round(app):
    async with listener(app, HttpAnswer(503, headers={"Retry-After": "60"})) as there:
        for _ in range(40):
            await there.message(D.ACCEPTED)
        await there.work()

    assert len(there.peer.requests) <= 16
    assert {row["lease_owner"] for row in await there.rows()} == {None}


async def test_410_stops_all_and_loses_nothing(app):
    async with listener(app, ANSWER_410, HttpAnswer(204)) as there:
        await there.message(D.ACCEPTED)
        await there.work()
        await there.message(D.ACCEPTED)
        assert await there.work() == 0
        async with app.pool.acquire() as connection:
            (state,) = await endpoints.endpoints(connection)
            assert (state.reason, state.pending) == ("410", 2)
            assert await endpoints.enable(connection, PROVINCE, actor="operator:an", now=app.clock())
        assert await there.work() == 2

    assert [row["state"] for row in await there.rows()] == ["sent", "sent"]


async def test_stopping_and_starting_again_stand_in_the_audit_trail(app):
    async with listener(app, ANSWER_410) as there:
        await there.message(D.ACCEPTED)
        await there.work()
        async with app.pool.acquire() as connection:
            await endpoints.enable(connection, PROVINCE, actor="operator:an", now=app.clock())
            rows = await connection.fetch("SELECT reason, actor FROM audit WHERE reason LIKE 'callback.%' ORDER BY seq")

    assert [tuple(row) for row in rows] == [("callback.disabled", "test"), ("callback.enabled", "operator:an")]


async def test_after_the_last_try_it_is_a_dead_letter_that_the_timeline_tells_of(app):
    async with listener(app, HttpAnswer(500)) as there:
        id_ = await there.message(D.ACCEPTED)
        for _ in range(len(RETRIES) + 1):
            await there.make_due()
            await there.work()
        (row,) = await there.rows()
        audit = await app.pool.fetchrow("SELECT reason, details FROM audit WHERE reason = 'callback.dead'")

    assert (row["state"], row["due_at"], row["attempts"]) == ("dead", None, len(RETRIES) + 1)
    assert row["delivery_id"] == id_
    assert audit["details"] == {"type": SENT, "tries": "10", "code": "500"}


async def test_a_dead_letter_is_posted_again_when_somebody_asks(app):
    async with listener(app, HttpAnswer(204)) as there:
        await there.message(D.ACCEPTED)
        await app.pool.execute("UPDATE callback SET state = 'dead', due_at = NULL, attempts = 10")
        async with app.pool.acquire() as connection:
            wanted = Filter(source=PROVINCE, states=[CallbackState.DEAD])
            again = await replays.replay(connection, wanted, actor="operator:an", now=app.clock())
        await there.work()

    (row,) = await there.rows()
    assert (again, row["state"], row["attempts"]) == ({PROVINCE: 1}, "sent", 1)


async def test_a_replay_of_a_range_repeats_the_same_ids_and_stands_in_the_audit_trail(app, ground):
    async with listener(app) as there:
        await there.message(D.ACCEPTED)
        await there.work()
        pass_time(ground, timedelta(seconds=60))
        middle = app.clock() - timedelta(seconds=30)
        await there.message(D.ACCEPTED)
        await there.work()
        async with app.pool.acquire() as connection:
            await replays.replay(connection, Filter(PROVINCE, until=middle), actor="operator:an", now=app.clock())
            audit = await connection.fetchrow("SELECT actor, details FROM audit WHERE reason = 'callback.replayed'")
        await there.work()

    first, _, third = [event["id"] for event in there.events]
    assert first == third
    assert tuple(audit) == ("operator:an", {"by": "operator:an", "source": PROVINCE, "count": "1"})


async def test_a_replay_of_everything_in_any_number_comes_to_its_end(app):
    async with listener(app) as there:
        for _ in range(callbacks.OF_ONE_SOURCE):
            await there.message(D.ACCEPTED, D.DELIVERED)
        await app.pool.execute("UPDATE callback SET state = 'dead', due_at = NULL, attempts = 10")
        async with app.pool.acquire() as connection:
            await replays.replay(connection, Filter(PROVINCE), actor="operator:an", now=app.clock())
        for _ in range(8):
            await app.pool.execute("UPDATE callback SET lease_until = NULL WHERE state = 'pending'")
            await there.work()

    assert {row["state"] for row in await there.rows()} == {"sent"}


# Others


async def test_a_receiver_that_hangs_keeps_neither_the_job_nor_another_source_waiting(app):
    other = HttpPeer(HttpAnswer(204))
    async with listener(app, Silence.HANG, timeout_seconds=5) as there, running(other):
        table = {"url": other.url, "secrets": [new_secret()], "allow_private": ["127.0.0.0/8"]}
        source = app.settings.sources[MINISTRY]
        app.settings.sources[MINISTRY] = source.model_copy(update={"callback": Callback.model_validate(table)})
        tellings = Tellings(app)
        async with app.pool.acquire() as connection:
            await endpoints.configure(connection, endpoints_of(app.settings), app.clock())
            for _ in range(100):
                await there.message(D.ACCEPTED)
            id_ = await new_message(connection, app.clock(), source=MINISTRY, state="sending")
            await go(connection, id_, (D.SENDING, D.ACCEPTED), app.clock())
            due = await callbacks.take(connection, app.name, app.clock())
        await asyncio.wait_for(steps.callbacks(app, tellings, due), 2)
        await until(lambda: other.requests, 2, "the other source to be told")
        await tellings.finish(patience_seconds=0)

    assert len(there.peer.requests) <= 16


async def test_a_silent_receiver_has_a_bounded_number_of_rows_in_hand(app):
    async with listener(app) as there:
        for _ in range(callbacks.OF_ONE_SOURCE + 20):
            await there.message(D.ACCEPTED)
        async with app.pool.acquire() as connection:
            rung = [len(await callbacks.take(connection, app.name, app.clock())) for _ in range(2)]

    assert rung == [callbacks.OF_ONE_SOURCE, 0]


async def test_a_process_that_ends_gives_back_what_it_has_not_posted(app):
    async with listener(app, Silence.HANG, timeout_seconds=0.3) as there:
        for _ in range(40):
            await there.message(D.ACCEPTED)
        async with app.pool.acquire() as connection:
            due = await callbacks.take(connection, app.name, app.clock())
        await steps.callbacks(app, there.tellings, due)
        await there.tellings.finish()
        rows = await there.rows()

    assert {row["lease_owner"] for row in rows} == {None}
    assert sum(row["attempts"] for row in rows) == len(there.peer.requests) < 40


async def test_what_a_dead_worker_had_in_hand_is_posted_again_with_the_same_id(app):
    async with listener(app) as there:
        await there.message(D.ACCEPTED)
        async with app.pool.acquire() as connection:
            due = await callbacks.take(connection, "dead", app.clock())
            await callbacks.claim(connection, due, "dead", timedelta(seconds=60), app.clock())
        assert await there.work() == 0
        async with app.pool.acquire() as connection:
            await due_rows.take_back(connection, ["dead"])
        await there.work()

    assert [event["id"] for event in there.events] == [str(each) for each in due]


async def test_two_workers_do_not_post_the_same_row(app):
    async with listener(app) as there:
        await there.message(D.ACCEPTED)
        async with app.pool.acquire() as connection:
            due = await callbacks.take(connection, app.name, app.clock())
        await asyncio.gather(*(steps.callbacks(app, there.tellings, due) for _ in range(4)))
        await there.tellings.calls.finish()

    assert len(there.peer.requests) == 1


# The settings change


async def test_a_source_that_only_pulls_has_nothing_waiting(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock(), push=False)
        id_ = await new_message(connection, app.clock(), state="sending")
        await go(connection, id_, (D.SENDING, D.ACCEPTED), app.clock())
        row = await connection.fetchrow("SELECT state, due_at FROM callback")
        assert tuple(row) == ("skipped", None)
        assert await callbacks.take(connection, app.name, app.clock()) == []


async def test_what_waits_for_an_address_that_is_taken_away_is_left_to_the_pull(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock())
        id_ = await new_message(connection, app.clock(), state="sending")
        await go(connection, id_, (D.SENDING, D.ACCEPTED), app.clock())
        await endpoints.configure(connection, [], app.clock())
        assert await connection.fetchval("SELECT state FROM callback") == "skipped"
        assert await endpoints.endpoints(connection) == []


async def test_a_restart_does_not_turn_on_again_what_a_receiver_turned_off(app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock())
        await endpoints.disable(connection, PROVINCE, "410", actor="w", now=app.clock())
        await endpoints.configure(connection, [Endpoint(PROVINCE, (), push=True)], app.clock())
        (state,) = await endpoints.endpoints(connection)
        assert state.disabled_at is not None


# The whole way


async def test_what_is_posted_names_nobody(app, client, ground, sandbox):
    move_clock(ground.clock_file, START)
    async with listener(app) as there:
        await there.message(D.ACCEPTED)
        await post_event(client, ground, sample("02-duoc-tiep-nhan"))
        await settle(app)
        for _ in range(4):
            await app.pool.execute("UPDATE callback SET lease_until = NULL WHERE state = 'pending'")
            await there.work()
        people = await app.pool.fetch("SELECT name, phone, email, zalo_uid FROM recipient")

    said = b"\n".join(request.body for request in there.peer.requests).decode()
    secret = {value for row in people for value in row.values() if value} | {NAME, PHONE, PHONE.replace("+84", "0")}
    assert {json.loads(line)["type"] for line in said.splitlines()} >= {SENT, ARRIVED}
    assert [value for value in secret if value in said] == []


async def test_the_dispatcher_makes_receivers_known_and_rings_for_what_is_due(app):
    stop = asyncio.Event()
    async with listener(app) as there:
        await app.pool.execute("DELETE FROM callback_endpoint")
        dispatcher = asyncio.create_task(dispatch(app, stop))

        async def is_known() -> bool:
            return bool(await app.pool.fetchval("SELECT count(*) FROM callback_endpoint"))

        await until(is_known, 5, "the receiver to be known")
        await there.message(D.ACCEPTED)
        redis = connect(app.settings.redis.url.get_secret_value())
        queue = queue_of(redis, app.settings.redis.prefix, CALLBACK_LANE)
        await until(lambda: queue.count, 5, "the bell to ring")
        stop.set()
        await dispatcher
        redis.close()
