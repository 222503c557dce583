"""What is kept of an Official Account, and what it does to the messages: templates, the day's quota, refusals."""

from datetime import timedelta

import pytest

from channels.zalo_templates import NotTold
from notifier.domain.clock import VIETNAM, move_clock
from notifier.domain.ids import ProviderName
from notifier.store import accounts, providers
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle, states, work_once
from workers.accounts import ZaloAccount
from workers.wiring import App

ZALO = ProviderName("zalo")
HANDLER, REMINDER = "pv.pho", "410006"


@pytest.fixture
def account(app) -> ZaloAccount:
    return app.accounts[ZALO]


async def sandbox_is_told(client, sandbox, path: str) -> None:
    async with client.post(f"{sandbox.http_url}/sandbox/zalo/{path}") as answer:
        assert answer.status == 204


async def work(app: App) -> None:
    while await work_once(app):
        pass


async def standing(app: App) -> providers.Standing:
    async with app.pool.acquire() as connection:
        (found,) = [each for each in await providers.standings(connection, app.clock()) if each.state.name == ZALO]
    return found


async def templates(app: App, account: ZaloAccount) -> dict[str, str]:
    async with app.pool.acquire() as connection:
        found = await accounts.templates(connection, account.settings.oa_id)
    return {id_: each.template.status for id_, each in found.items()}


def sent(sandbox) -> list[str]:
    return [each.content["template_id"] for each in sandbox.messages if each.channel == "zalo"]


async def test_the_dispatcher_reads_templates_and_quota_and_then_leaves_zalo_alone(app, sandbox, account):
    async with app.pool.acquire() as connection:
        await app.gate.closed(connection, app.clock())
    await account.keep()
    first = await standing(app)
    assert (first.remaining, len(await templates(app, account))) == (500_000, 7)
    await account.keep()
    assert (await standing(app)).remaining_at == first.remaining_at


async def test_half_an_answer_replaces_no_catalogue(app, sandbox, account, client):
    await account.sync_templates()
    async with client.post(f"{sandbox.http_url}/sandbox/zalo/revoke") as answer:
        assert answer.status == 204
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE oauth_token SET lost = 'gone'")
    assert await account.sync_templates() == NotTold("token_lost")
    assert len(await templates(app, account)) == 7


async def test_a_template_that_zalo_disables_is_not_sent_and_the_fallback_takes_over(
    client, ground, app, sandbox, account
):
    await account.sync_templates()
    await sandbox_is_told(client, sandbox, f"templates/{REMINDER}/DISABLE?reason=low")
    await work(app)
    await post_event(client, ground, sample("04"))
    await becomes(app, HANDLER, "sms", "delivered")
    assert (await states(app))[HANDLER, "zalo"] == "failed"
    async with app.pool.acquire() as connection:
        said = await connection.fetchval("SELECT detail FROM attempt WHERE code = 'template_not_enabled'")
    assert (said, REMINDER in sent(sandbox)) == (f"template {REMINDER} is DISABLE", False)


async def test_an_event_that_is_older_than_the_last_look_turns_nothing_back(app, sandbox, account):
    await account.sync_templates()
    early, oa = app.clock() - timedelta(hours=1), account.settings.oa_id
    async with app.pool.acquire() as connection:
        assert not await accounts.template_changed(connection, oa, REMINDER, "REJECT", "old", early)
    assert (await templates(app, account))[REMINDER] == "ENABLE"


async def test_an_event_of_templates_has_them_read_again(client, app, sandbox, account):
    await account.keep()
    await sandbox_is_told(client, sandbox, "templates/410002/REJECT")
    await work(app)
    async with app.pool.acquire() as connection:
        read_at = (await accounts.account(connection, account.settings.oa_id)).templates_at
    await account.keep()
    async with app.pool.acquire() as connection:
        again_at = (await accounts.account(connection, account.settings.oa_id)).templates_at
    await account.keep()
    async with app.pool.acquire() as connection:
        last_at = (await accounts.account(connection, account.settings.oa_id)).templates_at
    assert ((await templates(app, account))["410002"], read_at < again_at, again_at == last_at) == (
        "REJECT",
        True,
        True,
    )


async def test_a_day_that_is_used_up_waits_for_the_next_one_or_for_the_fallback(client, ground, app, sandbox):
    await sandbox_is_told(client, sandbox, "quota/0")
    await work(app)
    await post_event(client, ground, sample("04"))
    await becomes(app, HANDLER, "sms", "delivered")
    until = (await standing(app)).state.until
    assert until is not None
    local = until.astimezone(VIETNAM)
    assert ((local.hour, local.minute), local.date() > app.clock().astimezone(VIETNAM).date()) == ((0, 0), True)


async def test_the_last_message_of_the_day_shuts_the_gate_before_zalo_refuses(client, ground, app, sandbox):
    await sandbox_is_told(client, sandbox, "quota/1")
    await work(app)
    await post_event(client, ground, sample("05"))
    await becomes(app, "citizen", "zalo", "read")
    now = await standing(app)
    assert (now.remaining, now.daily, now.state.passes()) == (0, 1, False)


async def test_a_new_quota_is_known_by_its_event(client, app, sandbox):
    async with app.pool.acquire() as connection:
        await app.gate.closed(connection, app.clock())
    await sandbox_is_told(client, sandbox, "quota/10000")
    await work(app)
    assert (await standing(app)).daily == 10_000


async def test_who_refused_the_account_is_asked_once_and_then_left_alone(client, ground, app, sandbox):
    phone = "84912000303"
    await sandbox_is_told(client, sandbox, f"people/{phone}/refuse_account")
    await post_event(client, ground, sample("05"))
    await settle(app)
    assert (await states(app))["citizen", "zalo"] == "failed"
    async with app.pool.acquire() as connection:
        kept = await connection.fetch(
            "SELECT tag, position($1 IN encode(who, 'escape')) AS shown FROM zalo_refusal", phone
        )
    assert [tuple(row) for row in kept] == [("*", 0)]
    address = f"+{phone}"
    relations = app.connections[ZALO]._relations  # type: ignore[attr-defined]
    assert await relations.declined(ground.sandbox.zalo.oa_id, address, "any", timedelta(days=90))
    move_clock(ground.clock_file, app.clock() + timedelta(days=91))
    assert not await relations.declined(ground.sandbox.zalo.oa_id, address, "any", timedelta(days=90))
