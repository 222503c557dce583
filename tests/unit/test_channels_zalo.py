import json
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.faults import Fault
from channels.http import HttpClient
from channels.zalo import Settings, ZaloChannel, authentic, capabilities, facts
from channels.zalo_api import appsecret_proof
from channels.zalo_codes import ACCOUNT_AUTH, ACCOUNT_CODES, PHONE_AUTH, PHONE_CODES
from channels.zalo_oauth import RefreshRefused, RefreshUncertain, TokenPair, refresh
from notifier.domain.ids import InboxOwner
from notifier.domain.outcomes import Accepted, Outcome, Permanent, Throttled, Transient, Unknown
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import zalo_settings, zalo_webhook
from tests.support.channels import DELIVERY, ZALO, Tokens, message, ports, receipt
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, Silence, answer_json, closed_port, patience, running

BY_PHONE = Contact(InboxOwner("in_1"), phone="+84912000123")
BY_UID = Contact(InboxOwner("in_1"), phone="+84912000123", zalo_uid="9007199254740993")
WITHOUT_PHONE = Contact(InboxOwner("in_1"), zalo_uid="9007199254740993")
TAKEN = answer_json({"error": 0, "message": "Success", "data": {"msg_id": "zalo-1", "message_id": "zalo-2"}})
OUTCOMES = {
    Fault.RECIPIENT: Permanent,
    Fault.TEMPLATE: Permanent,
    Fault.CONFIG: Throttled,
    Fault.QUOTA: Throttled,
    Fault.DAY: Throttled,
    Fault.OWN_DAY: Throttled,
    Fault.NIGHT: Throttled,
    Fault.TRANSIENT: Transient,
    Fault.AMBIGUOUS: Unknown,
}


async def send(
    *answers: HttpAnswer | Silence,
    contact: Contact = BY_PHONE,
    staff: bool = False,
    tokens: Tokens | None = None,
    **settings,
) -> tuple[Outcome, list[HttpRequest]]:
    peer = HttpPeer(*answers)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        model = Settings.model_validate(zalo_settings(peer.url, timeout_seconds=patience(*answers), **settings))
        channel = ZaloChannel(model, ports(http, tokens=tokens))
        try:
            return await channel.send(message(ZALO, contact=contact, staff=staff)), peer.requests
        finally:
            await http.close()


def refusal(code: int, text: str = "x") -> HttpAnswer:
    return answer_json({"error": code, "message": text, "data": None})


async def test_without_a_link_the_message_goes_by_phone():
    outcome, (request,) = await send(TAKEN)
    assert outcome == Accepted("zalo-1")
    assert (request.path, request.json) == (
        "/message/template",
        {
            "phone": "84912000123",
            "template_id": "10001",
            "template_data": ZALO.parameters,
            "tracking_id": DELIVERY.hex,
        },
    )


async def test_with_a_link_the_message_goes_to_the_account():
    outcome, (request,) = await send(TAKEN, contact=BY_UID)
    assert outcome == Accepted("zalo-2")
    assert (request.path, request.json) == (
        "/v3.0/oa/message/template",
        {"user_id": "9007199254740993", "template_id": "10001", "template_data": ZALO.parameters},
    )


async def test_the_token_is_sent_bare_with_its_proof():
    _, (request,) = await send(TAKEN)
    assert request.headers["access_token"] == "token-1"
    assert request.headers["appsecret_proof"] == appsecret_proof("token-1", "APPSECRET")


def test_the_proof_is_the_documented_one():
    proof = "e697d0006554740ddfffab3f4406f3cef626ca5483a5c58b72a31941c9f40655"
    assert appsecret_proof("TOKEN", "APPSECRET") == proof


async def test_the_proof_can_be_switched_off():
    _, (request,) = await send(TAKEN, appsecret_proof=False)
    assert "appsecret_proof" not in request.headers


async def test_the_development_mode_is_named():
    _, (request,) = await send(TAKEN, mode="development")
    assert request.json["mode"] == "development"


async def test_an_officer_without_a_link_is_not_written_to_by_phone():
    outcome, requests = await send(TAKEN, staff=True)
    assert (outcome, requests) == (Permanent("no_zalo_address", "recipient"), [])


async def test_an_officer_is_written_to_by_phone_where_the_settings_say_so():
    outcome, _ = await send(TAKEN, staff=True, staff_by_phone=True)
    assert outcome == Accepted("zalo-1")


async def test_a_template_without_an_id_is_not_sent():
    outcome, requests = await send(TAKEN, templates={})
    assert (outcome, requests) == (Permanent("template_not_configured", "template"), [])


@pytest.mark.parametrize(("code", "fault"), PHONE_CODES.items())
async def test_every_code_of_the_phone_channel_has_the_outcome_of_its_class(code: int, fault: Fault):
    outcome, _ = await send(refusal(code))
    assert isinstance(outcome, OUTCOMES[fault])
    assert outcome.code == ("night" if fault is Fault.NIGHT else str(code))


@pytest.mark.parametrize(("code", "fault"), ACCOUNT_CODES.items())
async def test_every_code_of_the_account_channel_has_the_outcome_of_its_class(code: int, fault: Fault):
    outcome, _ = await send(refusal(code), contact=WITHOUT_PHONE)
    assert isinstance(outcome, OUTCOMES[fault])


async def test_the_same_number_means_different_things_on_the_two_hosts():
    (by_phone, _), (by_account, _) = await send(refusal(-201)), await send(refusal(-201), contact=BY_UID)
    assert (type(by_phone), type(by_account)) == (Unknown, Permanent)


@pytest.mark.parametrize("code", [-32, -223])
@pytest.mark.parametrize(("text", "reason"), [("Rate limit exceeded", "quota"), ("App not granted", "config")])
async def test_two_codes_are_told_apart_by_their_text(code: int, text: str, reason: str):
    outcome, _ = await send(refusal(code, text), contact=BY_UID)
    assert outcome == Throttled(str(code), reason)


@pytest.mark.parametrize("code", [-1, 1, -99999, -216])
async def test_an_unknown_code_may_have_been_taken(code: int):
    outcome, _ = await send(refusal(code))
    assert outcome == Unknown(str(code), "ambiguous")


async def test_a_code_may_come_as_text():
    outcome, _ = await send(answer_json({"error": "0", "data": {"msg_id": "zalo-1"}}))
    assert outcome == Accepted("zalo-1")


@pytest.mark.parametrize("data", [None, [], {}, {"msg_id": ""}])
async def test_acceptance_without_an_id_is_known_by_our_own(data: object):
    outcome, _ = await send(answer_json({"error": 0, "data": data}))
    assert outcome == Accepted(DELIVERY.hex)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Silence.HANG, "timeout"),
        (Silence.DROP, "lost"),
        (HttpAnswer(503, b'{"error":0}'), "http_503"),
        (HttpAnswer(200, b"<html>"), "garbled"),
        (answer_json([]), "garbled"),
        (answer_json({"error": None}), "garbled"),
    ],
)
async def test_whatever_cannot_be_read_may_have_been_taken(answer: HttpAnswer | Silence, code: str):
    outcome, _ = await send(answer)
    assert outcome == Unknown(code, "ambiguous")


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        *((BY_PHONE, code) for code in PHONE_AUTH),
        *((BY_UID, code) for code in ACCOUNT_AUTH),
    ],
)
async def test_a_refused_token_is_replaced_and_the_call_made_once_more(contact: Contact, code: int):
    tokens = Tokens()
    outcome, requests = await send(refusal(code), TAKEN, contact=contact, tokens=tokens)
    assert isinstance(outcome, Accepted)
    assert [request.headers["access_token"] for request in requests] == ["token-1", "token-2"]
    assert tokens.refusals == ["token-1"]


async def test_a_token_refused_twice_is_not_tried_a_third_time():
    outcome, requests = await send(refusal(-124))
    assert (outcome, len(requests)) == (Throttled("-124", "config"), 2)


async def test_a_lost_grant_loses_no_message():
    outcome, _ = await send(refusal(-124), tokens=Tokens(["token-1"]))
    assert outcome == Throttled("token_lost", "config")


async def test_without_a_grant_nothing_is_called():
    outcome, requests = await send(TAKEN, tokens=Tokens([]))
    assert (outcome, requests) == (Throttled("token_lost", "config"), [])


def test_the_window_is_the_one_of_the_settings():
    settings = Settings.model_validate(zalo_settings(opens_at="07:00"))
    assert capabilities(settings).window == (time(7), time(21, 55))


DOCUMENTED = (
    b'{"app_id":"111","event_name":"follow","oa_id":"222","follower":{"id":"333"},"user_id_by_app":"444",'
    b'"source":"oa_profile","timestamp":"1700000000000"}'
)
DOCUMENTED_MAC = "6b8182dee87f273667831349297d37942535ee7a32981ba774bc58c1295e697e"


def test_the_documented_signature_is_authentic():
    raw = receipt("zalo", headers={"x-zevent-signature": f"mac={DOCUMENTED_MAC}"}, body=DOCUMENTED)
    assert authentic(raw, zalo_settings())


def test_the_same_event_written_anew_is_not_authentic():
    body = json.dumps(json.loads(DOCUMENTED)).encode()
    assert not authentic(
        receipt("zalo", headers={"x-zevent-signature": f"mac={DOCUMENTED_MAC}"}, body=body), zalo_settings()
    )


@given(st.binary(), st.text())
def test_odd_signatures_are_refused_without_raising(body: bytes, signature: str):
    assert not authentic(receipt("zalo", headers={"x-zevent-signature": signature}, body=body), zalo_settings())


def said(event: dict) -> tuple[ReceiptFact, ...]:
    return facts(zalo_webhook(event), zalo_settings())


def test_a_received_message_has_the_time_of_its_delivery():
    (fact,) = said(
        {
            "event_name": "user_received_message",
            "message": {"msg_id": "zalo-1", "tracking_id": DELIVERY.hex, "delivery_time": "1763602199000"},
        }
    )
    at = datetime(2025, 11, 20, 1, 29, 59, tzinfo=UTC)
    assert fact == ReceiptFact(ReceiptKind.DELIVERED, DELIVERY, "zalo-1", at)


def test_a_received_message_of_the_account_channel_is_known_by_its_reference():
    (fact,) = said({"event_name": "user_received_message", "message": {"msg_id": "zalo-2"}})
    assert (fact.kind, fact.delivery_id, fact.reference) == (ReceiptKind.DELIVERED, None, "zalo-2")


def test_every_seen_message_is_read():
    seen = said({"event_name": "user_seen_message", "message": {"msg_ids": ["a", "b", "", 7]}})
    assert [(fact.kind, fact.reference) for fact in seen] == [(ReceiptKind.READ, "a"), (ReceiptKind.READ, "b")]


def test_another_event_about_a_message_is_only_information():
    (fact,) = said({"event_name": "user_send_sticker", "msg_id": "zalo-1", "message": {"data": "x"}})
    assert (fact.kind, fact.reference, fact.code) == (ReceiptKind.INFO, "zalo-1", "user_send_sticker")


def test_whoever_presses_the_button_of_a_message_has_read_it():
    (fact,) = said({"event_name": "user_click_response_button", "msg_id": "zalo-1", "message": {"data": "x"}})
    assert (fact.kind, fact.reference) == (ReceiptKind.READ, "zalo-1")


def test_whoever_rates_a_message_has_read_it():
    (fact,) = said({"event_name": "user_feedback", "message": {"rate": 5, "tracking_id": DELIVERY.hex}})
    assert (fact.kind, fact.delivery_id) == (ReceiptKind.READ, DELIVERY)


@pytest.mark.parametrize("field", ["oa_id", "oaId"])
def test_an_event_of_another_account_says_nothing(field: str):
    assert said({"event_name": "user_received_message", "message": {"msg_id": "x"}, field: "999"}) == ()


def test_an_event_about_no_message_says_nothing():
    assert facts(receipt("zalo", body=DOCUMENTED), zalo_settings()) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(DELIVERY.hex),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["event_name", "message", "msg_id", "oa_id", "oaId", "timestamp", "app_id"]
MESSAGE = st.dictionaries(st.sampled_from(["msg_id", "msg_ids", "tracking_id", "delivery_time"]), JSON)
NAMES = st.sampled_from(["user_received_message", "user_seen_message", "user_feedback"])


@given(st.dictionaries(st.sampled_from(FIELDS), JSON | MESSAGE | NAMES))
def test_odd_events_never_raise_and_always_name_a_message(event: dict):
    raw = receipt("zalo", body=json.dumps(event).encode())
    assert not authentic(raw, zalo_settings())
    assert all(fact.delivery_id or fact.reference for fact in facts(raw, zalo_settings()))


@given(st.binary())
def test_odd_bytes_say_nothing(body: bytes):
    assert facts(receipt("zalo", body=body), zalo_settings()) == ()


async def refreshed(answer: HttpAnswer | Silence):
    peer = HttpPeer(answer)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        try:
            return await refresh(http, Settings.model_validate(zalo_settings(peer.url)), "old"), peer.requests
        finally:
            await http.close()


async def test_a_refresh_is_the_documented_request():
    _, (request,) = await refreshed(answer_json({}))
    assert (request.path, request.headers["secret_key"]) == ("/v4/oa/access_token", "APPSECRET")
    assert request.form == {"refresh_token": "old", "app_id": "111", "grant_type": "refresh_token"}


@pytest.mark.parametrize("expires_in", ["90000", 90000, None, "soon", -1])
async def test_a_refresh_gives_both_tokens_and_their_life(expires_in: object):
    pair, _ = await refreshed(answer_json({"access_token": "a", "refresh_token": "r", "expires_in": expires_in}))
    assert pair == TokenPair("a", "r", timedelta(hours=25))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": -14014, "error_name": "invalid_refresh_token"}, "-14014"),
        ({"error_name": "invalid_refresh_token", "error_reason": "used"}, "invalid_refresh_token"),
        ({"access_token": "a", "refresh_token": ""}, "no_token"),
        ({"access_token": "", "refresh_token": "r"}, "no_token"),
        ({"access_token": 1, "refresh_token": 2}, "no_token"),
    ],
)
async def test_anything_but_two_tokens_is_a_refusal_even_with_status_200(body: object, code: str):
    refused, _ = await refreshed(answer_json(body))
    assert refused == RefreshRefused(code)


@pytest.mark.parametrize(
    ("answer", "code"),
    [(Silence.DROP, "lost"), (HttpAnswer(502, b"{}"), "http_502"), (HttpAnswer(200, b"<html>"), "http_200")],
)
async def test_a_refresh_without_a_readable_answer_is_uncertain(answer: HttpAnswer | Silence, code: str):
    uncertain, _ = await refreshed(answer)
    assert uncertain == RefreshUncertain(code, sent=True)


async def test_a_refresh_that_never_left_burns_no_token():
    url = f"http://127.0.0.1:{await closed_port()}"
    http = HttpClient(frozenset({url.removeprefix("http://")}))
    outcome = await refresh(http, Settings.model_validate(zalo_settings(url)), "old")
    await http.close()
    assert outcome == RefreshUncertain("connect", sent=False)


def test_a_token_pair_does_not_show_its_tokens():
    assert "secret-token" not in repr(TokenPair("secret-token", "secret-token", timedelta(1)))
