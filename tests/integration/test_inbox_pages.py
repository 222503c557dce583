"""The citizen's pages as a program sees them: what is on them, whose it is, and what changes when."""

from datetime import timedelta
from uuid import UUID

import pytest

from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.domain.clock import move_clock
from notifier.domain.opaque import inbox_owner
from notifier.web.access.visits import CITIZEN_COOKIE
from tests.support.front_door import quick, told
from tests.support.intake import event
from tests.support.pages import citizen_cookie, csrf_of, headers, look, send_form
from tests.support.stack import post_event, settle

HOME, CODE = "/hop-thu", "H01.14-261119-0042"
DOSSIER = f"/hop-thu/ho-so/{PROVINCE}/{CODE}"
CITIZEN, OTHER = "000090000101", "000085000303"
SENT = {"planned", "sending"}


@pytest.fixture
async def ground(ground):
    return quick(ground)


@pytest.fixture
async def mine(app) -> dict[str, str]:
    """The cookie of the citizen of the sample event."""
    return await citizen_cookie(app, inbox_owner(app.secret, "personal_number", CITIZEN))


@pytest.fixture
async def others(app) -> dict[str, str]:
    return await citizen_cookie(app, inbox_owner(app.secret, "personal_number", OTHER))


async def only_message(app) -> str:
    async with app.pool.acquire() as connection:
        return str(
            await connection.fetchval(
                "SELECT delivery_id FROM inbox_message WHERE owner = $1",
                inbox_owner(app.secret, "personal_number", CITIZEN),
            )
        )


async def states_of(app, message: str) -> tuple[str, bool, bool]:
    """Of a message: its delivery's state, whether it is read, whether it is put away."""
    async with app.pool.acquire() as connection:
        return tuple(
            await connection.fetchrow(
                "SELECT d.state, m.read_at IS NOT NULL, m.archived_at IS NOT NULL"
                " FROM inbox_message m JOIN delivery d ON d.id = m.delivery_id WHERE d.id = $1::uuid",
                message,
            )
        )


async def tell(client, ground, app, *changed: dict) -> None:
    for number, changes in enumerate(changed):
        of = changes.pop("of", "02")
        await post_event(client, ground, event({"/id": f"P-{number}", **changes}, of=of))
        await settle(app, states=SENT)


async def test_an_empty_inbox_says_something_kind(client, app, mine):
    status, html = await look(client, HOME, mine)
    assert (status, "Hộp thư chưa có gì" in html) == (200, True)


async def test_the_inbox_shows_its_messages_by_dossier_with_their_number_in_the_title(
    client, ground, app, sandbox, mine
):
    await told(app, client, ground, messages=2)
    _, html = await look(client, HOME, mine)
    assert "<title>(2) Hộp thư" in html
    assert html.count('<section class="card"') == 2
    assert "0296 3956 000" in html


async def test_looking_at_the_inbox_reads_nothing(client, ground, app, sandbox, mine):
    await told(app, client, ground)
    for path in (HOME, f"{HOME}?part=messages", DOSSIER):
        assert (await look(client, path, mine))[0] == 200
    assert await states_of(app, await only_message(app)) == ("delivered", False, False)


async def test_a_message_is_marked_as_read_by_its_form_and_that_proves_its_delivery(client, ground, app, sandbox, mine):
    await told(app, client, ground)
    message = await only_message(app)
    form = {"csrf": csrf_of(app, mine), "back": f"/hop-thu#m-{message}"}
    status, _, leads = await send_form(client, f"/hop-thu/thu/{message}/doc", mine, form)
    assert (status, leads) == (303, f"/hop-thu#m-{message}")
    assert await states_of(app, message) == ("read", True, False)


async def test_a_message_is_put_away_and_brought_back_without_being_read(client, ground, app, sandbox, mine):
    await told(app, client, ground)
    message, form = await only_message(app), {"csrf": csrf_of(app, mine)}

    await send_form(client, f"/hop-thu/thu/{message}/cat", mine, form)
    assert await states_of(app, message) == ("delivered", False, True)
    assert message not in (await look(client, HOME, mine))[1]
    assert message in (await look(client, f"{HOME}?show=archived", mine))[1]

    await send_form(client, f"/hop-thu/thu/{message}/lay-lai", mine, form)
    assert message in (await look(client, HOME, mine))[1]


async def test_all_that_was_shown_is_marked_as_read_and_nothing_newer(client, ground, app, sandbox, mine):
    await told(app, client, ground, messages=3)
    form = {"csrf": csrf_of(app, mine), "through": "2"}
    assert (await send_form(client, "/hop-thu/doc-het", mine, form))[0] == 303
    assert "<title>(1) Hộp thư" in (await look(client, HOME, mine))[1]


async def test_a_form_that_does_not_say_what_was_shown_marks_nothing(client, app, mine):
    answers = [
        await send_form(client, "/hop-thu/doc-het", mine, {"csrf": csrf_of(app, mine), "through": through})
        for through in ("", "x", "-1")
    ]
    assert [status for status, _, _ in answers] == [400] * 3


async def test_a_form_leads_back_to_the_inbox_and_nowhere_else(client, app, mine):
    form = {"csrf": csrf_of(app, mine), "through": "1"}
    leads = [
        (await send_form(client, "/hop-thu/doc-het", mine, {**form, "back": back}))[2]
        for back in ("https://evil.example/", "//evil.example", "/console", "/hop-thu.evil", "/hop-thu\r\nX: 1")
    ]
    assert leads == ["/hop-thu"] * 5


async def test_another_citizens_message_is_refused_like_one_that_does_not_exist(client, ground, app, sandbox, others):
    await told(app, client, ground)
    message, form = await only_message(app), {"csrf": csrf_of(app, others)}
    for action in ("doc", "cat", "lay-lai"):
        for named in (message, str(UUID(int=7)), "nothing"):
            assert (await send_form(client, f"/hop-thu/thu/{named}/{action}", others, form))[0] == 404
    assert await states_of(app, message) == ("delivered", False, False)


async def test_an_inbox_holds_nothing_of_another_citizen(client, ground, app, sandbox, others):
    await told(app, client, ground)
    assert "<details" not in (await look(client, HOME, others))[1]


async def test_another_citizens_dossier_is_refused_like_one_that_does_not_exist(client, ground, app, sandbox, others):
    await told(app, client, ground)
    assert (await look(client, DOSSIER, others))[0] == 404
    assert (await look(client, f"{DOSSIER}9", others))[0] == 404


async def test_a_form_without_the_token_of_the_session_changes_nothing(client, ground, app, sandbox, mine, others):
    await told(app, client, ground)
    message = await only_message(app)
    for form in ({}, {"csrf": "x" * 32}, {"csrf": csrf_of(app, others)}):
        assert (await send_form(client, f"/hop-thu/thu/{message}/doc", mine, form))[0] == 403
    assert await states_of(app, message) == ("delivered", False, False)


@pytest.mark.parametrize("path", [HOME, f"{HOME}?part=messages", DOSSIER, "/hop-thu/stream"])
async def test_who_has_no_session_is_sent_to_sign_in(client, app, path):
    for cookie in ({}, {CITIZEN_COOKIE: "forged"}, {CITIZEN_COOKIE: "ses_" + "A" * 43}):
        assert (await look(client, path, cookie))[0] == 303


async def test_an_expired_session_leads_to_the_sign_in_and_back(client, ground, app, mine):
    move_clock(ground.clock_file, app.clock() + timedelta(hours=9))
    async with client.get(f"{HOME}?show=archived", headers=headers(mine), allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/hop-thu/dang-nhap?next=/hop-thu?show%3Darchived"


async def test_a_form_of_a_session_that_is_over_is_told_so(client, ground, app, mine):
    form = {"csrf": csrf_of(app, mine), "through": "1"}
    move_clock(ground.clock_file, app.clock() + timedelta(hours=9))
    status, html, _ = await send_form(client, "/hop-thu/doc-het", mine, form)
    assert (status, "Phiên làm việc đã hết" in html) == (401, True)


async def test_a_long_inbox_is_read_page_by_page_and_its_old_unread_messages_stand_on_the_first(
    client, ground, app, sandbox, mine
):
    owner = inbox_owner(app.secret, "personal_number", CITIZEN)
    await told(app, client, ground)
    async with app.pool.acquire() as connection:
        await connection.execute("ALTER TABLE inbox_message DROP CONSTRAINT inbox_message_delivery_id_fkey")
        await connection.execute(
            "INSERT INTO inbox_message (owner, seq, delivery_id, source, dossier_code, title, body, created_at, read_at)"
            " SELECT $1, n, gen_random_uuid(), 's', 'D-' || n, 'T' || n, 'b', now(), now()"
            " FROM generate_series(2, 40) AS n",
            owner,
        )
    _, first = await look(client, HOME, mine)
    assert (first.count("<details"), await only_first(app, owner) in first, "before=11" in first) == (31, True, True)
    _, second = await look(client, f"{HOME}?before=11", mine)
    assert (second.count("<details"), "T10<" in second, "T11<" in second) == (10, True, False)


async def only_first(app, owner) -> str:
    async with app.pool.acquire() as connection:
        return str(
            await connection.fetchval("SELECT delivery_id FROM inbox_message WHERE owner = $1 AND seq = 1", owner)
        )


async def test_the_dossier_page_asks_for_papers_until_their_deadline_and_names_no_officer(
    client, ground, app, sandbox, others
):
    await tell(client, ground, app, {"of": "05"})
    _, html = await look(client, f"/hop-thu/ho-so/{PROVINCE}/H01.14-261118-0039", others)
    assert "Chờ bổ sung giấy tờ" in html
    assert "Tờ khai đăng ký lại khai sinh có chữ ký" in html
    assert "17:00 30/11/2026" in html
    officers = ("Huỳnh Thị Hộ", "ht.hotich", "0912000910", "910", "Lý Thị Ví Dụ")
    assert [each for each in officers if each in html] == []


async def test_the_dossier_page_says_at_once_why_it_was_not_accepted(client, ground, app, sandbox):
    refused = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000155000202"))
    await tell(client, ground, app, {"of": "03"})
    _, html = await look(client, f"/hop-thu/ho-so/{PROVINCE}/H01.27-261118-0113", refused)
    stands = html[html.index('aria-labelledby="stands"') : html.index('aria-labelledby="next"')]
    assert "Hồ sơ không thuộc thẩm quyền giải quyết của đơn vị tiếp nhận" in stands


async def test_the_dossier_page_says_what_is_to_be_paid_and_that_the_clock_stands_still(client, ground, app, sandbox):
    payer = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000192000404"))
    await tell(client, ground, app, {"of": "06"})
    _, html = await look(client, f"/hop-thu/ho-so/{MINISTRY}/G09.20-20261118-0091234", payer)
    assert "1.200.000 đ" in html
    assert 'href="https://mcdt.example.gov.vn/thanh-toan/mau-91234"' in html
    assert "đang tạm ngừng tính" in html


async def test_the_dossier_page_says_where_its_result_is_fetched(client, ground, app, sandbox, mine):
    papers = [{"LoaiDinhDanh": "1", "SoDinhDanh": CITIZEN}]
    await tell(client, ground, app, {"of": "08", "/data/HoSo/DinhDanhCHS": papers})
    _, html = await look(client, DOSSIER, mine)
    assert "Đến nhận kết quả tại <strong>Trung tâm Phục vụ hành chính công xã Bình Mẫu</strong>" in html


async def test_the_dossier_page_tells_what_was_sent_where_masked(client, ground, app, sandbox, mine):
    await tell(client, ground, app, {"/data/HoSo/ThongBaoZalo": False})
    _, html = await look(client, DOSSIER, mine)
    assert "n•••@example.vn" in html
    assert [each for each in ("nguyen.mau@example.vn", "+84912000101", "Võ Văn Mẫu") if each in html] == []


async def test_what_is_told_to_somebody_authorised_since_is_not_shown_to_who_was_told_before(
    client, ground, app, sandbox, mine
):
    authorised = {
        "/data/HoSo/UyQuyen": True,
        "/data/HoSo/NguoiUyQuyen": "Trần Văn Khác",
        "/data/HoSo/SoDienThoaiNguoiUyQuyen": "0912000777",
        "/data/HoSo/TrangThaiHoSo": "9",
        "/type": "hoso.xu_ly_xong",
        "/seq": 9,
    }
    await tell(client, ground, app, {}, authorised)
    status, html = await look(client, DOSSIER, mine)
    assert (status, "Được tiếp nhận" in html, "Đã có kết quả" in html, "777" in html) == (200, True, False, False)


async def test_an_english_page_says_everything_in_english(client, ground, app, sandbox, mine):
    await tell(client, ground, app, {})
    _, html = await look(client, f"{DOSSIER}?lang=en", mine)
    assert [
        each for each in ("Where it stands", "What comes next", "Sent to you", "Accepted") if each not in html
    ] == []
    assert [each for each in ("Tiếp nhận", "Đã gửi đến quý vị", "Cần hỏi") if each in html] == []
