"""The account page of an operator, as people and their helpers meet it."""

from datetime import timedelta

from playwright.async_api import expect

from notifier.domain.clock import move_clock
from tests.support.browser import window
from tests.support.pages import operator_cookie
from tests.support.visitors import PASSWORD, code_of, set_up

ACCOUNT = "/console/account"


async def test_signing_out_by_keyboard_leads_to_the_sign_in(app, address, browser):
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open(ACCOUNT)
        await tab.get_by_role("button", name="Đăng xuất", exact=True).focus()
        await tab.keyboard.press("Enter")
        await tab.wait_for_url("**/console/sign-in")


async def test_a_password_is_changed_by_keyboard_alone(app, client, ground, address, browser):
    visitor, secret = await set_up(client, app)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=1))
    async with window(browser, address, visitor.cookies) as at:
        tab = await at.open(ACCOUNT)
        await tab.locator("#current").focus()
        await expect(tab.locator("#current")).to_be_focused()
        for text in (PASSWORD, "năm con cá bơi ngược", "năm con cá bơi ngược"):
            await tab.keyboard.type(text)
            await tab.keyboard.press("Tab")
        await tab.keyboard.type(code_of(app, secret))
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("status")).to_contain_text("Đã đổi mật khẩu")
        assert at.complaints == []
