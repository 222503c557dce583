"""Whose inbox a caller may look at: systems, people with an access token, and browsers with a one-time ticket."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifier.domain.clock import move_clock, shifted_clock
from tests.support.front_door import bearer, look_up, problem, told
from tests.support.issuer import Issuer, identity, issuing

SITE = "https://portal.example.gov.vn"
OTHERS = "000090000102"


@pytest.fixture
async def issuer(tmp_path) -> AsyncIterator[Issuer]:
    async with issuing(shifted_clock(tmp_path / "clock")) as made:
        yield made


@pytest.fixture
async def ground(ground, issuer):
    """An installation that trusts the issuer, and whose streams look at the clock often."""
    variables = {
        "NOTIFIER_IDENTITY": json.dumps(identity(issuer)),
        "NOTIFIER_INBOX__ALLOWED_ORIGINS": json.dumps([SITE]),
        "NOTIFIER_INBOX__HEARTBEAT_SECONDS": "0.05",
    }
    return replace(ground, environ={**ground.environ, **variables})


@pytest.fixture
async def owner(client, ground) -> str:
    """The inbox of the citizen of the sample event, who is also the bearer of the issuer's tokens."""
    return await look_up(client, ground, personal_number="000090000101")


def pass_time(ground, by: timedelta) -> None:
    move_clock(ground.clock_file, shifted_clock(ground.clock_file)() + by)


def as_bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def call(client, method: str, path: str, credential: str = "", **sent: Any) -> tuple[int, Any]:
    """Status and JSON; of a problem its code."""
    headers = as_bearer(credential) if credential else {}
    async with client.request(method, path, headers=headers, **sent) as answer:
        if answer.status >= 400:
            return answer.status, (await problem(answer))["code"]
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def messages(client, credential: str, inbox: str = "me") -> list[dict[str, Any]]:
    status, page = await call(client, "GET", f"/v1/inbox/{inbox}/messages", credential)
    assert status == 200, page
    return page["messages"]


# By access token


async def test_a_citizen_sees_and_reads_the_own_inbox(client, ground, app, sandbox, issuer):
    await told(app, client, ground)
    token = issuer.token()
    (message,) = await messages(client, token)

    assert await call(client, "POST", f"/v1/inbox/me/messages/{message['id']}/read", token) == (204, None)
    assert (await messages(client, token))[0]["read_at"] is not None


async def test_a_citizen_may_use_the_opaque_name_of_the_own_inbox(client, ground, app, sandbox, issuer, owner):
    await told(app, client, ground)

    assert len(await messages(client, issuer.token(), owner)) == 1


async def test_an_officer_sees_the_inbox_of_the_own_code(client, ground, app, sandbox, issuer):
    await told(app, client, ground)

    assert len(await messages(client, issuer.token(so_dinh_danh=..., ma_can_bo="VV.MAU"), "officer")) == 1


async def test_the_inbox_of_another_citizen_is_refused(client, issuer, owner):
    stranger = issuer.token(so_dinh_danh=OTHERS)

    for method, path in (
        *(("GET", path) for path in ("messages", "unread", "stream")),
        *(("POST", path) for path in ("read", "archive", "unarchive", "tickets")),
        *(("POST", f"messages/{OTHERS}/{action}") for action in ("read", "archive", "unarchive")),
    ):
        assert await call(client, method, f"/v1/inbox/{owner}/{path}", stranger) == (403, "forbidden"), path


async def test_a_message_of_another_citizen_is_not_found(client, ground, app, sandbox, issuer):
    await told(app, client, ground)
    (message,) = await messages(client, issuer.token())
    stranger = issuer.token(so_dinh_danh=OTHERS)

    for action in ("read", "archive", "unarchive"):
        path = f"/v1/inbox/me/messages/{message['id']}/{action}"
        assert await call(client, "POST", path, stranger) == (404, "not-found"), action


async def test_a_message_of_another_citizen_that_is_named_among_many_stays_unread(client, ground, app, sandbox, issuer):
    await told(app, client, ground)
    (message,) = await messages(client, issuer.token())

    stranger = issuer.token(so_dinh_danh=OTHERS)
    body = {"messages": [message["id"]]}
    assert await call(client, "POST", "/v1/inbox/me/read", stranger, json=body) == (200, {"changed": 0, "unread": 0})
    assert (await messages(client, issuer.token()))[0]["read_at"] is None


async def test_who_is_no_citizen_to_the_issuer_has_no_inbox_as_one(client, issuer):
    token = issuer.token(so_dinh_danh=..., ma_can_bo="vv.mau")

    assert await call(client, "GET", "/v1/inbox/me/messages", token) == (403, "token-names-nobody")


async def test_a_system_has_no_inbox_of_its_own(client, ground):
    assert await call(client, "GET", "/v1/inbox/me/messages", ground.api_token) == (403, "forbidden")


async def test_people_look_nobody_up(client, issuer):
    answer = await call(client, "POST", "/v1/inbox/lookup", issuer.token(), json={"personal_number": OTHERS})

    assert answer == (401, "unauthorized")


async def test_a_token_that_does_not_count_is_challenged_as_the_standard_says(client, issuer):
    headers = as_bearer(issuer.token(exp=1))
    async with client.get("/v1/inbox/me/messages", headers=headers) as answer:
        assert (await problem(answer))["code"] == "token-expired"
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_while_keys_cannot_be_read_the_caller_is_told_to_come_back(client, issuer):
    issuer.is_down = True
    async with client.get("/v1/inbox/me/messages", headers=as_bearer(issuer.token())) as answer:
        assert (await problem(answer))["code"] == "identity-unavailable"
        assert answer.headers["Retry-After"] == "10"


async def test_a_stream_ends_with_its_token(client, ground, issuer):
    async with client.get("/v1/inbox/me/stream", headers=as_bearer(issuer.token())) as answer:
        await answer.content.readuntil(b"\n\n")
        pass_time(ground, timedelta(minutes=7))
        await asyncio.wait_for(answer.content.read(), 5)


# By ticket


@pytest.fixture
def ticket(client, ground, owner):
    """Asks for a ticket as the portal does, or with another credential."""

    async def ask(credential: str = "", inbox: str = "") -> str:
        status, body = await call(client, "POST", f"/v1/inbox/{inbox or owner}/tickets", credential or ground.api_token)
        assert status == 201, body
        return body["ticket"]

    return ask


async def begin(client, ticket: str) -> tuple[int, Any]:
    return await call(client, "POST", "/v1/inbox/sessions", json={"ticket": ticket})


async def test_a_ticket_opens_a_session_and_the_session_the_inbox(client, ground, app, sandbox, ticket, owner):
    await told(app, client, ground)
    status, body = await begin(client, await ticket())

    assert (status, body["inbox"]) == (201, owner)
    assert len(await messages(client, body["session"])) == 1


async def test_a_ticket_is_good_once_also_for_two_who_come_together(client, ticket):
    offered = await ticket()
    answers = await asyncio.gather(begin(client, offered), begin(client, offered))

    assert sorted(status for status, _ in answers) == [201, 401]
    assert await begin(client, offered) == (401, "ticket-spent")


async def test_a_ticket_is_good_for_a_minute(client, ground, ticket):
    offered = await ticket()
    pass_time(ground, timedelta(seconds=61))

    assert await begin(client, offered) == (401, "ticket-spent")


async def test_an_invented_ticket_opens_nothing(client):
    for text in ("tkt_" + "x" * 43, "nonsense", "ses_" + "x" * 43, "tkt_ă"):
        assert await begin(client, text) == (401, "ticket-spent"), text


async def test_a_body_without_a_ticket_is_refused(client):
    for body in ({}, {"ticket": ""}, {"ticket": 7}, {"session": "x"}):
        assert await call(client, "POST", "/v1/inbox/sessions", json=body) == (400, "invalid-query"), body


async def test_a_session_ends_by_itself(client, ground, ticket):
    _, body = await begin(client, await ticket())
    pass_time(ground, timedelta(minutes=16))

    assert await call(client, "GET", "/v1/inbox/me/messages", body["session"]) == (401, "session-ended")


async def test_a_session_ends_when_its_person_leaves(client, ticket):
    _, body = await begin(client, await ticket())

    assert await call(client, "DELETE", "/v1/inbox/sessions", body["session"]) == (204, None)
    assert await call(client, "GET", "/v1/inbox/me/messages", body["session"]) == (401, "session-ended")


async def test_a_session_opens_no_other_inbox(client, ground, ticket):
    _, body = await begin(client, await ticket())
    other = await look_up(client, ground, personal_number=OTHERS)

    assert await call(client, "GET", f"/v1/inbox/{other}/messages", body["session"]) == (403, "forbidden")


async def test_a_ticket_opens_a_stream_once(client, ticket):
    path = f"/v1/inbox/me/stream?ticket={await ticket()}"
    async with client.get(path) as answer:
        assert (answer.status, await answer.content.readuntil(b"\n\n")) == (200, b"retry: 3000\n\n")

    assert await call(client, "GET", path) == (401, "ticket-spent")


async def test_a_ticket_opens_no_stream_of_another_inbox(client, ground, ticket):
    other = await look_up(client, ground, personal_number=OTHERS)

    assert await call(client, "GET", f"/v1/inbox/{other}/stream?ticket={await ticket()}") == (403, "forbidden")


async def test_a_person_cannot_lengthen_a_session_by_a_ticket(client, ticket):
    _, body = await begin(client, await ticket())

    assert await begin(client, await ticket(body["session"], "me")) == (401, "ticket-spent")


async def test_a_stream_by_ticket_ends_with_the_session_that_asked_for_it(client, ground, ticket):
    _, body = await begin(client, await ticket())
    pass_time(ground, timedelta(minutes=14, seconds=30))
    async with client.get(f"/v1/inbox/me/stream?ticket={await ticket(body['session'], 'me')}") as answer:
        assert answer.status == 200
        pass_time(ground, timedelta(seconds=31))
        await asyncio.wait_for(answer.content.read(), 5)


async def test_tickets_and_sessions_are_kept_as_hashes_alone(client, app, ticket):
    unused = await ticket()
    _, body = await begin(client, await ticket())
    async with app.pool.acquire() as connection:
        kept = repr(await connection.fetch("SELECT * FROM inbox_pass"))

    assert unused not in kept
    assert body["session"] not in kept


async def test_what_is_over_is_cleared_away_by_the_next_ticket(client, ground, app, ticket):
    await begin(client, await ticket())
    await ticket()
    pass_time(ground, timedelta(minutes=16))
    await ticket()

    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM inbox_pass") == 1


# From a page of another site

PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


async def test_a_page_of_an_allowed_site_may_call_and_read_the_answer(client):
    async with client.options("/v1/inbox/me/messages", headers={"Origin": SITE, **PREFLIGHT}) as asked:
        assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, SITE)
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    async with client.get("/v1/inbox/me/messages", headers={"Origin": SITE}) as refused:
        assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, SITE)
        assert refused.headers["Vary"] == "Origin"


async def test_other_sites_and_other_addresses_are_not_opened_to_browsers(client):
    for path, origin in (("/v1/inbox/me/messages", "https://khac.example.vn"), ("/v1/dead", SITE)):
        async with client.options(path, headers={"Origin": origin, **PREFLIGHT}) as answer:
            assert (answer.status, answer.headers.get("Access-Control-Allow-Origin")) == (405, None), path


async def test_an_api_token_still_opens_every_inbox(client, ground, owner):
    async with client.get(f"/v1/inbox/{owner}/messages", headers=bearer(ground)) as answer:
        assert answer.status == 200
