"""Signing in with a local account: both factors, once each; who fails, waits; nobody learns which accounts there are."""

import asyncio
from datetime import timedelta

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import LOCKS
from notifier.store import operator_accounts
from notifier.store.operator_accounts import Act
from notifier.web.access import passwords
from notifier.web.access.visits import OPERATOR_COOKIE
from tests.support.pages import look
from tests.support.visitors import PASSWORD, Visitor, code_of, set_up

ACCOUNT, SIGN_IN = "/console/account", "/console/sign-in"
FREE = sum(not each for each in LOCKS)


@pytest.fixture
async def lan(client, app, ground) -> str:
    """The secret of an account that was set up a while ago."""
    _, secret = await set_up(client, app)
    later(app, ground, minutes=5)
    return secret


def later(app, ground, **passed: float) -> None:
    move_clock(ground.clock_file, app.clock() + timedelta(**passed))


async def try_it(client, form: dict[str, str], wish: str = ACCOUNT) -> Visitor:
    visitor = await Visitor(client).open(f"{SIGN_IN}?next={wish}")
    return await visitor.send(SIGN_IN, {"login": "lan", "password": PASSWORD, **form}, follow=False)


async def fail(client, times: int) -> Visitor:
    visitor = Visitor(client)
    for _ in range(times):
        visitor = await try_it(client, {"code": "000000", "password": "wrong"})
    return visitor


async def actions(app) -> list[tuple[str, str]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT actor, reason FROM audit WHERE reason LIKE 'account.%' ORDER BY seq")
    return [(row["actor"], row["reason"]) for row in rows]


async def test_both_factors_lead_to_the_page_that_was_wanted(client, app, lan):
    visitor = await try_it(client, {"code": code_of(app, lan)})
    assert (visitor.status, visitor.leads_to) == (303, ACCOUNT)
    assert (await look(client, ACCOUNT, visitor.cookies))[0] == 200


async def test_signing_in_is_written_down(client, app, lan):
    await try_it(client, {"code": code_of(app, lan)})
    assert (await actions(app))[-1] == ("operator:lan", "account.signed_in")


async def test_a_login_is_known_in_upper_case_and_a_code_with_a_space(client, app, lan):
    code = code_of(app, lan)
    assert (await try_it(client, {"login": " LAN ", "code": f"{code[:3]} {code[3:]}"})).status == 303


async def test_a_session_begins_with_a_fresh_token_and_ends_the_one_before(client, app, ground, lan):
    first = await try_it(client, {"code": code_of(app, lan)})
    before = first.cookies[OPERATOR_COOKIE]
    later(app, ground, minutes=1)
    await first.open(SIGN_IN, follow=False)
    await first.send(SIGN_IN, {"login": "lan", "password": PASSWORD, "code": code_of(app, lan)}, follow=False)
    assert first.cookies[OPERATOR_COOKIE] != before
    assert (await look(client, ACCOUNT, {OPERATOR_COOKIE: before}))[0] == 303


async def test_a_code_is_taken_once(client, app, lan):
    code = code_of(app, lan)
    await try_it(client, {"code": code})
    assert (await try_it(client, {"code": code})).status == 403


async def test_a_code_is_taken_once_even_of_two_who_come_together(client, app, lan):
    code = code_of(app, lan)
    tried = await asyncio.gather(*(try_it(client, {"code": code}) for _ in range(3)))
    assert sorted(each.status for each in tried) == [303, 403, 403]


@pytest.mark.parametrize(("seconds", "status"), [(-30, 303), (30, 303), (-90, 403), (90, 403)])
async def test_a_phone_may_be_one_step_off(client, app, ground, lan, seconds, status):
    code = code_of(app, lan)
    later(app, ground, seconds=seconds)
    assert (await try_it(client, {"code": code})).status == status


WRONG = [
    {"login": "nobody"},
    {"password": "wrong wrong wrong"},
    {"password": ""},
    {"code": "000000"},
    {"code": ""},
    {"code": "١٢٣٤٥٦"},
    {"login": "l\x00n"},
    {"login": "l\ud800n".encode("utf-8", "replace").decode()},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_whatever_is_wrong_gets_one_answer(client, app, lan, wrong):
    answers = set()
    for form in (wrong, {"login": "nobody"}):
        visitor = await try_it(client, {"code": code_of(app, lan), **form})
        start = visitor.html.index('<div class="notice')
        answers.add((visitor.status, visitor.html[start : visitor.html.index("</div>", start)]))
    assert len(answers) == 1


async def test_a_disabled_account_gets_the_same_answer(client, app, lan):
    async with app.pool.acquire() as connection:
        await operator_accounts.disable(connection, "lan", Act("cli:x", "thử", app.clock()))
    assert (await try_it(client, {"code": code_of(app, lan)})).status == 403


async def test_an_unknown_login_costs_the_same_work(client, app, lan, monkeypatch):
    """Counted, not timed: each try hashes one password, whoever is named."""
    hashed = []
    original = passwords._fits
    monkeypatch.setattr(passwords, "_fits", lambda *given: hashed.append(given) or original(*given))
    for login in ("lan", "nobody"):
        await try_it(client, {"login": login, "code": "000000"})
    assert len(hashed) == 2


async def test_after_several_failures_even_the_right_answer_waits(client, app, ground, lan):
    await fail(client, FREE + 1)
    assert (await try_it(client, {"code": code_of(app, lan)})).status == 403
    later(app, ground, minutes=1, seconds=1)
    assert (await try_it(client, {"code": code_of(app, lan)})).status == 303


async def test_the_wait_grows(client, app, ground, lan):
    await fail(client, FREE + 1)
    later(app, ground, minutes=1, seconds=1)
    await fail(client, 1)
    later(app, ground, minutes=1, seconds=1)
    assert (await try_it(client, {"code": code_of(app, lan)})).status == 403
    later(app, ground, minutes=1)
    assert (await try_it(client, {"code": code_of(app, lan)})).status == 303


async def test_failures_together_are_not_free(client, app, lan):
    """All of them pass the door at once, and still no more than the first few are looked at."""
    await asyncio.gather(*(fail(client, 1) for _ in range(FREE + 4)))
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT failures FROM operator WHERE login = 'lan'") == FREE + 1


async def test_a_lock_is_written_down(client, app, lan):
    await fail(client, FREE + 1)
    assert (await actions(app))[-1] == ("console", "account.locked")


async def test_a_success_forgets_the_failures(client, app, ground, lan):
    await fail(client, FREE)
    await try_it(client, {"code": code_of(app, lan)})
    later(app, ground, minutes=1)
    await fail(client, FREE)
    assert (await try_it(client, {"code": code_of(app, lan)})).status == 303


ELSEWHERE = [
    "https://evil.example/console",
    "//evil.example/console",
    "/console/../../evil",
    "/console/%2E%2e/evil",
    "/console//evil.example",
    f"/console/{'x' * 1000}",
    "/console\\@evil.example",
    "/consolevil",
    "/hop-thu",
    "/console/sign-out",
    "/console/sign-in?next=/console",
    "javascript:alert(1)",
    "/console\r\nSet-Cookie: a=b",
    "",
]


@pytest.mark.parametrize("wish", ELSEWHERE)
async def test_it_leads_to_no_other_place(client, app, lan, wish):
    visitor = await Visitor(client).open(SIGN_IN)
    form = {"login": "lan", "password": PASSWORD, "code": code_of(app, lan), "next": wish}
    assert (await visitor.send(SIGN_IN, form, follow=False)).leads_to == "/console"


async def test_it_leads_to_a_page_with_its_question(client, app, lan):
    visitor = await Visitor(client).open(f"{ACCOUNT}?lang=en&x=a%20b")
    form = {"login": "lan", "password": PASSWORD, "code": code_of(app, lan)}
    assert (await visitor.send(SIGN_IN, form, follow=False)).leads_to == f"{ACCOUNT}?lang=en&x=a%20b"


async def test_a_form_without_its_browser_is_refused(client, app, lan):
    visitor = await Visitor(client).open(SIGN_IN)
    visitor.cookies.clear()
    form = {"login": "lan", "password": PASSWORD, "code": code_of(app, lan)}
    assert (await visitor.send(SIGN_IN, form, follow=False)).status == 403
    assert OPERATOR_COOKIE not in visitor.cookies


async def test_a_form_of_another_site_is_refused(client, app, lan):
    visitor = await Visitor(client).open(SIGN_IN)
    form = {"login": "lan", "password": PASSWORD, "code": code_of(app, lan)}
    await visitor.send(SIGN_IN, form, follow=False, headers={"Origin": "https://evil.example"})
    assert (visitor.status, OPERATOR_COOKIE in visitor.cookies) == (403, False)


async def test_neither_password_nor_secret_is_stored_readably(client, app, lan):
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT * FROM operator WHERE login = 'lan'")
    assert lan not in str(dict(row))
    assert row["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize("way", ["/console/sign-in/provider", "/hop-thu/dang-nhap/di"])
async def test_a_provider_that_is_down_is_said_so(client, app, way):
    visitor = await Visitor(client).open(way)
    assert (visitor.status, "Hệ thống định danh không trả lời" in visitor.html) == (503, True)
