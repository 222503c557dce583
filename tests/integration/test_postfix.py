"""Bounces that a real Postfix writes, by its own hand over LMTP, and what becomes of the deliveries they speak of."""

from contextlib import asynccontextmanager
from email import message_from_bytes

import pytest

from channels.email_bounce import bounce_facts
from notifier.domain.receipts import ReceiptKind
from notifier.sandbox.app import running
from notifier.sandbox.settings import MailServer
from notifier.settings import Bounces, load_settings
from notifier.web.bounces import listening
from tests.integration.test_delivery_faults import script
from tests.support.intake import sample
from tests.support.peers import closed_port
from tests.support.postfix import MISSING, postfix
from tests.support.sandbox import sandbox_settings
from tests.support.stack import CALLS, becomes, grant_zalo, post_event, work_once
from tests.support.waiting import until
from workers import steps
from workers.wiring import open_app

pytestmark = pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
EMAIL = "nguyen.mau@example.vn"
HOP_WITHOUT_DSN = MailServer(extensions=frozenset({"SIZE", "8BITMIME"}))


@asynccontextmanager
async def behind_postfix(ground):
    """The service with Postfix as its relay, and a last server that knows no DSN; gives both."""
    port = await closed_port()
    settings = load_settings(ground.environ)
    email = {**settings.channels["email"], "port": port, "bounce_domain": "bounce.example.gov.vn"}
    changes = {"channels": {**settings.channels, "email": email}, "bounces": Bounces(port=0)}
    async with (
        running(sandbox_settings(mail=HOP_WITHOUT_DSN)) as last,
        open_app(settings.model_copy(update=changes), name="behind-postfix") as app,
        listening(app) as bounces,
    ):
        routes = {
            "example.vn": f"smtp:[127.0.0.1]:{last.smtp_port}",
            "bounce.example.gov.vn": f"lmtp:inet:[127.0.0.1]:{bounces}",
        }
        await grant_zalo(app, ground)
        CALLS[app.name] = steps.new_calls(app)
        with postfix(port, routes):
            yield app, last
        await CALLS.pop(app.name).finish()


async def reports(app) -> list[bytes]:
    async with app.pool.acquire() as connection:
        return [row["body"] for row in await connection.fetch("SELECT body FROM receipt WHERE method = 'LMTP'")]


async def a_report(app) -> bytes:
    async def came() -> list[bytes]:
        await work_once(app)
        return await reports(app)

    return (await until(came, 20, "a report of Postfix"))[0]


async def test_a_mailbox_that_does_not_exist_comes_back_and_is_remembered(ground, client, sandbox):
    async with behind_postfix(ground) as (app, last):
        await script(last, "email", "*", "refuse")
        await post_event(client, ground, sample("02"))
        await becomes(app, "citizen", "email", "failed")
        async with app.pool.acquire() as connection:
            assert await connection.fetchval("SELECT code FROM suppression") == "5.1.1"
        assert message_from_bytes((await reports(app))[0]).get_content_type() == "multipart/report"


async def test_a_server_that_does_not_speak_to_us_is_no_fault_of_the_address(ground, client, sandbox):
    async with behind_postfix(ground) as (app, last):
        await script(last, "email", "*", "refuse", reply="550 5.7.1 Blocked")
        await post_event(client, ground, sample("02"))
        await becomes(app, "citizen", "email", "failed")
        async with app.pool.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM suppression") == 0


async def test_what_was_relayed_to_a_server_without_reports_stays_accepted(ground, client, sandbox):
    async with behind_postfix(ground) as (app, last):
        await post_event(client, ground, sample("02"))
        secret = app.settings.channels["email"]["bounce_secret"].encode()
        (fact,) = bounce_facts(await a_report(app), secret)
        assert (fact.kind, fact.code) == (ReceiptKind.INFO, "relayed")
        assert EMAIL in {message.to for message in last.messages}
