"""The inbox API: whose it is, page by page, what is unread, what was read, and news without asking."""

import asyncio
import json

import aiohttp
import pytest

from notifier.domain.content import InboxContent
from notifier.domain.ids import InboxOwner
from notifier.settings import load_settings
from notifier.store import inbox
from notifier.web.app import serve
from tests.support.front_door import bearer, problem
from tests.support.intake import event, sample
from tests.support.peers import closed_port
from tests.support.stack import post_event, settle
from tests.support.waiting import until
from workers.wiring import App, open_app

WAYS = {
    "personal_number": "000090000101",
    "phone": "0912000101",
}


async def look_up(client, ground, **who: str) -> str:
    async with client.post("/v1/inbox/lookup", json=who, headers=bearer(ground)) as answer:
        return (await answer.json())["inbox"]


async def get(client, ground, path: str, **params: str):
    async with client.get(path, params=params, headers=bearer(ground)) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def told(app: App, client, ground, *, messages: int = 1) -> None:
    """So many events of one dossier, each routed and stored in the inboxes."""
    for number in range(messages):
        changes = {"/id": f"I-{number}", "/data/HoSo/ThongBaoZalo": False, "/data/HoSo/ThongBaoEmail": False}
        await post_event(client, ground, event(changes))
    await settle(app, states={"planned", "sending"})


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

    inbox_of = await look_up(client, ground, staff_code="vv.mau")
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
    ("POST", "/v1/inbox/x/messages/y/read"),
    ("GET", "/v1/inbox/x/stream"),
]


@pytest.mark.parametrize(("method", "path"), INBOX_CALLS)
@pytest.mark.parametrize("credential", [None, "Bearer wrong", "Basic abc", "Bearer "])
async def test_without_a_valid_token_nothing_is_told(client, method, path, credential):
    headers = {"Authorization": credential} if credential else {}
    async with client.request(method, path, headers=headers) as answer:
        assert (await problem(answer))["code"] == "unauthorized"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), INBOX_CALLS)
async def test_a_token_of_another_scope_is_forbidden(client, caller_without_rights, method, path):
    headers = {"Authorization": f"Bearer {caller_without_rights}"}
    async with client.request(method, path, headers=headers) as answer:
        assert (await problem(answer))["code"] == "forbidden"


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


async def read(client, ground, owner: str, message: str) -> int:
    path = f"/v1/inbox/{owner}/messages/{message}/read"
    async with client.post(path, headers=bearer(ground)) as answer:
        return answer.status


async def test_a_message_that_was_read_is_no_longer_unread(client, ground, app, sandbox, owner, messages):
    await told(app, client, ground, messages=2)
    newest, oldest = (await get(client, ground, messages))["messages"]

    assert await read(client, ground, owner, newest["id"]) == 204

    page = await get(client, ground, messages, unread="true")
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


@pytest.mark.parametrize("message", ["not-an-id", "00000000-0000-7000-8000-000000000000"])
async def test_a_message_that_is_not_there_cannot_be_read(client, ground, owner, message):
    assert await read(client, ground, owner, message) == 404


async def test_a_message_in_the_inbox_of_somebody_else_cannot_be_read(client, ground, app, sandbox, messages):
    await told(app, client, ground)
    (message,) = (await get(client, ground, messages))["messages"]

    assert await read(client, ground, await look_up(client, ground, staff_code="vv.mau"), message["id"]) == 404


class Watcher:
    """Reads one stream as a browser would: blocks, each of lines `field: value`."""

    def __init__(self, client: aiohttp.ClientSession, path: str, headers: dict[str, str]) -> None:
        self._request = client.get(path, headers=headers)

    async def __aenter__(self) -> "Watcher":
        self.answer = await self._request
        assert self.answer.content_type == "text/event-stream"
        assert await self._block() == {"retry": "3000"}
        return self

    async def __aexit__(self, *_: object) -> None:
        self.answer.close()

    async def _block(self) -> dict[str, str]:
        raw = await asyncio.wait_for(self.answer.content.readuntil(b"\n\n"), 5)
        return dict(line.split(": ", 1) for line in raw.decode().strip().splitlines())

    async def message(self) -> tuple[int, dict]:
        block = await self._block()
        assert block.keys() == {"id", "event", "data"}
        assert block["event"] == "message"
        return int(block["id"]), json.loads(block["data"])


@pytest.fixture
def watching(client, ground, owner):
    def watch(last: str | None = None) -> Watcher:
        headers = bearer(ground) | ({"Last-Event-ID": last} if last else {})
        return Watcher(client, f"/v1/inbox/{owner}/stream", headers)

    return watch


async def test_a_watcher_is_told_of_a_new_message_without_asking(client, ground, app, sandbox, watching):
    async with watching() as watcher:
        await told(app, client, ground)

        number, message = await watcher.message()
    assert (number, message["seq"], message["dossier_code"]) == (1, 1, "H01.14-261119-0042")


async def test_a_body_of_many_lines_stays_one_line_of_the_stream(client, ground, app, sandbox, watching, messages):
    async with watching() as watcher:
        await told(app, client, ground)
        _, message = await watcher.message()

    (stored,) = (await get(client, ground, messages))["messages"]
    assert "\n" in stored["body"]
    assert message == stored


async def test_a_watcher_who_comes_back_gets_what_was_missed_and_then_the_news(client, ground, app, sandbox, watching):
    await told(app, client, ground, messages=3)

    async with watching(last="1") as watcher:
        missed = [(await watcher.message())[0] for _ in range(2)]
        await post_event(client, ground, event({"/id": "news"}))
        await settle(app, states={"planned", "sending"})
        news, _ = await watcher.message()

    assert (missed, news) == ([2, 3], 4)


async def test_a_new_watcher_is_not_told_of_old_messages(client, ground, app, sandbox, watching):
    await told(app, client, ground, messages=2)

    async with watching() as watcher:
        await post_event(client, ground, event({"/id": "news"}))
        await settle(app, states={"planned", "sending"})
        assert (await watcher.message())[0] == 3


@pytest.mark.parametrize("odd", ["soon", "-1", "9" * 30])
async def test_an_odd_last_event_id_counts_as_none(client, ground, app, sandbox, watching, odd):
    await told(app, client, ground)

    async with watching(last=odd) as watcher:
        await post_event(client, ground, event({"/id": "news"}))
        await settle(app, states={"planned", "sending"})
        assert (await watcher.message())[0] == 2


async def test_two_watchers_of_one_inbox_are_both_told(client, ground, app, sandbox, watching):
    async with watching() as one, watching() as two:
        await told(app, client, ground)

        assert [(await each.message())[0] for each in (one, two)] == [1, 1]


async def test_a_watcher_is_not_told_of_the_messages_of_others(client, ground, app, sandbox, watching):
    async with app.pool.acquire() as connection:
        seen = asyncio.Event()
        await connection.add_listener(inbox.CHANGED, lambda *_: seen.set())
        async with watching() as watcher:
            await told(app, client, ground)
            await until(seen.is_set, 5, "a notification")
            _, message = await watcher.message()
        await connection.remove_listener(inbox.CHANGED, lambda *_: None)
        await connection.reset()

    assert message["title"] == (await titles(app, await look_up(client, ground, personal_number="000090000101")))[0]


async def titles(app: App, owner: str) -> list[str]:
    async with app.pool.acquire() as connection:
        return [
            m.title for m in await inbox.page(connection, InboxOwner(owner), before=None, unread_only=False, limit=9)
        ]


async def test_when_the_process_stops_its_streams_end_and_it_does_not_hang(ground):
    port = await closed_port()
    settings = load_settings({**ground.environ, "NOTIFIER_WEB__PORT": str(port)})
    async with open_app(settings, name="test") as app, aiohttp.ClientSession() as session:
        stop = asyncio.Event()
        server = asyncio.create_task(serve(app, stop))

        async def stream():
            try:
                return await session.get(f"http://127.0.0.1:{port}/v1/inbox/x/stream", headers=bearer(ground))
            except aiohttp.ClientConnectionError:
                return None

        answer = await until(stream, 10, "the server to listen")
        stop.set()
        assert await asyncio.wait_for(answer.content.read(), 5) == b"retry: 3000\n\n"
        await asyncio.wait_for(server, 5)
