"""The pretend providers, asked what became of a message: they tell the truth, unless the script says otherwise."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from notifier.sandbox.app import Sandbox, running
from notifier.sandbox.zalo_tokens import appsecret_proof
from tests.support.sandbox import QUICK, SMS, ZALO, sandbox_settings
from tests.support.waiting import until

PHONE = "0912000101"
SEND_SMS = "/esms/MainService.svc/json/SendMultipleMessage_V4_post_json/"
SMS_STATUS = "/esms/MainService.svc/json/GetSendStatus"
ZALO_STATUS = "/zalo/business/message/status"
KEYS = {"ApiKey": SMS.api_key, "SecretKey": SMS.secret_key}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Providers:
    """A running sandbox as its customers see it."""

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession, clock: Clock) -> None:
        self.sandbox, self.http, self.clock = sandbox, http, clock

    async def script(self, channel: str, behave: str, match: str = "status", **args: Any) -> None:
        rule = {"channel": channel, "match": match, "behave": behave, "args": args}
        assert (await self.http.post("/sandbox/script", json=[rule])).status == 201

    async def send_sms(self) -> str:
        fields = {"Phone": PHONE, "Content": "x", "Brandname": "VIDU", "SmsType": "2", "RequestId": "a" * 32}
        return (await (await self.http.post(SEND_SMS, json=KEYS | fields)).json())["SMSID"]

    async def sms_status(self, smsid: str) -> dict[str, Any]:
        return await (await self.http.get(SMS_STATUS, params={"RefId": smsid, **KEYS})).json()

    async def zalo_token(self) -> dict[str, str]:
        form = {"refresh_token": ZALO.refresh_token, "app_id": ZALO.app_id, "grant_type": "refresh_token"}
        reply = await self.http.post(
            "/zalo/oauth/v4/oa/access_token", data=form, headers={"secret_key": ZALO.app_secret}
        )
        token = (await reply.json())["access_token"]
        return {"access_token": token, "appsecret_proof": appsecret_proof(token, ZALO.app_secret)}

    async def is_ended(self) -> None:
        await until(lambda: self.sandbox.messages[0].state != "accepted", 5, "the message to end")


@pytest.fixture
async def providers(request: pytest.FixtureRequest):
    changes, clock = getattr(request, "param", {}), Clock()
    async with (
        running(sandbox_settings(**changes), clock=clock) as sandbox,
        aiohttp.ClientSession(sandbox.http_url) as http,
    ):
        yield Providers(sandbox, http, clock)


FRESH = {"delays": replace(QUICK, fresh_seconds=60.0)}


@pytest.mark.parametrize("providers", [FRESH], indirect=True)
async def test_a_fresh_sms_is_not_found_for_a_moment(providers):
    smsid = await providers.send_sms()
    before = (await providers.sms_status(smsid))["CodeResponse"]
    providers.clock.now += timedelta(seconds=60)
    assert (before, (await providers.sms_status(smsid))["CodeResponse"]) == ("105", "100")


async def test_an_sms_is_not_found_after_seven_days(providers):
    smsid = await providers.send_sms()
    providers.clock.now += timedelta(days=7, seconds=1)
    assert (await providers.sms_status(smsid))["CodeResponse"] == "105"


async def test_the_numbers_of_an_sms_status_are_numbers_and_texts_by_turns(providers):
    smsid = await providers.send_sms()
    await providers.is_ended()
    found = [(await providers.sms_status(smsid))["SendSuccess"] for _ in range(2)]
    assert found == [1, "1"]


@pytest.mark.parametrize(("behave", "counts"), [("no_receipt", (1, 0)), ("fail", (0, 1))])
async def test_an_sms_status_tells_what_no_report_told(providers, behave: str, counts: tuple[int, int]):
    await providers.script("sms", behave, PHONE)
    smsid = await providers.send_sms()
    await providers.is_ended()
    status = await providers.sms_status(smsid)
    assert (status["SendStatus"], status["SendSuccess"], status["SendFailed"]) == (5, *counts)


@pytest.mark.parametrize(
    ("providers", "code"),
    [({}, "105"), ({"sms": replace(SMS, status_by_request_id=True)}, "100")],
    indirect=["providers"],
)
async def test_an_sms_is_found_by_its_request_id_only_where_the_settings_say_so(providers, code: str):
    await providers.send_sms()
    assert (await providers.sms_status("a" * 32))["CodeResponse"] == code


async def test_a_zalo_message_to_an_account_cannot_be_asked_about(providers):
    headers = await providers.zalo_token()
    body = {"user_id": "9990000000000000101", "template_id": "1", "template_data": {}}
    sent = await providers.http.post("/zalo/openapi/v3.0/oa/message/template", json=body, headers=headers)
    query = {"message_id": (await sent.json())["data"]["message_id"]}
    await providers.is_ended()
    reply = await providers.http.get(ZALO_STATUS, params=query, headers=headers)
    assert (await reply.json())["data"]["status"] == -1


@pytest.mark.parametrize(("channel", "path"), [("sms", SMS_STATUS), ("zalo", ZALO_STATUS)])
async def test_a_question_is_answered_with_garbage_where_the_script_says_so(providers, channel: str, path: str):
    await providers.script(channel, "html")
    assert (await providers.http.get(path)).content_type == "text/html"


@pytest.mark.parametrize(("channel", "path"), [("sms", SMS_STATUS), ("zalo", ZALO_STATUS)])
async def test_a_question_is_not_answered_where_the_script_says_so(providers, channel: str, path: str):
    await providers.script(channel, "hang", seconds=30)
    with pytest.raises(asyncio.TimeoutError):
        await providers.http.get(path, timeout=aiohttp.ClientTimeout(total=0.3))


async def test_a_rule_for_questions_leaves_the_messages_alone(providers):
    await providers.script("sms", "html")
    assert await providers.send_sms()


async def test_a_rule_for_the_messages_of_a_person_leaves_the_questions_alone(providers):
    await providers.script("sms", "html", PHONE)
    assert (await providers.sms_status("nothing"))["CodeResponse"] == "105"
