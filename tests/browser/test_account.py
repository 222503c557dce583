"""The account page of an operator, as people and their helpers meet it."""

import pytest

from tests.support.browser import DESK, PHONE, window
from tests.support.pages import operator_cookie

ACCOUNT = "/console/account"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_nothing_serious_is_found_on_the_page(app, address, browser, viewport, colours):
    async with window(browser, address, await operator_cookie(app), viewport=viewport, color_scheme=colours) as at:
        await at.open(ACCOUNT)
        assert (await at.axe(), at.complaints) == ([], [])


async def test_signing_out_by_keyboard_leads_to_the_sign_in(app, address, browser):
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open(ACCOUNT)
        await tab.get_by_role("button", name="Đăng xuất", exact=True).focus()
        await tab.keyboard.press("Enter")
        await tab.wait_for_url("**/console/sign-in")
