"""Officers who turned to the Official Account are reminded by a consultation message; what is known of it is learnt."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifier.domain.clock import move_clock
from notifier.sandbox.zalo_events import signature
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, work_once
from workers import steps
from workers.relations import ZaloRelations
from workers.wiring import App

HANDLER, OFFICER = "pv.pho", "9990000000000000909"


@pytest.fixture
async def ground(ground):
    zalo = {"STAFF_CONSULTATION": "paid", "TIMEOUT_SECONDS": "1"}
    return replace(ground, environ=ground.environ | {f"NOTIFIER_CHANNELS__ZALO__{key}": zalo[key] for key in zalo})


async def read_all(app: App) -> None:
    while await work_once(app):
        pass


async def known(app: App) -> list[tuple[Any, ...]]:
    """(uid, follows, has turned to us, is over) of everybody."""
    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT uid, follows, last_interaction_at IS NOT NULL, over_at IS NOT NULL FROM zalo_relation"
        )
    return [tuple(row) for row in rows]


async def does(client, sandbox, app: App, deed: str, person: str = OFFICER) -> None:
    """The person does it in the sandbox, and the event that Zalo sends of it is read."""
    async with client.post(f"{sandbox.http_url}/sandbox/zalo/people/{person}/{deed}") as answer:
        assert answer.status == 204
    await read_all(app)


async def script(client, sandbox, **rule: Any) -> None:
    async with client.post(f"{sandbox.http_url}/sandbox/script", json=[{"channel": "zalo"} | rule]) as answer:
        assert answer.ok, await answer.text()


async def tell(client, app: App, ground, name: str, at: datetime, **more: Any) -> None:
    """An event of Zalo with a time of its own."""
    zalo, stamp = ground.sandbox.zalo, str(int(at.timestamp() * 1000))
    parties = {"sender": {"id": OFFICER}, "recipient": {"id": zalo.oa_id}}
    followed = {"oa_id": zalo.oa_id, "follower": {"id": OFFICER}}
    said = followed if "follow" in name else parties
    body = json.dumps({"app_id": zalo.app_id, "event_name": name, "timestamp": stamp, **said, **more}).encode()
    mac = signature(app_id=zalo.app_id, body=body, timestamp=stamp, oa_secret=zalo.oa_secret)
    async with client.post("/v1/receipts/zalo", data=body, headers={"X-ZEvent-Signature": mac}) as answer:
        assert answer.status == 200


async def remind(client, ground, app: App) -> None:
    await post_event(client, ground, sample("04"))
    await becomes(app, HANDLER, "zalo", "read")


def forms(sandbox, person: str = OFFICER) -> list[str]:
    """How each message by Zalo reached the person, in order."""
    mine = [message for message in sandbox.messages if message.channel == "zalo" and message.to == person]
    return ["text" if "text" in message.content else "template" for message in mine]


async def test_who_follows_the_account_is_reminded_by_a_consultation_message(client, ground, app, sandbox):
    await does(client, sandbox, app, "follow")
    assert await known(app) == [(OFFICER, True, True, False)]
    await remind(client, ground, app)
    assert forms(sandbox) == ["text"]


async def test_a_consultation_message_says_what_to_do_and_where(client, ground, app, sandbox):
    await does(client, sandbox, app, "write")
    await remind(client, ground, app)
    (text,) = [message.content["text"] for message in sandbox.messages if message.to == OFFICER]
    assert ("H01.14-261119-0042" in text, "Việc cần làm: Mở hồ sơ" in text, "Mở hồ sơ: http" in text) == (True,) * 3


async def test_who_never_turned_to_the_account_gets_the_template(client, ground, app, sandbox):
    await remind(client, ground, app)
    assert forms(sandbox) == ["template"]


async def test_who_left_the_account_gets_the_template(client, ground, app, sandbox):
    await does(client, sandbox, app, "follow")
    await does(client, sandbox, app, "unfollow")
    assert await known(app) == [(OFFICER, False, True, False)]
    await remind(client, ground, app)
    assert forms(sandbox) == ["template"]


async def test_a_departure_that_nobody_told_us_of_is_learnt_from_the_refusal(client, ground, app, sandbox):
    await does(client, sandbox, app, "follow")
    await script(client, sandbox, match=OFFICER, times=1, behave="no_receipt")
    await does(client, sandbox, app, "unfollow")
    await remind(client, ground, app)
    assert (forms(sandbox), await known(app)) == (["template"], [(OFFICER, False, True, True)])


async def test_a_window_that_was_over_after_all_is_remembered_as_over(client, ground, app, sandbox):
    await does(client, sandbox, app, "write")
    await script(client, sandbox, match=OFFICER, times=1, behave="refuse", args={"error": -230})
    await remind(client, ground, app)
    relations = ZaloRelations(app.pool, app.clock, app.secret)
    assert (forms(sandbox), await relations.since_interaction(ground.sandbox.zalo.oa_id, OFFICER)) == (
        ["template"],
        None,
    )


async def test_after_a_refusal_a_new_message_opens_the_window_again(client, ground, app, sandbox):
    relations, account = ZaloRelations(app.pool, app.clock, app.secret), ground.sandbox.zalo.oa_id
    await does(client, sandbox, app, "write")
    await relations.refused(account, OFFICER, follows=None)
    assert await relations.since_interaction(account, OFFICER) is None
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=1))
    await does(client, sandbox, app, "write")
    assert await relations.since_interaction(account, OFFICER) is not None


async def test_without_an_answer_no_second_form_is_tried(client, ground, app, sandbox):
    await does(client, sandbox, app, "write")
    await script(client, sandbox, match=OFFICER, times=1, behave="accept_then_hang", args={"seconds": 3})
    await post_event(client, ground, sample("04"))
    await becomes(app, HANDLER, "zalo", "unknown")
    assert forms(sandbox) == ["text"]


async def test_events_that_come_late_turn_nothing_back(client, ground, app):
    now = app.clock()
    for name, minutes in (("unfollow", 5), ("follow", 60), ("user_send_text", 90), ("follow", 60)):
        await tell(client, app, ground, name, now - timedelta(minutes=minutes))
        await read_all(app)
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT follows, changed_at, last_interaction_at FROM zalo_relation")
    assert [row["follows"], *(round((now - row[at]) / timedelta(minutes=1)) for at in (1, 2))] == [False, 5, 60]


async def test_two_copies_read_at_the_same_moment_are_one_relation(client, ground, app):
    now = app.clock()
    for _ in range(2):
        await tell(client, app, ground, "follow", now)
    async with app.pool.acquire() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM receipt")]
    await asyncio.gather(*(steps.receipts(app, [each]) for each in ids))
    assert await known(app) == [(OFFICER, True, True, False)]


async def test_an_event_from_the_future_counts_as_now(client, ground, app):
    await tell(client, app, ground, "user_send_text", app.clock() + timedelta(days=365))
    await read_all(app)
    since = await ZaloRelations(app.pool, app.clock, app.secret).since_interaction(ground.sandbox.zalo.oa_id, OFFICER)
    assert since is not None
    assert since >= timedelta(0)


async def test_a_forged_event_opens_no_window(client, app, sandbox):
    await script(client, sandbox, match=OFFICER, times=1, behave="wrong_signature")
    await does(client, sandbox, app, "follow")
    assert await known(app) == []


async def test_what_a_person_wrote_is_kept_in_the_raw_callback_alone(client, ground, app, caplog):
    secret = "Tôi muốn hỏi riêng"
    await tell(client, app, ground, "user_send_text", app.clock(), message={"text": secret, "msg_id": "m-1"})
    await read_all(app)
    async with app.pool.acquire() as connection:
        kept = await connection.fetchval(
            "SELECT count(*) FROM zalo_relation r WHERE r::text LIKE '%' || $1 || '%'", secret
        )
        audited = await connection.fetchval("SELECT count(*) FROM audit a WHERE a::text LIKE '%' || $1 || '%'", secret)
    assert (kept, audited, secret in caplog.text) == (0, 0, False)
