"""Reminders, reports, templates and rules as people and their helpers meet them."""

from tests.support.browser import DESK, PHONE, window
from tests.support.pages import operator_cookie

PAGES = (
    ("/console/reminders/waiting", PHONE, "light"),
    ("/console/reports?report=on-time", DESK, "dark"),
    ("/console/templates/hoso.yeu_cau_bo_sung", PHONE, "dark"),
    ("/console/rules", DESK, "light"),
)
NARROW = {"width": 320, "height": 640}


async def test_an_event_is_tried_by_keyboard_without_scripts(app, address, browser):
    async with window(browser, address, await operator_cookie(app), java_script_enabled=False) as at:
        tab = await at.open("/console/rules")
        await tab.locator("#type").focus()
        await tab.keyboard.press("End")
        await tab.get_by_role("button", name="Thử", exact=True).press("Enter")
        await tab.wait_for_url("**/console/rules/try*")
        assert await tab.locator("#tried h3").inner_text() == "Tin tổng hợp cho cán bộ H01.14-261118-0039"
        assert at.complaints == []


async def test_a_report_is_asked_for_and_taken_away(app, address, browser):
    async with window(browser, address, await operator_cookie(app)) as at:
        tab = await at.open("/console/reports")
        await tab.get_by_label("Báo cáo nào").select_option("late-list")
        await tab.get_by_role("button", name="Lập báo cáo").click()
        async with tab.expect_download() as taken:
            await tab.get_by_role("link", name="Tải XLSX").click()
        assert (await taken.value).suggested_filename.endswith(".xlsx")
