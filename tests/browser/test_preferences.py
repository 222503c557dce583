"""The page of a citizen's choices, as people and their helpers meet it."""

import pytest

from notifier.domain.opaque import inbox_owner
from tests.support.browser import PHONE, window
from tests.support.intake import sample
from tests.support.pages import citizen_cookie
from tests.support.stack import post_event, settle, states

PAGE = "/hop-thu/tuy-chon"
ZOOMED = {"width": 320, "height": 640}


@pytest.fixture
async def cookie(app):
    return await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000101"))


async def test_a_choice_made_by_keyboard_without_scripts_decides_what_comes(
    app, address, browser, cookie, client, ground, sandbox
):
    async with window(browser, address, cookie, viewport=PHONE, java_script_enabled=False) as at:
        tab = await at.open(PAGE)
        await tab.get_by_role("checkbox", name="Zalo – Tiến độ xử lý", exact=True).focus()
        await tab.keyboard.press("Space")
        await tab.get_by_role("radio", name="Tiếng Việt").focus()
        await tab.keyboard.press("ArrowDown")
        await tab.keyboard.press("Tab")
        await tab.keyboard.press("Enter")
        await tab.get_by_role("status").wait_for()
        assert await tab.get_by_role("checkbox", name="Zalo – Tiến độ xử lý", exact=True).is_checked() is False
        assert await tab.get_by_role("radio", name="English").is_checked()
    await post_event(client, ground, sample("01-moi-dang-ky"))
    await settle(app, states={"sending", "planned"})
    assert (await states(app))["citizen", "zalo"] == "suppressed"
