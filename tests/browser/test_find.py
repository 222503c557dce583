"""Somebody calls and asks why nothing came: from the event to the answer, as an operator finds it."""

import pytest

from notifier.domain.operators import OperatorRole
from tests.support.browser import window
from tests.support.intake import sample
from tests.support.pages import operator_cookie
from tests.support.stack import becomes, post_event

NARROW = {"width": 320, "height": 640}
DOSSIER = "/console/dossiers/mcdt.angiang.gov.vn/H01.14-261119-0042"
PHONE_NUMBER, SHOWN = "0912 000 101", "+84912000101"


@pytest.fixture
async def told(app, ground, client, sandbox):
    await post_event(client, ground, sample("02"))
    await becomes(app, "citizen", "zalo", "read")


async def found_by_number(tab):
    """The page of the citizen's notice, from the search page on."""
    field = tab.get_by_label("Bạn biết gì?")
    await field.fill(PHONE_NUMBER)
    await field.press("Enter")
    await tab.get_by_role("link", name="Được tiếp nhận").click()
    await tab.wait_for_url("**/console/notices/*")


async def test_an_operator_finds_the_notice_reads_the_answer_and_its_story_and_sees_the_contact(
    told, app, address, browser
):
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open("/console/find")
        await found_by_number(tab)
        assert await tab.get_by_text("Có. Người nhận đã xem thông báo qua Zalo lúc").is_visible()
        assert await tab.get_by_text(SHOWN).count() == 0

        await tab.locator("#timeline > summary").focus()
        await tab.keyboard.press("Enter")
        assert await tab.get_by_text("sự kiện đã nhận và lưu").is_visible()

        await tab.get_by_text("Xem đầy đủ liên hệ và nội dung").focus()
        await tab.keyboard.press("Space")
        await tab.get_by_label("Lý do cụ thể").fill("công dân gọi hỏi vì chưa thấy tin")
        await tab.get_by_role("button", name="Xem đầy đủ").press("Enter")
        await tab.wait_for_url("**/reveal")
        assert await tab.get_by_text(SHOWN).first.is_visible()
        assert (await at.axe(), at.complaints) == ([], [])


async def test_it_is_the_same_without_scripts(told, app, address, browser):
    cookie = await operator_cookie(app, OperatorRole.VIEWER)
    async with window(browser, address, cookie, java_script_enabled=False) as at:
        await found_by_number(await at.open("/console/find"))
        await at.tab.locator("#timeline > summary").click()
        assert await at.tab.get_by_text("sự kiện đã nhận và lưu").is_visible()
