"""What operators do at the console: shown in counts first, with a reason, within their agencies, and in the trail."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from notifier.delivery.gate import by_preference
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.operators import OperatorRole
from notifier.store import pauses, providers
from notifier.store.pauses import Kind
from tests.support.dead import CITIZEN_PHONE, letters, many, post_for_one, refused_by_zalo, script, taken
from tests.support.intake import event
from tests.support.pages import csrf_of, look, operator_cookie, send_form
from tests.support.stack import post_event, settle, work_once
from workers.dispatcher import ring_due
from workers.steps import switching
from workers.wiring import App

WHY = "cổng đã hoạt động lại"
DEAD, SWITCH = "/console/dead/act", "/console/providers/act"


async def send(client: Any, app: App, path: str, cookie: dict[str, str], **form: str) -> tuple[int, str, str | None]:
    return await send_form(client, path, cookie, {"csrf": csrf_of(app, cookie), "why": WHY, **form})


async def rows(app: App, query: str, *given: object) -> list[Any]:
    async with app.pool.acquire() as connection:
        return list(await connection.fetch(query, *given))


async def trail(app: App, actor: str) -> list[tuple[str, str]]:
    """What somebody did, with the reason they gave."""
    found = await rows(app, "SELECT reason, details ->> 'why' AS why FROM audit WHERE actor = $1 ORDER BY seq", actor)
    return [(row["reason"], row["why"]) for row in found]


async def states(app: App) -> dict[str, str]:
    found = await rows(app, "SELECT d.channel, d.state FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
                            " WHERE r.audience = 'citizen'")  # fmt: skip
    return {row["channel"]: row["state"] for row in found}


def shown(html: str, id_: str) -> int:
    found = re.search(rf'id="{id_}">(\d+)<', html)
    assert found, html
    return int(found[1])


async def test_dead_letters_are_dropped_in_the_number_that_was_shown(client, app):
    await many(app, 7, app.clock() - timedelta(seconds=1))
    cookie = await operator_cookie(app, login="lan")
    _, html = await look(client, f"{DEAD}?action=drop&channel=zalo", cookie)
    assert (shown(html, "done"), len(await letters(app))) == (7, 7)
    status, _, leads = await send(client, app, DEAD, cookie, action="drop", channel="zalo")
    assert (status, await letters(app)) == (303, [])
    _, html = await look(client, str(leads), cookie)
    assert "lan cho dừng 7/7" in html
    assert ("operator.dropped", WHY) in await trail(app, "operator:lan")


async def test_a_dead_letter_is_sent_again_and_arrives(client, app, ground, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    cookie, page = await operator_cookie(app, login="lan"), f"/console/act/delivery/{letter.id}"
    assert shown((await look(client, page, cookie))[1], "would-retry") == 1
    assert (await send(client, app, page, cookie, do="retry"))[0] == 303
    await settle(app)
    assert (await states(app))["zalo"] in {"delivered", "read"}


@pytest.mark.parametrize("why", ["", "  ", f"gọi {CITIZEN_PHONE}", "x" * 201])
async def test_without_a_reason_that_can_be_kept_nothing_is_done(client, app, why):
    await many(app, 2, app.clock() - timedelta(seconds=1))
    cookie = await operator_cookie(app, login="lan")
    assert (await send(client, app, DEAD, cookie, action="drop", why=why))[0] == 400
    assert (await send(client, app, SWITCH, cookie, do="pause-channel", name="sms", why=why))[0] == 400
    assert (len(await letters(app)), await trail(app, "operator:lan")) == (2, [])


@pytest.mark.parametrize("role", [OperatorRole.VIEWER, OperatorRole.AUDITOR])
async def test_who_only_looks_is_refused(client, app, role):
    await many(app, 1, app.clock() - timedelta(seconds=1))
    (letter,), cookie = await letters(app), await operator_cookie(app, role)
    paths = [f"/console/act/delivery/{letter.id}", f"/console/act/event/{letter.event_id}", DEAD, SWITCH]
    assert [(await look(client, path, cookie))[0] for path in paths] == [403] * 4
    assert [(await send(client, app, path, cookie, do="drop", action="drop"))[0] for path in paths] == [403] * 4
    assert len(await letters(app)) == 1


async def test_an_account_of_some_agencies_acts_within_them_only(client, app):
    await many(app, 3, app.clock() - timedelta(seconds=1))
    await rows(
        app, "UPDATE event SET agency = CASE dossier_code WHEN 'D-1' THEN 'H01.14.02' ELSE 'H01.15' END RETURNING 1"
    )
    cookie = await operator_cookie(app, OperatorRole.OPERATOR, "H01.14")
    ids = {letter.agency: letter.id for letter in await letters(app)}
    assert (await look(client, f"/console/act/delivery/{ids['H01.14.02']}", cookie))[0] == 200
    assert (await look(client, f"/console/act/delivery/{ids['H01.15']}", cookie))[0] == 404
    assert (await send(client, app, f"/console/act/delivery/{ids['H01.15']}", cookie, do="drop"))[0] == 404
    assert shown((await look(client, f"{DEAD}?action=drop", cookie))[1], "done") == 1
    await send(client, app, DEAD, cookie, action="drop")
    assert [letter.agency for letter in await letters(app)] == ["H01.15", "H01.15"]
    assert (await look(client, f"{SWITCH}?do=pause-channel&name=sms", cookie))[0] == 403
    assert (await look(client, "/console/dead?kind=receipt", cookie))[0] == 404


async def test_events_of_a_paused_source_wait_and_none_is_lost(client, app, ground, sandbox):
    cookie = await operator_cookie(app, login="lan")
    source = event({}, of="02")["source"]
    await send(client, app, SWITCH, cookie, do="pause-source", name=source)
    assert (await post_event(client, ground, event({"/id": "one"}, of="02")))[0] == 202
    await work_once(app)
    async with app.pool.acquire() as connection:
        assert await ring_due(app, connection, app.clock() + timedelta(minutes=1)) == set()
    assert [row["state"] for row in await rows(app, "SELECT state FROM event")] == ["received"]
    assert f"Nguồn {source} đang tạm dừng" in (await look(client, "/console", cookie))[1]
    page = f"{SWITCH}?do=resume-source&name={source}"
    assert shown((await look(client, page, cookie))[1], "touched") == 1
    await send(client, app, SWITCH, cookie, do="resume-source", name=source)
    await settle(app)
    assert {row["state"] for row in await rows(app, "SELECT state FROM event")} == {"routed"}
    assert len(sandbox.messages) > 0
    assert await trail(app, "operator:lan") == [("source.paused", WHY), ("source.resumed", WHY)]


async def test_messages_of_a_paused_channel_wait_and_the_others_go(client, app, ground, sandbox):
    cookie = await operator_cookie(app, login="lan")
    await send(client, app, SWITCH, cookie, do="pause-channel", name="zalo")
    await post_for_one(client, ground)
    for _ in range(3):
        await work_once(app)
    assert (await states(app))["zalo"] == "planned"
    page = f"{SWITCH}?do=resume-channel&name=zalo"
    assert shown((await look(client, page, cookie))[1], "touched") == 1
    await send(client, app, SWITCH, cookie, do="resume-channel", name="zalo")
    await settle(app)
    assert (taken(sandbox, "zalo"), (await states(app))["portal"]) == (1, "delivered")
    assert await trail(app, "operator:lan") == [("channel.paused", WHY), ("channel.resumed", WHY)]


async def test_a_pause_lasts_as_long_as_the_form_says(client, app):
    cookie = await operator_cookie(app, login="lan")
    await send(client, app, SWITCH, cookie, do="pause-channel", name="sms", hours="2")
    await send(client, app, SWITCH, cookie, do="pause-channel", name="zalo", hours="")
    async with app.pool.acquire() as connection:
        ends = {each.name: each.until and each.until - each.since for each in await pauses.standing(connection)}
    assert ends == {"sms": timedelta(hours=2), "zalo": None}
    assert "Tự chạy lại lúc" in (await look(client, "/console/providers", cookie))[1]


async def test_a_pause_begins_and_ends_once(app):
    now = app.clock()
    async with app.pool.acquire() as connection:
        begun = [await pauses.begin(connection, Kind.CHANNEL, "sms", by="lan", why=WHY, now=now) for _ in range(2)]
        ended = [await pauses.end(connection, Kind.CHANNEL, "sms", by="lan", why=WHY, now=now) for _ in range(2)]
    assert (begun, ended) == ([True, False], [True, False])


async def test_a_provider_is_paused_and_resumed_with_its_reason(client, app):
    cookie = await operator_cookie(app, login="lan")
    async with app.pool.acquire() as connection:
        await app.gate.closed(connection, app.clock())
    for wish in ("pause-provider", "resume-provider"):
        assert (await look(client, f"{SWITCH}?do={wish}&name=zalo", cookie))[0] == 200
        await send(client, app, SWITCH, cookie, do=wish, name="zalo")
    assert await trail(app, "operator:lan") == [("provider.paused", WHY), ("provider.resumed", WHY)]
    async with app.pool.acquire() as connection:
        assert all(state.passes() for state in await providers.read(connection))


async def test_a_channel_prefers_the_provider_that_an_operator_chose_for_as_long_as_they_said(app):
    now = app.clock()
    names = {ProviderName("esms"): ChannelName("sms2"), ProviderName("viettel"): ChannelName("sms2")}
    async with app.pool.acquire() as connection:
        await providers.enrol(connection, names, now)
        chosen = partial(switching.prefer_provider, connection, by="lan", why=WHY, now=now)
        assert await chosen(ProviderName("viettel"), until=now + timedelta(hours=4))
        assert not await chosen(ProviderName("nobody"), until=now + timedelta(hours=4))
        states = sorted((each for each in await providers.read(connection) if each.name in names), key=lambda p: p.name)
    assert [each.name for each in by_preference(states, now)] == ["viettel", "esms"]
    assert [each.name for each in by_preference(states, now + timedelta(hours=5))] == ["esms", "viettel"]
    assert await trail(app, "operator:lan") == [("provider.preferred", WHY)] * 2


@pytest.mark.parametrize("form", [{"do": "pause-channel", "name": "pigeon"}, {"do": "burn", "name": "sms"}])
async def test_what_is_not_there_cannot_be_switched(client, app, form):
    assert (await send(client, app, SWITCH, await operator_cookie(app), **form))[0] == 404


async def paused_citizen(client: Any, app: App, ground: Any) -> Any:
    """The event of a citizen whose Zalo message waits, because its channel is paused."""
    async with app.pool.acquire() as connection:
        await pauses.begin(connection, Kind.CHANNEL, "zalo", by="lan", why=WHY, now=app.clock())
    await post_for_one(client, ground)
    for _ in range(3):
        await work_once(app)
    (row,) = await rows(app, "SELECT id, event_id FROM delivery WHERE channel = 'zalo' AND state = 'planned'")
    return row


async def test_what_was_not_sent_of_an_event_is_cancelled_in_the_number_that_was_shown(client, app, ground, sandbox):
    waiting, cookie = await paused_citizen(client, app, ground), await operator_cookie(app, login="an")
    page = f"/console/act/event/{waiting['event_id']}"
    number = shown((await look(client, page, cookie))[1], "would-cancel")
    assert (await states(app))["zalo"] == "planned"
    _, _, leads = await send(client, app, page, cookie, do="cancel")
    assert (await states(app))["zalo"] == "cancelled"
    assert f"an cho dừng {number}/{number} tin chưa gửi" in (await look(client, str(leads), cookie))[1]
    assert ("event.cancelled", WHY) in await trail(app, "operator:an")
    assert taken(sandbox, "zalo") == 0


async def test_the_rules_are_asked_again_about_what_was_not_sent(client, app, ground):
    """A citizen who was not to be told by SMS at first; since then the way to them is known."""
    waiting, cookie = await paused_citizen(client, app, ground), await operator_cookie(app, login="an")
    page = f"/console/act/event/{waiting['event_id']}"
    _, html = await look(client, page, cookie)
    assert (shown(html, "would-change"), shown(html, "would-stop")) == (0, 0)
    (was,) = await rows(
        app, "UPDATE delivery SET state = 'suppressed', due_at = NULL WHERE id = $1 RETURNING 1", waiting["id"]
    )
    assert was
    assert shown((await look(client, page, cookie))[1], "would-change") == 1
    assert (await states(app))["zalo"] == "suppressed"
    _, _, leads = await send(client, app, page, cookie, do="reroute")
    assert (await states(app))["zalo"] == "planned"
    assert "1 đổi, 0 thêm, 0 dừng" in (await look(client, str(leads), cookie))[1]
    assert ("event.rerouted", WHY) in await trail(app, "operator:an")


async def test_what_is_said_of_an_act_is_shown_to_who_did_it_only(client, app):
    await many(app, 1, app.clock() - timedelta(seconds=1))
    mine, other = await operator_cookie(app), await operator_cookie(app)
    _, _, leads = await send(client, app, DEAD, mine, action="drop")
    assert WHY in (await look(client, str(leads), mine))[1]
    assert WHY not in (await look(client, str(leads), other))[1]


async def test_a_question_that_cannot_be_understood_is_answered_with_how_to_ask(client, app, sandbox, ground):
    await script(sandbox, "zalo", "refuse", error=-118)
    status, html = await look(client, "/console/dead?since=gestern", await operator_cookie(app))
    assert (status, "không đúng dạng" in html) == (400, True)
