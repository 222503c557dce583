"""One event through every stage, with the test in the place of dispatcher and workers."""

from collections import Counter

from notifier.sandbox.app import Sandbox
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle, states


async def test_an_accepted_event_reaches_citizen_handler_and_head_and_every_receipt_is_counted(
    client, ground, app, sandbox: Sandbox
):
    status, answer = await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    assert (status, answer["duplicate"]) == (202, False)

    await settle(app)
    for person in ("citizen", "vv.mau", "lt.vidu"):
        await becomes(app, person, "zalo", "read")

    assert Counter(message.channel for message in sandbox.messages) == {"zalo": 3, "email": 1}
    found = await states(app)
    assert found["citizen", "portal"] == "delivered"
    assert found["citizen", "email"] == "delivered"
    assert found["citizen", "sms"] == "cancelled"
