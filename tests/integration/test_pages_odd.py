"""Addresses and forms that no page of ours makes: refused or read as nothing, never a fault of ours."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.operators import OperatorRole
from notifier.store import providers
from tests.support.pages import csrf_of, look, operator_cookie, send_form

EXTREMES = ("0001-01-01T00:00", "9999-12-31", "\0", "9" * 30)


@pytest.mark.parametrize(
    "address",
    ["audit?since=", "audit?until=", "audit?before=", "dead?since=", "dead?agency=", "gaps?agency=", "untold?after=",
     "reminders?from=", "reminders?to=", "reminders?agency=", "reminders/late?after="],
)  # fmt: skip
async def test_what_a_parameter_cannot_mean_is_no_fault_of_ours(client, app, address):
    cookie = await operator_cookie(app, OperatorRole.ADMINISTRATOR)
    answers = {value: (await look(client, f"/console/{address}{quote(value)}", cookie))[0] for value in EXTREMES}
    assert {value: status for value, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("at", EXTREMES)
async def test_an_event_is_tried_now_where_the_form_names_no_time(client, app, at):
    cookie = await operator_cookie(app)
    status, html, _ = await send_form(client, "/console/rules/try", cookie, {"csrf": csrf_of(app, cookie), "at": at})
    assert (status, "Vì sao" in html) == (200, True)


async def test_a_reason_with_control_characters_is_refused(client, app):
    cookie = await operator_cookie(app)
    form = {"csrf": csrf_of(app, cookie), "do": "pause-channel", "name": "sms", "why": "đối\0soát"}
    assert (await send_form(client, "/console/providers/act", cookie, form))[0] == 400


@pytest.mark.parametrize("path", ["try", "compare"])
async def test_the_other_language_is_one_link_away_after_a_form_was_sent(client, app, path):
    cookie = await operator_cookie(app)
    assert (await look(client, f"/console/rules/{path}?lang=en", cookie))[0] == 200


async def test_what_was_left_yesterday_is_not_told_as_left_today(client, app):
    cookie, now = await operator_cookie(app), app.clock()
    async with app.pool.acquire() as connection:
        await providers.enrol(connection, {ProviderName("zalo"): ChannelName("zalo")}, now)
        await providers.note_volume(connection, ProviderName("zalo"), 4321, 5000, now - timedelta(days=1))
        assert "4321" not in (await look(client, "/console", cookie))[1]
        await providers.note_volume(connection, ProviderName("zalo"), 1234, 5000, now)
    for page in ("/console", "/console/providers"):
        assert "1234" in (await look(client, page, cookie))[1]
