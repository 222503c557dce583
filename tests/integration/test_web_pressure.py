"""Intake slows down, with a time to come back, before anything breaks."""

import asyncio

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from notifier.settings import load_settings
from notifier.web.app import web_application
from notifier.web.pressure import PRESSURE
from tests.support.intake import sample
from tests.support.stack import post_event, signed
from workers.wiring import open_app


@pytest.fixture
async def narrow(ground):
    """A web process that reads two requests at once and bears a backlog of one message."""
    settings = load_settings(ground.environ)
    limits = settings.web.model_copy(update={"max_requests": 2, "max_backlog": 1})
    async with open_app(settings.model_copy(update={"web": limits}), name="narrow") as app:
        server = TestServer(web_application(app), host="127.0.0.1", access_log=None)
        await server.start_server()
        async with aiohttp.ClientSession(base_url=str(server.make_url("/"))) as session:
            yield app, server, session
        await server.close()


async def test_more_requests_than_can_be_read_at_once_are_asked_to_come_back(narrow, ground):
    _, _, session = narrow
    never = asyncio.Event()

    async def slow_body():
        yield b"{"
        await never.wait()

    slow = [asyncio.create_task(session.post("/v1/events", data=slow_body())) for _ in range(2)]
    pressure = narrow[1].app[PRESSURE]
    while pressure._under_way < 2:
        await asyncio.sleep(0)
    async with session.post("/v1/events", data=b"{}") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await answer.json())["code"] == "busy"
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_a_backlog_makes_posts_wait_and_loses_nothing(narrow, ground):
    app, server, session = narrow
    assert (await post_event(session, ground, sample("05-yeu-cau-bo-sung")))[0] == 202
    assert (await post_event(session, ground, sample("06-yeu-cau-nvtc"), message_id="msg_2"))[0] == 202
    server.app[PRESSURE]._looked = float("-inf")
    status, problem = await post_event(session, ground, sample("07-dung-xu-ly"), message_id="msg_3")
    assert (status, problem["code"]) == (429, "backlog")
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM event") == 2
        await connection.execute("UPDATE event SET state = 'unroutable', due_at = NULL")
    server.app[PRESSURE]._looked = float("-inf")
    assert (await post_event(session, ground, sample("07-dung-xu-ly"), message_id="msg_3"))[0] == 202


async def test_a_backlog_does_not_keep_receipts_and_readers_out(narrow, ground):
    app, server, session = narrow
    server.app[PRESSURE]._behind, server.app[PRESSURE]._looked = 10, float("inf")
    key = app.settings.channels["sms"]["receipt_key"]
    async with session.get(f"/v1/receipts/sms/{key}", params={"SMSID": "1"}) as answer:
        assert answer.status == 200
    body = b"{}"
    async with session.post("/v1/events", data=body, headers=signed(ground, body)) as answer:
        assert answer.status == 429
