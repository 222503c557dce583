"""What SMS cost is counted with each message and for each agency, and money that runs out stops what is in no hurry first."""

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from uuid import uuid4

import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.settings import SmsBudget, load_settings
from notifier.store import spending
from notifier.store.pool import open_pool
from notifier.store.spending import Charge
from tests.integration.test_delivery_faults import CITIZEN_PHONE, reasons, script
from tests.support.intake import sample
from tests.support.stack import CALLS, becomes, grant_zalo, post_event
from workers import steps
from workers.wiring import open_app

AGENCY, MONTH, PRICE = "H01.14", date(2026, 11, 1), 600


@pytest.fixture
def budgets() -> dict[str, SmsBudget]:
    """What the tests let the agencies spend; nothing here means no limit."""
    return {}


@asynccontextmanager
async def service(ground, budgets):
    settings = load_settings(ground.environ)
    channels = {**settings.channels, "sms": {**settings.channels["sms"], "price_per_part": PRICE}}
    async with open_app(settings.model_copy(update={"channels": channels, "sms_budgets": budgets}), name="test") as app:
        await grant_zalo(app, ground)
        CALLS[app.name] = steps.new_calls(app)
        yield app
        await CALLS.pop(app.name).finish()


@pytest.fixture
async def app(ground, budgets):
    async with service(ground, budgets) as made:
        yield made


async def tell(client, ground, app, *, lane: str = "urgent") -> None:
    """An event whose citizen is told by SMS too; planned in this lane."""
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    async with app.pool.acquire() as connection:
        await steps.route(app, [row["id"] for row in await connection.fetch("SELECT id FROM event")])
        await connection.execute("UPDATE delivery SET urgency = $1 WHERE channel = 'sms'", lane)


async def attempts(app) -> list[tuple[int, int | None]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT parts, cost FROM attempt WHERE provider = 'sms' ORDER BY started_at")
    return [(row["parts"], row["cost"]) for row in rows]


async def spent(app) -> list[tuple[str, int, int, int]]:
    async with app.pool.acquire() as connection:
        rows = await spending.of_month(connection, MONTH)
    return [(row.agency, row.messages, row.parts, row.cost) for row in rows]


async def test_a_message_is_kept_with_its_parts_and_its_cost(client, ground, app, sandbox):
    await tell(client, ground, app)
    await becomes(app, "citizen", "sms", "delivered")
    ((parts, cost),) = await attempts(app)
    assert cost == parts * PRICE
    assert await spent(app) == [(AGENCY, 1, parts, parts * PRICE)]


async def test_what_was_replaced_is_kept_with_the_text(client, ground, app, sandbox):
    await tell(client, ground, app)
    await becomes(app, "citizen", "sms", "delivered")
    async with app.pool.acquire() as connection:
        body = await connection.fetchval("SELECT body FROM content WHERE kind = 'sms'")
    assert body["replaced"]["ồ"] == "o"


async def test_a_message_that_no_gateway_took_costs_nothing(client, ground, app, sandbox):
    await script(sandbox, "sms", CITIZEN_PHONE, "refuse", code="108")
    await tell(client, ground, app)
    await becomes(app, "citizen", "sms", "failed")
    assert [cost for _, cost in await attempts(app)] == [None]
    assert await spent(app) == [(AGENCY, 0, 0, 0)]


async def test_a_message_that_is_sent_again_because_doubles_are_dropped_is_paid_once(client, ground, app, sandbox):
    await script(sandbox, "sms", CITIZEN_PHONE, "server_error", times=1)
    await tell(client, ground, app)
    await becomes(app, "citizen", "sms", "planned")
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE delivery SET due_at = now() - interval '90 days' WHERE channel = 'sms'")
    await becomes(app, "citizen", "sms", "delivered")
    assert [cost or 0 for _, cost in await attempts(app)].count(0) == 1


@pytest.mark.parametrize("budgets", [{"default": SmsBudget(monthly=4 * PRICE, bulk_share=0.1)}])
@pytest.mark.parametrize(("lane", "ends"), [("bulk", "failed"), ("normal", "delivered"), ("urgent", "delivered")])
async def test_what_is_in_no_hurry_stops_while_notices_go_on(client, ground, app, sandbox, lane: str, ends: str):
    await tell(client, ground, app, lane=lane)
    await becomes(app, "citizen", "sms", ends)
    assert ("failed.sms_budget" in await reasons(app, "citizen", "sms")) is (ends == "failed")


@pytest.mark.parametrize("budgets", [{AGENCY: SmsBudget(monthly=0)}])
async def test_a_message_without_money_is_not_sent_costs_nothing_and_leaves_the_other_channels_alone(
    client, ground, app, sandbox
):
    await tell(client, ground, app)
    await becomes(app, "citizen", "sms", "failed")
    await becomes(app, "citizen", "portal", "delivered")
    assert [message for message in sandbox.messages if message.channel == "sms"] == []
    assert await spent(app) == []


async def test_charges_at_one_moment_never_pass_the_limit(new_database):
    async with await open_pool(new_database, size=8) as pool:

        async def charge() -> bool:
            async with pool.acquire() as connection:
                return await spending.charge(connection, AGENCY, MONTH, [Charge(uuid4(), 1, 100)], 550)

        charged = await asyncio.gather(*(charge() for _ in range(20)))
        async with pool.acquire() as connection:
            (row,) = await spending.of_month(connection, MONTH)
    assert (sum(charged), row.cost) == (5, 500)


# What an operator sees


@pytest.fixture
def typed(ground, monkeypatch):
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])
    monkeypatch.setenv("NOTIFIER_SMS_BUDGETS", '{"default": {"monthly": 1000, "bulk_share": 0.5}}')

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["sms", *arguments])
        return result.exit_code, result.output

    return run


@pytest.mark.parametrize(
    ("cost", "said"), [(400, "40% của 1.000 đ"), (600, "ngừng tin không gấp"), (1000, "ngừng mọi tin")]
)
async def test_the_operator_sees_what_is_spent_and_what_has_stopped(app, typed, cost: int, said: str):
    async with app.pool.acquire() as connection:
        await spending.charge(connection, AGENCY, MONTH, [Charge(uuid4(), 2, cost)], None)
    code, out = await typed("budget", "--month", "2026-11")
    assert (code, said in out, AGENCY in out) == (0, True, True)


async def test_the_present_month_is_shown_by_itself(app, typed):
    assert (await typed("budget"))[1].startswith("SMS tháng 11/2026")


async def test_a_month_that_is_none_is_refused(typed):
    assert (await typed("budget", "--month", "11/2026"))[0] == 2


async def test_the_operator_sees_what_becomes_of_a_text(typed):
    code, out = await typed("text", "Hồ sơ – 20 ₫")
    assert (code, out) == (
        0,
        "Ho so - 20 d\nthay / replaced: ồ → o, ơ → o, – → -, ₫ → d\nGSM7, 1 phần / parts (12 ký tự / characters)\n",
    )


async def test_the_operator_sees_which_characters_cost_more(typed):
    _, out = await typed("text", "Chúc mừng 🙂")
    assert "beyond GSM-7: 🙂\nUCS2" in out
