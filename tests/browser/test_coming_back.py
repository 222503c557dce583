"""Whose session is over on a page of something comes back to exactly that page, through the provider."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from notifier.cli.playground import PROVINCE
from notifier.domain.clock import move_clock
from notifier.domain.opaque import inbox_owner
from tests.support.browser import PHONE, window
from tests.support.front_door import quick, told
from tests.support.pages import citizen_cookie, operator_cookie

CODE = "H01.14-261119-0042"
DOSSIER = f"/hop-thu/ho-so/{PROVINCE}/{CODE}"


@pytest.fixture
async def ground(ground):
    return quick(ground)


@pytest.fixture
def address(app, web) -> str:
    """As the provider knows it: it leads nowhere else."""
    return app.settings.public_url


async def test_a_citizen_comes_back_to_the_dossier_even_after_thinking_better_of_it_once(
    app, client, ground, sandbox, address, browser
):
    await told(app, client, ground)
    cookie = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000101"))
    async with window(browser, address, cookie, viewport=PHONE, java_script_enabled=False) as at:
        tab = await at.open(DOSSIER)
        move_clock(ground.clock_file, app.clock() + timedelta(hours=9))
        await tab.reload()
        await tab.get_by_role("link", name="Đăng nhập bằng").click()
        await tab.get_by_role("link", name="Thôi, không đăng nhập").click()
        await expect(tab.get_by_role("alert")).to_be_visible()
        await tab.get_by_role("link", name="Đăng nhập bằng").click()
        await tab.get_by_role("link", name="Nguyễn Văn Mẫu").click()
        await expect(tab).to_have_url(f"{address}{DOSSIER}")
        await expect(tab.get_by_role("heading", level=1)).to_have_text("Đăng ký thành lập hộ kinh doanh")


async def test_an_operator_comes_back_to_the_notice(app, client, ground, sandbox, address, browser):
    await told(app, client, ground)
    async with app.pool.acquire() as connection:
        notice = await connection.fetchval("SELECT id FROM recipient WHERE audience = 'citizen'")
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open(f"/console/notices/{notice}")
        move_clock(ground.clock_file, app.clock() + timedelta(hours=11))
        await tab.reload()
        await tab.get_by_role("link", name="Đăng nhập bằng").click()
        await tab.get_by_role("link", name="Trần Văn Bình Mẫu").click()
        await expect(tab).to_have_url(f"{address}/console/notices/{notice}")
        await expect(tab.get_by_role("heading", level=1)).to_be_visible()
        assert at.complaints == []
