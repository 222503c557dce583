"""The three pretend hosts of Zalo and their webhook, over sockets."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from notifier.domain.clock import move_clock, shifted_clock, system_clock
from notifier.sandbox.app import running
from notifier.sandbox.settings import Person, TemplateRule
from notifier.sandbox.zalo_events import signature
from notifier.sandbox.zalo_tokens import appsecret_proof
from tests.support.sandbox import ZALO, listening, sandbox_settings
from tests.support.waiting import until

PHONE, UID = "84912000101", "9990000000000000101"
TOKEN = "/zalo/oauth/v4/oa/access_token"
BY_PHONE, BY_UID = "/zalo/business/message/template", "/zalo/openapi/v3.0/oa/message/template"
WEBHOOK = "/v1/receipts/zalo"
APP = replace(
    ZALO,
    daily_quota=3,
    templates={
        "400001": TemplateRule(
            "Hồ sơ đã tiếp nhận", {"ma_ho_so": 30, "trang_thai": 30, "ngay": 20}, optional=frozenset({"ngay"})
        ),
        "400002": TemplateRule("Chưa duyệt", {}, status="PENDING_REVIEW"),
    },
)
NOT_ON_ZALO = Person("Trần Thị Thử", phone="0912000102", has_zalo=False)


@pytest.fixture
async def notifier():
    async with listening() as listener:
        yield listener


@pytest.fixture
async def sandbox(notifier):
    async with running(sandbox_settings(notifier.url, zalo=APP, people=(NOT_ON_ZALO,))) as started:
        yield started


@pytest.fixture
async def http(sandbox):
    async with aiohttp.ClientSession(sandbox.http_url) as session:
        yield session


async def script(http, *rules):
    reply = await http.post("/sandbox/script", json=[{"channel": "zalo"} | rule for rule in rules])
    assert reply.status == 201


async def refresh(http, *, secret_key=ZALO.app_secret, **changes):
    form = {"refresh_token": ZALO.refresh_token, "app_id": ZALO.app_id, "grant_type": "refresh_token"} | changes
    reply = await http.post(TOKEN, data=form, headers={"secret_key": secret_key})
    assert reply.status == 200
    return await reply.json()


def headers(token):
    return {"access_token": token, "appsecret_proof": appsecret_proof(token, "APPSECRET")}


@pytest.fixture
async def token(http):
    return (await refresh(http))["access_token"]


def data(**changes):
    return {"ma_ho_so": "H01.14-261119-0042", "trang_thai": "Đã tiếp nhận"} | changes


async def by_phone(http, token, **changes):
    body = {"phone": PHONE, "template_id": "400001", "template_data": data(), "tracking_id": "b" * 32} | changes
    reply = await http.post(BY_PHONE, json=body, headers=headers(token))
    assert reply.status == 200
    return await reply.json()


async def by_uid(http, token, **changes):
    body = {"user_id": UID, "template_id": "400001", "template_data": data()} | changes
    reply = await http.post(BY_UID, json=body, headers=headers(token))
    assert reply.status == 200
    return await reply.json()


async def events(notifier, count):
    calls = await until(lambda: len(notifier.to(WEBHOOK)) >= count and notifier.to(WEBHOOK), 5, f"{count} events")
    return [json.loads(call.body) for call in calls]


async def test_the_signature_is_that_of_the_test_vector():
    body = (
        b'{"app_id":"111","event_name":"follow","oa_id":"222","follower":{"id":"333"},'
        b'"user_id_by_app":"444","source":"oa_profile","timestamp":"1700000000000"}'
    )
    made = signature(app_id="111", body=body, timestamp="1700000000000", oa_secret="OASECRET")
    assert made == "mac=6b8182dee87f273667831349297d37942535ee7a32981ba774bc58c1295e697e"


async def test_the_proof_is_that_of_the_test_vector():
    assert appsecret_proof("TOKEN", "APPSECRET") == "e697d0006554740ddfffab3f4406f3cef626ca5483a5c58b72a31941c9f40655"


async def test_a_refresh_answers_a_new_pair_that_lives_for_25_hours_as_a_string(http):
    pair = await refresh(http)
    assert (bool(pair["access_token"]), bool(pair["refresh_token"]), pair["expires_in"]) == (True, True, "90000")


async def test_of_twenty_refreshes_at_once_exactly_one_wins(http):
    replies = await asyncio.gather(*(refresh(http) for _ in range(20)))
    assert sum("access_token" in reply for reply in replies) == 1


async def test_a_refused_refresh_is_told_by_the_shape_of_the_reply(http):
    await refresh(http)
    reply = await refresh(http)
    assert {"error_name", "error_reason", "error_description"} <= set(reply)


@pytest.mark.parametrize("wrong", [{"secret_key": "no"}, {"app_id": "999"}, {"grant_type": "password"}])
async def test_a_wrong_caller_gets_no_token(http, wrong):
    assert "error_name" in await refresh(http, **wrong)


async def test_a_wrong_caller_does_not_spend_the_refresh_token(http):
    await refresh(http, secret_key="no")
    assert "access_token" in await refresh(http)


async def test_a_refresh_kills_the_old_access_token_at_once(http):
    old = await refresh(http)
    await refresh(http, refresh_token=old["refresh_token"])
    assert (await by_phone(http, old["access_token"]))["error"] == -124


async def test_the_reply_to_a_refresh_can_be_lost_after_the_rotation(http):
    await script(http, {"match": "oauth", "times": 1, "behave": "lose_token_reply"})
    form = {"refresh_token": "first-refresh", "app_id": "111", "grant_type": "refresh_token"}
    lost = await http.post(TOKEN, data=form, headers={"secret_key": "APPSECRET"})
    assert (lost.status, "error_name" in await refresh(http)) == (504, True)


async def test_a_message_by_phone_is_answered_with_numbers_as_strings(http, token):
    reply = await by_phone(http, token)
    quota = reply["data"]["quota"]
    assert (reply["error"], quota) == (0, {"dailyQuota": "3", "remainingQuota": "2"})


async def test_a_message_by_user_id_is_answered_with_its_message_id(http, token):
    reply = await by_uid(http, token)
    assert (reply["error"], reply["data"]["user_id"], bool(reply["data"]["message_id"])) == (0, UID, True)


async def test_a_message_reaches_the_phone_with_its_parameters(sandbox, http, token):
    await by_phone(http, token)
    message = sandbox.messages[0]
    assert (message.to, message.content["parameters"]) == ("0912000101", data())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "0912000101"}, -108),
        ({"phone": "84912000102"}, -118),
        ({"template_id": ""}, -109),
        ({"template_id": "400002"}, -131),
        ({"template_data": {"ma_ho_so": "H01"}}, -1122),
        ({"template_data": data(trang_thai="x" * 31)}, -1121),
        ({"template_data": data(ngay="x" * 21)}, -1121),
    ],
)
async def test_a_wrong_message_by_phone_has_its_code(http, token, changes, code):
    reply = await by_phone(http, token, **changes)
    assert (reply["error"], reply["data"]) == (code, None)


@pytest.mark.parametrize(
    "changes", [{"user_id": "abc"}, {"template_id": ""}, {"template_data": data(trang_thai="x" * 31)}]
)
async def test_a_wrong_message_by_user_id_is_an_invalid_parameter(http, token, changes):
    assert (await by_uid(http, token, **changes))["error"] == -201


async def test_a_template_that_is_not_listed_takes_any_parameters(http, token):
    reply = await by_phone(http, token, template_id="999999", template_data={"gi_cung_duoc": "x" * 500})
    assert reply["error"] == 0


@pytest.mark.parametrize(("path", "code"), [(BY_PHONE, -124), (BY_UID, -216)])
async def test_each_host_has_its_own_code_for_a_stale_token(http, path, code):
    reply = await http.post(path, json={}, headers=headers("stale"))
    assert (await reply.json())["error"] == code


@pytest.mark.parametrize(("path", "code"), [(BY_PHONE, -1241), (BY_UID, -242)])
@pytest.mark.parametrize("proof", [{"appsecret_proof": "0" * 64}, {}])
async def test_each_host_has_its_own_code_for_a_wrong_proof(http, token, path, code, proof):
    reply = await http.post(path, json={}, headers={"access_token": token} | proof)
    assert (await reply.json())["error"] == code


async def test_the_quota_counts_down_to_a_refusal(http, token):
    codes = [(await by_phone(http, token))["error"] for _ in range(4)]
    assert codes == [0, 0, 0, -144]


async def test_the_quota_can_be_asked_in_numbers(http, token):
    reply = await (await http.get("/zalo/business/message/quota", headers=headers(token))).json()
    assert reply["data"]["remainingQuota"] == 3


async def test_the_status_of_a_message_turns_from_unknown_to_delivered(sandbox, http, token):
    async def status(message_id):
        query = {"message_id": message_id}
        reply = await http.get("/zalo/business/message/status", params=query, headers=headers(token))
        return (await reply.json())["data"]["status"]

    sent = (await by_phone(http, token))["data"]["msg_id"]
    await until(lambda: sandbox.messages[0].state == "read", 5, "the reading")
    assert (await status("nothing"), await status(sent)) == (-1, 1)


@pytest.mark.parametrize("path", ["v2.0/oa/message", "v3.0/oa/message/transaction", "v3.0/oa/message/promotion"])
async def test_the_endpoints_that_zalo_closed_fail(http, token, path):
    reply = await http.post(f"/zalo/openapi/{path}", json={}, headers=headers(token))
    assert (await reply.json())["error"] == -240


async def test_delivery_and_reading_are_told_in_this_order(http, token, notifier):
    sent = (await by_phone(http, token))["data"]["msg_id"]
    received, seen = await events(notifier, 2)
    assert (received["event_name"], received["message"]["msg_id"]) == ("user_received_message", sent)
    assert (seen["event_name"], seen["message"]["msg_ids"]) == ("user_seen_message", [sent])


async def test_the_event_of_a_message_by_phone_carries_our_tracking_id(http, token, notifier):
    await by_phone(http, token)
    assert (await events(notifier, 1))[0]["message"]["tracking_id"] == "b" * 32


async def test_an_event_is_signed_over_its_exact_bytes(http, token, notifier):
    await by_uid(http, token)
    event = (await events(notifier, 1))[0]
    call = notifier.to(WEBHOOK)[0]
    right = signature(app_id="111", body=call.body, timestamp=event["timestamp"], oa_secret="OASECRET")
    assert call.headers["x-zevent-signature"] == right


async def test_a_signature_can_be_wrong(http, token, notifier):
    await script(http, {"match": UID, "behave": "wrong_signature"})
    await by_uid(http, token)
    event = (await events(notifier, 1))[0]
    call = notifier.to(WEBHOOK)[0]
    right = signature(app_id="111", body=call.body, timestamp=event["timestamp"], oa_secret="OASECRET")
    assert call.headers["x-zevent-signature"] != right


async def test_an_event_that_is_refused_comes_again_with_its_number(http, token, notifier):
    await script(http, {"behave": "not_read"})
    notifier.answers = [500, 500]
    await by_uid(http, token)
    await events(notifier, 3)
    assert [call.headers.get("num_retry") for call in notifier.to(WEBHOOK)] == [None, "1", "2"]


async def test_events_can_come_twice(http, token, notifier):
    await script(http, {"behave": "duplicate_receipt"})
    await by_uid(http, token)
    names = [event["event_name"] for event in await events(notifier, 4)]
    assert names == ["user_received_message"] * 2 + ["user_seen_message"] * 2


async def test_events_can_come_before_the_reply_to_the_send(http, token, notifier):
    await script(http, {"behave": "receipt_first"})
    await by_uid(http, token)
    assert len(notifier.to(WEBHOOK)) == 2


async def test_a_message_can_stay_unread(sandbox, http, token, notifier):
    await script(http, {"match": "0912000101", "behave": "not_read"}, {"match": UID, "behave": "accept"})
    await by_phone(http, token)
    await by_uid(http, token)
    await until(lambda: [each.state for each in sandbox.messages] == ["delivered", "read"], 5, "both receipts")
    assert len(notifier.to(WEBHOOK)) <= 3


@pytest.mark.parametrize("code", [-139, -118, -115])
async def test_a_scripted_refusal_has_its_code(http, token, code):
    await script(http, {"match": "0912000101", "behave": "refuse", "args": {"error": code}})
    assert (await by_phone(http, token))["error"] == code


async def test_an_error_can_hide_a_message_that_went_out(sandbox, http, token):
    await script(http, {"behave": "error_but_sent"})
    assert ((await by_phone(http, token))["error"], len(sandbox.messages)) == (-100, 1)


async def test_a_server_error_takes_nothing(sandbox, http, token):
    await script(http, {"behave": "server_error"})
    body = {"user_id": UID, "template_id": "400001", "template_data": data()}
    reply = await http.post(BY_UID, json=body, headers=headers(token))
    assert (reply.status, sandbox.messages) == (503, [])


@pytest.mark.parametrize(("behave", "kept"), [("hang", 0), ("accept_then_hang", 1)])
async def test_a_silence_outlasts_the_client(sandbox, http, token, behave, kept):
    await script(http, {"behave": behave, "args": {"seconds": 30}})
    body = {"user_id": UID, "template_id": "400001", "template_data": data()}
    with pytest.raises(TimeoutError):
        await http.post(BY_UID, json=body, headers=headers(token), timeout=aiohttp.ClientTimeout(total=0.2))
    assert len(sandbox.messages) == kept


# Consultation messages


CONSULTATION = "/zalo/openapi/v3.0/oa/message/cs"


async def consult(http, token, text="Hồ sơ H01.14-261119-0042 sắp đến hạn.", user_id=UID):
    body = {"recipient": {"user_id": user_id}, "message": {"text": text}}
    reply = await http.post(CONSULTATION, json=body, headers=headers(token))
    assert reply.status == 200
    return await reply.json()


async def does(http, deed, user_id=UID):
    reply = await http.post(f"/sandbox/zalo/people/{user_id}/{deed}")
    assert reply.status == 204


@pytest.fixture
async def hours(notifier):
    """A sandbox whose clock the test moves: its HTTP client, and how many hours have passed."""
    passed = [0.0]
    start = datetime(2026, 11, 23, 1, tzinfo=UTC)
    settings = sandbox_settings(notifier.url, zalo=APP)
    async with (
        running(settings, clock=lambda: start + timedelta(hours=passed[0])) as started,
        aiohttp.ClientSession(started.http_url) as session,
    ):
        yield session, passed


async def test_who_never_turned_to_the_account_is_not_written_to_freely(http, token):
    assert (await consult(http, token))["error"] == -230


async def test_a_consultation_message_is_answered_with_id_and_quota(http, token):
    await does(http, "write")
    reply = await consult(http, token)
    quota = reply["data"]["quota"]
    assert (reply["error"], bool(reply["data"]["message_id"])) == (0, True)
    assert (quota["quota_type"], quota["remain"], quota["owner_id"]) == ("reply", 7, "222")


@pytest.mark.parametrize(("later", "answer"), [(48, "reply"), (49, "purchase_quota"), (168, "purchase_quota")])
async def test_after_two_days_a_consultation_message_costs(hours, later, answer):
    http, passed = hours
    await does(http, "follow")
    passed[0] = later
    token = (await refresh(http))["access_token"]
    assert (await consult(http, token))["data"]["quota"]["quota_type"] == answer


async def test_after_seven_days_it_is_refused(hours):
    http, passed = hours
    await does(http, "follow")
    passed[0] = 169
    token = (await refresh(http))["access_token"]
    assert (await consult(http, token))["error"] == -230


async def test_the_ninth_message_to_one_interaction_costs(http, token):
    await does(http, "write")
    kinds = [(await consult(http, token))["data"]["quota"]["quota_type"] for _ in range(9)]
    assert kinds == ["reply"] * 8 + ["purchase_quota"]


async def test_who_left_the_account_is_not_written_to(http, token):
    await does(http, "follow")
    await does(http, "unfollow")
    assert (await consult(http, token))["error"] == -213


@pytest.mark.parametrize(
    ("changes", "code"), [({"user_id": "abc"}, -201), ({"text": ""}, -201), ({"text": "x" * 2001}, -210)]
)
async def test_a_wrong_consultation_message_has_its_code(http, token, changes, code):
    await does(http, "follow")
    assert (await consult(http, token, **changes))["error"] == code


async def test_a_consultation_message_wants_a_valid_token(http):
    assert (await consult(http, "stale"))["error"] == -216


async def test_a_consultation_message_is_told_of_like_every_other(http, token, notifier):
    await script(http, {"match": UID, "behave": "no_receipt", "times": 1})
    await does(http, "follow")
    sent = (await consult(http, token))["data"]["message_id"]
    received, seen = await events(notifier, 2)
    assert (received["message"]["msg_id"], seen["message"]["msg_ids"]) == (sent, [sent])


async def test_a_consultation_message_is_on_the_phone_as_text(http, token):
    await does(http, "follow")
    await consult(http, token, text="Mở: https://thongbao.example.vn/t/a <script>alert(1)</script>")
    page = await (await http.get("/")).text()
    assert 'href="https://thongbao.example.vn/t/a"' in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("deed", ["follow", "unfollow"])
async def test_an_event_about_a_follower_has_no_sender(http, notifier, deed):
    await does(http, deed)
    (event,) = await events(notifier, 1)
    assert (event["event_name"], event["follower"], "sender" in event) == (deed, {"id": UID}, False)


async def test_what_a_person_writes_is_an_event_with_text(http, notifier):
    await does(http, "write")
    (event,) = await events(notifier, 1)
    assert (event["event_name"], event["sender"], event["recipient"]) == ("user_send_text", {"id": UID}, {"id": "222"})


async def test_events_about_people_can_come_twice(http, notifier):
    await script(http, {"match": UID, "behave": "duplicate_receipt"})
    await does(http, "follow")
    assert len(await events(notifier, 2)) == 2


async def test_a_deed_that_the_sandbox_does_not_know_is_not_found(http):
    assert (await http.post(f"/sandbox/zalo/people/{UID}/block")).status == 404


# Consent


PERMISSION, CALLBACK = "/zalo/oauth/v4/oa/permission", ZALO.redirect_uri
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


async def consented(http, **changes):
    query = {"app_id": "111", "redirect_uri": CALLBACK, "code_challenge": CHALLENGE, "state": "s-1"} | changes
    page = await http.get(PERMISSION, params=query, allow_redirects=False)
    if page.status == 200:
        return await page.json()
    return {name: values[0] for name, values in parse_qs(urlsplit(page.headers["Location"]).query).items()}


async def exchanged(http, code, **changes):
    form = {"code": code, "grant_type": "authorization_code", "code_verifier": VERIFIER} | changes
    return await refresh(http, **form)


async def test_a_consent_leads_back_with_code_account_and_state(http):
    led = await consented(http)
    assert (bool(led["code"]), led["oa_id"], led["state"]) == (True, "222", "s-1")


@pytest.mark.parametrize(("changes", "code"), [({"app_id": "9"}, -14002), ({"redirect_uri": "https://x.vn"}, -14003)])
async def test_a_consent_leads_nowhere_but_to_the_console_s_address(http, changes, code):
    assert (await consented(http, **changes))["error"] == code


async def test_a_code_is_exchanged_for_the_first_pair_once(http):
    code = (await consented(http))["code"]
    first, second = await exchanged(http, code), await exchanged(http, code)
    assert ("access_token" in first, "error_name" in second) == (True, True)


async def test_a_code_needs_its_verifier(http):
    code = (await consented(http))["code"]
    assert "error_name" in await exchanged(http, code, code_verifier="x" * 43)


async def test_a_consent_ends_what_was_granted_before(http, token):
    await exchanged(http, (await consented(http))["code"])
    assert (await by_phone(http, token))["error"] == -124


async def test_the_life_of_a_token_may_come_as_a_number(notifier):
    settings = sandbox_settings(notifier.url, zalo=replace(APP, life_as_number=True))
    async with running(settings) as made, aiohttp.ClientSession(made.http_url) as session:
        assert (await refresh(session))["expires_in"] == 90_000


async def test_a_code_lives_ten_minutes(notifier, tmp_path):
    file = tmp_path / "clock"
    clock = shifted_clock(file)
    settings = sandbox_settings(notifier.url, zalo=APP)
    async with running(settings, clock=clock) as made, aiohttp.ClientSession(made.http_url) as session:
        code = (await consented(session))["code"]
        move_clock(file, clock() + timedelta(minutes=10))
        assert "error_name" in await exchanged(session, code)


# Templates and volumes


async def got(http, token, path, **params):
    return await (await http.get(f"/zalo/business/template/{path}", params=params, headers=headers(token))).json()


async def test_the_templates_are_listed_with_their_status(http, token):
    rows = (await got(http, token, "all", offset=0, limit=100))["data"]
    assert [(row["templateId"], row["status"]) for row in rows] == [(400001, "ENABLE"), (400002, "PENDING_REVIEW")]


async def test_the_list_comes_in_pages_and_by_status(http, token):
    page, pending = await got(http, token, "all", offset=1, limit=1), await got(http, token, "all", status=2)
    assert [len(page["data"]), pending["data"][0]["templateId"]] == [1, 400002]


async def test_a_template_tells_its_parameters(http, token):
    (first, *_, last) = (await got(http, token, "info/v2", template_id="400001"))["data"]["listParams"]
    assert (first["name"], first["require"], first["maxLength"]) == ("ma_ho_so", True, 30)
    assert (last["name"], last["require"], last["acceptNull"]) == ("ngay", False, True)


async def test_a_template_nobody_knows_has_no_page(http, token):
    assert (await got(http, token, "info/v2", template_id="1"))["error"] == -109


async def test_a_template_has_sample_data(http, token):
    assert set((await got(http, token, "sample-data", template_id="400001"))["data"]) == set(data()) | {"ngay"}


async def test_a_template_that_was_disabled_is_refused_and_told_of(http, token, notifier):
    await http.post("/sandbox/zalo/templates/400001/DISABLE", params={"reason": "low"})
    (event,) = await events(notifier, 1)
    assert ((await by_phone(http, token))["error"], event["status"]["new_status"]) == (-146, "DISABLE")


@pytest.fixture
def special(notifier):
    """A sandbox with another app, on a clock that stands where it is put."""

    @asynccontextmanager
    async def made(at=None, people=(), **changes):
        settings = sandbox_settings(notifier.url, zalo=replace(APP, **changes), people=people)
        clock = system_clock if at is None else (lambda: at)
        async with running(settings, clock=clock) as box, aiohttp.ClientSession(box.http_url) as session:
            yield box, session, (await refresh(session))["access_token"]

    return made


async def test_at_night_nothing_goes_by_phone(special):
    night = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    async with special(night, refuses_at_night=True) as (_, http, token):
        assert ((await by_phone(http, token))["error"], (await by_uid(http, token))["error"]) == (-133, 0)


async def test_without_money_nothing_goes_by_phone(special):
    async with special(balance=1) as (_, http, token):
        assert [(await by_phone(http, token))["error"] for _ in range(2)] == [0, -115]


async def test_in_development_only_administrators_are_reached_and_not_for_ever(special):
    async with special(admins=frozenset({PHONE}), development_quota=1) as (_, http, token):
        sent = [(await by_phone(http, token, mode="development"))["error"] for _ in range(2)]
        other = (await by_phone(http, token, mode="development", phone="84912000199"))["error"]
    assert (sent, other) == ([0, -126], -127)


async def test_a_template_may_have_a_limit_of_its_own(special):
    rules = {"400001": replace(APP.templates["400001"], daily_quota=1)}
    async with special(templates=rules) as (_, http, token):
        assert [(await by_phone(http, token))["error"] for _ in range(2)] == [0, -147]


async def test_a_template_may_be_for_the_phone_alone(special):
    rules = {"400001": replace(APP.templates["400001"], by_phone_only=True)}
    async with special(templates=rules) as (_, http, token):
        assert ((await by_uid(http, token))["error"], (await by_phone(http, token))["error"]) == (-249, 0)


@pytest.mark.parametrize(("mode", "code"), [("1", 0), ("3", -162), ("2", -161)])
async def test_the_sending_mode_is_checked(http, token, mode, code):
    assert (await by_phone(http, token, sending_mode=mode))["error"] == code


async def test_the_quota_is_full_again_the_next_day(notifier, tmp_path):
    file = tmp_path / "clock"
    clock = shifted_clock(file)
    move_clock(file, datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
    settings = sandbox_settings(notifier.url, zalo=replace(APP, daily_quota=1))
    async with running(settings, clock=clock) as made, aiohttp.ClientSession(made.http_url) as http:
        token = (await refresh(http))["access_token"]
        today = [(await by_phone(http, token))["error"] for _ in range(2)]
        move_clock(file, datetime(2026, 11, 25, 17, 0, tzinfo=UTC))
        assert (today, (await by_phone(http, token))["error"]) == ([0, -144], 0)


async def test_the_same_tracking_id_makes_two_messages(sandbox, http, token):
    await by_phone(http, token)
    await by_phone(http, token)
    assert len(sandbox.messages) == 2


async def test_the_same_tracking_id_can_be_recognised(special):
    async with special(deduplicates=True) as (box, http, token):
        one, other = await by_phone(http, token), await by_phone(http, token)
        assert (one["data"], len(box.messages)) == (other["data"], 1)


async def test_a_number_can_be_given_as_a_hash(special):
    person = Person("Lê Thị Băm", phone="0912000103")
    body = {"hash_phone": sha256(b"84912000103").hexdigest(), "template_id": "400001", "template_data": data()}
    async with special(people=(person,)) as (box, http, token):
        reply = await http.post(BY_PHONE + "/hashphone", json=body, headers=headers(token))
        assert ((await reply.json())["error"], box.messages[0].to) == (0, "0912000103")


@pytest.mark.parametrize(
    ("deed", "by", "code"),
    [
        ("refuse_type", by_phone, -139),
        ("refuse_account", by_phone, -141),
        ("refuse_type", by_uid, -244),
        ("allow", by_phone, 0),
    ],
)
async def test_people_can_refuse_messages(http, token, deed, by, code):
    person = PHONE if by is by_phone else UID
    assert (await http.post(f"/sandbox/zalo/people/{person}/{deed}")).status == 204
    assert (await by(http, token))["error"] == code


async def test_the_oa_host_counts_calls_in_a_minute(special):
    async with special(datetime(2026, 11, 25, 3, 0, tzinfo=UTC), rate_per_minute=2) as (_, http, token):
        body = {"user_id": UID, "template_id": "400001", "template_data": data()}
        replies = [await http.post(BY_UID, json=body, headers=headers(token)) for _ in range(3)]
        codes = [(await reply.json())["error"] for reply in replies]
        left = [reply.headers["X-RateLimit-Remain"] for reply in replies]
        assert (codes, left, (await by_phone(http, token))["error"]) == ([0, 0, -32], ["1", "0", "0"], 0)


async def test_the_account_tells_its_package(http, token):
    reply = await (await http.get("/zalo/openapi/v2.0/oa/getoa", headers=headers(token))).json()
    assert (reply["data"]["oaid"], reply["data"]["oa_type"], reply["data"]["is_verified"]) == ("222", 4, True)


# The webhook's own ways


async def test_a_body_can_be_written_anew_after_it_was_signed(http, token, notifier):
    await script(http, {"match": UID, "behave": "reserialised"})
    await by_uid(http, token)
    event = (await events(notifier, 1))[0]
    call = notifier.to(WEBHOOK)[0]
    right = signature(app_id="111", body=call.body, timestamp=event["timestamp"], oa_secret="OASECRET")
    assert call.headers["x-zevent-signature"] != right


async def test_saving_the_address_sends_the_sample(http, notifier):
    await http.post("/sandbox/zalo/webhook")
    (event,) = await events(notifier, 1)
    assert (event["message"]["text"], "222" in (event["sender"]["id"], event["recipient"]["id"])) == (
        "This is testing message",
        False,
    )


async def test_a_webhook_that_stays_silent_is_switched_off_until_it_is_saved_again(special, notifier):
    async with special(gives_up=True) as (_, http, _token):
        notifier.answers = [500] * 4
        await http.post(f"/sandbox/zalo/people/{UID}/follow")
        silent = len(notifier.to(WEBHOOK))
        await http.post(f"/sandbox/zalo/people/{UID}/unfollow")
        await http.post("/sandbox/zalo/webhook")
        assert (silent, len(notifier.to(WEBHOOK))) == (4, 5)


async def test_a_new_quota_is_told_in_its_own_spelling(http, notifier):
    await http.post("/sandbox/zalo/quota/7")
    (event,) = await events(notifier, 1)
    assert (event["oaId"], event["quota"]) == ("222", {"prev_value": "3", "new_value": "7"})


@pytest.mark.parametrize(
    ("deed", "given", "name", "path"),
    [
        ("submit", {"phone": "84912000101"}, "user_submit_info", ("info", "phone")),
        ("rate", {"rate": 4, "msg_id": "m"}, "user_feedback", ("message", "rate")),
        ("press", {"msg_id": "m", "data": "x"}, "user_click_response_button", ("msg_id",)),
    ],
)
async def test_what_people_do_is_told_in_zalos_shape(http, notifier, deed, given, name, path):
    await http.post(f"/sandbox/zalo/people/{UID}/{deed}", json=given)
    (event,) = await events(notifier, 1)
    value = event
    for key in path:
        value = value[key]
    assert (event["event_name"], value) == (name, given[path[-1]])
