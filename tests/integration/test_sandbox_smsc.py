"""The pretend SMSC, asked by the adapter and by hand; and the whole service with a bind to it."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from channels.http import HttpClient
from channels.smpp.link import Link, Patience
from channels.smpp.pdu import Bind, Command, ShortMessage
from channels.sms_smpp import Settings, SmppChannel, connect, facts
from notifier.domain.outcomes import Accepted, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptKind
from notifier.rendering.text import sms
from notifier.sandbox.app import Sandbox, running
from notifier.sandbox.settings import SmscAccount
from notifier.settings import load_settings
from tests.contract.channels_cases import smpp_settings
from tests.support.channels import SMS, Stored, message, ports
from tests.support.intake import sample
from tests.support.sandbox import sandbox_settings
from tests.support.stack import CALLS, becomes, grant_zalo, post_event
from tests.support.waiting import until
from workers import steps
from workers.wiring import open_app

ACCOUNT = SmscAccount("tb", "a-password-longer-than-8")
LONG = sms("Ho so H01.14-261119-0042 da duoc tiep nhan {}. " * 4)


@pytest.fixture
def stored() -> Stored:
    return Stored()


@asynccontextmanager
async def binding(sandbox: Sandbox, stored: Stored, **settings):
    table = {"password": ACCOUNT.password, "brandname": "VIDU", **settings}
    http = HttpClient(frozenset())
    read = Settings.model_validate(smpp_settings(sandbox.smpp_port, **table))
    channel = await connect(read, ports(http, stored=stored, stays=True))
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def bound(sandbox: Sandbox, stored: Stored, **settings):
    """A channel whose bind stands, however busy the machine is."""
    async with binding(sandbox, stored, **settings) as channel:
        await until(lambda: is_bound(channel), 20, "the bind")
        yield channel


async def is_bound(channel: SmppChannel) -> bool:
    return isinstance(await channel.bound.link(), Link)


@asynccontextmanager
async def smsc(**account):
    async with (
        running(sandbox_settings(smsc=replace(ACCOUNT, **account))) as sandbox,
        aiohttp.ClientSession(sandbox.http_url) as http,
    ):
        yield sandbox, http


@pytest.fixture
async def here(stored):
    """The SMSC with a channel that is bound to it, and where the script goes."""
    async with AsyncExitStack() as stack:
        sandbox, http = await stack.enter_async_context(smsc())
        yield sandbox, await stack.enter_async_context(bound(sandbox, stored)), http


async def script(http, behave: str, **args) -> None:
    times = args.pop("times", None)
    reply = await http.post(
        "/sandbox/script", json=[{"channel": "sms", "behave": behave, "times": times, "args": args}]
    )
    assert reply.status == 201


def told(stored: Stored, **settings) -> list[tuple[str | None, ReceiptKind]]:
    read = Settings.model_validate(smpp_settings(**settings))
    return [(fact.reference, fact.kind) for raw in stored.receipts for fact in facts(raw, read)]


def ends(stored: Stored, **settings) -> list[tuple[str | None, ReceiptKind]]:
    return [each for each in told(stored, **settings) if each[1] is not ReceiptKind.INFO]


@pytest.mark.parametrize("long_text", ["udh", "sar", "payload"])
@pytest.mark.parametrize("content", [SMS, LONG, sms("Hồ sơ đã được tiếp nhận, hẹn trả kết quả. " * 4)])
async def test_a_message_arrives_whole_in_whichever_form_it_is_cut(stored, content, long_text: str):
    async with smsc() as (sandbox, _), bound(sandbox, stored, long_text=long_text) as channel:
        assert isinstance(await channel.send(message(content)), Accepted)
        (captured,) = sandbox.messages
    assert (captured.to, captured.content["text"], captured.content["brandname"]) == (
        "0912000123",
        content.text,
        "VIDU",
    )


async def test_the_receipt_of_a_message_names_it_by_the_id_of_the_answer(here, stored):
    _, channel, _ = here
    outcome = await channel.send(message(LONG))
    assert isinstance(outcome, Accepted)
    await until(lambda: ends(stored), 5, "the receipt")
    assert told(stored) == [(outcome.reference, ReceiptKind.INFO), (outcome.reference, ReceiptKind.DELIVERED)]


@pytest.mark.parametrize(
    ("account", "settings"),
    [
        ({"receipt_form": "text"}, {}),
        ({"receipt_form": "parameters"}, {}),
        ({"receipt_form": "text", "dates_with_seconds": True}, {}),
        ({"receipt_form": "text", "receipts_in_hex": False}, {"message_ids": "receipts_decimal"}),
        ({"receipt_form": "text", "answers_in_hex": False}, {"message_ids": "receipts_hex"}),
        ({"answers_in_hex": False, "receipts_in_hex": False}, {}),
    ],
)
async def test_receipts_in_every_form_are_understood(stored, account, settings):
    async with smsc(**account) as (sandbox, _), bound(sandbox, stored) as channel:
        outcome = await channel.send(message(SMS))
        await until(lambda: ends(stored, **settings), 5, "the receipt")
    assert isinstance(outcome, Accepted)
    assert ends(stored, **settings) == [(outcome.reference, ReceiptKind.DELIVERED)]


@pytest.mark.parametrize(
    ("behave", "args", "kind", "taken"),
    [
        ("refuse", {}, Permanent, 0),
        ("refuse", {"status": 0x45}, Transient, 0),
        ("refuse", {"status": 0x4A1}, Unknown, 0),
        ("throttle", {}, Throttled, 0),
        ("server_error", {}, Transient, 0),
        ("hang", {}, Unknown, 0),
        ("html", {}, Unknown, 0),
        ("cut", {}, Unknown, 0),
        ("no_code", {}, Unknown, 1),
        ("accept_then_hang", {}, Unknown, 1),
        ("accept_then_cut", {}, Unknown, 1),
    ],
)
async def test_each_misbehaviour_takes_what_it_says_and_looks_as_it_should(
    stored, behave: str, args, kind: type, taken: int
):
    patience = {"timeout_seconds": 0.3} if behave.endswith("hang") else {}
    async with smsc() as (sandbox, http), bound(sandbox, stored, **patience) as channel:
        await script(http, behave, **args)
        assert isinstance(await channel.send(message(SMS)), kind)
        assert len(sandbox.messages) == taken


async def test_a_full_window_that_is_cut_is_unclear_to_the_last_message(here):
    _, channel, http = here
    await script(http, "accept_then_hang", times=4)
    await script(http, "cut", times=1)
    outcomes = await asyncio.gather(*(channel.send(message(SMS)) for _ in range(5)))
    assert outcomes == [Unknown("lost", "ambiguous")] * 5


async def test_a_failed_message_is_reported_with_its_error(here, stored):
    _, channel, http = here
    await script(http, "fail", err="0A1")
    await channel.send(message(SMS))
    await until(lambda: ends(stored), 5, "the receipt")
    (fact,) = facts(stored.receipts[-1], Settings.model_validate(smpp_settings()))
    assert (fact.kind, fact.code) == (ReceiptKind.FAILED, "undeliv_0a1")


async def test_a_receipt_can_come_before_the_answer(here, stored):
    _, channel, http = here
    await script(http, "receipt_first")
    outcome = await channel.send(message(SMS))
    assert isinstance(outcome, Accepted)
    assert ends(stored) == [(outcome.reference, ReceiptKind.DELIVERED)]


async def test_a_receipt_is_brought_again_until_it_is_stored(stored):
    stored.faults = 2
    async with smsc() as (sandbox, _), bound(sandbox, stored) as channel:
        outcome = await channel.send(message(SMS))
        await until(lambda: ends(stored), 5, "the receipt")
    assert isinstance(outcome, Accepted)


async def test_a_receipt_comes_over_whichever_bind_there_is(stored):
    other = Stored()
    async with smsc() as (sandbox, http):
        await script(http, "accept", receipt_seconds=0.2)
        async with bound(sandbox, other) as channel:
            outcome = await channel.send(message(SMS))
        async with bound(sandbox, stored):
            await until(lambda: ends(stored), 5, "the receipt")
    assert (outcome, other.receipts) == (Accepted(ends(stored)[0][0] or ""), [])


async def test_a_rate_that_is_passed_is_throttled(stored):
    async with smsc(rate_per_second=3) as (sandbox, _), bound(sandbox, stored) as channel:
        outcomes = [await channel.send(message(SMS)) for _ in range(4)]
    assert [type(each) for each in outcomes] == [Accepted, Accepted, Accepted, Throttled]


async def test_a_client_that_answers_is_asked_and_kept(stored):
    async with smsc(enquire_link_seconds=0.02) as (sandbox, _), bound(sandbox, stored) as channel:
        await channel.send(message(SMS))
        link = await channel.bound.link()
        await until(lambda: ends(stored), 5, "the receipt")
        assert await channel.bound.link() is link


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"system_id": "x"}, 0x0F), ({"password": "x"}, 0x0E), ({}, 0x05)],
    ids=["id", "password", "too many"],
)
async def test_a_bind_that_is_not_allowed_is_refused(changes, status: int):
    async with smsc(binds=0 if not changes else 1) as (sandbox, _):
        link = await raw_link(sandbox)
        answer = await link.request(
            Command.BIND_TRANSCEIVER, replace(Bind(ACCOUNT.system_id, ACCOUNT.password), **changes)
        )
        await link.close()
    assert answer.status == status


async def test_a_bind_can_be_refused_by_script(stored):
    async with smsc() as (sandbox, http):
        await script(http, "refuse_bind", status=0x0D)
        async with binding(sandbox, stored) as channel:
            assert await channel.send(message(SMS)) == Throttled("0x0000000d", "config")


async def test_who_is_bound_to_receive_cannot_submit():
    async with smsc() as (sandbox, _):
        link = await raw_link(sandbox)
        await link.request(Command.BIND_RECEIVER, Bind(ACCOUNT.system_id, ACCOUNT.password))
        answer = await link.request(Command.SUBMIT_SM, ShortMessage(dest="84912000123", source="VIDU"))
        await link.close()
    assert answer.status == 0x04


async def raw_link(sandbox: Sandbox) -> Link:
    async def drop(_: bytes) -> None: ...

    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.smpp_port)
    return Link(reader, writer, Patience(2, 30), drop)


# The whole service


@pytest.fixture
async def service(ground):
    """The service with a bind to the SMSC in the place of its SMS gateway."""
    fitted = replace(ground.sandbox, smsc=ACCOUNT)
    async with running(fitted) as sandbox:
        settings = load_settings(ground.environ)
        table = {"host": "127.0.0.1", "port": sandbox.smpp_port, "tls": "none", "system_id": ACCOUNT.system_id}
        sms_table = {"adapter": "sms_smpp", **table, "password": ACCOUNT.password, "brandname": "ANGIANG"}
        channels = {**settings.channels, "sms": sms_table}
        async with open_app(settings.model_copy(update={"channels": channels}), name="test", stays=True) as app:
            await grant_zalo(app, ground)
            CALLS[app.name] = steps.new_calls(app)
            yield app, sandbox
            await CALLS.pop(app.name).finish()


@pytest.fixture
async def app(service):
    return service[0]


async def test_a_citizen_is_told_over_a_bind_and_the_receipt_proves_it(client, ground, service):
    app, sandbox = service
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await becomes(app, "citizen", "sms", "delivered")
    assert [message.channel for message in sandbox.messages].count("sms") == 1


async def test_a_receipt_of_an_smsc_is_not_believed_over_http(client, service):
    answer = await client.post("/v1/receipts/sms", data=b"\0\0\0\x10\0\0\0\5\0\0\0\0\0\0\0\1")
    assert answer.status == 401
