"""The account page of an operator, as people and their helpers meet it."""

from tests.support.browser import window
from tests.support.pages import operator_cookie

ACCOUNT = "/console/account"


async def test_signing_out_by_keyboard_leads_to_the_sign_in(app, address, browser):
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open(ACCOUNT)
        await tab.get_by_role("button", name="Đăng xuất", exact=True).focus()
        await tab.keyboard.press("Enter")
        await tab.wait_for_url("**/console/sign-in")
