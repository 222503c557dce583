"""The inbox API: whose it is, page by page, what is unread and what was read."""

from uuid import UUID

import pytest

from notifier.cli.playground import PROVINCE
from tests.support.callbacks import listens
from tests.support.front_door import bearer, get, look_up, problem, told
from tests.support.intake import sample
from tests.support.stack import post_event, settle, work_once
from tests.support.waiting import until


@pytest.fixture
async def owner(client, ground) -> str:
    """The inbox of the citizen of the sample event."""
    return await look_up(client, ground, personal_number="000090000101")


@pytest.fixture
def messages(owner) -> str:
    return f"/v1/inbox/{owner}/messages"


async def test_a_citizen_is_found_by_personal_number(client, ground, app, sandbox, messages):
    await told(app, client, ground)

    (message,) = (await get(client, ground, messages))["messages"]
    assert (message["dossier_code"], message["source"]) == ("H01.14-261119-0042", "mcdt.angiang.gov.vn")
    assert message["title"]


async def test_an_officer_is_found_by_staff_code(client, ground, app, sandbox):
    await told(app, client, ground)

    inbox_of = await look_up(client, ground, staff_code="VV.Mau")
    assert len((await get(client, ground, f"/v1/inbox/{inbox_of}/messages"))["messages"]) == 1


@pytest.mark.parametrize("spelling", ["0912000101", "+84912000101", "0912 000 101", "84-912-000-101", " 0912.000.101 "])
async def test_a_phone_in_any_spelling_names_the_same_inbox(client, ground, spelling):
    assert await look_up(client, ground, phone=spelling) == await look_up(client, ground, phone="0912000101")


async def test_an_address_of_mail_names_the_same_inbox_whatever_the_case_of_its_domain(client, ground):
    spelled = await look_up(client, ground, email="mau@Example.VN ")

    assert spelled == await look_up(client, ground, email="mau@example.vn")


async def test_known_and_unknown_people_are_answered_alike(client, ground, app, sandbox, owner):
    await told(app, client, ground)

    unknown = await look_up(client, ground, personal_number="000000000000")
    assert len(unknown) == len(owner)
    assert await get(client, ground, f"/v1/inbox/{unknown}/messages") == {
        "messages": [],
        "unread": 0,
        "next_before": None,
    }


async def test_an_inbox_has_a_name_that_says_nothing(owner):
    assert "000090000101" not in owner


@pytest.mark.parametrize(
    "question",
    [
        b"{}",
        b'{"phone": "0912000101", "staff_code": "vv.mau"}',
        b'{"phone": null}',
        b'{"phone": "12345"}',
        b'{"email": "nobody"}',
        b'{"personal_number": "12AB"}',
        b'{"name": "Nguyen"}',
        b'{"staff_code": " "}',
        b'{"staff_code": 7}',
        b"[]",
    ],
)
async def test_a_question_that_names_not_exactly_one_person_is_refused(client, ground, question):
    async with client.post("/v1/inbox/lookup", data=question, headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "invalid-query"


async def test_a_refused_question_does_not_repeat_what_it_asked(client, ground):
    body = {"personal_number": "00009000010X", "phone": "0912000101"}
    async with client.post("/v1/inbox/lookup", json=body, headers=bearer(ground)) as answer:
        text = await answer.text()

    assert answer.status == 400
    assert "00009000010X" not in text
    assert "0912000101" not in text


@pytest.fixture
async def caller_without_rights(app) -> str:
    """A bearer token that may read timelines only."""
    known = next(iter(app.settings.api_tokens.values()))
    app.settings.api_tokens["clerk"] = known.model_copy(
        update={"token": type(known.token)("t" * 32), "scopes": frozenset({"timeline"})}
    )
    return "t" * 32


INBOX_CALLS = [
    ("POST", "/v1/inbox/lookup"),
    ("GET", "/v1/inbox/x/messages"),
    ("GET", "/v1/inbox/x/unread"),
    *(("POST", f"/v1/inbox/x/messages/y/{action}") for action in ("read", "archive", "unarchive")),
    *(("POST", f"/v1/inbox/x/{action}") for action in ("read", "archive", "unarchive", "tickets")),
    ("GET", "/v1/inbox/x/stream"),
]


@pytest.mark.parametrize("credential", [None, "Bearer wrong", "Basic abc", "Bearer "])
async def test_without_a_valid_token_nothing_is_told(client, credential):
    headers = {"Authorization": credential} if credential else {}
    for method, path in INBOX_CALLS:
        async with client.request(method, path, headers=headers) as answer:
            assert (await problem(answer))["code"] == "unauthorized", path
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_of_another_scope_is_forbidden(client, caller_without_rights):
    headers = {"Authorization": f"Bearer {caller_without_rights}"}
    for method, path in INBOX_CALLS:
        async with client.request(method, path, headers=headers) as answer:
            assert (await problem(answer))["code"] == "forbidden", path


async def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(client, ground, app, sandbox, messages):
    await told(app, client, ground, messages=3)

    first = await get(client, ground, messages, limit="2")
    second = await get(client, ground, messages, limit="2", before=str(first["next_before"]))

    assert [m["seq"] for m in first["messages"] + second["messages"]] == [3, 2, 1]
    assert second["next_before"] is None


@pytest.mark.parametrize(
    "params",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "many"}, {"before": "-1"}, {"limit": f"{1:019d}0000"}],
)
async def test_a_parameter_that_is_no_number_within_bounds_is_refused(client, ground, messages, params):
    async with client.get(messages, params=params, headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "invalid-query"


async def test_a_page_that_ends_with_the_last_message_leads_nowhere(client, ground, app, sandbox, messages):
    await told(app, client, ground, messages=2)

    assert (await get(client, ground, messages, limit="2"))["next_before"] is None


async def read(client, ground, owner: str, message: str, action: str = "read") -> int:
    path = f"/v1/inbox/{owner}/messages/{message}/{action}"
    async with client.post(path, headers=bearer(ground)) as answer:
        return answer.status


async def change(client, ground, owner: str, action: str, **body) -> dict:
    async with client.post(f"/v1/inbox/{owner}/{action}", json=body, headers=bearer(ground)) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_a_message_that_was_read_is_no_longer_unread(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground, messages=2)
    newest, oldest = (await get(client, ground, messages))["messages"]

    assert await read(client, ground, owner, newest["id"]) == 204

    page = await get(client, ground, messages, show="unread")
    assert ([m["id"] for m in page["messages"]], page["unread"]) == ([oldest["id"]], 1)
    assert (await get(client, ground, messages))["messages"][0]["read_at"] is not None


async def portal_moves(client, ground) -> list[str]:
    story = await get(client, ground, "/v1/dossiers/mcdt.angiang.gov.vn/H01.14-261119-0042/timeline")
    (delivery,) = (
        each
        for each in story["events"][0]["deliveries"]
        if (each["audience"], each["channel"]) == ("citizen", "portal")
    )
    return [move["to"] for move in delivery["moves"]]


async def test_reading_twice_is_proof_of_delivery_once(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground)
    (message,) = (await get(client, ground, messages))["messages"]

    assert [await read(client, ground, owner, message["id"]) for _ in range(2)] == [204, 204]

    assert await portal_moves(client, ground) == ["planned", "sending", "delivered", "read"]


async def test_a_message_that_is_archived_is_out_of_sight_and_can_come_back(
    client, ground, app, sandbox, owner, messages
):
    await told(app, client, ground, messages=2)
    newest, oldest = (await get(client, ground, messages))["messages"]

    assert await read(client, ground, owner, newest["id"], "archive") == 204
    current = await get(client, ground, messages)
    archived = await get(client, ground, messages, show="archived")
    assert await read(client, ground, owner, newest["id"], "unarchive") == 204

    assert ([m["id"] for m in current["messages"]], current["unread"]) == ([oldest["id"]], 1)
    assert [m["id"] for m in archived["messages"]] == [newest["id"]]
    assert len((await get(client, ground, messages))["messages"]) == 2


async def test_read_messages_can_be_asked_for_alone(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground, messages=2)
    newest, _ = (await get(client, ground, messages))["messages"]
    await read(client, ground, owner, newest["id"])

    page = await get(client, ground, messages, show="read")
    assert [m["id"] for m in page["messages"]] == [newest["id"]]


async def test_the_messages_of_one_dossier_can_be_asked_for(client, ground, app, sandbox, messages):
    await told(app, client, ground, messages=3)
    wanted = "H01.14-261119-0001"

    for source, found in (({}, [wanted]), ({"source": PROVINCE}, [wanted]), ({"source": "khac.vn"}, [])):
        page = await get(client, ground, messages, dossier=wanted, **source)
        assert [m["dossier_code"] for m in page["messages"]] == found, source


async def test_a_filter_that_is_not_of_its_form_is_refused(client, ground, messages):
    for params in ({"show": "new"}, {"dossier": ""}, {"dossier": "x\0"}, {"dossier": "x" * 256}):
        async with client.get(messages, params=params, headers=bearer(ground)) as answer:
            assert (await problem(answer))["code"] == "invalid-query", params


async def test_all_that_was_shown_is_read_and_what_came_meanwhile_is_not(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground, messages=3)

    assert await change(client, ground, owner, "read", through=2) == {"changed": 2, "unread": 1}
    page = await get(client, ground, messages, show="unread")
    assert [m["seq"] for m in page["messages"]] == [3]


async def test_many_are_read_at_once_and_those_of_others_are_passed_by(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground, messages=2)
    mine = [m["id"] for m in (await get(client, ground, messages))["messages"]]
    officer = await look_up(client, ground, staff_code="vv.mau")
    (theirs, *_) = (await get(client, ground, f"/v1/inbox/{officer}/messages"))["messages"]

    assert await change(client, ground, owner, "read", messages=[*mine, theirs["id"]]) == {"changed": 2, "unread": 0}
    assert (await get(client, ground, f"/v1/inbox/{officer}/unread"))["unread"] == 2


async def test_many_are_archived_and_named_ones_come_back(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground, messages=3)
    newest = (await get(client, ground, messages))["messages"][0]["id"]

    assert await change(client, ground, owner, "archive", through=3) == {"changed": 3, "unread": 0}
    assert await change(client, ground, owner, "unarchive", messages=[newest]) == {"changed": 1, "unread": 1}


async def test_an_order_that_names_no_messages_is_refused(client, ground, owner):
    for action, body in (
        ("read", {}),
        ("read", {"messages": [], "through": None}),
        ("read", {"messages": ["x"]}),
        ("read", {"through": 0}),
        ("archive", {"messages": ["00000000-0000-7000-8000-000000000000"], "through": 3}),
        ("unarchive", {"through": 3}),
    ):
        async with client.post(f"/v1/inbox/{owner}/{action}", json=body, headers=bearer(ground)) as answer:
            assert (await problem(answer))["code"] == "invalid-query", (action, body)


async def test_the_unread_count_stands_alone_for_a_bell(client, ground, app, sandbox, owner):
    await told(app, client, ground, messages=2)

    assert await get(client, ground, f"/v1/inbox/{owner}/unread") == {"unread": 2, "newest": 2}


async def test_reading_ends_the_fallbacks_of_its_person(client, ground, app, sandbox, owner, messages):
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await work_once(app)
    await until(lambda: stored(app), 10, "the message in the inbox")
    (message,) = (await get(client, ground, messages))["messages"]

    await read(client, ground, owner, message["id"])

    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT d.state FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
            " WHERE r.ref = 'citizen' AND d.position = 'fallback'"
        )
    assert rows
    assert {row["state"] for row in rows} == {"cancelled"}


async def stored(app) -> bool:
    async with app.pool.acquire() as connection:
        return bool(await connection.fetchval("SELECT count(*) FROM inbox_message"))


async def test_reading_is_told_to_the_dossier_system(client, ground, app, sandbox, owner, messages):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock())
    await told(app, client, ground)
    (message,) = (await get(client, ground, messages))["messages"]

    await read(client, ground, owner, message["id"])

    async with app.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT type FROM callback WHERE delivery_id = $1 ORDER BY seq", UUID(message["id"])
        )
    assert [row["type"] for row in rows] == ["thongbao.da_nhan", "thongbao.da_doc"]


@pytest.mark.parametrize("message", ["not-an-id", "00000000-0000-7000-8000-000000000000"])
async def test_a_message_that_is_not_there_cannot_be_read(client, ground, owner, message):
    assert await read(client, ground, owner, message) == 404


async def test_a_message_in_the_inbox_of_somebody_else_cannot_be_read(client, ground, app, sandbox, messages):
    await told(app, client, ground)
    (message,) = (await get(client, ground, messages))["messages"]

    assert await read(client, ground, await look_up(client, ground, staff_code="vv.mau"), message["id"]) == 404


async def test_a_dossier_whose_citizen_left_no_contact_has_an_inbox_by_its_own_name(client, ground, app, sandbox):
    event = sample("12-khong-lien-he")
    await post_event(client, ground, event)
    await settle(app)

    code = event["data"]["HoSo"]["MaHoSo"]
    inbox_of = await look_up(client, ground, dossier={"source": event["source"], "code": code})
    (message,) = (await get(client, ground, f"/v1/inbox/{inbox_of}/messages"))["messages"]
    assert message["dossier_code"] == code
