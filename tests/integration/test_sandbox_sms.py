"""The pretend SMS gateway, asked over a socket as eSMS documents it."""

import asyncio
import json
from dataclasses import replace

import aiohttp
import pytest

from notifier.sandbox.app import running
from tests.support.sandbox import SMS, listening, sandbox_settings
from tests.support.waiting import until

PHONE = "0912000101"
SEND = "/esms/MainService.svc/json/SendMultipleMessage_V4_post_json/"
STATUS = "/esms/MainService.svc/json/GetSendStatus"
REPORTS = "/v1/receipts/sms/unguessable"


@pytest.fixture
async def notifier():
    async with listening() as listener:
        yield listener


@pytest.fixture
async def sandbox(notifier):
    async with running(sandbox_settings(notifier.url)) as started:
        yield started


@pytest.fixture
async def http(sandbox):
    async with aiohttp.ClientSession(sandbox.http_url) as session:
        yield session


async def script(http, *rules):
    reply = await http.post("/sandbox/script", json=[{"channel": "sms"} | rule for rule in rules])
    assert reply.status == 201


def request(notifier, **changes):
    fields = {
        "ApiKey": "sms-key",
        "SecretKey": "sms-secret",
        "Phone": PHONE,
        "Content": "Ho so H01.14-261119-0042 da duoc tiep nhan.",
        "Brandname": "VIDU",
        "SmsType": "2",
        "IsUnicode": "0",
        "Sandbox": "0",
        "RequestId": "a" * 32,
        "CallbackUrl": f"{notifier.url}{REPORTS}",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


async def send(http, notifier, **changes):
    reply = await http.post(SEND, json=request(notifier, **changes))
    assert reply.status == 200
    return await reply.json()


async def reports(notifier, count):
    return await until(lambda: len(notifier.calls) >= count and notifier.calls, 5, f"{count} reports")


async def test_an_accepted_message_is_answered_with_100_and_an_id(http, notifier):
    reply = await send(http, notifier)
    assert (reply["CodeResult"], bool(reply["SMSID"])) == ("100", True)


async def test_an_accepted_message_reaches_the_phone(sandbox, http, notifier):
    await send(http, notifier, Phone="84912000101")
    message = sandbox.messages[0]
    assert (message.to, message.content["text"]) == (PHONE, "Ho so H01.14-261119-0042 da duoc tiep nhan.")


async def test_the_gateway_reports_handing_over_and_then_the_end(http, notifier):
    reply = await send(http, notifier)
    told = [
        {name: call.query[name] for name in ("SMSID", "RequestId", "SendStatus", "SendSuccess", "SendFailed")}
        for call in await reports(notifier, 2)
    ]
    base = {"SMSID": reply["SMSID"], "RequestId": "a" * 32, "SendFailed": "0"}
    assert told == [base | {"SendStatus": "7", "SendSuccess": "0"}, base | {"SendStatus": "5", "SendSuccess": "1"}]


async def test_a_report_is_a_get_on_the_callback_address(http, notifier):
    await send(http, notifier)
    call = (await reports(notifier, 1))[0]
    assert (call.method, call.path) == ("GET", REPORTS)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SecretKey": "wrong"}, "101"),
        ({"Brandname": "KHAC"}, "104"),
        ({"Phone": "02963123456"}, "108"),
        ({"SmsType": None}, "300"),
        ({"SmsType": "1"}, "301"),
    ],
)
async def test_a_wrong_request_is_refused_with_its_code(http, notifier, changes, code):
    assert (await send(http, notifier, **changes))["CodeResult"] == code


async def test_a_field_that_is_no_string_gets_a_reply_without_code(http, notifier):
    assert await send(http, notifier, IsUnicode=0) == {"error": "Invalid request"}


async def test_a_repeated_request_id_is_refused_without_an_id(http, notifier):
    await send(http, notifier)
    reply = await send(http, notifier)
    assert (reply["CodeResult"], "SMSID" in reply) == ("124", False)


async def test_a_repeated_request_id_makes_no_second_message(sandbox, http, notifier):
    await asyncio.gather(*(send(http, notifier) for _ in range(10)))
    assert len(sandbox.messages) == 1


async def test_a_message_for_the_gateways_own_sandbox_reaches_nobody(sandbox, http, notifier):
    await send(http, notifier, Sandbox="1")
    assert sandbox.messages == []


@pytest.mark.parametrize("code", ["99", "103", "146", "177"])
async def test_a_scripted_refusal_has_its_code(http, notifier, code):
    await script(http, {"match": PHONE, "behave": "refuse", "args": {"code": code}})
    assert (await send(http, notifier))["CodeResult"] == code


async def test_a_template_refusal_still_carries_an_id(http, notifier):
    await script(http, {"behave": "refuse", "args": {"code": "146"}})
    assert "SMSID" in await send(http, notifier)


async def test_a_reply_can_lack_its_code(http, notifier):
    await script(http, {"behave": "no_code"})
    assert "CodeResult" not in await send(http, notifier)


async def test_a_server_error_takes_nothing(sandbox, http, notifier):
    await script(http, {"behave": "server_error", "args": {"status": 502}})
    reply = await http.post(SEND, json=request(notifier))
    assert (reply.status, sandbox.messages) == (502, [])


async def test_a_reply_can_be_a_page(http, notifier):
    await script(http, {"behave": "html"})
    reply = await http.post(SEND, json=request(notifier))
    assert reply.content_type == "text/html"


@pytest.mark.parametrize(("behave", "kept"), [("hang", 0), ("accept_then_hang", 1)])
async def test_a_silence_outlasts_the_client(sandbox, http, notifier, behave, kept):
    await script(http, {"behave": behave, "args": {"seconds": 30}})
    with pytest.raises(TimeoutError):
        await http.post(SEND, json=request(notifier), timeout=aiohttp.ClientTimeout(total=0.2))
    assert len(sandbox.messages) == kept


@pytest.mark.parametrize(("behave", "counts"), [("fail", ("0", "1")), ("zero_receipt", ("0", "0"))])
async def test_the_end_can_be_a_failure_or_nothing_at_all(http, notifier, behave, counts):
    await script(http, {"behave": behave})
    await send(http, notifier)
    last = (await reports(notifier, 2))[-1].query
    assert (last["SendSuccess"], last["SendFailed"]) == counts


async def test_reports_can_come_twice(http, notifier):
    await script(http, {"behave": "duplicate_receipt"})
    await send(http, notifier)
    assert [call.query["SendStatus"] for call in await reports(notifier, 4)] == ["7", "7", "5", "5"]


async def test_reports_can_come_in_reverse(http, notifier):
    await script(http, {"behave": "reversed_receipts"})
    await send(http, notifier)
    assert [call.query["SendStatus"] for call in await reports(notifier, 2)] == ["5", "7"]


async def test_reports_can_come_before_the_reply(http, notifier):
    await script(http, {"behave": "receipt_first"})
    await send(http, notifier)
    assert len(notifier.calls) == 2


async def test_a_message_can_wait_for_its_approval_first(http, notifier):
    await script(http, {"behave": "wait_approval"})
    await send(http, notifier)
    assert [call.query["SendStatus"] for call in await reports(notifier, 4)] == ["1", "2", "7", "5"]


async def test_a_report_can_name_the_message_by_the_gateways_id_alone(http, notifier):
    await script(http, {"behave": "no_request_id"})
    reply = await send(http, notifier)
    last = (await reports(notifier, 2))[-1].query
    assert (last["RequestId"], last["SMSID"]) == ("", reply["SMSID"])


async def test_the_price_is_spelt_in_two_ways(http, notifier):
    await send(http, notifier)
    assert [{"TotalPrice", "Totalprice"} & set(call.query) for call in await reports(notifier, 2)] == [
        {"Totalprice"},
        {"TotalPrice"},
    ]


async def test_the_same_text_to_the_same_number_is_refused_for_a_while_where_the_account_is_so(notifier):
    account = replace(SMS, repeat_seconds=300)
    async with (
        running(sandbox_settings(notifier.url, sms=account)) as sandbox,
        aiohttp.ClientSession(sandbox.http_url) as http,
    ):
        codes = [(await send(http, notifier, RequestId=each * 32))["CodeResult"] for each in "ab"]
    assert codes == ["100", "159"]


async def test_without_a_report_the_message_is_delivered_all_the_same(sandbox, http, notifier):
    await script(http, {"behave": "no_receipt"})
    await send(http, notifier)
    await until(lambda: sandbox.messages[0].state == "delivered", 5, "the delivery")
    assert notifier.calls == []


async def test_a_callback_to_another_machine_is_never_made(sandbox, http, notifier, caplog):
    await send(http, notifier, CallbackUrl="http://203.0.113.7/v1/receipts/sms/x")
    await until(lambda: sandbox.messages[0].state == "delivered", 5, "the delivery")
    await until(lambda: "203.0.113.7" in caplog.text, 5, "the refusal in the log")


async def test_the_status_of_a_delivered_message_can_be_asked(sandbox, http, notifier):
    smsid = (await send(http, notifier))["SMSID"]
    await until(lambda: sandbox.messages[0].state == "delivered", 5, "the delivery")
    query = {"RefId": smsid, "ApiKey": "sms-key", "SecretKey": "sms-secret"}
    status = json.loads(await (await http.get(STATUS, params=query)).read())
    assert (status["CodeResponse"], status["SendStatus"], status["SendSuccess"]) == ("100", 5, 1)


async def test_the_status_of_an_unknown_message_is_105(http):
    query = {"RefId": "nothing", "ApiKey": "sms-key", "SecretKey": "sms-secret"}
    status = await (await http.get(STATUS, params=query)).json()
    assert status["CodeResponse"] == "105"
