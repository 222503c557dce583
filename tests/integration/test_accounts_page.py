"""The pages for accounts and for what operators did: who may, within which agencies, with a reason, written down."""

import re
from urllib.parse import urlsplit

import pytest

from notifier.domain.operators import OperatorRole
from notifier.store import operator_accounts
from tests.support.pages import csrf_of, look, operator_cookie, send_form
from tests.support.visitors import Visitor

ACCOUNTS, AUDIT = "/console/accounts", "/console/audit"
ADMINISTRATOR = OperatorRole.ADMINISTRATOR
NEW = {"login": "Minh.Vd", "name": "Trần Văn Mẫu", "role": "operator", "agencies": "H01.14", "why": "người mới"}


class Desk:
    """An administrator at the pages."""

    def __init__(self, app, client, cookie: dict[str, str]) -> None:
        self.app, self.client, self.cookie = app, client, cookie

    async def send(self, path: str, form: dict[str, str]) -> tuple[int, str, str | None]:
        return await send_form(self.client, path, self.cookie, {"csrf": csrf_of(self.app, self.cookie), **form})

    async def look(self, path: str) -> tuple[int, str]:
        return await look(self.client, path, self.cookie)


@pytest.fixture
async def desk(app, client) -> Desk:
    return Desk(app, client, await operator_cookie(app, ADMINISTRATOR, login="ngan"))


@pytest.fixture
async def local(app, client) -> Desk:
    """An administrator of one agency."""
    return Desk(app, client, await operator_cookie(app, ADMINISTRATOR, "H01.14", login="giang"))


async def account(app, login: str):
    async with app.pool.acquire() as connection:
        return await operator_accounts.account(connection, login)


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("operator", 403), ("auditor", 403), ("administrator", 200)]
)
async def test_only_administrators_see_accounts(app, client, role, status):
    assert (await look(client, ACCOUNTS, await operator_cookie(app, OperatorRole(role))))[0] == status


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("operator", 403), ("auditor", 200), ("administrator", 200)]
)
async def test_auditors_read_what_was_done(app, client, role, status):
    assert (await look(client, AUDIT, await operator_cookie(app, OperatorRole(role))))[0] == status


async def test_a_new_account_has_its_link_shown_once(app, client, desk):
    status, html, _ = await desk.send(ACCOUNTS, NEW)
    link = re.search(r'value="(http[^"]+/console/set-up/[\w-]{43})"', html)
    assert (status, bool(link)) == (200, True)
    assert (await Visitor(client).open(urlsplit(link[1]).path)).status == 200
    assert link[1] not in (await desk.look(f"{ACCOUNTS}/minh.vd"))[1]


async def test_an_account_of_the_provider_has_no_link(app, desk):
    status, _, leads = await desk.send(ACCOUNTS, {**NEW, "provider": "1"})
    assert (status, leads) == (303, f"{ACCOUNTS}/minh.vd?done=added")
    assert (await account(app, "minh.vd")).by_provider


WRONG = [
    {"why": ""},
    {"why": "gọi 0912000101"},
    {"login": "a b"},
    {"login": "lan@example.vn"},
    {"login": "ngan"},
    {"name": " "},
    {"role": "king"},
    {"agencies": "H01/14"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_form_that_is_not_right_changes_nothing_and_says_why(app, desk, wrong):
    status, html, _ = await desk.send(ACCOUNTS, {**NEW, **wrong})
    async with app.pool.acquire() as connection:
        logins = [each.operator.login for each in await operator_accounts.accounts(connection)]
    assert (status, 'role="alert"' in html, logins) == (422, True, ["ngan"])


async def test_a_change_holds_at_once_and_is_written_down_with_its_reason(app, client, desk):
    theirs = await operator_cookie(app, OperatorRole.OPERATOR, login="minh")
    form = {"act": "alter", "role": "viewer", "agencies": "H01.14, H01.15", "why": "chuyển việc"}
    assert (await desk.send(f"{ACCOUNTS}/minh", form))[0] == 303
    html = (await look(client, "/console/account", theirs))[1]
    assert ("người xem" in html, "H01.14, H01.15" in html) == (True, True)
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT actor, reason, details FROM audit ORDER BY seq DESC LIMIT 1")
    assert (row["actor"], row["reason"], row["details"]["said"]) == ("operator:ngan", "account.changed", "chuyển việc")


@pytest.mark.parametrize("act", ["alter", "reset", "disable"])
async def test_nothing_is_changed_without_a_reason(app, client, desk, act):
    theirs = await operator_cookie(app, OperatorRole.OPERATOR, login="minh")
    assert (await desk.send(f"{ACCOUNTS}/minh", {"act": act, "role": "viewer", "why": " "}))[0] == 422
    assert "người vận hành" in (await look(client, "/console/account", theirs))[1]


async def test_who_is_disabled_is_out_at_once_and_can_be_let_in_again(app, client, desk):
    theirs = await operator_cookie(app, OperatorRole.OPERATOR, login="minh")
    await desk.send(f"{ACCOUNTS}/minh", {"act": "disable", "why": "nghỉ việc"})
    assert (await look(client, "/console/account", theirs))[0] == 303
    assert (await desk.send(f"{ACCOUNTS}/minh", {"act": "disable", "why": "nghỉ việc"}))[0] == 422
    assert (await desk.send(f"{ACCOUNTS}/minh", {"act": "enable", "why": "về lại"}))[0] == 303
    assert (await account(app, "minh")).disabled_at is None


async def test_a_reset_gives_a_new_link(app, client, desk):
    await desk.send(ACCOUNTS, NEW)
    status, html, _ = await desk.send(f"{ACCOUNTS}/minh.vd", {"act": "reset", "why": "mất liên kết"})
    assert (status, "/console/set-up/" in html) == (200, True)


@pytest.mark.parametrize("act", ["alter", "reset", "disable"])
async def test_nobody_changes_their_own_account(app, desk, act):
    form = {"act": act, "role": "viewer", "agencies": "", "why": "thử"}
    assert (await desk.send(f"{ACCOUNTS}/ngan", form))[0] == 422
    assert (await desk.look(ACCOUNTS))[0] == 200


async def test_another_agencys_accounts_are_as_if_they_were_not_there(app, local):
    await operator_cookie(app, OperatorRole.OPERATOR, "H01.15", login="xa")
    await operator_cookie(app, OperatorRole.OPERATOR, login="tinh")
    await operator_cookie(app, OperatorRole.OPERATOR, "H01.14.02", login="gan")
    html = (await local.look(ACCOUNTS))[1]
    assert [login for login in ("xa", "tinh", "gan") if f"{ACCOUNTS}/{login}" in html] == ["gan"]
    assert [(await local.look(f"{ACCOUNTS}/{login}"))[0] for login in ("xa", "tinh", "gan")] == [404, 404, 200]
    assert (await local.send(f"{ACCOUNTS}/xa", {"act": "disable", "why": "thử"}))[0] == 404


@pytest.mark.parametrize("agencies", ["", "H01", "H01.14, H01.15"])
async def test_nobody_gives_a_wider_scope_than_their_own(app, local, agencies):
    assert (await local.send(ACCOUNTS, {**NEW, "agencies": agencies}))[0] == 422
    await operator_cookie(app, OperatorRole.OPERATOR, "H01.14.02", login="gan")
    form = {"act": "alter", "role": "viewer", "agencies": agencies, "why": "thử"}
    assert (await local.send(f"{ACCOUNTS}/gan", form))[0] == 422
    assert (await account(app, "gan")).operator.agencies == ("H01.14.02",)


async def test_a_form_without_its_token_changes_nothing(app, client, desk):
    assert (await send_form(client, ACCOUNTS, desk.cookie, NEW))[0] == 403
    assert await account(app, "minh.vd") is None


async def acts(app, count: int, actor: str, reason: str = "provider.paused") -> None:
    async with app.pool.acquire() as connection:
        await connection.executemany(
            "INSERT INTO audit (at, actor, reason, details) VALUES ($1, $2, $3, $4)",
            [(app.clock(), actor, reason, {"by": actor, "provider": f"p{n}", "why": "thử"}) for n in range(count)],
        )


async def test_what_the_machine_did_is_not_among_what_operators_did(app, desk):
    await acts(app, 1, "worker-1")
    await acts(app, 1, "operator:minh")
    await acts(app, 1, "cli:lan")
    html = (await desk.look(AUDIT))[1]
    assert [name for name in ("minh", "lan", "worker-1") if f"{name}" in html] == ["minh", "lan"]


async def test_acts_on_accounts_are_told_in_words(app, desk):
    await operator_cookie(app, OperatorRole.OPERATOR, login="viewer")
    form = {"act": "alter", "role": "viewer", "agencies": "H01.14", "why": "viewer"}
    await desk.send(f"{ACCOUNTS}/viewer", form)
    said = "đổi tài khoản viewer sang vai trò người xem, phạm vi H01.14; trước đó người vận hành, toàn tỉnh: viewer"
    assert said in (await desk.look(AUDIT))[1]


async def test_the_newest_stand_first_and_older_ones_on_the_next_page(app, desk):
    await acts(app, 60, "operator:minh")
    html = (await desk.look(AUDIT))[1]
    shown = re.findall(r"tạm dừng p(\d+)", html)
    assert shown == [str(n) for n in range(59, 9, -1)]
    older = re.search(r'href="(/console/audit\?before=\d+)"', html)
    assert re.findall(r"tạm dừng p(\d+)", (await desk.look(older[1]))[1]) == [str(n) for n in range(9, -1, -1)]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("who=minh", 3),
        ("who=MINH&reason=provider.paused", 2),
        ("reason=provider", 4),
        ("reason=provider.resumed", 1),
        ("reason=prov", 0),
        ("since=2026-11-26", 0),
        ("since=2026-11-25&until=2026-11-25", 5),
        ("until=2026-11-24", 0),
        ("since=nonsense&who=%00", 5),
    ],
)
async def test_filters_narrow_what_is_shown(app, desk, asked, count):
    await acts(app, 2, "operator:minh")
    await acts(app, 1, "cli:minh", "provider.resumed")
    await acts(app, 1, "operator:lan")
    await acts(app, 1, "operator:lan", "calendar.day")
    html = (await desk.look(f"{AUDIT}?{asked}"))[1]
    assert html.count("<time") == count


async def test_an_auditor_of_an_agency_reads_of_operators_within_it(app, client):
    auditor = await operator_cookie(app, OperatorRole.AUDITOR, "H01.14")
    await operator_cookie(app, OperatorRole.OPERATOR, "H01.14", login="gan")
    await operator_cookie(app, OperatorRole.OPERATOR, "H01.15", login="xa")
    await acts(app, 1, "operator:gan")
    await acts(app, 1, "operator:xa")
    assert (await look(client, AUDIT, auditor))[1].count("<time") == 1


async def test_an_administrator_who_became_a_viewer_reads_no_accounts_any_more(app, client, desk):
    cookie = await operator_cookie(app, ADMINISTRATOR, login="minh")
    await desk.send(f"{ACCOUNTS}/minh", {"act": "alter", "role": "viewer", "agencies": "", "why": "thử"})
    assert (await look(client, ACCOUNTS, cookie))[0] == 403
