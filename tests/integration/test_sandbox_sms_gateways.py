"""The pretend Kannel and the pretend gateway that takes template ids, asked by their adapters."""

from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest

from channels.http import HttpClient
from channels.registry import load
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Unknown
from notifier.domain.receipts import ReceiptKind
from notifier.rendering.text import sms
from notifier.sandbox.app import running
from tests.contract.channels_cases import kannel_settings, vnpt_settings
from tests.support import sandbox as pretend
from tests.support.channels import DELIVERY, SMS, message, ports, receipt
from tests.support.sandbox import Call, Listener, listening, sandbox_settings
from tests.support.waiting import until

WORDINGS = {"900": "Ho so {1} da duoc tiep nhan"}
MAKERS = {"sms_kannel": (kannel_settings, "/kannel"), "sms_vnpt": (vnpt_settings, "/vnpt")}
KEYS = {"username": "sms-key", "password": "sms-secret", "api_user": "sms-key", "api_password": "sms-secret"}


@pytest.fixture
async def notifier():
    async with listening() as listener:
        yield listener


@pytest.fixture
async def sandbox(notifier):
    async with running(sandbox_settings(notifier.url, sms=replace(pretend.SMS, wordings=WORDINGS))) as started:
        yield started


@pytest.fixture
async def script(sandbox):
    async def add(behave: str, **args) -> None:
        rule = {"channel": "sms", "behave": behave, "args": args}
        async with aiohttp.ClientSession(sandbox.http_url) as http, http.post("/sandbox/script", json=[rule]) as reply:
            assert reply.status == 201

    return add


@asynccontextmanager
async def channel_of(adapter: str, sandbox, notifier: Listener, **changes):
    make, path = MAKERS[adapter]
    known = {name: value for name, value in KEYS.items() if name in load(adapter).Settings.model_fields}
    http = HttpClient(frozenset({urlsplit(sandbox.http_url).netloc}))
    settings = make(sandbox.http_url + path, **{**known, **changes})
    try:
        yield await load(adapter).connect(settings, ports(http, public_url=notifier.url))
    finally:
        await http.close()


async def send(adapter: str, sandbox, notifier: Listener, content=SMS, **changes):
    async with channel_of(adapter, sandbox, notifier, **changes) as channel:
        return await channel.send(message(content))


def said(call: Call) -> tuple[ReceiptKind, str | None]:
    raw = receipt("sms", method=call.method, key=call.path.rpartition("/")[2], query=call.query)
    assert load("sms_kannel").authentic(raw, kannel_settings())
    (fact,) = load("sms_kannel").facts(raw, kannel_settings())
    assert fact.delivery_id == DELIVERY
    return fact.kind, fact.code


@pytest.mark.parametrize("content", [SMS, sms("Hồ sơ đã được tiếp nhận")], ids=["plain", "accented"])
async def test_kannel_brings_the_text_to_the_phone(sandbox, notifier, content):
    assert await send("sms_kannel", sandbox, notifier, content) == Accepted(DELIVERY.hex)
    (captured,) = sandbox.messages
    assert (captured.to, captured.content["text"]) == ("0912000123", content.text)


async def test_kannel_reports_the_end_on_our_address(sandbox, notifier):
    await send("sms_kannel", sandbox, notifier)
    (call,) = await until(lambda: notifier.calls, 5, "the report")
    assert said(call) == (ReceiptKind.DELIVERED, "delivrd")


async def test_kannel_reports_a_failure_with_its_error(sandbox, notifier, script):
    await script("fail", err="0A1")
    await send("sms_kannel", sandbox, notifier)
    (call,) = await until(lambda: notifier.calls, 5, "the report")
    assert said(call) == (ReceiptKind.FAILED, "undeliv_0a1")


async def test_kannel_reports_only_once_whatever_it_is_answered(sandbox, notifier, script):
    notifier.answers = [503]
    await script("duplicate_receipt")
    await send("sms_kannel", sandbox, notifier)
    calls = await until(lambda: len(notifier.calls) == 2 and notifier.calls, 5, "both reports")
    assert calls[0].query == calls[1].query


async def test_a_forged_report_comes_without_the_secret(sandbox, notifier, script):
    await script("forged_receipt")
    await send("sms_kannel", sandbox, notifier)
    forged, genuine = await until(lambda: len(notifier.calls) == 2 and notifier.calls, 5, "both reports")
    raw = receipt("sms", method="GET", key=forged.path.rpartition("/")[2], query=forged.query)
    assert not load("sms_kannel").authentic(raw, kannel_settings())
    assert said(genuine)[0] is ReceiptKind.DELIVERED


async def test_kannel_fills_in_what_the_address_of_a_report_asks_for(sandbox, notifier):
    keys = {"username": "sms-key", "password": "sms-secret", "to": "84912000123", "dlr-mask": "31"}
    asked = {**keys, "dlr-url": f"{notifier.url}/x?d=%d&a=%A&p=%p"}
    async with (
        aiohttp.ClientSession(sandbox.http_url) as http,
        http.get("/kannel/cgi-bin/sendsms", params=asked) as reply,
    ):
        assert (reply.status, await reply.text()) == (202, "0: Accepted for delivery")
    first, _ = await until(lambda: len(notifier.calls) == 2 and notifier.calls, 5, "both reports")
    assert first.query == dict(parse_qsl("d=8&a=ACK/&p=0912000123"))


async def test_the_template_gateway_puts_the_text_together(sandbox, notifier):
    assert await send("sms_vnpt", sandbox, notifier) == Accepted(DELIVERY.hex)
    (captured,) = sandbox.messages
    assert (captured.content["text"], captured.content["brandname"]) == (SMS.text, "56")


@pytest.mark.parametrize(
    ("adapter", "changes", "outcome"),
    [
        ("sms_kannel", {"password": "wrong"}, Throttled("http_403", "config")),
        ("sms_vnpt", {"api_password": "wrong", "codes": {"2": "config"}}, Throttled("2", "config")),
        (
            "sms_vnpt",
            {"templates": {"7": "Ho so {1} da duoc tiep nhan"}, "codes": {"3": "template"}},
            Permanent("3", "template"),
        ),
        ("sms_vnpt", {"templates": {"900": "Ho so {1} da {2} tiep nhan"}}, Unknown("4", "ambiguous")),
        ("sms_vnpt", {"phone_form": "0", "codes": {"5": "recipient"}}, Permanent("5", "recipient")),
    ],
)
async def test_what_is_asked_wrongly_is_refused(sandbox, notifier, adapter: str, changes, outcome):
    assert await send(adapter, sandbox, notifier, **changes) == outcome


@pytest.mark.parametrize("adapter", MAKERS)
@pytest.mark.parametrize(
    ("behave", "kind", "taken"),
    [
        ("throttle", Throttled, 0),
        ("html", Unknown, 0),
        ("server_error", Unknown, 0),
        ("hang", Unknown, 0),
        ("accept_then_hang", Unknown, 1),
    ],
)
async def test_each_misbehaviour_takes_what_it_says(
    sandbox, notifier, script, adapter: str, behave: str, kind: type, taken: int
):
    patience = {"timeout_seconds": 0.1} if behave.endswith("hang") else {}
    await script(behave)
    assert isinstance(await send(adapter, sandbox, notifier, **patience), kind)
    assert len(sandbox.messages) == taken
