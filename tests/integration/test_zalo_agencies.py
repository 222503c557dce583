"""Two Official Accounts: the province's, and one of an agency. Each speaks for its own, and knows people by its own ids."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from notifier.domain.clock import shifted_clock
from notifier.domain.directory import Kind, Officer, Origin
from notifier.domain.ids import ProviderName
from notifier.domain.opaque import inbox_owner
from notifier.sandbox.app import Sandbox, running
from notifier.sandbox.settings import SandboxSettings
from notifier.sandbox.zalo_events import signature
from notifier.settings import load_settings
from notifier.store import directory_keeping, links, tokens
from tests.support.intake import sample
from tests.support.stack import CALLS, becomes, post_event, states, work_once
from tests.support.waiting import until
from workers import steps
from workers.tokens import grant_name
from workers.wiring import App, open_app

PROVINCE, DEPARTMENT = ProviderName("tinh"), ProviderName("so")
CITIZEN, AT_THE_DEPARTMENT = "+84912000303", "9990000000000000777"


@pytest.fixture
async def department(ground) -> AsyncIterator[Sandbox]:
    """The pretend Zalo of the agency's own account: of the same app, with the same webhook address."""
    zalo = replace(ground.sandbox.zalo, oa_id="4200000000000000077", oa_secret="of-the-department", provider="tinh")
    settings: SandboxSettings = replace(ground.sandbox, zalo=zalo, http_port=0, smtp_port=0, portal=None)
    async with running(settings, clock=shifted_clock(ground.clock_file)) as made:
        yield made


@pytest.fixture
async def sandbox(ground) -> AsyncIterator[Sandbox]:
    settings = replace(ground.sandbox, zalo=replace(ground.sandbox.zalo, provider="tinh"))
    async with running(settings, clock=shifted_clock(ground.clock_file)) as made:
        yield made


@pytest.fixture
async def app(ground, department) -> AsyncIterator[App]:
    settings = load_settings(ground.environ)
    one = settings.channels["zalo"]
    other = {**one, "oa_id": "4200000000000000077", "oa_secret": "of-the-department", "serves": ["H01.14"]}
    for url in ("oauth_url", "business_url", "openapi_url"):
        other[url] = f"{department.http_url}/zalo/{url.removesuffix('_url')}"
    channels = {**settings.channels, "zalo": {"providers": {PROVINCE: one, DEPARTMENT: other}}}
    async with open_app(settings.model_copy(update={"channels": channels}), name="test") as made:
        for account in made.accounts.values():
            async with made.pool.acquire() as connection:
                await tokens.grant(connection, grant_name(account.settings), ground.refresh_token, made.clock())
        CALLS[made.name] = steps.new_calls(made)
        yield made
        await CALLS.pop(made.name).finish(5)


def about(agency: str, code: str) -> dict[str, Any]:
    """A request for papers in a dossier of this agency."""
    event = sample("05")
    event["id"] = f"agencies-{code}"
    text = json.dumps(event, ensure_ascii=False).replace("H01.14-261118-0039", code)
    event = json.loads(text)
    for unit in ("DonViTiepNhan", "DonViXuLy"):
        event["data"]["HoSo"][unit]["Ma"] = agency
    return event


def by_zalo(sandbox: Sandbox) -> list[str]:
    return [each.to for each in sandbox.messages if each.channel == "zalo" and "template_id" in each.content]


async def sent(app: App, client, ground, agency: str, code: str) -> None:
    await post_event(client, ground, about(agency, code))
    await until(lambda: _read(app, code), 20, "the message to be read")


async def _read(app: App, code: str) -> bool:
    await work_once(app)
    async with app.pool.acquire() as connection:
        return await connection.fetchval(
            "SELECT count(*) = 1 FROM delivery d JOIN event e ON e.id = d.event_id"
            " WHERE e.dossier_code = $1 AND d.channel = 'zalo' AND d.state = 'read'",
            code,
        )


async def test_each_agency_is_spoken_for_by_one_account(client, ground, app, sandbox, department):
    await sent(app, client, ground, "H01.14.02", "H01.14-261118-0039")
    assert (by_zalo(sandbox), len(by_zalo(department))) == ([], 1)
    await sent(app, client, ground, "H01.05", "H01.05-261118-0039")
    assert (len(by_zalo(sandbox)), len(by_zalo(department))) == (1, 1)


async def test_an_id_is_used_at_its_own_account_only(client, ground, app, sandbox, department):
    papers = [each["SoDinhDanh"] for each in about("H01.14", "x")["data"]["HoSo"]["DinhDanhCHS"]]
    async with app.pool.acquire() as connection:
        owner = inbox_owner(app.secret, "personal_number", papers[0])
        oa = app.accounts[DEPARTMENT].settings.oa_id
        await links.link(connection, oa, owner, AT_THE_DEPARTMENT, "code", app.clock())
    await sent(app, client, ground, "H01.14", "H01.14-261118-0041")
    await sent(app, client, ground, "H01.05", "H01.05-261118-0040")
    assert (by_zalo(department), by_zalo(sandbox)) == ([AT_THE_DEPARTMENT], ["0912000303"])


async def test_officers_are_known_by_their_id_at_the_account_of_the_agency(client, ground, app, sandbox, department):
    known = {DEPARTMENT: AT_THE_DEPARTMENT, PROVINCE: "9990000000000000888"}
    officer = Officer("pv.pho", "Phó Văn Phòng", zalo=known, origin=Origin.ADMIN)
    async with app.pool.acquire() as connection:
        await directory_keeping.put(connection, Kind.OFFICERS, [officer], by="test", now=app.clock())
    await post_event(client, ground, sample("04"))
    await becomes(app, "pv.pho", "zalo", "read")
    assert AT_THE_DEPARTMENT in by_zalo(department)


async def test_a_locked_account_holds_up_no_other(client, ground, app, sandbox, department):
    async with client.post(f"{department.http_url}/sandbox/zalo/quota/0") as answer:
        assert answer.status == 204
    await post_event(client, ground, about("H01.14", "H01.14-261118-0042"))
    while await work_once(app):
        pass
    assert (await states(app))["citizen", "zalo"] != "read"
    event = about("H01.05", "H01.05-261118-0043")
    await post_event(client, ground, event)
    async with app.pool.acquire() as connection:
        closed = await app.gate.closed(connection, app.clock())
    await until(lambda: _one_more(app, sandbox), 20, "the other account to be used")
    assert "zalo" not in closed


async def _one_more(app: App, sandbox: Sandbox) -> bool:
    await work_once(app)
    return bool(by_zalo(sandbox))


def told(account: Any, ground, secret: str) -> tuple[bytes, dict[str, str]]:
    stamp = str(int(shifted_clock(ground.clock_file)().timestamp() * 1000))
    event = {"event_name": "follow", "oa_id": account, "follower": {"id": AT_THE_DEPARTMENT}}
    body = json.dumps({"app_id": ground.sandbox.zalo.app_id, "timestamp": stamp, **event}).encode()
    mac = signature(app_id=ground.sandbox.zalo.app_id, body=body, timestamp=stamp, oa_secret=secret)
    return body, {"X-ZEvent-Signature": mac}


async def test_an_event_is_taken_for_the_account_that_it_names_and_proven_by_its_secret(client, ground, app):
    oa = app.accounts[DEPARTMENT].settings.oa_id
    statuses = []
    for secret in (ground.sandbox.zalo.oa_secret, "of-the-department"):
        body, headers = told(oa, ground, secret)
        async with client.post("/v1/receipts/tinh", data=body, headers=headers) as answer:
            statuses.append(answer.status)
    while await work_once(app):
        pass
    async with app.pool.acquire() as connection:
        assert (statuses, await connection.fetchval("SELECT oa FROM zalo_relation")) == ([401, 200], oa)
