"""Operators change the password of their local account: with the present one and a code, as hard to guess as signing in."""

from datetime import timedelta

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import LOCKS
from notifier.web.access.visits import OPERATOR_COOKIE
from tests.support.pages import look, operator_cookie
from tests.support.visitors import PASSWORD, Visitor, code_of, set_up

ACCOUNT, SIGN_IN = "/console/account", "/console/sign-in"
NEW = "năm con cá bơi ngược"
FREE = sum(not each for each in LOCKS)


@pytest.fixture
async def lan(client, app, ground) -> tuple[Visitor, str]:
    """Somebody who is signed in, and the secret of their codes, of which the present one is unused."""
    visitor, secret = await set_up(client, app)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=5))
    return visitor, secret


async def change(visitor: Visitor, code: str, **changes: str) -> Visitor:
    await visitor.open(ACCOUNT)
    form = {"current": PASSWORD, "password": NEW, "again": NEW, "code": code, **changes}
    return await visitor.send(ACCOUNT, form, follow=False)


async def signs_in(client, password: str, code: str) -> bool:
    visitor = await Visitor(client).open(SIGN_IN)
    await visitor.send(SIGN_IN, {"login": "lan", "password": password, "code": code}, follow=False)
    return visitor.status == 303


async def password_hash(app) -> str:
    async with app.pool.acquire() as connection:
        return await connection.fetchval("SELECT password_hash FROM operator WHERE login = 'lan'")


async def test_the_new_password_signs_in_and_the_one_before_does_not(client, app, ground, lan):
    visitor, secret = lan
    await change(visitor, code_of(app, secret))
    assert (visitor.status, visitor.leads_to) == (303, f"{ACCOUNT}?done=password")
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=1))
    assert await signs_in(client, PASSWORD, code_of(app, secret)) is False
    assert await signs_in(client, NEW, code_of(app, secret)) is True


async def test_other_sessions_end_and_this_one_goes_on_under_a_fresh_token(client, app, ground, lan):
    visitor, secret = lan
    other = await Visitor(client).open(SIGN_IN)
    await other.send(SIGN_IN, {"login": "lan", "password": PASSWORD, "code": code_of(app, secret)}, follow=False)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=1))
    before = dict(visitor.cookies)
    await change(visitor, code_of(app, secret))
    answers = [(await look(client, ACCOUNT, each))[0] for each in (visitor.cookies, other.cookies, before)]
    assert answers == [200, 303, 303]


async def test_it_is_written_down_by_whom(client, app, lan):
    visitor, secret = lan
    await change(visitor, code_of(app, secret))
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT actor, details FROM audit WHERE reason = 'account.password_changed'")
    assert (row["actor"], row["details"]) == ("operator:lan", {"login": "lan"})


@pytest.mark.parametrize("wrong", [{"current": NEW}, {"current": ""}, {"code": "000000"}, {"code": ""}], ids=str)
async def test_without_both_factors_nothing_changes(app, lan, wrong):
    visitor, secret = lan
    before = await password_hash(app)
    await change(visitor, **{"code": code_of(app, secret), **wrong})
    assert (visitor.status, "Chưa đổi: mật khẩu hiện tại hoặc mã xác thực" in visitor.html) == (403, True)
    assert await password_hash(app) == before


async def test_a_code_that_was_used_changes_nothing(client, app, lan):
    visitor, secret = lan
    code = code_of(app, secret)
    assert await signs_in(client, PASSWORD, code)
    assert (await change(visitor, code)).status == 403


async def test_a_weak_or_mistyped_choice_is_pointed_out_and_uses_up_no_code(client, app, lan):
    visitor, secret = lan
    code = code_of(app, secret)
    said = {"ngắn": "chưa đủ dài", "lê thị ví dụ 1": "dễ đoán", "a" * 201: "quá dài"}
    for password, words in said.items():
        await change(visitor, code, password=password, again=password)
        assert (visitor.status, words in visitor.html) == (422, True)
    await change(visitor, code, again="một câu khác hẳn")
    assert (visitor.status, "không giống nhau" in visitor.html) == (422, True)
    assert (await change(visitor, code)).status == 303


async def test_failures_count_as_at_the_sign_in(client, app, lan):
    visitor, secret = lan
    for _ in range(FREE + 1):
        await change(visitor, "000000", current="một mật khẩu sai")
    assert (await change(visitor, code_of(app, secret))).status == 403
    assert await signs_in(client, PASSWORD, code_of(app, secret)) is False


async def test_who_signs_in_by_the_provider_has_no_password_to_change(client, app):
    async with app.pool.acquire() as connection:
        cookie = await operator_cookie(app, login="thu")
        await connection.execute("UPDATE operator SET by_provider = true WHERE login = 'thu'")
    visitor = await Visitor(client, {OPERATOR_COOKIE: cookie[OPERATOR_COOKIE]}).open(ACCOUNT)
    assert "Đổi mật khẩu" not in visitor.html
    assert (await change(visitor, "123456")).status == 403
