"""The citizen's inbox as people meet it: live, by keyboard, without scripts, on a phone, in light and dark."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from notifier.cli.playground import PROVINCE
from notifier.domain.clock import move_clock
from notifier.domain.opaque import inbox_owner
from tests.support.browser import window
from tests.support.front_door import quick, told
from tests.support.intake import event
from tests.support.pages import citizen_cookie
from tests.support.stack import becomes, post_event, settle

HOME, CODE = "/hop-thu", "H01.14-261119-0042"
DOSSIER = f"/hop-thu/ho-so/{PROVINCE}/{CODE}"


@pytest.fixture
async def ground(ground):
    return quick(ground)


@pytest.fixture
async def mine(app) -> dict[str, str]:
    """The cookie of the citizen of the sample event."""
    return await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000101"))


async def news(client, ground, app, **changes: object) -> None:
    """Another event of the sample dossier, told in the inbox."""
    ready = {"/id": "news", "/type": "hoso.xu_ly_xong", "/data/HoSo/TrangThaiHoSo": "9", "/seq": 9}
    await post_event(client, ground, event({**ready, **changes}))
    await settle(app, states={"planned", "sending"})


async def test_a_new_message_appears_in_the_open_inbox_by_itself(client, ground, app, sandbox, address, browser, mine):
    await told(app, client, ground)
    async with window(browser, address, mine) as at:
        tab = await at.open(HOME)
        await expect(tab).to_have_title("(1) Hộp thư – Trung tâm Phục vụ hành chính công tỉnh An Giang")
        first = tab.locator("summary").first
        await first.click()
        await expect(tab).to_have_title("Hộp thư – Trung tâm Phục vụ hành chính công tỉnh An Giang")
        await expect(tab.get_by_role("button", name="Đánh dấu tất cả đã đọc")).to_be_hidden()

        await news(client, ground, app)

        await expect(tab).to_have_title("(1) Hộp thư – Trung tâm Phục vụ hành chính công tỉnh An Giang")
        await expect(tab.locator(".message.unread .subject")).to_have_text(f"Hồ sơ {CODE} đã có kết quả")
        await expect(tab.locator("#count")).to_have_text("1")
        await expect(tab.locator("#said")).to_have_text(f"Thông báo mới: Hồ sơ {CODE} đã có kết quả")
        assert await tab.locator("details[open] .subject").all_inner_texts() == [f"Hồ sơ {CODE} đã được tiếp nhận"]
        assert at.complaints == []


async def test_a_message_is_opened_by_keyboard_and_that_reads_it(client, ground, app, sandbox, address, browser, mine):
    await told(app, client, ground)
    async with window(browser, address, mine) as at:
        tab = await at.open(HOME)
        for _ in range(30):
            await tab.keyboard.press("Tab")
            if await tab.evaluate("document.activeElement.tagName") == "SUMMARY":
                break
        await tab.keyboard.press("Enter")
        await expect(tab.locator("details[open] .text")).to_be_visible()
        await becomes(app, "citizen", "portal", "read")


async def test_what_is_read_in_one_window_is_read_in_the_other(client, ground, app, sandbox, address, browser, mine):
    await told(app, client, ground)
    async with window(browser, address, mine) as at:
        tab = await at.open(HOME)
        other = await at.context.new_page()
        await other.goto(f"{address}{HOME}")
        await other.locator("summary").first.click()
        await expect(tab.locator(".message.unread")).to_have_count(0)


async def test_what_came_while_the_network_was_away_appears_when_it_is_back(
    client, ground, app, sandbox, address, browser, mine
):
    await told(app, client, ground)
    async with window(browser, address, mine) as at:
        tab = await at.open(HOME)
        await expect(tab.locator("summary")).to_have_count(1)
        await at.context.set_offline(offline=True)
        await news(client, ground, app)
        await at.context.set_offline(offline=False)
        await expect(tab.locator("summary")).to_have_count(2, timeout=15_000)


async def test_an_open_inbox_whose_session_is_over_reads_nothing_and_leads_to_the_sign_in_and_back(
    client, ground, app, sandbox, address, browser, mine
):
    await told(app, client, ground)
    async with window(browser, address, mine) as at:
        tab = await at.open(HOME)
        move_clock(ground.clock_file, app.clock() + timedelta(hours=9))
        await tab.locator("summary").first.click()
        again = tab.get_by_role("link", name="Đăng nhập lại")
        await expect(again).to_have_attribute("href", "/hop-thu/dang-nhap?next=/hop-thu")
        await expect(tab.locator(".message.unread")).to_have_count(1)


async def test_without_scripts_messages_are_read_and_put_away(client, ground, app, sandbox, address, browser, mine):
    await told(app, client, ground)
    async with window(browser, address, mine, java_script_enabled=False) as at:
        tab = await at.open(HOME)
        await tab.locator("summary").first.click()
        await expect(tab.locator("details[open] .text")).to_contain_text(CODE)
        await tab.get_by_role("button", name="Đánh dấu đã đọc", exact=True).click()
        await becomes(app, "citizen", "portal", "read")
        await tab.locator("summary").first.click()
        await tab.get_by_role("button", name="Cất đi").click()
        await expect(tab.locator("details")).to_have_count(0)


async def test_without_scripts_an_inbox_leads_to_the_dossier_that_says_where_it_stands(
    client, ground, app, sandbox, address, browser, mine
):
    await told(app, client, ground)
    async with window(browser, address, mine, java_script_enabled=False) as at:
        tab = await at.open(HOME)
        await tab.get_by_role("link", name="Xem tiến độ").click()
        await expect(tab.locator("[aria-current=step]")).to_contain_text("Tiếp nhận")
        await expect(tab.get_by_role("heading", level=1)).to_have_text("Đăng ký thành lập hộ kinh doanh")
