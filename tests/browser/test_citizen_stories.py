"""What citizens do with their own pages, from an event that a dossier system posts to what they see and reach."""

import json
import re
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from notifier.domain.clock import move_clock
from notifier.domain.opaque import inbox_owner
from tests.support.browser import PHONE, window
from tests.support.front_door import quick
from tests.support.intake import event
from tests.support.pages import citizen_cookie
from tests.support.stack import becomes, post_event, settle, work_once

HOME, CITIZEN = "/hop-thu", "000090000101"
CODE = "H01.14-261119-0042"
NARROW = {"width": 320, "height": 640}


@pytest.fixture
async def ground(ground):
    return quick(ground)


@pytest.fixture
async def mine(app) -> dict[str, str]:
    return await citizen_cookie(app, inbox_owner(app.secret, "personal_number", CITIZEN))


async def post(client, ground, app, *samples: str) -> None:
    """These sample events, all of the dossiers of one citizen."""
    person = {"/data/HoSo/DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": CITIZEN}]}
    for of in samples:
        await post_event(client, ground, event({"/id": f"S-{of}", **person}, of=of))
    await settle(app, states={"planned", "sending"})


async def walk_to(tab: Page, text: str) -> None:
    """Press Tab until the link or button with this text has the focus."""
    for _ in range(40):
        await tab.keyboard.press("Tab")
        if (await tab.evaluate("document.activeElement.textContent")).strip().startswith(text):
            return
    raise AssertionError(f"no Tab leads to {text}")


async def test_unread_dossiers_come_first_until_all_is_read_and_what_is_put_away_comes_back(
    client, ground, app, sandbox, address, browser, mine
):
    for code in (CODE, "H01.14-261119-0001", "H01.14-261119-0002"):
        await post_event(client, ground, event({"/id": code, "/data/HoSo/MaHoSo": code}))
        await settle(app, states={"planned", "sending"})
    async with window(browser, address, mine, viewport=PHONE, java_script_enabled=False) as at:
        tab, codes = await at.open(HOME), at.tab.locator("section .code")
        await expect(codes).to_have_text(["H01.14-261119-0002", "H01.14-261119-0001", CODE])
        await tab.locator("summary").first.click()
        await tab.get_by_role("button", name="Đánh dấu đã đọc", exact=True).first.click()
        await expect(codes).to_have_text(["H01.14-261119-0001", CODE, "H01.14-261119-0002"])

        await tab.get_by_role("button", name="Đánh dấu tất cả đã đọc").click()
        await expect(tab.locator(".message.unread")).to_have_count(0)
        await expect(codes.first).to_have_text("H01.14-261119-0002")

        await tab.locator("summary").first.click()
        await tab.get_by_role("button", name="Cất đi").first.click()
        await expect(codes).to_have_text(["H01.14-261119-0001", CODE])
        await tab.get_by_role("link", name="Đã cất").click()
        await tab.locator("summary").click()
        await tab.get_by_role("button", name="Đưa lại hộp thư").click()
        await tab.get_by_role("link", name="Thông báo").click()
        await expect(codes).to_have_count(3)


async def test_by_keyboard_from_the_inbox_to_what_is_asked_until_when_and_what_was_sent_where(
    client, ground, app, sandbox, address, browser, mine
):
    await post(client, ground, app, "05")
    async with window(browser, address, mine, viewport=PHONE) as at:
        tab = await at.open(HOME)
        await walk_to(tab, "Xem tiến độ")
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("heading", level=1)).to_have_text("Đăng ký lại khai sinh")
        await expect(tab.locator("[aria-current=step]")).to_contain_text("Chờ bổ sung giấy tờ")
        ask = tab.get_by_role("region", name="Việc quý vị cần làm")
        await expect(ask.locator("li").first).to_have_text("Tờ khai đăng ký lại khai sinh có chữ ký")
        await expect(ask.locator(".deadline")).to_contain_text("17:00 30/11/2026 (còn 5 ngày)")
        await expect(tab.get_by_role("region", name="Tiếp theo")).to_contain_text("Khi nhận đủ giấy tờ")
        await expect(tab.get_by_role("region", name="Diễn biến hồ sơ")).to_contain_text("đề nghị bổ sung giấy tờ")
        await expect(tab.get_by_role("region", name="Đã gửi đến quý vị")).to_contain_text("+84 9•• ••• 303")
        assert at.complaints == []


async def test_the_link_in_a_message_shows_where_the_dossier_is_and_not_whose_until_it_is_over(
    client, ground, app, sandbox, address, browser
):
    await post(client, ground, app, "02")
    await becomes(app, "citizen", "email", "delivered")
    (mail,) = (message for message in sandbox.messages if message.channel == "email")
    (link,) = set(re.findall(r"/t/[\w-]{16}", json.dumps(mail.content)))
    async with window(browser, address, viewport=NARROW, java_script_enabled=False) as at:
        tab = await at.open(link)
        await expect(tab.locator("[aria-current=step]")).to_contain_text("Tiếp nhận")
        text = await tab.locator("body").inner_text()
        assert CODE in text
        assert [each for each in ("Nguyễn Văn Mẫu", "hộ kinh doanh", "0912", CITIZEN) if each in text] == []
        move_clock(ground.clock_file, app.clock() + timedelta(days=app.settings.lookup_days + 1))
        await tab.reload()
        await expect(tab.get_by_role("heading", level=1)).to_have_text("Không mở được liên kết này")
        await expect(tab.get_by_role("link", name="0296 3956 000")).to_be_visible()


async def test_a_code_sent_in_zalo_links_it_and_the_next_notice_comes_there(
    client, ground, app, sandbox, address, browser, mine
):
    async with window(browser, address, mine, viewport=PHONE) as at:
        tab = await at.open("/hop-thu/tuy-chon")
        await tab.get_by_role("button", name="Lấy mã liên kết").focus()
        await tab.keyboard.press("Enter")
        code = await tab.locator(".one-time").inner_text()
        await tab.get_by_role("link", name="xem kết quả").click()
        await expect(tab.get_by_role("status")).to_contain_text("Chưa nhận được mã")
        people = f"{sandbox.http_url}/sandbox/zalo/people/9990000000000000555"
        async with client.post(f"{people}/write", json={"text": code}) as answer:
            assert answer.status == 204
        while await work_once(app):
            pass
        await tab.get_by_role("link", name="xem lại").click()
        await expect(tab.get_by_role("status")).to_contain_text("Đã liên kết Zalo")
        await expect(tab.locator("#zalo")).to_contain_text("Đã liên kết")
        assert at.complaints == []
    await post(client, ground, app, "02")
    await becomes(app, "citizen", "zalo", "accepted")
    assert "9990000000000000555" in {message.to for message in sandbox.messages if message.channel == "zalo"}
