"""What Zalo and eSMS are asked, and what is made of what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import esms_status, sms_esms, zalo, zalo_status
from channels.base import Askable, Asks, Ports, Question
from channels.http import HttpClient, Reply
from channels.zalo_api import appsecret_proof
from notifier.domain.answers import Answer, Arrived, Lost, NoAnswer, NotTaken, UnderWay
from notifier.domain.ids import InboxOwner
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import esms_settings, zalo_settings
from tests.contract.channels_cases import esms_status as said
from tests.contract.channels_cases import zalo_status as told
from tests.support.channels import DELIVERY, Tokens, ports, question
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, Silence, answer_json, patience, running

LINKED = Contact(InboxOwner("in_1"), phone="+84912000123", zalo_uid="9007199254740993")
KEY = DELIVERY.hex


def zalo_channel(url: str, given: Ports, **settings) -> Askable:
    return zalo.ZaloChannel(zalo.Settings.model_validate(zalo_settings(url, **settings)), given)


def esms_channel(url: str, given: Ports, **settings) -> Askable:
    return sms_esms.EsmsChannel(sms_esms.Settings.model_validate(esms_settings(url, **settings)), given)


async def ask(
    make, put: Question, *answers: HttpAnswer | Silence, tokens: Tokens | None = None, **settings
) -> tuple[Answer, list[HttpRequest]]:
    peer = HttpPeer(*answers)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        try:
            channel = make(peer.url, ports(http, tokens=tokens), timeout_seconds=patience(*answers), **settings)
            return await channel.ask(put), peer.requests
        finally:
            await http.close()


async def test_zalo_is_asked_by_its_own_id_and_nothing_else():
    _, (request,) = await ask(zalo_channel, question("zalo-1"), told(1))
    assert (request.method, request.path, request.body) == ("GET", "/message/status?message_id=zalo-1", b"")


async def test_the_question_to_zalo_carries_the_token_with_its_proof():
    _, (request,) = await ask(zalo_channel, question("zalo-1"), told(1))
    assert request.headers["access_token"] == "token-1"
    assert request.headers["appsecret_proof"] == appsecret_proof("token-1", "APPSECRET")


@pytest.mark.parametrize("reference", [None, KEY])
async def test_zalo_is_not_asked_about_a_message_that_it_gave_no_id(reference: str | None):
    assert await ask(zalo_channel, question(reference), told(1)) == (NoAnswer("no_message_id"), [])


async def test_zalo_is_not_asked_about_a_message_to_an_account():
    assert await ask(zalo_channel, question("zalo-2", contact=LINKED), told(1)) == (NoAnswer("no_status_by_uid"), [])


async def test_a_token_refused_for_a_question_is_replaced_once():
    tokens, refusal = Tokens(), answer_json({"error": -124, "message": "Access token is invalid"})
    answer, requests = await ask(zalo_channel, question("zalo-1"), refusal, tokens=tokens)
    assert (answer, len(requests), tokens.refusals) == (NoAnswer("-124"), 2, ["token-1"])


@pytest.mark.parametrize("tokens", [[], ["token-1"]])
async def test_a_lost_grant_is_no_answer(tokens: list[str]):
    refusal = answer_json({"error": -124, "message": "Access token is invalid"})
    answer, _ = await ask(zalo_channel, question("zalo-1"), refusal, tokens=Tokens(tokens))
    assert answer == NoAnswer("token_lost")


@pytest.mark.parametrize(
    ("answer", "said_so"),
    [
        (told(1), Arrived()),
        (told("1"), Arrived()),
        (told(0), UnderWay()),
        (told("0"), UnderWay()),
        (told(-1), NotTaken("status_-1")),
        (told(2), NoAnswer("garbled")),
        (told(None), NoAnswer("garbled")),
        (told([1]), NoAnswer("garbled")),
        (answer_json({"error": 0}), NoAnswer("garbled")),
        (answer_json({"data": {"status": 1}}), NoAnswer("garbled")),
        (answer_json({"error": -107, "data": {"status": 1}}), NoAnswer("-107")),
        (answer_json({"error": 0, "data": {"status": 1}}, 502), NoAnswer("http_502")),
        (answer_json({}, 429, {"Retry-After": "7"}), NoAnswer("http_429")),
        (HttpAnswer(200, b"<html>"), NoAnswer("garbled")),
        (Silence.HANG, NoAnswer("timeout")),
        (Silence.DROP, NoAnswer("lost")),
    ],
)
async def test_only_a_plain_status_of_zalo_says_something(answer: HttpAnswer | Silence, said_so: Answer):
    assert (await ask(zalo_channel, question("zalo-1"), answer))[0] == said_so


async def test_esms_is_asked_by_its_own_id():
    _, (request,) = await ask(esms_channel, question("sms-1"), said(5, 1))
    assert request.method == "GET"
    assert request.path == "/MainService.svc/json/GetSendStatus?RefId=sms-1&ApiKey=ak&SecretKey=sk"


@pytest.mark.parametrize("reference", [None, KEY])
async def test_esms_is_not_asked_by_our_id_unless_the_settings_say_that_it_knows_it(reference: str | None):
    assert await ask(esms_channel, question(reference), said(5, 1)) == (NoAnswer("no_smsid"), [])


@pytest.mark.parametrize("reference", [None, KEY])
async def test_esms_is_asked_by_our_id_where_the_settings_say_that_it_knows_it(reference: str | None):
    answer, (request,) = await ask(esms_channel, question(reference), said(7, SMSID="sms-1"), status_by_request_id=True)
    assert f"RefId={KEY}&" in request.path
    assert answer == UnderWay("sms-1")


@pytest.mark.parametrize(("by_request_id", "asks"), [(False, Asks.REFERENCE), (True, Asks.KEY)])
def test_what_esms_can_be_asked_by_follows_the_settings(*, by_request_id: bool, asks: Asks):
    settings = sms_esms.Settings.model_validate(esms_settings(status_by_request_id=by_request_id))
    assert sms_esms.capabilities(settings).asks is asks


@pytest.mark.parametrize(
    ("answer", "said_so"),
    [
        (said(5, 1, 0, SMSID="sms-1"), Arrived()),
        (said("5", "1", "0", SMSID="sms-1"), Arrived()),
        (answer_json({"CodeResponse": 100, "SendStatus": 5, "SendSuccess": 1, "SendFailed": 0}), Arrived()),
        (answer_json({"CodeResult": "100", "SendStatus": 5, "SendSuccess": 1, "SendFailed": 0}), Arrived()),
        (said(5, 0, 1), Lost("status_5")),
        (said("5", "0", "1"), Lost("status_5")),
        (said(4), Lost("status_4")),
        (said(1, SMSID="sms-1"), UnderWay()),
        (said("2", SMSID="sms-1"), UnderWay()),
        (said(7, SMSID="sms-1"), UnderWay()),
        (said(5, 0, 0), NoAnswer("status_5")),
        (said(5, 1, 1), NoAnswer("status_5")),
        (said(0), NoAnswer("garbled")),
        (said(None), NoAnswer("garbled")),
        (said({"5": 1}, 1), NoAnswer("garbled")),
        (answer_json({"CodeResponse": "105", "SMSID": "sms-1"}), NotTaken("105")),
        (answer_json({"CodeResponse": 105}), NotTaken("105")),
        (answer_json({"CodeResponse": "101", "SMSID": "sms-1"}), NoAnswer("101")),
        (answer_json({"CodeResponse": "x" * 1000}), NoAnswer("x" * 20)),
        (answer_json({"error": "Invalid request"}), NoAnswer("no_code")),
        (answer_json({"CodeResponse": "100"}, 500), NoAnswer("http_500")),
        (answer_json({}, 429), NoAnswer("http_429")),
        (HttpAnswer(200, b"<html>"), NoAnswer("garbled")),
        (Silence.HANG, NoAnswer("timeout")),
        (Silence.DROP, NoAnswer("lost")),
    ],
)
async def test_only_a_plain_status_of_esms_says_something(answer: HttpAnswer | Silence, said_so: Answer):
    assert (await ask(esms_channel, question("sms-1"), answer))[0] == said_so


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 200)
    | st.floats()
    | st.text()
    | st.sampled_from(["0", "1", "5", "100"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ZALO_REPLY = st.dictionaries(
    st.sampled_from(["error", "data", "message"]), JSON | st.dictionaries(st.just("status"), JSON)
)
ESMS_REPLY = st.dictionaries(
    st.sampled_from(["CodeResponse", "CodeResult", "SMSID", "SendStatus", "SendSuccess", "SendFailed"]), JSON
)


@given(st.integers(100, 599), ZALO_REPLY.map(answer_json).map(lambda answer: answer.body) | st.binary())
def test_nothing_that_zalo_replies_raises(status: int, body: bytes):
    assert isinstance(zalo_status.answer_of(Reply(status, {}, body)), Answer)


@given(st.integers(100, 599), ESMS_REPLY.map(answer_json).map(lambda answer: answer.body) | st.binary())
def test_nothing_that_esms_replies_raises(status: int, body: bytes):
    assert isinstance(esms_status.answer_of(Reply(status, {}, body), "sms-1"), Answer)
