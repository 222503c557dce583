"""Consultation messages to officers: when they are sent, and what a refusal leads to."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.http import HttpClient
from channels.zalo import Settings, ZaloChannel
from channels.zalo_relations import RelationFact, relation
from notifier.domain.ids import InboxOwner
from notifier.domain.outcomes import Accepted, Outcome, Transient, Unknown
from notifier.domain.recipients import Contact
from tests.contract.channels_cases import zalo_settings, zalo_webhook
from tests.support.channels import ZALO, Relations, Tokens, message, ports, receipt
from tests.support.peers import HttpAnswer, HttpPeer, HttpRequest, Silence, answer_json, patience, running

OFFICER = "9990000000000000909"
BY_UID = Contact(InboxOwner("in_1"), phone="+84912000909", zalo_uid=OFFICER)
CONSULTATION, TEMPLATE = "/v3.0/oa/message/cs", "/v3.0/oa/message/template"
TEXT = "Bước sắp đến hạn: hồ sơ H01.14-261119-0042"
CONSULTED = answer_json({"error": 0, "message": "Success", "data": {"message_id": "cs-1", "quota": {"remain": 7}}})
TAKEN = answer_json({"error": 0, "message": "Success", "data": {"message_id": "zalo-2"}})
AT = datetime.fromtimestamp(1763602200, UTC)


async def send(
    *answers: HttpAnswer | Silence,
    known: Relations,
    mode: str = "free",
    staff: bool = True,
    contact: Contact = BY_UID,
    text: str | None = TEXT,
    tokens: Tokens | None = None,
    **settings,
) -> tuple[Outcome, list[HttpRequest]]:
    peer = HttpPeer(*answers)
    async with running(peer):
        http = HttpClient(frozenset({peer.address}))
        model = Settings.model_validate(
            zalo_settings(peer.url, staff_consultation=mode, timeout_seconds=patience(*answers), **settings)
        )
        channel = ZaloChannel(model, ports(http, tokens=tokens, relations=known))
        try:
            return await channel.send(message(replace(ZALO, text=text), contact=contact, staff=staff)), peer.requests
        finally:
            await http.close()


def refusal(code: int, text: str = "x") -> HttpAnswer:
    return answer_json({"error": code, "message": text})


def hours(count: float) -> Relations:
    return Relations(timedelta(hours=count))


def paths(requests: list[HttpRequest]) -> list[str]:
    return [request.path for request in requests]


async def test_an_officer_who_lately_turned_to_the_account_gets_a_consultation_message():
    outcome, (request,) = await send(CONSULTED, known=hours(1))
    assert outcome == Accepted("cs-1")
    assert (request.path, request.json) == (
        CONSULTATION,
        {"recipient": {"user_id": OFFICER}, "message": {"text": TEXT}},
    )


@pytest.mark.parametrize(
    ("mode", "since", "path"),
    [
        ("off", 0, TEMPLATE),
        ("free", 48, CONSULTATION),
        ("free", 48.01, TEMPLATE),
        ("paid", 48.01, CONSULTATION),
        ("paid", 168, CONSULTATION),
        ("paid", 168.01, TEMPLATE),
    ],
)
async def test_the_setting_says_how_old_the_interaction_may_be(mode: str, since: float, path: str):
    _, requests = await send(TAKEN, known=hours(since), mode=mode)
    assert paths(requests) == [path]


async def test_the_windows_are_settings():
    _, requests = await send(TAKEN, known=hours(30), consultation_free_hours=24)
    assert paths(requests) == [TEMPLATE]


async def test_an_officer_of_whom_nothing_is_known_gets_the_template():
    _, requests = await send(TAKEN, known=Relations(None), mode="paid")
    assert paths(requests) == [TEMPLATE]


async def test_a_citizen_never_gets_a_consultation_message():
    _, requests = await send(TAKEN, known=hours(1), staff=False)
    assert paths(requests) == [TEMPLATE]


async def test_without_a_text_the_template_is_sent():
    _, requests = await send(TAKEN, known=hours(1), text=None)
    assert paths(requests) == [TEMPLATE]


async def test_an_officer_without_a_link_gets_no_consultation_message():
    _, requests = await send(TAKEN, known=hours(1), contact=replace(BY_UID, zalo_uid=None), staff_by_phone=True)
    assert paths(requests) == ["/message/template"]


@pytest.mark.parametrize("code", [-230, -232, -213, -217, -218, -224, -233, -244, -248])
async def test_what_is_plainly_refused_goes_out_as_a_template_once(code: int):
    outcome, requests = await send(refusal(code), TAKEN, known=hours(1))
    assert (outcome, paths(requests)) == (Accepted("zalo-2"), [CONSULTATION, TEMPLATE])


async def test_the_outcome_is_the_templates_where_that_is_refused_too():
    outcome, requests = await send(refusal(-230), refusal(-200), known=hours(1))
    assert (outcome, paths(requests)) == (Transient("-200", "transient"), [CONSULTATION, TEMPLATE])


@pytest.mark.parametrize(
    ("code", "told"),
    [(-230, [("222", OFFICER, None)]), (-232, [("222", OFFICER, None)]), (-213, [("222", OFFICER, False)]), (-248, [])],
)
async def test_a_refusal_corrects_what_was_known(code: int, told: list):
    known = hours(1)
    await send(refusal(code), TAKEN, known=known)
    assert known.refusals == told


@pytest.mark.parametrize(
    "answer", [Silence.HANG, Silence.DROP, HttpAnswer(503, b"{}"), HttpAnswer(200, b"<html>"), refusal(-99999)]
)
async def test_what_may_have_been_taken_is_not_sent_as_a_template(answer: HttpAnswer | Silence):
    outcome, requests = await send(answer, TAKEN, known=hours(1))
    assert (type(outcome), paths(requests)) == (Unknown, [CONSULTATION])


async def test_a_passing_fault_is_left_to_the_next_attempt():
    outcome, requests = await send(refusal(-200), TAKEN, known=hours(1))
    assert (outcome, paths(requests)) == (Transient("-200", "transient"), [CONSULTATION])


async def test_a_refused_token_is_replaced_for_a_consultation_message_too():
    outcome, requests = await send(refusal(-216), CONSULTED, known=hours(1))
    assert (outcome, paths(requests)) == (Accepted("cs-1"), [CONSULTATION] * 2)


async def test_a_token_refused_twice_calls_nothing_more():
    _, requests = await send(refusal(-216), known=hours(1), tokens=Tokens(["a", "b", "c"]))
    assert paths(requests) == [CONSULTATION] * 2


# What events say


def event(name: str, **more) -> dict:
    parties = {"sender": {"id": OFFICER}, "recipient": {"id": "222"}}
    followed = {"oa_id": "222", "follower": {"id": OFFICER}}
    return {"event_name": name, **(followed if "follow" in name else parties), **more}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("follow", (True, True)),
        ("unfollow", (False, False)),
        ("user_send_text", (None, True)),
        ("user_send_image", (None, True)),
        ("user_submit_info", (None, True)),
    ],
)
def test_an_event_says_what_the_person_did(name: str, said: tuple[bool | None, bool]):
    assert relation(zalo_webhook(event(name)), "222") == RelationFact("222", OFFICER, *said, AT)


@pytest.mark.parametrize(
    "said",
    [
        event("user_received_message"),
        event("user_seen_message"),
        event("oa_send_text"),
        event("change_template_status"),
        event("user_send_text", recipient={"id": "333"}),
        event("follow", oa_id="333"),
        event("follow", follower=None),
        event("follow", follower={"id": 7}),
        event("follow", follower={"id": "x'; --"}),
        event("follow", timestamp="soon"),
        {"event_name": ["follow"]},
    ],
    ids=json.dumps,
)
def test_other_and_odd_events_say_nothing_of_a_relation(said: dict):
    assert relation(zalo_webhook(said), "222") is None


@given(st.binary() | st.recursive(st.none() | st.text(), lambda x: st.dictionaries(st.text(), x)).map(json.dumps))
def test_odd_bytes_say_nothing_of_a_relation(body: bytes | str):
    raw = receipt("zalo", body=body if isinstance(body, bytes) else body.encode())
    assert relation(raw, "222") is None
