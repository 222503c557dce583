"""Who gets to see a page: operators with their permission, forms of the own session, and nobody by a forged cookie."""

import asyncio
from datetime import timedelta

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import PERMISSIONS, OperatorRole, Permission
from notifier.web.access.entrance import VISITOR_COOKIE
from notifier.web.access.visits import CITIZEN_COOKIE, OPERATOR_COOKIE
from notifier.web.pages.console.set_up import SET_UP_COOKIE
from notifier.web.pages.routes import PAGES
from tests.support.pages import csrf_of, headers, look, operator_cookie, send_form

OPEN = ("/console/sign-in", "/console/set-up", "/console/oidc")
ACCOUNT, SIGN_OUT = "/console/account", "/console/sign-out"


async def test_who_is_signed_in_sees_the_page_and_their_own_name(client, app):
    status, html = await look(client, ACCOUNT, await operator_cookie(app))
    assert (status, "Trần Thị Ví Dụ" in html, "người vận hành" in html) == (200, True, True)


@pytest.mark.parametrize("cookie", [{}, {OPERATOR_COOKIE: "forged"}, {OPERATOR_COOKIE: ""}])
async def test_a_stranger_is_sent_to_sign_in_and_would_come_back(client, app, cookie: dict[str, str]):
    async with client.get(f"{ACCOUNT}?lang=en", headers=headers(cookie), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (
            303,
            "/console/sign-in?next=/console/account?lang%3Den",
        )


@pytest.mark.parametrize("path", ["/console", "/hop-thu", "/console/set-up", "/console/sign-in"])
@pytest.mark.parametrize("name", [OPERATOR_COOKIE, CITIZEN_COOKIE, VISITOR_COOKIE, SET_UP_COOKIE])
async def test_a_cookie_of_odd_bytes_is_no_fault_of_ours(web, path, name):
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode())
    writer.write(f"Cookie: {name}=".encode() + b"a\xff\xed\xa0\x80\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    assert int(answer.split()[1]) < 500


async def test_an_idle_session_is_over(client, app, ground):
    cookie = await operator_cookie(app)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=app.settings.console.idle_minutes, seconds=1))
    assert (await look(client, ACCOUNT, cookie))[0] == 303


async def test_a_session_that_is_used_stays(client, app, ground):
    cookie = await operator_cookie(app)
    for _ in range(3):
        move_clock(ground.clock_file, app.clock() + timedelta(minutes=app.settings.console.idle_minutes - 2))
        assert (await look(client, ACCOUNT, cookie))[0] == 200


async def test_signing_out_ends_the_session_and_takes_the_cookie(client, app):
    cookie = await operator_cookie(app)
    status, _, leads = await send_form(client, SIGN_OUT, cookie, {"csrf": csrf_of(app, cookie)})
    assert (status, leads) == (303, "/console/sign-in")
    assert (await look(client, ACCOUNT, cookie))[0] == 303


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "x" * 32}, {"csrf": "ŝ"}])
async def test_a_form_of_no_page_of_this_session_is_refused(client, app, form: dict[str, str]):
    cookie = await operator_cookie(app)
    assert (await send_form(client, SIGN_OUT, cookie, form))[0] == 403
    assert (await look(client, ACCOUNT, cookie))[0] == 200


async def test_a_form_of_another_session_is_refused(client, app):
    mine, other = await operator_cookie(app), await operator_cookie(app)
    assert (await send_form(client, SIGN_OUT, mine, {"csrf": csrf_of(app, other)}))[0] == 403


@pytest.mark.parametrize("said", [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}])
async def test_a_form_that_another_site_sends_is_refused(client, app, said: dict[str, str]):
    cookie = await operator_cookie(app)
    assert (await send_form(client, SIGN_OUT, cookie, {"csrf": csrf_of(app, cookie)}, **said))[0] == 403


async def test_a_page_runs_nothing_of_others_and_nothing_inline(client, app):
    async with client.get(ACCOUNT, headers=headers(await operator_cookie(app))) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_page_speaks_english_where_it_is_asked_to_and_remembers(client, app):
    cookie = await operator_cookie(app)
    async with client.get(f"{ACCOUNT}?lang=en", headers=headers(cookie)) as answer:
        assert '<html lang="en">' in await answer.text()
        wish = answer.cookies["lang"].value
    assert '<html lang="en">' in (await look(client, ACCOUNT, cookie | {"lang": wish}))[1]


async def test_people_get_a_page_that_says_what_is_wrong(client, app):
    status, html = await look(client, "/console/nothing-here")
    assert (status, "Không tìm thấy trang" in html) == (404, True)


def test_every_role_sees_and_only_those_named_act():
    assert all(Permission.SEE in each for each in PERMISSIONS.values())
    assert {role for role, may in PERMISSIONS.items() if Permission.ACT in may} == {
        OperatorRole.OPERATOR,
        OperatorRole.ADMINISTRATOR,
    }


@pytest.mark.parametrize("page", [page for page in PAGES if page.path.startswith("/console/")], ids=lambda p: p.path)
async def test_no_page_of_the_console_is_open_to_strangers(client, app, page):
    if page.path.startswith(OPEN):
        return
    async with client.request(
        page.method, page.path.replace("{", "").replace("}", ""), allow_redirects=False
    ) as answer:
        assert answer.status in {303, 401}
