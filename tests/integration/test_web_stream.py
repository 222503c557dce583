"""News of an inbox without asking: server-sent events over a real connection."""

import asyncio
import json
from dataclasses import replace
from typing import Self

import aiohttp
import pytest

from notifier.domain.content import InboxContent
from notifier.domain.ids import InboxOwner
from notifier.settings import load_settings
from notifier.store import inbox
from notifier.store.inbox import Notice
from notifier.web.app import serve
from tests.support.callbacks import new_message
from tests.support.front_door import bearer, get, look_up, problem, told
from tests.support.intake import event
from tests.support.pages import citizen_cookie, csrf_of, headers, send_form
from tests.support.peers import closed_port
from tests.support.stack import post_event, settle
from tests.support.waiting import until
from workers.wiring import open_app


@pytest.fixture
async def ground(ground):
    """An installation whose streams give signs of life often, and which has three of them for each inbox."""
    limits = {"NOTIFIER_INBOX__HEARTBEAT_SECONDS": "0.1", "NOTIFIER_INBOX__MAX_STREAMS_EACH": "3"}
    return replace(ground, environ={**ground.environ, **limits})


@pytest.fixture
async def owner(client, ground) -> str:
    """The inbox of the citizen of the sample event."""
    return await look_up(client, ground, personal_number="000090000101")


@pytest.fixture
def messages(owner) -> str:
    return f"/v1/inbox/{owner}/messages"


class Watcher:
    """Reads one stream as a browser would: blocks, each of lines `field: value`."""

    def __init__(self, client: aiohttp.ClientSession, path: str, headers: dict[str, str]) -> None:
        self._request = client.get(path, headers=headers)

    async def __aenter__(self) -> Self:
        self.answer = await self._request
        assert self.answer.content_type == "text/event-stream"
        assert await self._block() == {"retry": "3000"}
        return self

    async def __aexit__(self, *_: object) -> None:
        self.answer.close()

    async def _text(self) -> str:
        return (await asyncio.wait_for(self.answer.content.readuntil(b"\n\n"), 5)).decode().strip()

    async def comment(self) -> str:
        """The next comment; what stands before it is passed by."""
        while not (text := await self._text()).startswith(":"):
            pass
        return text

    async def _block(self) -> dict[str, str]:
        while (text := await self._text()).startswith(":"):
            pass
        return dict(line.split(": ", 1) for line in text.splitlines())

    async def unread(self) -> int:
        """The next count of unread messages; what stands before it is passed by."""
        while (block := await self._block()).get("event") != "unread":
            pass
        return json.loads(block["data"])["unread"]

    async def message(self) -> tuple[int, dict]:
        while (block := await self._block()).get("event") == "unread":
            pass
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


async def write(app, owner: str, messages: int) -> None:
    """Store so many messages one after the other, each told of as a worker does it."""
    for _ in range(messages):
        async with app.pool.acquire() as connection:
            id_ = await new_message(connection, app.clock(), state="sending")
            await inbox.store(connection, [Notice(id_, owner, InboxContent("t", "b"))], app.clock())
            await inbox.tell(connection, owner)


async def follow(watching, wanted: int, together: int) -> list[int]:
    """The numbers that a watcher sees who leaves after every `together` messages and comes back at once."""
    seen: list[int] = []
    while len(seen) < wanted:
        async with watching(last=str(seen[-1] if seen else 0)) as watcher:
            seen += [(await watcher.message())[0] for _ in range(min(together, wanted - len(seen)))]
    return seen


async def test_between_replay_and_live_there_is_no_gap_while_others_write(app, watching, owner):
    writers, each, everything = 4, 30, list(range(1, 121))

    *_, steady, restless = await asyncio.gather(
        *(write(app, owner, each) for _ in range(writers)),
        follow(watching, writers * each, together=1000),
        follow(watching, writers * each, together=7),
    )

    assert (steady, restless) == (everything, everything)


async def test_a_message_whose_news_got_lost_is_told_with_the_next_heartbeat(app, client, ground, watching, owner):
    async with watching() as watcher:
        async with app.pool.acquire() as connection:
            id_ = await new_message(connection, app.clock(), state="sending")
            await inbox.store(connection, [Notice(id_, owner, InboxContent("t", "b"))], app.clock())

        assert (await watcher.message())[0] == 1


async def test_a_quiet_stream_shows_that_it_lives(watching):
    async with watching() as watcher:
        assert await watcher.comment() == ": still here"


async def test_a_watcher_hears_how_many_are_unread_at_first_and_whenever_that_changes(
    client, ground, app, sandbox, watching, messages, owner
):
    await told(app, client, ground, messages=2)
    async with watching() as watcher:
        first = await watcher.unread()
        (newest, _) = (await get(client, ground, messages))["messages"]
        async with client.post(f"{messages}/{newest['id']}/read", headers=bearer(ground)):
            assert (first, await watcher.unread()) == (2, 1)


async def test_one_inbox_has_so_many_streams_and_no_more_until_one_ends(client, ground, app, owner, watching):
    path = f"/v1/inbox/{owner}/stream"
    async with watching(), watching(), watching(), client.get(path, headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "too-many-streams"
        assert answer.headers["Retry-After"] == "30"

    async def again() -> bool:
        async with client.get(path, headers=bearer(ground)) as answer:
            return answer.status == 200

    await until(again, 5, "a stream to be free")


async def test_a_first_connection_may_name_what_it_has_seen_in_its_address(client, ground, app, sandbox, owner):
    await told(app, client, ground, messages=2)
    async with Watcher(client, f"/v1/inbox/{owner}/stream?last_event_id=1", bearer(ground)) as watcher:
        assert (await watcher.message())[0] == 2


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
        assert (
            await asyncio.wait_for(answer.content.read(), 5) == b'retry: 3000\n\nevent: unread\ndata: {"unread": 0}\n\n'
        )
        await asyncio.wait_for(server, 5)


async def test_signing_out_ends_what_the_other_windows_of_the_session_hear(client, ground, app, sandbox, owner):
    mine, others = [await citizen_cookie(app, InboxOwner(owner)) for _ in range(2)]
    async with (
        Watcher(client, "/hop-thu/stream", headers(mine)) as ended,
        Watcher(client, "/hop-thu/stream", headers(others)) as going_on,
    ):
        await send_form(client, "/hop-thu/dang-xuat", mine, {"csrf": csrf_of(app, mine)})
        await told(app, client, ground)
        assert (await going_on.message())[0] == 1
        assert b"event: message" not in await asyncio.wait_for(ended.answer.content.read(), 5)
