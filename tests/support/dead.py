"""Dead letters for tests: real ones, made by providers that misbehave, and many at once, written straight in."""

from datetime import datetime, timedelta
from typing import Any

import aiohttp

from notifier.audit.dead import Action, Filters, Item, Kind, Letter
from notifier.domain.clock import move_clock, shifted_clock
from notifier.sandbox.app import Sandbox
from notifier.sandbox.messages import same_address
from tests.support.intake import event
from tests.support.stack import post_event, settle
from workers.steps import dead as steps
from workers.steps.dead import Order
from workers.wiring import App

CITIZEN_PHONE = "0912000303"
DOSSIER = "H01.14-261118-0039"
WHY = "cổng đã hoạt động lại"


async def script(sandbox: Sandbox, channel: str, behave: str, *, times: int | None = None, **args: Any) -> None:
    """From now on this channel misbehaves, towards everybody."""
    rule = {"channel": channel, "match": "*", "behave": behave, "times": times, "args": args}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.http_url}/sandbox/script", json=[rule]) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def make_well(sandbox: Sandbox) -> None:
    """All providers behave again."""
    async with aiohttp.ClientSession() as session, session.delete(f"{sandbox.http_url}/sandbox/script") as answer:
        assert answer.status < 300


CONSENTS = {"email": "ThongBaoEmail", "sms": "ThongBaoSMS", "zalo": "ThongBaoZalo"}


async def post_for_one(
    client: aiohttp.ClientSession, ground: Any, channel: str = "zalo", changes: dict[str, Any] | None = None
) -> None:
    """Post an event of which its citizen can hear by the portal inbox and by one channel only."""
    declined = {f"/data/HoSo/{name}": each == channel for each, name in CONSENTS.items()}
    status, answer = await post_event(client, ground, event({**declined, **(changes or {})}, of="05"))
    assert status == 202, answer


async def refused_by_zalo(client: aiohttp.ClientSession, ground: Any, app: App, sandbox: Sandbox) -> Letter:
    """The dead letter of a citizen whom Zalo refused and nobody else could reach; Zalo is well again."""
    await script(sandbox, "zalo", "refuse", error=-118)
    await post_for_one(client, ground)
    await settle(app)
    await make_well(sandbox)
    (letter,) = await letters(app)
    return letter


async def found(app: App, kind: Kind = Kind.DELIVERY, limit: int = 100, **filters: Any) -> list[Item]:
    async with app.pool.acquire() as connection:
        return list(await steps.found(app, connection, kind, Filters(**filters), None, limit))


async def letters(app: App, **filters: Any) -> list[Letter]:
    return [each for each in await found(app, **filters) if isinstance(each, Letter)]


def order(action: Action, **values: Any) -> Order:
    return Order(**{"action": action, "kind": Kind.DELIVERY, "by": "an.ops", "why": WHY, **values})


def retry(**values: Any) -> Order:
    return order(Action.RETRY, **values)


def drop(**values: Any) -> Order:
    return order(Action.DROP, **values)


def pass_time(ground: Any, by: timedelta) -> None:
    move_clock(ground.clock_file, shifted_clock(ground.clock_file)() + by)


def taken(sandbox: Sandbox, channel: str) -> int:
    """How many messages to the citizen the channel's provider has taken."""
    return sum(m.channel == channel and m.to == same_address(CITIZEN_PHONE) for m in sandbox.messages)


_MANY = """
WITH told AS (
    INSERT INTO event (id, source, external_id, type, dossier_code, occurred_at, received_at, fingerprint, warnings,
                       lane, state)
    SELECT gen_random_uuid(), 'mcdt.angiang.gov.vn', 'many-' || n, 'hoso.moi_dang_ky', 'D-' || n, $2, $2, '', '[]',
           'normal', 'routed' FROM generate_series(1, $1) n RETURNING id
), person AS (
    INSERT INTO recipient (id, event_id, audience, ref, locale, inbox_owner, name)
    SELECT gen_random_uuid(), id, 'citizen', 'citizen', 'vi', 'o', 'x' FROM told RETURNING id, event_id
), dead AS (
    INSERT INTO delivery (id, event_id, source, recipient_id, channel, content_kind, position, rank, urgency, state,
                          expires_at, provider, calls, attempts, created_at, updated_at)
    SELECT gen_random_uuid(), event_id, 'mcdt.angiang.gov.vn', id, 'zalo', 'zalo', 'first', 0, 'normal', 'failed', $2,
           'zalo', 1, 1, $2, $2 - row_number() OVER () * interval '1 millisecond' FROM person
    RETURNING id, event_id
)
INSERT INTO audit (at, actor, event_id, delivery_id, from_state, to_state, reason, details)
SELECT $2, 'w', event_id, id, 'sending', 'failed', 'failed.refused', '{"code": "-118"}' FROM dead
"""


async def many(app: App, number: int, at: datetime) -> None:
    """So many letters of as many people, dead since shortly before `at`."""
    async with app.pool.acquire() as connection:
        await connection.execute(_MANY, number, at)
