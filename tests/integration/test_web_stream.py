"""News of an inbox without asking: server-sent events over a real connection."""

import asyncio
import json
from typing import Self

import aiohttp
import pytest

from notifier.settings import load_settings
from notifier.web.app import serve
from tests.support.front_door import bearer, get, look_up, told
from tests.support.intake import event
from tests.support.peers import closed_port
from tests.support.stack import post_event, settle
from tests.support.waiting import until
from workers.wiring import open_app


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
