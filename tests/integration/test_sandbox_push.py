"""The pretend portal that keeps its inboxes itself: asked over a socket, and as the service's portal channel."""

import asyncio
import base64
import json
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from standardwebhooks import Webhook

from notifier.domain.clock import shifted_clock, system_clock
from notifier.intake.signature import parse_secret, sign
from notifier.sandbox.app import running
from notifier.sandbox.settings import PushAccount
from tests.support.front_door import quick
from tests.support.intake import sample
from tests.support.sandbox import listening, sandbox_settings
from tests.support.stack import post_event, states, work_once
from tests.support.waiting import until

SECRET, RECEIPT_SECRET, STRANGE = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"t", b"s"))
ACCOUNT = PushAccount(SECRET, RECEIPT_SECRET)
PATH = "/portal/notifications"


@pytest.fixture
async def notifier():
    async with listening() as listener:
        yield listener


@pytest.fixture
async def portal(notifier):
    async with running(sandbox_settings(notifier.url, portal_push=ACCOUNT)) as started:
        yield started


@pytest.fixture
async def http(portal):
    async with aiohttp.ClientSession(portal.http_url) as session:
        yield session


async def script(http, behave: str, **args) -> None:
    rule = {"channel": "portal", "behave": behave, "args": args}
    async with http.post("/sandbox/script", json=[rule]) as reply:
        assert reply.status == 201, await reply.text()


async def push(http, *, key: str = "a" * 32, secret: str = SECRET, age: timedelta = timedelta(), **data):
    notice = {"id": key, "inbox": "in_7c1", "title": "Hồ sơ", "body": "Đã tiếp nhận", **data}
    body = json.dumps({"type": "thongbao.moi", "data": notice}).encode()
    headers = sign(parse_secret(secret), key, system_clock() - age, body)
    async with http.post(PATH, data=body, headers=headers) as reply:
        return reply.status, await reply.text()


def types(notifier) -> list[str]:
    return [json.loads(call.body)["type"] for call in notifier.to("/v1/receipts/portal")]


async def test_a_notice_is_taken_delivered_and_read_and_both_are_told(http, portal, notifier):
    status, _ = await push(http)
    await until(lambda: len(notifier.calls) == 2, 5, "both receipts")

    assert (status, types(notifier)) == (201, ["thongbao.da_nhan", "thongbao.da_doc"])
    assert (portal.messages[0].to, portal.messages[0].state) == ("in_7c1", "read")


async def test_its_receipts_are_signed_as_the_standard_says(http, notifier):
    await push(http)
    await until(lambda: notifier.calls, 5, "a receipt")

    call = notifier.calls[0]
    assert Webhook(RECEIPT_SECRET).verify(call.body.decode(), call.headers)["data"]["id"] == "a" * 32


async def test_a_second_post_with_the_same_id_makes_no_second_notice(http, portal):
    first, second = await push(http), await push(http)

    assert (first[0], second[0], len(portal.messages)) == (201, 200, 1)
    assert json.loads(first[1]) == json.loads(second[1])


async def test_a_post_that_is_not_signed_by_us_or_is_old_is_refused(http, portal):
    refused = [await push(http, secret=STRANGE), await push(http, age=timedelta(minutes=6))]

    assert ([status for status, _ in refused], portal.messages) == ([401, 401], [])


async def test_a_post_that_is_no_notice_is_refused(http, portal):
    assert ((await push(http, inbox=None))[0], portal.messages) == (422, [])


async def test_it_misbehaves_as_it_is_told(http, portal):
    found = {}
    for number, behave in enumerate(("refuse", "server_error", "throttle", "html")):
        await http.delete("/sandbox/script")
        await script(http, behave)
        found[behave] = (await push(http, key=f"{number:032}"))[0]

    assert found == {"refuse": 404, "server_error": 503, "throttle": 429, "html": 200}
    assert portal.messages == []


@pytest.mark.parametrize(
    ("behave", "told"),
    [
        ("fail", ["thongbao.that_bai"]),
        ("not_read", ["thongbao.da_nhan"]),
        ("reversed_receipts", ["thongbao.da_doc", "thongbao.da_nhan"]),
        ("duplicate_receipt", ["thongbao.da_nhan"] * 2 + ["thongbao.da_doc"] * 2),
        ("receipt_first", ["thongbao.da_nhan", "thongbao.da_doc"]),
        ("forged_receipt", ["thongbao.that_bai", "thongbao.da_nhan", "thongbao.that_bai", "thongbao.da_doc"]),
    ],
)
async def test_its_receipts_can_be_of_every_kind(http, notifier, behave, told):
    await script(http, behave)
    await push(http)
    await until(lambda: len(notifier.calls) >= len(told), 5, "the receipts")

    assert types(notifier) == told


async def test_a_silence_outlasts_the_client_and_the_notice_is_kept(http, portal):
    await script(http, "accept_then_hang", seconds=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await push(http)

    assert len(portal.messages) == 1


# As the service's own portal channel


@pytest.fixture
def ground(ground):
    """An installation whose portal keeps the inboxes."""
    port = ground.sandbox.http_port
    table = {
        "adapter": "portal_push",
        "notify_url": f"http://127.0.0.1:{port}{PATH}",
        "secrets": [SECRET],
        "receipt_secrets": [RECEIPT_SECRET],
        "confirms_delivery": True,
    }
    made = quick(ground)
    return replace(
        made,
        environ={**made.environ, "NOTIFIER_CHANNELS__PORTAL": json.dumps(table)},
        sandbox=replace(made.sandbox, portal_push=ACCOUNT),
    )


async def test_a_notice_reaches_the_portal_and_is_read_there(ground, app, client):
    async with running(ground.sandbox, clock=shifted_clock(ground.clock_file)) as portal:
        await post_event(client, ground, sample("02-duoc-tiep-nhan"))

        async def is_read() -> bool:
            await work_once(app)
            return (await states(app)).get(("citizen", "portal")) == "read"

        await until(is_read, 15, "the notice to be read")

    (notice,) = (each for each in portal.messages if each.channel == "portal" and each.content["audience"] == "citizen")
    assert "H01.14-261119-0042" in notice.content["title"] + notice.content["body"]
