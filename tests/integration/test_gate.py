"""The gate before the providers: rates and quotas that all workers share, circuits, and a second SMS gateway."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.deliveries import Urgency
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.outcomes import Accepted, Throttled, Transient
from notifier.settings import load_settings
from notifier.store.providers import Allowance, take_permits
from tests.integration.test_delivery_faults import CITIZEN_PHONE, pass_time, script
from tests.support.intake import sample
from tests.support.peers import HttpAnswer, HttpPeer, answer_json, closed_port
from tests.support.stack import CALLS, becomes, grant_zalo, post_event, settle, states, work_once
from workers import steps
from workers.gate import Asked
from workers.wiring import App, open_app

SMS, ZALO = ChannelName("sms"), ChannelName("zalo")
MONEY_SPENT = answer_json({"CodeResult": "103", "ErrorMessage": "Balance not enough"})


@asynccontextmanager
async def service(ground, name: str = "test", **sms: Any) -> AsyncIterator[App]:
    """The service with other settings of its SMS channel."""
    settings = load_settings(ground.environ)
    channels = {**settings.channels, "sms": sms} if sms else settings.channels
    async with open_app(settings.model_copy(update={"channels": channels}), name=name) as app:
        await grant_zalo(app, ground)
        CALLS[app.name] = steps.new_calls(app)
        yield app
        await CALLS.pop(app.name).finish()


@pytest.fixture
async def broken() -> AsyncIterator[HttpPeer]:
    """A gateway that answers every call with a fault."""
    peer = HttpPeer(HttpAnswer(status=503))
    await peer.start()
    yield peer
    await peer.stop()


def gateways(ground, broken: HttpPeer) -> dict[str, Any]:
    """The SMS channel with two providers: the broken one is preferred, the sandbox is the second."""
    good = load_settings(ground.environ).channels["sms"]
    return {"providers": {"first": {**good, "base_url": f"http://127.0.0.1:{broken.port}"}, "second": good}}


async def tell(client, ground, app: App, number: int) -> None:
    """One more dossier, whose citizen is told by SMS too."""
    event = sample("05-yeu-cau-bo-sung")
    event["id"], event["data"]["HoSo"]["MaHoSo"] = f"gate-{number}", f"H01.14-261118-{number:04}"
    assert (await post_event(client, ground, event, message_id=f"msg_{number}"))[0] == 202


async def providers(app: App) -> dict[str, dict[str, Any]]:
    async with app.pool.acquire() as connection:
        return {row["name"]: dict(row) for row in await connection.fetch("SELECT * FROM provider")}


async def taken_by(app: App, channel: str) -> Counter:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT provider, state FROM delivery WHERE channel = $1", channel)
    return Counter((row["provider"], row["state"]) for row in rows)


async def gate_reasons(app: App) -> list[str]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT reason FROM audit WHERE reason LIKE 'provider.%' ORDER BY seq")
    return [row["reason"] for row in rows]


async def outcomes(app: App, provider: str, *told) -> None:
    for outcome in told:
        app.gate.note(ProviderName(provider), outcome, app.clock())
    await app.gate.report(app.clock())


async def admitted(app: App, number: int = 1, lane: Urgency = Urgency.URGENT, pinned: str | None = None) -> Counter:
    async with app.pool.acquire() as connection, connection.transaction():
        asked = [Asked(SMS, ProviderName(pinned) if pinned else None)] * number
        return Counter(await app.gate.admit(connection, lane, asked, lambda _: 1000, app.clock()))


async def test_a_rate_is_shared_by_all_workers(ground):
    good = load_settings(ground.environ).channels["sms"]
    async with (
        service(ground, "one", **good, rate_per_second=10) as one,
        service(ground, "two", **good, rate_per_second=10) as two,
    ):
        await admitted(one)
        async with one.pool.acquire() as connection:
            await connection.execute("UPDATE provider SET permits = 10, filled_at = now()")
        counts = [await admitted(app, 100) for app in (one, two, one, two)]
    passed = sum(count["sms"] for count in counts)
    assert 10 <= passed <= 20, counts


async def test_the_last_permits_of_a_second_are_for_the_urgent(app):
    async with app.pool.acquire() as connection, connection.transaction():
        await admitted(app)
        await connection.execute(
            "UPDATE provider SET permits = 0, filled_at = now() - interval '1 hour' WHERE name = 'sms'"
        )
        today = app.clock().date()
        taken = [
            (await take_permits(connection, ProviderName("sms"), 100, Allowance(100, None, reserve), today))[0]
            for reserve in (0.5, 0.25, 0)
        ]
    assert taken[0] == 50
    assert 25 <= taken[1] <= 40
    assert 25 <= taken[2] <= 40


async def test_a_daily_quota_ends_the_day_and_the_next_day_begins_anew(ground, client, sandbox):
    good = load_settings(ground.environ).channels["sms"]
    async with service(ground, "one", **good, daily_quota=3) as app:
        assert await admitted(app, 5) == {"sms": 3, None: 2}
        assert await admitted(app) == {None: 1}
        assert (await providers(app))["sms"]["circuit"] == "open"
        assert await gate_reasons(app) == ["provider.quota_spent"]
        move_clock(ground.clock_file, app.clock() + timedelta(days=1))
        app.gate._looked = float("-inf")
        assert await admitted(app, 5) == {"sms": 1, None: 4}, "the first message of the day is a probe"
        await outcomes(app, "sms", Accepted("1"))
        assert await admitted(app, 5) == {"sms": 3, None: 2}


async def test_a_failing_provider_is_left_alone_by_all_workers_then_probed_by_one(ground, app):
    async with service(ground, "two") as other:
        await admitted(app)
        await outcomes(app, "sms", *[Transient("503", "busy")] * 6)
        other.gate._looked = app.gate._looked = float("-inf")
        assert await admitted(other, 3) == {None: 3}
        async with app.pool.acquire() as connection:
            assert await app.gate.closed(connection, app.clock()) == {"sms"}
        pass_time(ground, timedelta(seconds=10))
        probes = [await admitted(each, 5) for each in (app, other)]
        assert sum(count["sms"] for count in probes) == 1, probes
        prober = app if probes[0]["sms"] else other
        await outcomes(prober, "sms", Accepted("1"))
        for each in (app, other):
            each.gate._looked = float("-inf")
            assert await admitted(each, 5) == {"sms": 5}
        assert await gate_reasons(app) == ["provider.opened", "provider.probed", "provider.closed"]


async def test_a_probe_whose_worker_died_is_made_again(ground, app):
    await admitted(app)
    await outcomes(app, "sms", *[Transient("503", "busy")] * 6)
    pass_time(ground, timedelta(seconds=10))
    app.gate._looked = float("-inf")
    assert await admitted(app) == {"sms": 1}
    assert await admitted(app) == {None: 1}
    pass_time(ground, timedelta(seconds=60))
    app.gate._looked = float("-inf")
    assert await admitted(app) == {"sms": 1}


async def test_while_a_provider_is_probed_nobody_takes_it_for_shut(ground, app):
    await admitted(app)
    await outcomes(app, "sms", *[Transient("503", "busy")] * 6)
    pass_time(ground, timedelta(seconds=10))
    app.gate._looked = float("-inf")
    assert await admitted(app) == {"sms": 1}
    assert await admitted(app) == {None: 1}
    assert not app.gate.is_shut(Asked(SMS), app.clock() + timedelta(seconds=30))


async def test_a_provider_whose_day_is_used_up_is_shut(ground, app):
    await admitted(app)
    await outcomes(app, "sms", Throttled("day", "quota", until_reset=True))
    assert app.gate.is_shut(Asked(SMS), app.clock() + timedelta(seconds=30))


async def test_the_second_gateway_takes_over_and_the_first_is_tried_again(client, ground, sandbox, broken):
    broken.answers = [MONEY_SPENT]
    async with service(ground, "one", **gateways(ground, broken)) as app:
        for number in range(8):
            await tell(client, ground, app, number)
        for _ in range(4):
            await settle(app, states={"sending"})
            pass_time(ground, timedelta(minutes=1))
        await settle(app, states={"sending", "planned"})
        assert await taken_by(app, "sms") == {("second", "accepted"): 8}
        assert (await providers(app))["first"]["circuit"] == "open"
        assert "provider.opened" in await gate_reasons(app)
        assert len(sandbox.messages) == len({(m.channel, m.to, str(m.content)) for m in sandbox.messages})


async def test_what_one_gateway_may_hold_is_never_given_to_the_other(client, ground, sandbox, broken):
    async with service(ground, "one", **gateways(ground, broken)) as app:
        await tell(client, ground, app, 1)
        await settle(app, states={"sending"})
        pass_time(ground, timedelta(minutes=1))
        await work_once(app)
        await settle(app, states={"sending"})
        async with app.pool.acquire() as connection:
            called = await connection.fetch(
                "SELECT DISTINCT provider FROM attempt WHERE provider IN ('first', 'second')"
            )
        assert [row["provider"] for row in called] == ["first"], "a 5xx may have been taken"
        assert await admitted(app, 2, pinned="first") == {"first": 2}


async def test_slow_receipts_change_whom_a_channel_prefers_and_every_change_is_recorded(ground, app, broken):
    async with service(ground, "one", **gateways(ground, broken)) as two:
        await admitted(two)
        now = two.clock()
        taken_at = now - timedelta(minutes=10)
        for _ in range(30):
            two.gate.note(ProviderName("first"), Accepted("1"), taken_at)
        await two.gate.report(now)
        await two.gate.prefer(now)
        assert await admitted(two, 4) == {"second": 4}
        assert await gate_reasons(two) == ["provider.demoted"]
        pass_time(ground, timedelta(minutes=16))
        await two.gate.prefer(two.clock())
        assert await admitted(two, 4) == {"first": 4}
        assert await gate_reasons(two) == ["provider.demoted", "provider.restored"]


async def test_receipts_in_time_keep_the_preference(ground, broken):
    async with service(ground, "one", **gateways(ground, broken)) as app:
        await admitted(app)
        now = app.clock()
        taken_at = now - timedelta(minutes=10)
        for _ in range(30):
            app.gate.note(ProviderName("first"), Accepted("1"), taken_at)
            app.gate.note_receipt(ProviderName("first"), taken_at, taken_at + timedelta(minutes=1))
        await app.gate.report(now)
        await app.gate.prefer(now)
        assert await admitted(app, 4) == {"first": 4}


async def test_what_waits_for_a_closed_channel_still_expires_and_its_siblings_go(client, ground, app, sandbox):
    await script(sandbox, "sms", CITIZEN_PHONE, "refuse", code="103")
    await admitted(app)
    await outcomes(app, "sms", *[Transient("503", "busy")] * 6)
    await tell(client, ground, app, 1)
    await becomes(app, "citizen", "zalo", "delivered")
    assert (await states(app))["citizen", "sms"] == "planned"
    pass_time(ground, timedelta(hours=49))
    await work_once(app)
    assert (await states(app))["citizen", "sms"] == "expired"


async def test_many_reports_at_once_add_up(ground, app):
    await admitted(app)
    async with service(ground, "two") as other:
        for each in (app, other):
            for _ in range(50):
                each.gate.note(ProviderName("sms"), Accepted("1"), each.clock())
        await asyncio.gather(app.gate.report(app.clock()), other.gate.report(other.clock()))
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT sum(accepted) FROM provider_minute WHERE provider = 'sms'") == 100


async def test_the_second_relay_takes_over_when_the_first_is_down(client, ground, sandbox):
    good = load_settings(ground.environ).channels["email"]
    settings = load_settings(ground.environ)
    relays = {"providers": {"near": {**good, "port": await closed_port()}, "far": good}}
    channels = {**settings.channels, "email": relays}
    async with open_app(settings.model_copy(update={"channels": channels}), name="one") as app:
        await grant_zalo(app, ground)
        CALLS[app.name] = steps.new_calls(app)
        for number in range(8):
            await tell(client, ground, app, number)
        for _ in range(6):
            await settle(app, states={"sending"})
            pass_time(ground, timedelta(minutes=2))
        await settle(app, states={"sending", "planned"})
        assert set(await taken_by(app, "email")) <= {("far", "accepted"), ("far", "delivered")}
        assert (await providers(app))["near"]["circuit"] == "open"
        mails = [message.content["message_id"] for message in sandbox.messages if message.channel == "email"]
        assert len(mails) == len(set(mails)) == 8
        await CALLS.pop(app.name).finish()
