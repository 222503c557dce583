"""Signing in as people do it: at the provider, with password and code by keyboard alone, on a phone, in the dark."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from notifier.domain.clock import move_clock
from notifier.web.access.visits import CITIZEN_COOKIE
from tests.support.browser import DESK, PHONE, window
from tests.support.visitors import PASSWORD, account_link, code_of, set_up

LOOKS = [(PHONE, "dark"), (DESK, "light")]
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def address(app, web) -> str:
    """As the provider knows it: it leads nowhere else."""
    return app.settings.public_url


async def names(at) -> set[str]:
    return {cookie["name"] for cookie in await at.context.cookies()}


async def test_an_operator_walks_through_the_provider_to_the_page_that_was_wanted(app, sandbox, address, browser):
    async with window(browser, address) as at:
        tab = await at.open("/console/account")
        await tab.get_by_role("link", name="Đăng nhập bằng tài khoản định danh giả").click()
        await tab.get_by_role("link", name="Trần Văn Bình Mẫu").click()
        await tab.wait_for_url(f"{address}/console/account")
        assert await tab.get_by_text("Trần Văn Bình Mẫu").first.is_visible()
        assert at.complaints == []


async def test_a_citizen_walks_through_the_provider_without_scripts_and_has_a_session(app, sandbox, address, browser):
    async with window(browser, address, java_script_enabled=False, viewport=PHONE) as at:
        tab = await at.open("/hop-thu/dang-nhap")
        await tab.get_by_role("link", name="Đăng nhập bằng").click()
        await tab.locator("main li a").first.click()
        await tab.wait_for_url(f"{address}/hop-thu")
        assert CITIZEN_COOKIE in await names(at)


async def test_who_thinks_better_of_it_is_told_and_can_try_again(app, sandbox, address, browser):
    async with window(browser, address) as at:
        tab = await at.open("/hop-thu/dang-nhap")
        await tab.get_by_role("link", name="Đăng nhập bằng").click()
        await tab.get_by_role("link", name="Thôi, không đăng nhập").click()
        assert await tab.get_by_role("alert").is_visible()
        assert await tab.get_by_role("link", name="Đăng nhập bằng").is_visible()


async def test_a_local_account_is_set_up_by_keyboard_alone(app, address, browser):
    async with window(browser, address) as at:
        tab = await at.open(await account_link(app))
        await expect(tab.get_by_role("button", name="Bắt đầu")).to_be_focused()
        await tab.keyboard.press("Enter")
        secret = (await tab.locator("details code").text_content()).replace(" ", "")
        await expect(tab.locator("#password")).to_be_focused()
        for text in (PASSWORD, PASSWORD):
            await tab.keyboard.type(text)
            await tab.keyboard.press("Tab")
        await tab.keyboard.press("Tab")  # past the key for typing
        await tab.keyboard.type(code_of(app, secret))
        await tab.keyboard.press("Enter")
        await tab.wait_for_url(f"{address}/console")
        assert "__Host-console" in await names(at)


async def test_a_local_account_signs_in_by_keyboard_alone(app, client, address, browser, ground):
    _, secret = await set_up(client, app)

    move_clock(ground.clock_file, app.clock() + timedelta(minutes=1))
    async with window(browser, address) as at:
        tab = await at.open("/console/account")
        await expect(tab.locator("#login")).to_be_focused()
        for text in ("lan", PASSWORD):
            await tab.keyboard.type(text)
            await tab.keyboard.press("Tab")
        await tab.keyboard.type(code_of(app, secret))
        await tab.keyboard.press("Enter")
        await tab.wait_for_url(f"{address}/console/account")
        assert await tab.get_by_role("heading", name="Tài khoản").is_visible()
