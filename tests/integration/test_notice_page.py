"""The page of one notice: the answer with its proof, the person masked until a reason is given, and who saw them."""

import html as text
import re

import pytest

from notifier.domain.operators import OperatorRole
from notifier.domain.reasons import ReasonCode
from notifier.store import timelines
from tests.support.dead import refused_by_zalo
from tests.support.intake import sample
from tests.support.pages import csrf_of, headers, look, operator_cookie, send_form
from tests.support.stack import becomes, post_event
from workers import steps
from workers.wiring import App

PERSONAL = (
    "0912000101",
    "+84912000101",
    "nguyen.mau@example.vn",
    "Nguyễn Văn Mẫu",
    "Nguyen Van Mau",
    "9990000000000000101",
)
WHY = "công dân gọi hỏi vì chưa nhận được tin"


@pytest.fixture
async def notice(app, ground, client) -> str:
    """The address of the notice of a citizen whose event is routed; nothing is sent yet."""
    await post_event(client, ground, sample("02"))
    async with app.pool.acquire() as connection:
        await steps.route(app, [await connection.fetchval("SELECT id FROM event")])
    return await address(app)


async def address(app: App) -> str:
    async with app.pool.acquire() as connection:
        id_ = await connection.fetchval("SELECT id FROM recipient WHERE audience = 'citizen'")
    return f"/console/notices/{id_}"


async def audited(app: App):
    async with app.pool.acquire() as connection:
        return await connection.fetch("SELECT * FROM audit WHERE reason = 'contact.revealed'")


def plain(html: str) -> str:
    """What a page says, without its tags."""
    return " ".join(text.unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_a_notice_that_was_sent_shows_answer_proof_calls_receipts_content_and_decisions(
    app, ground, client, sandbox
):
    await post_event(client, ground, sample("02"))
    await becomes(app, "citizen", "zalo", "read")
    status, html = await look(client, await address(app), await operator_cookie(app))
    said = plain(html)
    assert status == 200
    for expected in (
        "Có. Người nhận đã xem thông báo qua Zalo lúc",
        "theo biên nhận",
        "đã nhận",
        "mã của nhà cung cấp:",
        "user_seen_message",
        "sự kiện đã nhận và lưu",
        "quy tắc",
    ):
        assert expected in said, expected
    assert [each for each in PERSONAL if each in html] == []


async def test_a_notice_that_failed_says_why_what_the_code_means_and_that_somebody_is_needed(
    app, ground, client, sandbox
):
    await refused_by_zalo(client, ground, app, sandbox)
    said = plain((await look(client, await address(app), await operator_cookie(app)))[1])
    for expected in (
        "Không chắc. Thông báo nằm trong hộp thư",
        "từ chối hẳn (-118)",
        "không gửi được cho người này",
        "cần người xem",
    ):
        assert expected in said, expected


async def test_a_notice_that_waits_says_when_it_goes_out_and_what_follows(app, client, notice):
    cookie = await operator_cookie(app)
    said = plain((await look(client, notice, cookie))[1])
    assert "Chưa. Thông báo sẽ được gửi" in said
    assert "Dự phòng thứ 1: chỉ gửi nếu các kênh trước không đến được" in said
    assert "Not yet. It will be sent" in plain((await look(client, f"{notice}?lang=en", cookie))[1])


async def test_whoever_gives_a_reason_sees_the_person_in_full_and_only_then(app, client, notice):
    cookie = await operator_cookie(app, login="an")
    form = {"csrf": csrf_of(app, cookie), "purpose": "asked", "said": WHY}
    status, html, _ = await send_form(client, f"{notice}/reveal", cookie, form)
    assert (status, [each for each in PERSONAL if each in html]) == (
        200,
        ["+84912000101", "nguyen.mau@example.vn", "Nguyễn Văn Mẫu", "9990000000000000101"],
    )
    (row,) = await audited(app)
    assert (row["actor"], row["delivery_id"] is not None, row["details"]) == (
        "operator:an",
        True,
        {"by": "an", "purpose": "asked", "said": WHY, "recipient": notice.rpartition("/")[2]},
    )
    _, again = await look(client, notice, cookie)
    assert [each for each in PERSONAL if each in again] == []


async def test_without_a_fit_reason_nothing_is_shown_nor_recorded(app, client, notice):
    cookie = await operator_cookie(app)
    for wrong in (
        {"said": ""},
        {"said": "ngắn"},
        {"said": WHY, "purpose": "curious"},
        {"said": "gọi lại số 0912000101 giúp dân"},
        {"said": "x" * 300},
    ):
        form = {"csrf": csrf_of(app, cookie), "purpose": "asked", **wrong}
        status, html, _ = await send_form(client, f"{notice}/reveal", cookie, form)
        shown = re.sub(r"<textarea.*?</textarea>", "", html, flags=re.DOTALL)
        assert (status, [each for each in PERSONAL if each in shown], 'role="alert"' in html) == (422, [], True), wrong
    assert await audited(app) == []


@pytest.mark.parametrize(
    ("role", "led"), [(OperatorRole.OPERATOR, {"event", "delivery"}), (OperatorRole.VIEWER, set())]
)
async def test_who_may_act_is_led_from_the_notice_to_where_they_can(app, client, notice, role, led: set[str]):
    html = (await look(client, notice, await operator_cookie(app, role)))[1]
    assert {what for what in ("event", "delivery") if f"/console/act/{what}/" in html} == led


async def test_a_viewer_cannot_reveal(app, client, notice):
    cookie = await operator_cookie(app, OperatorRole.VIEWER)
    assert f"{notice}/reveal" not in (await look(client, notice, cookie))[1]
    form = {"csrf": csrf_of(app, cookie), "purpose": "asked", "said": WHY}
    assert (await send_form(client, f"{notice}/reveal", cookie, form))[0] == 403
    assert await audited(app) == []


async def test_auditors_and_nobody_else_see_who_saw_the_contact(app, client, notice):
    cookie = await operator_cookie(app, login="an")
    form = {"csrf": csrf_of(app, cookie), "purpose": "complaint", "said": WHY}
    await send_form(client, f"{notice}/reveal", cookie, form)
    said = plain((await look(client, notice, await operator_cookie(app, OperatorRole.AUDITOR)))[1])
    assert f"operator:an · an xem liên hệ đầy đủ (giải quyết khiếu nại, phản ánh): {WHY}" in said
    assert WHY not in (await look(client, notice, cookie))[1]
    async with app.pool.acquire() as connection:
        story = await timelines.of_dossier(connection, "mcdt.angiang.gov.vn", "H01.14-261119-0042")
    assert (len(story) > 1, [row for row in story if row.reason.code is ReasonCode.CONTACT_REVEALED]) == (True, [])


async def test_another_agencys_notice_is_not_there_and_is_not_revealed(app, client, notice):
    cookie = await operator_cookie(app, OperatorRole.OPERATOR, "H01.77")
    async with app.pool.acquire() as connection:
        delivery = await connection.fetchval("SELECT id FROM delivery LIMIT 1")
    form = {"csrf": csrf_of(app, cookie), "purpose": "asked", "said": WHY}
    assert (await send_form(client, f"{notice}/reveal", cookie, form))[0] == 404
    assert await audited(app) == []
    for path in (
        notice,
        f"/console/deliveries/{delivery}",
        "/console/notices/nonsense",
        f"/console/notices/{delivery}",
    ):
        assert (await look(client, path, cookie))[0] == 404, path


async def test_a_delivery_leads_to_its_notice(app, client, notice):
    async with app.pool.acquire() as connection:
        id_ = notice.rpartition("/")[2]
        delivery = await connection.fetchval("SELECT id FROM delivery WHERE recipient_id = $1::text::uuid LIMIT 1", id_)
    cookie = await operator_cookie(app, OperatorRole.VIEWER, "H01")
    async with client.get(f"/console/deliveries/{delivery}", headers=headers(cookie), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"{notice}#d-{delivery}")


async def test_a_notice_that_was_told_with_others_leads_to_the_message_that_told_it(app, ground, client, notice):
    await post_event(client, ground, sample("05"))
    async with app.pool.acquire() as connection:
        other = await connection.fetchval("SELECT id FROM event WHERE due_at IS NOT NULL")
        await steps.route(app, [other])
        into = await connection.fetchval("SELECT id FROM recipient WHERE event_id = $1 LIMIT 1", other)
        await connection.execute(
            "UPDATE delivery SET gathered_into = $1 WHERE recipient_id = $2::text::uuid AND channel = 'zalo'",
            other,
            notice.rpartition("/")[2],
        )
        await connection.execute("DELETE FROM delivery WHERE event_id = $1", other)
        await connection.execute("DELETE FROM recipient WHERE event_id = $1 AND id <> $2", other, into)
    assert f'href="/console/notices/{into}"' in (await look(client, notice, await operator_cookie(app)))[1]
