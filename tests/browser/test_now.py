"""The home of the console and its acts, as people meet them: live, by keyboard, on a phone, without scripts."""

import re

from playwright.async_api import expect

from tests.support.browser import window
from tests.support.dead import letters, refused_by_zalo
from tests.support.intake import event
from tests.support.pages import operator_cookie
from tests.support.stack import post_event, settle

TINY = {"width": 320, "height": 640}


async def test_the_figures_follow_an_event_without_a_reload(app, client, ground, address, browser):
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open("/console")
        await expect(tab.locator("#figure-events")).to_have_text("0")
        await tab.evaluate("document.body.dataset.same = 'yes'")
        await tab.locator("#hour-events-table summary").click()
        await tab.locator("h1").click()
        await post_event(client, ground, event({"/id": "one"}, of="02"))
        await expect(tab.locator("#figure-events")).to_have_text("1", timeout=10_000)
        assert await tab.evaluate("document.body.dataset.same") == "yes"
        await expect(tab.locator("#hour-events-table table")).to_be_visible()
        assert at.complaints == []


async def test_a_dead_letter_is_sent_again_by_keyboard_once_its_counts_were_shown(
    app, client, ground, sandbox, address, browser
):
    await refused_by_zalo(client, ground, app, sandbox)
    async with window(browser, address, await operator_cookie(app, login="lan")) as at:
        tab = await at.open("/console/dead")
        await tab.get_by_role("link", name="Gửi lại những mục đã lọc…").focus()
        await tab.keyboard.press("Enter")
        await expect(tab.locator("#done")).to_have_text("1")
        await tab.get_by_label("Lý do (bắt buộc)").focus()
        await tab.keyboard.type("cổng đã hoạt động lại")
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("status")).to_contain_text("lan cho làm lại 1/1")
        assert at.complaints == []
    await settle(app)
    assert await letters(app) == []


async def test_without_scripts_the_page_is_read_and_a_channel_is_paused(app, client, address, browser):
    async with window(browser, address, await operator_cookie(app), java_script_enabled=False) as at:
        tab = await at.open("/console")
        await expect(tab.get_by_role("heading", name="Cần người xử lý")).to_be_visible()
        await tab.get_by_role("link", name="Làm mới").click()
        await tab.goto(address + "/console/providers")
        await tab.get_by_role("link", name=re.compile("^Tạm dừng kênh.*sms$")).click()
        await tab.get_by_label("Lý do (bắt buộc)").fill("đối soát với nhà mạng")
        await tab.get_by_role("button", name="Tạm dừng kênh").click()
        await expect(tab.locator("#channel-sms")).to_contain_text("đối soát với nhà mạng")
        await tab.goto(address + "/console")
        await expect(tab.locator("#heed")).to_contain_text("Kênh sms đang tạm dừng")
