"""What happens when providers refuse, stumble, stay silent or contradict themselves, and when we die in between."""

from collections import Counter
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from notifier.domain.clock import move_clock, shifted_clock
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DeliveryId, ProviderName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.sandbox.app import Sandbox
from notifier.store import deliveries
from notifier.store.deliveries import Move
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle, states, work_once
from workers import steps
from workers.wiring import App

CITIZEN_UID = "9990000000000000101"
CITIZEN_PHONE = "0912000303"
CITIZEN_MAIL = "le.thu@example.vn"


async def script(sandbox: Sandbox, channel: str, match: str, behave: str, *, times: int | None = None, **args: Any):
    rule = {"channel": channel, "match": match, "behave": behave, "times": times, "args": args}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.http_url}/sandbox/script", json=[rule]) as ok,
    ):
        assert ok.status < 300, await ok.text()


async def reasons(app: App, ref: str, channel: str) -> list[str]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT a.reason FROM audit a JOIN delivery d ON d.id = a.delivery_id JOIN recipient r"
            " ON r.id = d.recipient_id WHERE r.ref = $1 AND d.channel = $2 ORDER BY a.seq",
            ref,
            channel,
        )
    return [row["reason"] for row in rows]


def pass_time(ground: Any, by: timedelta) -> None:
    move_clock(ground.clock_file, shifted_clock(ground.clock_file)() + by)


def taken(sandbox: Sandbox, channel: str, to: str) -> int:
    return sum(message.channel == channel and message.to == to for message in sandbox.messages)


async def test_a_refusal_for_good_releases_the_fallback_and_leaves_the_other_channels_alone(
    client, ground, app, sandbox
):
    await script(sandbox, "zalo", CITIZEN_UID, "refuse", error=-227)
    await script(sandbox, "email", "nguyen.mau@example.vn", "refuse", reply="550 5.1.1 no such user")
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app)
    await becomes(app, "citizen", "sms", "delivered")
    found = await states(app)
    assert found["citizen", "zalo"] == found["citizen", "email"] == "failed"
    assert found["citizen", "portal"] == "delivered"
    assert "planned.fallback_used" in await reasons(app, "citizen", "sms")


async def test_one_of_two_first_channels_failing_needs_no_fallback(client, ground, app, sandbox):
    await script(sandbox, "zalo", CITIZEN_UID, "refuse", error=-227)
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app)
    found = await states(app)
    assert (found["citizen", "zalo"], found["citizen", "email"]) == ("failed", "delivered")
    assert found["citizen", "sms"] == "cancelled"


async def test_a_passing_fault_is_tried_again_and_counted(client, ground, app, sandbox):
    await script(sandbox, "email", CITIZEN_MAIL, "refuse", times=1, reply="451 4.3.0 try later")
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app, states={"sending", "accepted"})
    assert (await states(app))["citizen", "email"] == "planned"
    pass_time(ground, timedelta(minutes=5))
    await becomes(app, "citizen", "email", "delivered")
    assert taken(sandbox, "email", CITIZEN_MAIL) == 1
    assert (await reasons(app, "citizen", "email")).count("sending.leased") == 2


async def test_retries_end_with_the_budget(client, ground, app, sandbox):
    await script(sandbox, "email", CITIZEN_MAIL, "refuse", reply="451 4.3.0 try later")
    pass_time(ground, timedelta(hours=15))
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    for _ in range(12):
        await settle(app, states={"sending"})
        pass_time(ground, timedelta(hours=1))
    assert (await reasons(app, "citizen", "email"))[-1] == "failed.budget_spent"
    assert (await states(app))["citizen", "email"] == "failed"


async def test_a_throttled_call_waits_and_spends_no_attempt(client, ground, app, sandbox):
    await script(sandbox, "zalo", CITIZEN_PHONE, "refuse", times=1, error=-115)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app, states={"sending"})
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT state, attempts, calls FROM delivery WHERE channel = 'zalo'")
    assert (row["state"], row["attempts"], row["calls"]) == ("planned", 0, 1)
    pass_time(ground, timedelta(hours=1))
    await becomes(app, "citizen", "zalo", "delivered")


async def test_an_unknown_outcome_is_never_sent_again_and_its_receipt_settles_it(client, ground, app, sandbox):
    await script(sandbox, "zalo", CITIZEN_PHONE, "error_but_sent", times=1, receipt_seconds=0.2)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await becomes(app, "citizen", "zalo", "read")
    assert taken(sandbox, "zalo", CITIZEN_PHONE) == 1
    assert "unknown.outcome" in await reasons(app, "citizen", "zalo")


async def test_an_unknown_outcome_without_a_receipt_stays_unknown_and_visible(client, ground, app, sandbox):
    await script(sandbox, "zalo", CITIZEN_PHONE, "html")
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app, states={"sending", "accepted"})
    pass_time(ground, timedelta(hours=5))
    await settle(app)
    assert (await states(app))["citizen", "zalo"] == "unknown"
    assert (await reasons(app, "citizen", "zalo"))[-1] == "settled.no_receipt"
    assert taken(sandbox, "zalo", CITIZEN_PHONE) == 0


async def test_a_gateway_that_drops_doubles_is_asked_again_and_nobody_hears_twice(client, ground, app, sandbox):
    await script(sandbox, "sms", CITIZEN_PHONE, "accept_then_hang", times=1, seconds=30)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app, states={"sending"}, seconds=45)
    pass_time(ground, timedelta(hours=1))
    await becomes(app, "citizen", "sms", "delivered")
    assert taken(sandbox, "sms", CITIZEN_PHONE) == 1


async def test_one_silent_provider_does_not_hold_up_the_others(client, ground, app, sandbox):
    await script(sandbox, "sms", CITIZEN_PHONE, "hang", seconds=30)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await work_once(app)
    await becomes(app, "citizen", "zalo", "delivered")
    await becomes(app, "citizen", "email", "delivered")


async def test_a_template_fault_stops_that_message_only_and_names_the_fact(client, ground, app, sandbox):
    event = sample("06-yeu-cau-nvtc")
    event["data"]["LePhi"][0]["Gia"] = None
    status, _ = await post_event(client, ground, event)
    assert status == 202
    await settle(app)
    async with app.pool.acquire() as connection:
        told = await connection.fetchval(
            "SELECT details ->> 'fact' FROM audit WHERE reason = 'failed.template' ORDER BY seq LIMIT 1"
        )
    assert told == "can_nop"


async def test_a_message_past_its_deadline_is_not_sent(client, ground, app, sandbox):
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    async with app.pool.acquire() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM event")]
    await steps.route(app, ids)
    pass_time(ground, timedelta(hours=49))
    await settle(app)
    assert Counter((await states(app)).values()) == {"expired": 4}
    assert not sandbox.messages


async def test_a_worker_that_dies_during_the_call_leaves_it_unknown_where_a_double_would_hurt(
    client, ground, app, sandbox
):
    await leave_in_the_hands_of_a_dead_worker(client, ground, app, "zalo")
    await settle(app)
    assert (await states(app))["citizen", "zalo"] == "unknown"
    assert taken(sandbox, "zalo", CITIZEN_PHONE) == 0


async def test_a_worker_that_dies_during_the_call_is_repeated_where_the_gateway_drops_doubles(
    client, ground, app, sandbox
):
    await leave_in_the_hands_of_a_dead_worker(client, ground, app, "sms")
    await settle(app, states={"sending"})
    pass_time(ground, timedelta(hours=1))
    await becomes(app, "citizen", "sms", "delivered")
    assert taken(sandbox, "sms", CITIZEN_PHONE) == 1


async def leave_in_the_hands_of_a_dead_worker(client, ground, app: App, channel: str) -> None:
    """Route an event; then one of its deliveries is begun by a worker that is never heard of again."""
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    async with app.pool.acquire() as connection:
        await steps.route(app, [row["id"] for row in await connection.fetch("SELECT id FROM event")])
        id_: DeliveryId = await connection.fetchval("SELECT id FROM delivery WHERE channel = $1", channel)
        held = await deliveries.claim(connection, [id_], "dead", timedelta(seconds=60), app.clock())
        begin = Move(
            id_,
            held[0].delivery.state,
            DeliveryState.SENDING,
            held[0].delivery.due_at,
            Reason(ReasonCode.LEASED),
            provider=ProviderName(channel),
        )
        assert await deliveries.move(connection, [begin], actor="dead", now=app.clock(), holder="dead")
        await connection.execute("UPDATE delivery SET lease_until = now() - interval '1 second' WHERE id = $1", id_)


async def test_a_delivery_in_the_hands_of_a_living_worker_is_left_alone(client, ground, app, sandbox):
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app)
    async with app.pool.acquire() as connection:
        id_ = await connection.fetchval("SELECT id FROM delivery WHERE channel = 'zalo'")
        await connection.execute(
            "UPDATE delivery SET state = 'sending', due_at = $2, lease_owner = 'other',"
            " lease_until = now() + interval '1 minute' WHERE id = $1",
            id_,
            app.clock(),
        )
        assert await deliveries.claim(connection, [id_], "test", timedelta(seconds=60), app.clock()) == []


@pytest.mark.parametrize("grant", ["stale", "lost"])
async def test_zalo_without_a_usable_grant_waits_and_loses_nothing(client, ground, app, sandbox, grant: str):
    async with app.pool.acquire() as connection:
        if grant == "lost":
            await connection.execute("UPDATE oauth_token SET refresh_token = 'used', access_token = 'dead'")
        else:
            await connection.execute("UPDATE oauth_token SET access_token = 'dead', expires_at = now() + '1 year'")
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app, states={"sending"})
    if grant == "stale":
        await becomes(app, "citizen", "zalo", "delivered")
    else:
        assert (await states(app))["citizen", "zalo"] == "planned"
        assert (await reasons(app, "citizen", "zalo"))[-1] == "planned.throttled"


async def test_a_channel_that_is_switched_off_meanwhile_keeps_its_messages_until_their_deadline(
    client, ground, app, sandbox
):
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    async with app.pool.acquire() as connection:
        await steps.route(app, [row["id"] for row in await connection.fetch("SELECT id FROM event")])
    del app.setups["sms"]
    await work_once(app)
    assert (await states(app))["citizen", "sms"] == "planned"
    pass_time(ground, timedelta(hours=49))
    await work_once(app)
    assert (await states(app))["citizen", "sms"] == "expired"
