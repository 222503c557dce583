"""The inbox within pages of the portal: a frame without scripts, and a web component; both only where it is allowed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web as http
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from tests.support.browser import window
from tests.support.front_door import bearer, look_up, quick, told
from tests.support.intake import event
from tests.support.stack import post_event, settle

CODE = "H01.14-261119-0042"
AT_PORTAL = "https://dichvucong.example.gov.vn/tra-cuu?ma="


class Portal:
    """Another web site, with one page."""

    def __init__(self) -> None:
        self.page = ""
        self.address = ""

    async def show(self, _request: http.Request) -> http.Response:
        return http.Response(
            text=f'<!doctype html><html lang="vi"><title>Cổng</title>{self.page}', content_type="text/html"
        )


@asynccontextmanager
async def site() -> AsyncIterator[Portal]:
    made, application = Portal(), http.Application()
    application.router.add_get("/", made.show)
    application.router.add_get("/favicon.ico", made.show)
    async with TestServer(application, host="127.0.0.1") as server:
        made.address = f"http://127.0.0.1:{server.port}"
        yield made


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    async with site() as made:
        yield made


@pytest.fixture
async def stranger() -> AsyncIterator[Portal]:
    async with site() as made:
        yield made


@pytest.fixture
async def ground(ground, portal):
    said = {
        "NOTIFIER_INBOX__ALLOWED_ORIGINS": json.dumps([portal.address]),
        "NOTIFIER_PORTAL_DOSSIER_URLS": json.dumps({"default": f"{AT_PORTAL}{{code}}"}),
    }
    return quick(replace(ground, environ={**ground.environ, **said}))


@pytest.fixture
async def ticket(client, ground, app, sandbox) -> str:
    """What the portal's server gets for the citizen of the sample event, who has one message."""
    await told(app, client, ground)
    owner = await look_up(client, ground, personal_number="000090000101")
    async with client.post(f"/v1/inbox/{owner}/tickets", headers=bearer(ground)) as answer:
        return (await answer.json())["ticket"]


async def test_a_frame_of_the_portal_shows_what_is_unread(portal, ticket, address, browser):
    portal.page = f'<iframe src="{address}/hop-thu/nhung?ticket={ticket}" title="Hộp thư"></iframe>'
    async with window(browser, portal.address, java_script_enabled=False) as at:
        inside = (await at.open("/")).frame_locator("iframe")
        await expect(inside.locator("li a").first).to_have_text(f"Hồ sơ {CODE} đã được tiếp nhận")
        await expect(inside.locator("li a").first).to_have_attribute("target", "_top")
        on = inside.get_by_role("link", name="Xem trên Cổng dịch vụ công")
        await expect(on).to_have_attribute("href", f"{AT_PORTAL}{CODE}")


async def test_a_frame_of_another_site_shows_nothing(stranger, ticket, address, browser):
    stranger.page = f'<iframe src="{address}/hop-thu/nhung?ticket={ticket}" title="Hộp thư"></iframe>'
    async with window(browser, stranger.address) as at:
        tab = await at.open("/")
        await expect(tab.frame_locator("iframe").locator("li")).to_have_count(0)
        assert any("frame-ancestors" in each for each in at.complaints)


async def test_a_ticket_opens_one_view_and_reads_nothing(client, app, ticket):
    async with client.get(f"/hop-thu/nhung?ticket={ticket}") as first, client.get(first.url) as second:
        assert (first.status, CODE in await first.text()) == (200, True)
        assert (second.status, CODE in await second.text(), "hết hạn" in await second.text()) == (401, False, True)
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM inbox_message WHERE read_at IS NOT NULL") == 0


async def test_the_web_component_shows_the_inbox_and_its_news(client, ground, app, portal, ticket, address, browser):
    portal.page = component(address, ticket)
    async with window(browser, portal.address) as at:
        tab = await at.open("/")
        await expect(tab.locator("notifier-inbox .count")).to_have_text("1 chưa đọc")
        await post_event(
            client,
            ground,
            event({"/id": "news", "/type": "hoso.xu_ly_xong", "/data/HoSo/TrangThaiHoSo": "9", "/seq": 9}),
        )
        await settle(app, states={"planned", "sending"})
        await expect(tab.locator("notifier-inbox .count")).to_have_text("2 chưa đọc")
        await expect(tab.locator("notifier-inbox li a").first).to_have_text(f"Hồ sơ {CODE} đã có kết quả")
        on = tab.get_by_role("link", name="Xem trên Cổng dịch vụ công").first
        await expect(on).to_have_attribute("href", f"{AT_PORTAL}{CODE}")
        assert (at.complaints, await at.axe()) == ([], [])


async def test_the_web_component_is_not_given_to_another_site(stranger, ticket, address, browser):
    stranger.page = component(address, ticket)
    async with window(browser, stranger.address) as at:
        tab = await at.open("/")
        assert await tab.evaluate("customElements.get('notifier-inbox') === undefined")
        assert any("CORS" in each for each in at.complaints)


def component(address: str, ticket: str) -> str:
    return (
        f'<h1>Cổng</h1><script type="module" src="{address}/static/notifier-inbox.js"></script>'
        f'<main><notifier-inbox src="{address}" ticket="{ticket}"></notifier-inbox></main>'
    )
