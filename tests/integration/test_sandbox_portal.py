"""The portal's page, against a listener that answers as Notifier's inbox API does."""

import asyncio
import json
import re

import aiohttp
import pytest
from aiohttp import web

from notifier.cli.playground import free_port
from notifier.sandbox.app import running
from notifier.sandbox.settings import Person, PortalAccess
from tests.support.sandbox import sandbox_settings, serving
from tests.support.waiting import until

MAU = Person("Nguyễn Văn Mẫu", phone="0912000101", lookup={"personal_number": "000090000101"})
ACCESS = PortalAccess(api_token="portal-token")


class Inboxes:
    """Notifier's inbox API for one person, with the messages it is given."""

    def __init__(self) -> None:
        self.messages = [message(1), message(2), message(3, read_at="2026-11-20T02:00:00+00:00")]
        self.lookups: list[dict] = []
        self.read: list[str] = []
        self.arrived = asyncio.Event()

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.post("/v1/inbox/lookup", self._lookup),
                web.get("/v1/inbox/opaque/messages", self._messages),
                web.post("/v1/inbox/opaque/messages/{id}/read", self._read),
                web.get("/v1/inbox/opaque/stream", self._stream),
            ]
        )
        return application

    async def _lookup(self, request):
        self._check(request)
        self.lookups.append(await request.json())
        return web.json_response({"inbox": "opaque"})

    async def _messages(self, request):
        self._check(request)
        unread = sum(each["read_at"] is None for each in self.messages)
        return web.json_response({"messages": self.messages, "unread": unread})

    async def _read(self, request):
        self._check(request)
        self.read.append(request.match_info["id"])
        return web.Response(status=204)

    async def _stream(self, request):
        self._check(request)
        reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await reply.prepare(request)
        await self.arrived.wait()
        await reply.write(f"id: 4\nevent: message\ndata: {json.dumps(message(4))}\n\n".encode())
        return reply

    def _check(self, request):
        if request.headers.get("Authorization") != "Bearer portal-token":
            raise web.HTTPUnauthorized


def message(number, **changes):
    return {
        "id": f"m{number}",
        "seq": number,
        "title": f"Thông báo {number}",
        "body": "Hồ sơ đã được tiếp nhận.",
        "link": "https://tracuu.example.gov.vn/t/abc",
        "dossier_code": "H01.14-261119-0042",
        "created_at": f"2026-11-19T0{number}:00:00+00:00",
        "read_at": None,
    } | changes


@pytest.fixture
async def inboxes():
    return Inboxes()


@pytest.fixture
async def sandbox(inboxes):
    async with (
        serving(inboxes.application()) as notifier_url,
        running(sandbox_settings(notifier_url, people=(MAU,), portal=ACCESS)) as started,
    ):
        yield started


@pytest.fixture
async def http(sandbox):
    async with aiohttp.ClientSession(sandbox.http_url) as session:
        yield session


async def text(http, path):
    reply = await http.get(path)
    assert reply.status == 200
    return await reply.text()


async def test_unread_messages_come_first_and_the_newest_of_them_first(http):
    page = await text(http, "/cong/0")
    assert re.findall(r'id="tin-(m\d)"', page) == ["m2", "m1", "m3"]


async def test_the_person_is_looked_up_by_what_the_settings_say(http, inboxes):
    await text(http, "/cong/0")
    assert inboxes.lookups[0] == {"personal_number": "000090000101"}


async def test_the_card_counts_the_unread_messages(http):
    assert "2 chưa đọc" in await text(http, "/")


async def test_a_message_can_be_marked_as_read_with_a_plain_form(http, inboxes):
    action = re.search(r'<form method="post" action="([^"]+)"', await text(http, "/cong/0"))[1]
    reply = await http.post(action, allow_redirects=False)
    assert (reply.status, reply.headers["Location"], inboxes.read) == (303, "/cong/0", ["m2"])


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", None])
async def test_a_link_that_is_no_web_address_is_not_offered(http, inboxes, link):
    inboxes.messages = [message(1, link=link)]
    assert "Xem hồ sơ" not in await text(http, "/cong/0")


async def test_hostile_text_in_a_message_stays_text(http, inboxes):
    inboxes.messages = [message(1, title="<script>alert(1)</script>", body="<script>alert(2)</script>")]
    assert "<script>alert" not in await text(http, "/cong/0") + await text(http, "/")


async def test_a_new_message_in_the_inbox_is_news_on_the_stream(http, inboxes):
    async with http.get("/sandbox/stream") as stream:
        connected = await stream.content.readuntil(b"\n\n")
        inboxes.arrived.set()
        arrived = await stream.content.readuntil(b"\n\n")
    assert (connected.splitlines()[1], arrived.splitlines()[1]) == (b"event: portal", b"event: portal")


@pytest.mark.parametrize("path", ["/", "/cong/0"])
async def test_a_notifier_that_is_down_is_told_plainly(path):
    settings = sandbox_settings(people=(MAU,), portal=ACCESS)
    async with running(settings) as sandbox, aiohttp.ClientSession(sandbox.http_url) as session:
        assert "Chưa kết nối được" in await text(session, path)


async def test_a_wrong_token_is_told_as_no_connection(inboxes):
    async with serving(inboxes.application()) as notifier_url:
        settings = sandbox_settings(notifier_url, people=(MAU,), portal=PortalAccess("wrong"))
        async with running(settings) as sandbox, aiohttp.ClientSession(sandbox.http_url) as session:
            assert "Chưa kết nối được" in await text(session, "/cong/0")


async def test_the_page_finds_notifier_when_it_comes_up_later(inboxes):
    port = free_port(18080)
    settings = sandbox_settings(f"http://127.0.0.1:{port}", people=(MAU,), portal=ACCESS)
    async with running(settings) as sandbox, aiohttp.ClientSession(sandbox.http_url) as session:
        assert "Chưa kết nối được" in await text(session, "/cong/0")
        async with serving(inboxes.application(), port=port):
            await until(lambda: inboxes.lookups, 5, "the look-up")
            assert "Thông báo 2" in await text(session, "/cong/0")
