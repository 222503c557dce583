"""Callbacks of providers: only genuine ones are kept, raw before anybody reads them, and each fact counts once."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from channels.bounce_token import bounce_token
from notifier.domain.clock import move_clock
from notifier.sandbox.dsn import DELIVERED, Asked, report
from notifier.sandbox.zalo_events import signature
from tests.support.front_door import problem
from tests.support.intake import event, sample
from tests.support.stack import becomes, post_event, settle, states, work_once
from workers import steps
from workers.wiring import App


async def fetch(app: App, query: str, *values):
    async with app.pool.acquire() as connection:
        return [tuple(row) for row in await connection.fetch(query, *values)]


async def stored(app: App) -> list[str]:
    return [state for (state,) in await fetch(app, "SELECT state FROM receipt ORDER BY id")]


async def read_all(app: App) -> None:
    """Work on what is due until nothing is."""
    while await work_once(app):
        pass


async def script(client, sandbox, *rules: dict[str, Any]) -> None:
    async with client.post(f"{sandbox.http_url}/sandbox/script", json=rules) as answer:
        assert answer.ok, await answer.text()


@pytest.fixture
async def sent(app, ground, client, sandbox):
    """The sample event, sent on every channel, by channel; no provider says anything more by itself."""
    await script(client, sandbox, *({"channel": name, "behave": "no_receipt"} for name in ("zalo", "sms", "email")))
    await post_event(client, ground, sample("02"))
    await settle(app, states={"planned", "sending"})
    return {message.channel: message for message in sandbox.messages}


async def delivery(app: App, channel: str, ref: str = "citizen") -> tuple[str, str]:
    """Id and reference of one delivery."""
    ((id_, reference),) = await fetch(
        app,
        "SELECT d.id, d.reference FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
        " WHERE d.channel = $1 AND r.ref = $2",
        channel,
        ref,
    )
    return id_, reference


def zalo_event(
    app: App, ground, reference: str, *, name: str = "user_received_message", **message
) -> tuple[bytes, dict]:
    zalo, at = ground.sandbox.zalo, str(int(app.clock().timestamp() * 1000))
    about = {"msg_ids": [reference]} if name == "user_seen_message" else {"msg_id": reference, **message}
    body = json.dumps({"app_id": zalo.app_id, "event_name": name, "message": about, "timestamp": at}).encode()
    mac = signature(app_id=zalo.app_id, body=body, timestamp=at, oa_secret=zalo.oa_secret)
    return body, {"X-ZEvent-Signature": mac}


async def tell_zalo(client, app, ground, reference: str, **options) -> int:
    body, headers = zalo_event(app, ground, reference, **options)
    async with client.post("/v1/receipts/zalo", data=body, headers=headers) as answer:
        return answer.status


async def test_a_signed_zalo_event_moves_its_delivery(sent, client, app, ground):
    _, reference = await delivery(app, "zalo")

    assert await tell_zalo(client, app, ground, reference) == 200
    await read_all(app)

    assert (await states(app))["citizen", "zalo"] == "delivered"


async def test_a_forged_zalo_event_is_refused_and_leaves_no_trace(client, app, ground):
    body, headers = zalo_event(app, ground, "m-1")

    async with client.post("/v1/receipts/zalo", data=body + b" ", headers=headers) as answer:
        assert (await problem(answer))["code"] == "invalid-signature"

    assert await stored(app) == []


@pytest.mark.parametrize("path", ["/v1/receipts/sms", "/v1/receipts/sms/wrong", "/v1/receipts/email/wrong"])
async def test_a_callback_without_the_secret_of_its_address_is_refused(client, app, path):
    async with client.get(path, params={"SMSID": "1"}) as answer:
        assert answer.status == 401

    assert await stored(app) == []


@pytest.mark.parametrize(("path", "status"), [("/v1/receipts/pigeon", 404), ("/v1/receipts/portal", 401)])
async def test_a_channel_that_nobody_calls_back_takes_no_callbacks(client, path, status):
    async with client.post(path) as answer:
        assert (await problem(answer))["status"] == status


def sms_path(app: App) -> str:
    return f"/v1/receipts/sms/{app.settings.channels['sms']['receipt_key']}"


async def test_a_callback_is_kept_exactly_before_anybody_reads_it(client, app):
    async with client.get(sms_path(app), params={"SMSID": "77", "SendStatus": "5", "odd": "Tiếng Việt"}) as answer:
        assert (answer.status, await answer.text()) == (200, "OK")

    kept = await fetch(app, "SELECT provider, method, query, state FROM receipt")
    assert kept == [("sms", "GET", {"smsid": "77", "sendstatus": "5", "odd": "Tiếng Việt"}, "stored")]


async def test_the_secret_in_the_address_is_not_kept(client, app):
    async with client.get(sms_path(app), params={"SMSID": "77"}) as answer:
        assert answer.ok

    key = app.settings.channels["sms"]["receipt_key"]
    assert await fetch(app, "SELECT 1 FROM receipt WHERE receipt::text LIKE '%' || $1 || '%'", key) == []


async def test_a_nul_that_the_database_cannot_hold_does_not_make_a_callback_fail(client, app):
    async with client.get(f"{sms_path(app)}?SMSID=1%00") as answer:
        assert answer.status == 200

    assert await fetch(app, "SELECT query FROM receipt") == [({"smsid": "1?"},)]


async def test_an_sms_report_by_get_moves_its_delivery(client, app, ground, sandbox):
    await script(client, sandbox, {"channel": "sms", "behave": "no_receipt"})
    await post_event(client, ground, sample("03"))
    await becomes(app, "citizen", "sms", "accepted")
    id_, reference = await delivery(app, "sms")

    query = {"SMSID": reference, "RequestId": id_.hex, "SendStatus": "5", "SendSuccess": "1", "SendFailed": "0"}
    async with client.get(sms_path(app), params=query) as answer:
        assert answer.ok
    await read_all(app)

    assert (await states(app))["citizen", "sms"] == "delivered"


async def test_a_delivery_report_by_mail_moves_its_delivery(sent, client, app):
    id_, _ = await delivery(app, "email")
    settings = app.settings.channels["email"]
    token = bounce_token(id_, settings["bounce_secret"].encode())
    mail = report(
        raw=sent["email"].raw,
        sender=f"bounce+{token}@example.gov.vn",
        recipient="nguyen.mau@example.vn",
        envid=token,
        ask=Asked(frozenset({"SUCCESS"}), None),
        fate=DELIVERED,
        at=app.clock(),
    )

    async with client.post(f"/v1/receipts/email/{settings['receipt_key']}", data=mail) as answer:
        assert answer.status == 200
    await read_all(app)

    assert (await states(app))["citizen", "email"] == "delivered"


async def moves_to(app: App, id_, state: str) -> int:
    ((count,),) = await fetch(app, "SELECT count(*) FROM audit WHERE delivery_id = $1 AND to_state = $2", id_, state)
    return count


async def test_the_same_callback_again_changes_nothing(sent, client, app, ground):
    id_, reference = await delivery(app, "zalo")
    for _ in range(2):
        await tell_zalo(client, app, ground, reference)
        await read_all(app)

    assert await moves_to(app, id_, "delivered") == 1
    assert await stored(app) == ["applied", "applied"]


async def test_two_identical_callbacks_read_at_the_same_moment_move_the_state_once(sent, client, app, ground):
    id_, reference = await delivery(app, "zalo")
    for _ in range(2):
        await tell_zalo(client, app, ground, reference)
    ids = [id_ for (id_,) in await fetch(app, "SELECT id FROM receipt")]

    await asyncio.gather(*(steps.receipts(app, [each]) for each in ids))

    assert await moves_to(app, id_, "delivered") == 1


async def test_all_that_callbacks_read_together_say_of_a_message_is_kept_in_its_order(sent, client, app, ground):
    id_, reference = await delivery(app, "zalo")
    await tell_zalo(client, app, ground, reference)
    await tell_zalo(client, app, ground, reference, name="user_seen_message")
    await read_all(app)

    assert await fetch(
        app, "SELECT from_state, to_state FROM audit WHERE delivery_id = $1 ORDER BY seq DESC LIMIT 2", id_
    ) == [
        ("delivered", "read"),
        ("accepted", "delivered"),
    ]


BROKEN = """
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
CREATE TRIGGER broken BEFORE UPDATE OF state ON delivery FOR EACH ROW WHEN (OLD.id = '{}') EXECUTE FUNCTION broken()
"""


async def test_one_callback_that_cannot_be_read_does_not_keep_the_others_from_it(sent, client, app, ground):
    broken, its_reference = await delivery(app, "zalo", "lt.vidu")
    sound, reference = await delivery(app, "zalo")
    async with app.pool.acquire() as connection:
        await connection.execute(BROKEN.format(broken))
    for each in (its_reference, reference):
        await tell_zalo(client, app, ground, each)

    await steps.receipts(app, [id_ for (id_,) in await fetch(app, "SELECT id FROM receipt")])

    assert (await stored(app), await moves_to(app, sound, "delivered")) == (["stored", "applied"], 1)


async def test_read_before_delivered_stays_read(sent, client, app, ground):
    _, reference = await delivery(app, "zalo")
    await tell_zalo(client, app, ground, reference, name="user_seen_message")
    await tell_zalo(client, app, ground, reference)
    await read_all(app)

    assert (await states(app))["citizen", "zalo"] == "read"


async def test_a_callback_that_overtakes_the_answer_to_our_call_finds_its_delivery_by_the_tracking_id(
    client, app, ground, sandbox
):
    await script(client, sandbox, {"channel": "zalo", "behave": "receipt_first", "args": {"receipt_seconds": 0}})
    await post_event(client, ground, event({"/data/HoSo/ZaloUserId": None}))

    await becomes(app, "citizen", "zalo", "read")


async def test_a_callback_about_an_unknown_message_is_parked_and_matched_when_the_message_is_known(
    sent, client, app, ground
):
    id_, reference = await delivery(app, "zalo")
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE delivery SET reference = NULL WHERE id = $1", id_)
    await tell_zalo(client, app, ground, reference)
    await read_all(app)
    assert await stored(app) == ["parked"]

    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE delivery SET reference = $2 WHERE id = $1", id_, reference)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=1))
    await read_all(app)

    assert (await stored(app), (await states(app))["citizen", "zalo"]) == (["applied"], "delivered")


async def test_a_callback_that_never_finds_its_message_is_kept_as_an_orphan(client, app, ground):
    await tell_zalo(client, app, ground, "nobody-knows-this")
    for _ in range(7):
        await work_once(app)
        move_clock(ground.clock_file, app.clock() + timedelta(hours=2, minutes=1))

    assert await stored(app) == ["orphaned"]
