"""Signing in by the identity provider: the pretend one, which checks what a strict one checks, over real sockets."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from notifier.cli.playground import residents
from notifier.domain.clock import move_clock
from notifier.domain.ids import uuid7
from notifier.domain.opaque import inbox_owner
from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.store import operator_accounts, passes
from notifier.store.operator_accounts import Act
from notifier.web.access.gate import hash_of
from notifier.web.access.visits import CITIZEN_COOKIE, OPERATOR_COOKIE
from tests.support.issuer import NUMBER
from tests.support.pages import csrf_of, send_form
from tests.support.visitors import Visitor, set_up

ACCOUNT = "/console/account"
CONSOLE_WAY, INBOX_WAY = "/console/sign-in/provider", "/hop-thu/dang-nhap/di"

pytestmark = pytest.mark.usefixtures("sandbox")


def choice(visitor: Visitor, name: str) -> str:
    """The address behind this person on the provider's page."""
    found = re.search(rf'<a href="([^"]+)"><strong>{name}</strong>', visitor.html)
    assert found, visitor.html
    parts = urlsplit(visitor.at)
    return f"{parts.scheme}://{parts.netloc}{unescape(found[1])}"


async def answered(client, way: str, name: str, cookies: dict[str, str] | None = None) -> Visitor:
    """A browser that the provider has just sent back: `leads_to` is our address with the code."""
    visitor = await Visitor(client, cookies=dict(cookies or {})).open(way)
    return await visitor.open(choice(visitor, name), follow=False)


async def signed_in(client, way: str, name: str) -> Visitor:
    visitor = await answered(client, way, name)
    return await visitor.open(str(visitor.leads_to), follow=False)


def changed(address: str, **changes: str) -> str:
    parts = urlsplit(address)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **changes})).geturl()


async def test_an_operator_comes_to_the_page_that_was_wanted(client, app):
    visitor = await signed_in(client, f"{CONSOLE_WAY}?next={ACCOUNT}", "Trần Văn Bình Mẫu")
    assert (visitor.status, visitor.leads_to) == (303, ACCOUNT)
    await visitor.open(ACCOUNT)
    assert ("Trần Văn Bình Mẫu" in visitor.html, "người vận hành" in visitor.html) == (True, True)


async def test_a_citizen_comes_to_the_inbox_of_their_personal_number(client, app):
    visitor = await signed_in(client, INBOX_WAY, await citizen_name(app))
    async with app.pool.acquire() as connection:
        opened = await passes.session(connection, hash_of(visitor.cookies[CITIZEN_COOKIE]), app.clock())
    assert opened is not None
    assert opened.owner == inbox_owner(app.secret, "personal_number", NUMBER)


async def citizen_name(app) -> str:
    return next(each.name for each in residents() if (each.lookup or {}).get("personal_number") == NUMBER)


async def test_an_officer_comes_to_the_inbox_of_their_code(client, app, ground):
    officer = next(each for each in ground.sandbox.people if "staff_code" in (each.lookup or {}))
    visitor = await signed_in(client, INBOX_WAY, officer.name)
    async with app.pool.acquire() as connection:
        opened = await passes.session(connection, hash_of(visitor.cookies[CITIZEN_COOKIE]), app.clock())
    assert opened is not None
    assert opened.owner == inbox_owner(app.secret, "staff", officer.lookup["staff_code"])


async def test_a_citizen_who_signs_out_has_no_session_any_more(client, app):
    visitor = await signed_in(client, INBOX_WAY, await citizen_name(app))
    token = visitor.cookies[CITIZEN_COOKIE]
    cookie = {CITIZEN_COOKIE: token}
    status, _, leads = await send_form(client, "/hop-thu/dang-xuat", cookie, {"csrf": csrf_of(app, cookie)})
    async with app.pool.acquire() as connection:
        opened = await passes.session(connection, hash_of(token), app.clock())
    assert (status, leads, opened) == (303, "/hop-thu/dang-nhap?failed=out", None)


async def refused(visitor: Visitor, address: str) -> bool:
    """Whether this answer of the provider opens nothing, and leads back to the sign-in."""
    await visitor.open(address, follow=False)
    in_now = {OPERATOR_COOKIE, CITIZEN_COOKIE} & set(visitor.cookies)
    return visitor.status == 303 and "?failed=provider" in str(visitor.leads_to) and not in_now


FORGED = [
    {"state": "x" * 43},
    {"state": ""},
    {"state": "ŝ"},
    {"code": "x" * 32},
    {"code": ""},
    {"iss": "https://evil.example"},
    {"error": "access_denied"},
]


@pytest.mark.parametrize("change", FORGED, ids=str)
@pytest.mark.parametrize("way", [CONSOLE_WAY, INBOX_WAY])
async def test_an_answer_that_was_changed_is_refused(client, app, way, change):
    name = "Trần Văn Bình Mẫu" if way == CONSOLE_WAY else await citizen_name(app)
    visitor = await answered(client, way, name)
    assert await refused(visitor, changed(str(visitor.leads_to), **change))


async def test_the_answer_of_another_browser_is_refused(client, app):
    """Somebody sends their own answer to a victim, to have them work in the wrong account."""
    attacker = await answered(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    victim = await Visitor(client).open(CONSOLE_WAY)
    assert await refused(victim, str(attacker.leads_to))


async def test_an_answer_without_the_cookie_is_refused(client, app):
    visitor = await answered(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    visitor.cookies.clear()
    assert await refused(visitor, str(visitor.leads_to))


@pytest.mark.parametrize("forged", ["x", "A" * 400, "ŝ"])
async def test_a_forged_cookie_is_refused(client, app, forged):
    visitor = await answered(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    visitor.cookies = dict.fromkeys(visitor.cookies, forged)
    assert await refused(visitor, str(visitor.leads_to))


async def test_the_cookie_of_an_inbox_opens_no_console(client, app):
    visitor = await answered(client, INBOX_WAY, await citizen_name(app))
    visitor.cookies["__Host-console-journey"] = visitor.cookies["__Host-inbox-journey"]
    assert await refused(visitor, str(visitor.leads_to).replace("/hop-thu/oidc", "/console/oidc"))


async def test_an_answer_is_taken_once(client, app):
    visitor = await answered(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    address, before = str(visitor.leads_to), dict(visitor.cookies)
    await visitor.open(address, follow=False)
    assert await refused(Visitor(client, cookies=before), address)


async def test_an_answer_that_comes_late_is_refused(client, app, ground):
    visitor = await Visitor(client).open(CONSOLE_WAY)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=10, seconds=1))
    await visitor.open(choice(visitor, "Trần Văn Bình Mẫu"), follow=False)
    assert await refused(visitor, str(visitor.leads_to))


async def test_a_token_with_another_nonce_is_refused(client, app):
    visitor = await Visitor(client).open(CONSOLE_WAY)
    await visitor.open(changed(choice(visitor, "Trần Văn Bình Mẫu"), nonce="another"), follow=False)
    assert await refused(visitor, str(visitor.leads_to))


async def test_a_code_for_another_verifier_is_refused(client, app):
    visitor = await Visitor(client).open(CONSOLE_WAY)
    await visitor.open(changed(choice(visitor, "Trần Văn Bình Mẫu"), code_challenge="x" * 43), follow=False)
    assert await refused(visitor, str(visitor.leads_to))


@pytest.mark.parametrize("wish", ["https://evil.example/", "//evil.example", "/hop-thu", "/console/../x"])
async def test_it_leads_to_no_other_place(client, app, wish):
    visitor = await signed_in(client, f"{CONSOLE_WAY}?{urlencode({'next': wish})}", "Trần Văn Bình Mẫu")
    assert visitor.leads_to == "/console"


async def test_role_and_agencies_are_those_of_the_provider(client, app):
    await signed_in(client, CONSOLE_WAY, "Hoàng Văn Dũng Mẫu")
    async with app.pool.acquire() as connection:
        found = await operator_accounts.account(connection, "dung")
    assert (found.operator.role, found.operator.agencies, found.by_provider) == ("viewer", ("H01.14",), True)


async def test_what_was_changed_here_is_the_providers_again_after_the_next_sign_in(client, app):
    await signed_in(client, CONSOLE_WAY, "Hoàng Văn Dũng Mẫu")
    act = Act("cli:test", "thử", app.clock())
    async with app.pool.acquire() as connection:
        await operator_accounts.change(connection, "dung", OperatorRole.ADMINISTRATOR, (), act)
    await signed_in(client, CONSOLE_WAY, "Hoàng Văn Dũng Mẫu")
    async with app.pool.acquire() as connection:
        found = await operator_accounts.account(connection, "dung")
    assert (found.operator.role, found.operator.agencies) == ("viewer", ("H01.14",))


async def test_a_disabled_operator_does_not_come_in(client, app):
    await signed_in(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    async with app.pool.acquire() as connection:
        await operator_accounts.disable(connection, "binh", Act("cli:test", "thử", app.clock()))
    visitor = await signed_in(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    assert (visitor.leads_to, OPERATOR_COOKIE in visitor.cookies) == ("/console/sign-in?failed=account", False)


async def test_a_local_account_is_not_taken_over_by_a_login_of_the_same_name(client, app):
    await set_up(client, app, "binh")
    visitor = await signed_in(client, CONSOLE_WAY, "Trần Văn Bình Mẫu")
    assert visitor.leads_to == "/console/sign-in?failed=account"


async def test_an_account_that_waits_for_its_first_sign_in_is_bound_to_who_comes(client, app):
    act = Act("cli:test", "thử", app.clock())
    waiting = Operator(OperatorId(uuid7(act.now)), "binh", "Tên cũ", OperatorRole.VIEWER)
    async with app.pool.acquire() as connection:
        await operator_accounts.add(connection, waiting, act, by_provider=True)
    visitor = await signed_in(client, f"{CONSOLE_WAY}?next={ACCOUNT}", "Trần Văn Bình Mẫu")
    await visitor.open(ACCOUNT)
    assert ("Tên cũ" in visitor.html, "người vận hành" in visitor.html) == (True, True)
