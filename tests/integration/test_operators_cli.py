"""`notifier operators` and the set-up link that it prints: who gets an account, and how they make it their own."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import OperatorRole
from notifier.store import operator_accounts
from notifier.web.access.visits import OPERATOR_COOKIE
from tests.support.command import run
from tests.support.pages import look
from tests.support.visitors import PASSWORD, Visitor, begun, code_of, secret_on, set_up

ACCOUNT, SET_UP = "/console/account", "/console/set-up"
ADD = ("add", "lan", "--name", "Lê Thị Ví Dụ", "--role", "administrator")


@pytest.fixture
def typed(ground):
    async def typing(*arguments: str) -> tuple[int, str]:
        code, out, err = await run("operators", *arguments, environ=ground.environ)
        return code, out + err

    return typing


def link_in(text: str) -> str:
    found = re.search(r"https?://\S+/console/set-up/\S+", text)
    assert found, text
    return urlsplit(found[0]).path


async def first(client, typed) -> Visitor:
    """The first administrator, who has opened their link."""
    _, out = await typed(*ADD)
    return await begun(client, link_in(out))


def form_of(app, visitor: Visitor, **changes: str) -> dict[str, str]:
    return {"password": PASSWORD, "again": PASSWORD, "code": code_of(app, secret_on(visitor.html)), **changes}


async def test_the_first_administrator_is_made_by_a_command_and_comes_in_by_a_link(client, app, typed):
    visitor = await first(client, typed)
    await visitor.send(SET_UP, form_of(app, visitor), follow=False)
    status, html = await look(client, ACCOUNT, visitor.cookies)
    assert (status, "quản trị" in html) == (200, True)


async def test_the_link_is_opened_once(client, app, typed):
    _, out = await typed(*ADD)
    late = await Visitor(client).open(link_in(out))
    await begun(client, link_in(out))
    assert (await Visitor(client).open(link_in(out))).status == 401
    assert (await late.send(link_in(out), {})).status == 401


async def test_looking_at_the_link_as_a_messenger_does_uses_it_up_no_more_than_a_form_of_another_site(
    client, app, typed
):
    _, out = await typed(*ADD)
    preview = await Visitor(client).open(link_in(out))
    assert (preview.status, preview.path, "Lê Thị" in preview.html) == (200, link_in(out), False)
    assert (await Visitor(client).send(link_in(out), {"csrf": "x"})).status == 403
    assert (await begun(client, link_in(out))).path == SET_UP


async def test_the_browser_that_opened_it_goes_on_and_its_address_holds_no_token(client, app, typed):
    visitor = await first(client, typed)
    assert (visitor.path, visitor.status) == (SET_UP, 200)
    assert (await visitor.open(SET_UP)).status == 200


async def test_a_link_is_over_after_a_day(client, app, ground, typed):
    _, out = await typed(*ADD)
    move_clock(ground.clock_file, app.clock() + timedelta(hours=24, seconds=1))
    assert (await Visitor(client).open(link_in(out))).status == 401


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00" * 43, "é" * 43])
async def test_a_link_that_nobody_gave_opens_nothing(client, app, token):
    assert (await Visitor(client).open(f"{SET_UP}/{token}")).status == 401


async def test_a_browser_that_opened_no_link_has_nothing_to_set_up(client, app):
    visitor = Visitor(client, cookies={"__Host-set-up": "A" * 43})
    assert (await visitor.open(SET_UP)).status == 401


REFUSED = [
    ({"password": "ngắn quá", "again": "ngắn quá"}, "password"),
    ({"password": "xinchào-LAN-123456", "again": "xinchào-LAN-123456"}, "password"),
    ({"password": "le thi vi du 2026", "again": "le thi vi du 2026"}, "password"),
    ({"password": "aaaaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaaaa"}, "password"),
    ({"again": "khác hẳn một chút"}, "again"),
    ({"code": "000000"}, "code"),
]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=str)
async def test_what_is_wrong_is_pointed_out_and_nothing_is_kept(client, app, typed, change, field):
    visitor = await first(client, typed)
    await visitor.send(SET_UP, form_of(app, visitor, **change), follow=False)
    wrong = re.findall(r'<input id="(\w+)"[^>]*aria-invalid', visitor.html)
    assert (visitor.status, wrong, OPERATOR_COOKIE in visitor.cookies) == (422, [field], False)
    await visitor.send(SET_UP, form_of(app, visitor), follow=False)
    assert visitor.status == 303


async def test_the_code_that_confirmed_the_phone_signs_nobody_in_again(client, app, typed):
    visitor = await first(client, typed)
    code = code_of(app, secret_on(visitor.html))
    await visitor.send(SET_UP, form_of(app, visitor), follow=False)
    await visitor.open("/console/sign-in")
    await visitor.send("/console/sign-in", {"login": "lan", "password": PASSWORD, "code": code}, follow=False)
    assert visitor.status == 403


async def test_nobody_has_a_password_before_they_chose_one(client, app, typed):
    await typed(*ADD)
    visitor = await Visitor(client).open("/console/sign-in")
    await visitor.send("/console/sign-in", {"login": "lan", "password": "", "code": ""}, follow=False)
    assert visitor.status == 403


async def test_a_login_is_given_once(app, typed):
    await typed(*ADD)
    code, out = await typed(*ADD)
    assert (code, "the login lan is taken" in out) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "lan@example.vn", "--name", "x", "--role", "viewer"),
        ("add", "lan", "--name", "x", "--role", "king"),
        ("add", "lan", "--name", "x", "--role", "viewer", "--agency", "H01 14"),
        ("change", "lan", "--why", "x"),
        ("change", "lan", "--role", "viewer", "--why", "gọi 0912000101"),
        ("disable", "nobody", "--why", "x"),
        ("reset", "nobody", "--why", "x"),
    ],
)
async def test_a_wrong_command_says_so(app, typed, arguments):
    assert (await typed(*arguments))[0] == 2


async def test_who_is_listed_stands_with_role_and_scope(app, typed):
    await typed("add", "minh", "--name", "Trần Văn Mẫu", "--role", "operator", "--agency", "000.00.14.H01")
    assert re.search(r"^minh +operator +H01\.14 +chờ thiết lập +Trần Văn Mẫu$", (await typed("list"))[1], re.MULTILINE)


async def test_another_role_and_scope_hold_from_the_next_click_on(client, app, typed):
    visitor, _ = await set_up(client, app, role=OperatorRole.ADMINISTRATOR)
    await typed("change", "lan", "--role", "viewer", "--agency", "H01.14", "--why", "chuyển việc")
    html = (await look(client, ACCOUNT, visitor.cookies))[1]
    assert ("người xem" in html, "H01.14" in html) == (True, True)


async def test_a_disabled_account_loses_its_sessions_for_good(client, app, typed):
    visitor, _ = await set_up(client, app)
    await typed("disable", "lan", "--why", "nghỉ việc")
    assert (await look(client, ACCOUNT, visitor.cookies))[0] == 303
    await typed("enable", "lan", "--why", "về lại")
    assert (await look(client, ACCOUNT, visitor.cookies))[0] == 303


async def test_a_disabled_account_loses_its_link(client, app, typed):
    _, out = await typed(*ADD)
    await typed("disable", "lan", "--why", "nhầm")
    await typed("enable", "lan", "--why", "không nhầm")
    assert (await Visitor(client).open(link_in(out))).status == 401


async def test_a_reset_takes_password_and_sessions_and_gives_a_new_link(client, app, ground, typed):
    visitor, secret = await set_up(client, app)
    _, out = await typed("reset", "lan", "--why", "đổi điện thoại")
    assert (await look(client, ACCOUNT, visitor.cookies))[0] == 303
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=2))
    await visitor.open("/console/sign-in")
    form = {"login": "lan", "password": PASSWORD, "code": code_of(app, secret)}
    assert (await visitor.send("/console/sign-in", form, follow=False)).status == 403
    assert secret_on((await begun(client, link_in(out))).html) != secret


async def test_every_change_is_written_down_with_who_and_why(app, typed):
    await typed(*ADD, "--by", "minh")
    await typed("change", "lan", "--role", "viewer", "--why", "chuyển việc", "--by", "minh")
    await typed("disable", "lan", "--why", "nghỉ việc", "--by", "minh")
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT actor, reason, details->>'said' AS said FROM audit ORDER BY seq")
    assert [tuple(row) for row in rows] == [
        ("cli:minh", "account.added", "tài khoản mới"),
        ("cli:minh", "account.changed", "chuyển việc"),
        ("cli:minh", "account.disabled", "nghỉ việc"),
    ]


async def test_an_account_of_the_provider_has_no_link_and_is_not_reset(app, typed):
    code, out = await typed("add", "thu", "--name", "Phạm Thị Thử", "--role", "auditor", "--provider")
    assert (code, "/console/set-up/" in out) == (0, False)
    assert (await typed("reset", "thu", "--why", "x"))[0] == 2


async def test_accounts_are_read_in_order(app, typed):
    for login in ("thu", "an"):
        await typed("add", login, "--name", "Ví Dụ", "--role", "viewer")
    async with app.pool.acquire() as connection:
        assert [each.operator.login for each in await operator_accounts.accounts(connection)] == ["an", "thu"]
