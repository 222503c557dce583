"""A provider whose answer or receipt did not come is asked what became of the message."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifier.sandbox.app import Sandbox
from tests.integration.test_delivery_faults import (
    CITIZEN_PHONE,
    CITIZEN_UID,
    pass_time,
    reasons,
    script,
    taken,
)
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle, states
from tests.support.waiting import until
from workers.wiring import App

RECEIPT_WAIT = {"zalo": timedelta(minutes=240), "sms": timedelta(minutes=480)}
MORNING = timedelta(hours=16)
"""From the start of the clock to half past eight."""


@pytest.fixture
async def ground(ground: Any, request: pytest.FixtureRequest) -> Any:
    """Reports that meet nobody are not repeated. Where the test says so, SMS are known by our RequestId too."""
    sandbox = replace(ground.sandbox, delays=replace(ground.sandbox.delays, retry_seconds=()))
    if getattr(request, "param", None) != "by request id":
        return replace(ground, sandbox=sandbox)
    environ = {**ground.environ, "NOTIFIER_CHANNELS__SMS__STATUS_BY_REQUEST_ID": "true"}
    return replace(
        ground, environ=environ, sandbox=replace(sandbox, sms=replace(sandbox.sms, status_by_request_id=True))
    )


async def accepted_without_a_report(client, ground, app: App, sandbox: Sandbox, channel: str) -> None:
    """One message of the channel has arrived on the citizen's phone, and nobody tells us."""
    await script(sandbox, channel, CITIZEN_PHONE, "no_receipt")
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await becomes(app, "citizen", channel, "accepted")
    await until(lambda: ended(sandbox, channel), 10, "the message to arrive")


def ended(sandbox: Sandbox, channel: str) -> bool:
    return any(m.channel == channel and m.to == CITIZEN_PHONE and m.state != "accepted" for m in sandbox.messages)


@pytest.mark.parametrize("channel", ["zalo", "sms"])
async def test_an_accepted_message_whose_receipt_never_comes_is_asked_about_and_delivered(
    client, ground, app, sandbox, channel: str
):
    await accepted_without_a_report(client, ground, app, sandbox, channel)
    pass_time(ground, RECEIPT_WAIT[channel])
    await becomes(app, "citizen", channel, "delivered")
    assert (await reasons(app, "citizen", channel))[-1] == "delivered.asked"
    assert taken(sandbox, channel, CITIZEN_PHONE) == 1


async def test_nobody_is_asked_before_the_receipt_is_overdue(client, ground, app, sandbox):
    await accepted_without_a_report(client, ground, app, sandbox, "zalo")
    pass_time(ground, RECEIPT_WAIT["zalo"] - timedelta(minutes=10))
    await settle(app, states={"sending", "planned"})
    assert (await states(app))["citizen", "zalo"] == "accepted"


async def test_an_sms_that_its_gateway_gave_up_is_failed_although_no_report_comes(client, ground, app, sandbox, web):
    await script(sandbox, "sms", CITIZEN_PHONE, "fail")
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await web.close()
    await becomes(app, "citizen", "sms", "accepted")
    await until(lambda: ended(sandbox, "sms"), 10, "the gateway to give it up")
    pass_time(ground, RECEIPT_WAIT["sms"])
    await becomes(app, "citizen", "sms", "failed")
    assert (await reasons(app, "citizen", "sms"))[-1] == "failed.asked"


async def test_a_token_that_is_refused_for_a_question_is_refreshed(client, ground, app, sandbox):
    await accepted_without_a_report(client, ground, app, sandbox, "zalo")
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE oauth_token SET access_token = 'dead', expires_at = now() + '1 year'")
    pass_time(ground, RECEIPT_WAIT["zalo"])
    await becomes(app, "citizen", "zalo", "delivered")


@pytest.mark.parametrize("channel", ["zalo", "sms"])
async def test_a_question_in_vain_ends_the_wait_and_says_why(client, ground, app, sandbox, channel: str):
    await accepted_without_a_report(client, ground, app, sandbox, channel)
    await script(sandbox, channel, "status", "html")
    pass_time(ground, RECEIPT_WAIT[channel])
    await settle(app)
    assert (await states(app))["citizen", channel] == "accepted"
    assert (await reasons(app, "citizen", channel))[-1] == "settled.asked_in_vain"


async def test_after_a_question_in_vain_the_fallback_goes(client, ground, app, sandbox):
    pass_time(ground, MORNING)
    await script(sandbox, "email", "nguyen.mau@example.vn", "refuse", reply="550 5.1.1 no such user")
    await script(sandbox, "zalo", CITIZEN_UID, "no_receipt")
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await becomes(app, "citizen", "zalo", "accepted")
    pass_time(ground, RECEIPT_WAIT["zalo"])
    await becomes(app, "citizen", "sms", "delivered")
    assert (await reasons(app, "citizen", "zalo"))[-1] == "settled.asked_in_vain"
    assert "planned.fallback_used" in await reasons(app, "citizen", "sms")


async def test_zalo_is_never_asked_about_a_message_that_it_gave_no_id(client, ground, app, sandbox):
    await script(sandbox, "zalo", CITIZEN_PHONE, "error_but_sent", receipt_seconds=30)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await becomes(app, "citizen", "zalo", "unknown")
    pass_time(ground, RECEIPT_WAIT["zalo"])
    await settle(app)
    assert (await reasons(app, "citizen", "zalo"))[-1] == "settled.no_receipt"
    assert taken(sandbox, "zalo", CITIZEN_PHONE) == 1


@pytest.mark.parametrize("ground", ["by request id"], indirect=True)
async def test_an_unknown_sms_that_its_gateway_never_took_has_failed_when_its_budget_is_spent(
    client, ground, app, sandbox
):
    pass_time(ground, MORNING)
    await script(sandbox, "sms", CITIZEN_PHONE, "html", times=5)
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))

    async def has_failed() -> bool:
        await settle(app, states={"sending"})
        pass_time(ground, timedelta(minutes=15))
        return (await states(app))["citizen", "sms"] == "failed"

    await until(has_failed, 30, "the SMS to fail")
    told = await reasons(app, "citizen", "sms")
    assert told[-2:] == ["settled.asked_in_vain", "failed.budget_spent"]
    assert taken(sandbox, "sms", CITIZEN_PHONE) == 0
