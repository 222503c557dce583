"""What somebody of some agencies sees at the console: their own traffic counted, and of the others' not a figure."""

import re
from datetime import timedelta
from typing import Any

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import OperatorRole
from notifier.domain.reach import EVERYWHERE, reach_from
from notifier.store import traffic
from tests.support.dead import many
from tests.support.intake import event
from tests.support.pages import look, operator_cookie
from tests.support.stack import post_event, settle, work_once
from workers.wiring import App

LIVE, STRANGERS = "/console/now/live", "H99"


@pytest.fixture
async def agency(app, client, ground, sandbox) -> str:
    """That of an event whose messages have been sent."""
    await post_event(client, ground, event({"/id": "one"}, of="02"))
    await settle(app)
    async with app.pool.acquire() as connection:
        await app.gate.closed(connection, app.clock())
        found: str = await connection.fetchval("SELECT agency FROM event")
    return found


async def seen(client: Any, app: App, path: str, *agencies: str) -> str:
    """The words and figures of a page, as an operator of these agencies sees them."""
    status, html = await look(client, path, await operator_cookie(app, OperatorRole.OPERATOR, *agencies))
    assert status == 200, html
    return " ".join(re.sub(r"<title.*?</title>|<[^>]*>", " ", html, flags=re.DOTALL).split())


async def totals(client: Any, app: App, *agencies: str) -> list[int]:
    """Events, messages taken and failed calls of the last hour."""
    _, html = await look(client, LIVE, await operator_cookie(app, OperatorRole.OPERATOR, *agencies))
    return [int(found) for found in re.findall(r'class="figure"[^>]*>(\d+)<', html)[:3]]


async def test_what_a_message_came_to_is_counted_for_its_own_agency_alone(client, app, agency):
    events, taken, failed = await totals(client, app, agency)
    assert (events, taken > 0, failed) == (1, True, 0)
    assert await totals(client, app, STRANGERS) == [0, 0, 0]


async def test_an_agency_counts_what_the_province_counts_where_it_is_alone(app, agency):
    at = app.clock().replace(second=0, microsecond=0)
    since, step = at - timedelta(minutes=4), timedelta(minutes=1)
    async with app.pool.acquire() as connection:
        await app.gate.report(app.clock() + timedelta(minutes=1))
        ours = await traffic.flow(connection, since, step, 6, reach_from({}, [agency]))
        theirs = await traffic.flow(connection, since, step, 6, reach_from({}, [STRANGERS]))
        everybodys = await traffic.flow(connection, since, step, 6, EVERYWHERE)
    assert [sum(row.events for row in rows) for rows in (ours, theirs, everybodys)] == [1, 0, 1]
    assert [sum(row.accepted for row in rows) > 0 for rows in (ours, theirs)] == [True, False]


async def test_calls_and_receipts_of_a_provider_are_those_of_the_agency(client, app, agency):
    now = app.clock()
    async with app.pool.acquire() as connection:
        ours = await traffic.calls_within(connection, now - timedelta(hours=1), now, reach_from({}, [agency]))
        theirs = await traffic.calls_within(connection, now - timedelta(hours=1), now, reach_from({}, [STRANGERS]))
    assert (ours["zalo"]["accepted"] > 0, theirs) == (True, {})


async def test_a_message_whose_receipt_came_late_or_not_counts_as_late_for_its_agency(app, agency):
    now, reach = app.clock(), reach_from({}, [agency])
    window = (now - timedelta(hours=1), now)
    slow, at_once = timedelta(minutes=5), timedelta(0)
    async with app.pool.acquire() as connection:
        in_time = await traffic.punctuality_within(connection, "zalo", *window, slow, reach)
        await connection.execute("UPDATE delivery SET accepted_at = accepted_at - interval '1 second'")
        late = await traffic.punctuality_within(connection, "zalo", *window, at_once, reach)
        await connection.execute("UPDATE attempt SET started_at = started_at + interval '1 hour'")  # nothing came since
        never = await traffic.punctuality_within(connection, "zalo", *window, slow, reach)
        others = await traffic.punctuality_within(connection, "zalo", *window, slow, reach_from({}, [STRANGERS]))
    assert [each.late == each.taken for each in (late, never)] == [True, True]
    assert (in_time.taken > 0, in_time.late, others.taken) == (True, 0, 0)


async def test_what_waits_is_counted_for_the_agency_and_as_old_as_everybodys(client, app, ground):
    await post_event(client, ground, event({"/id": "one"}, of="02"))
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=7))
    async with app.pool.acquire() as connection:
        (waits,) = await traffic.waiting(connection, app.clock(), reach_from({}, [STRANGERS]))
    assert waits.rows == 0
    told = await seen(client, app, LIVE, STRANGERS)
    assert "của toàn tỉnh chậm" in told
    assert "việc chờ quá lâu" not in told


async def test_the_page_says_what_is_counted_for_whom(client, app):
    assert "và đơn vị trực thuộc" in await seen(client, app, "/console", STRANGERS)
    assert "(toàn tỉnh)" in await seen(client, app, "/console", STRANGERS)
    assert "toàn tỉnh" not in await seen(client, app, "/console")
    assert "và đơn vị trực thuộc" in await seen(client, app, "/console/providers", STRANGERS)


@pytest.mark.parametrize("path", ["/console", LIVE, "/console/providers", "/console/gaps", "/console/untold"])
async def test_nothing_of_another_agencys_traffic_changes_what_is_seen(client, app, ground, sandbox, path):
    """Events, messages, calls, receipts, dead letters, unread events, gaps and people without a contact: of others."""
    await post_event(client, ground, event({"/id": "one"}, of="02"))  # the source has spoken, the providers are known
    await settle(app)
    before = _without_times(await seen(client, app, path, STRANGERS))
    for number, seq in enumerate((5, 9)):
        await post_event(client, ground, event({"/id": f"e{number}", "/seq": seq}, of="02"))
    await settle(app)
    await many(app, 3, app.clock())
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE event SET state = 'unroutable' WHERE dossier_code = 'D-1'")
        await connection.execute(
            "INSERT INTO audit (at, actor, event_id, reason, details)"
            " SELECT received_at, 'w', id, 'event.no_contact', '{\"audience\": \"citizen\"}' FROM event"
        )
    after = _without_times(await seen(client, app, path, STRANGERS))
    assert after == before


def _without_times(text: str) -> str:
    return re.sub(r"\d\d:\d\d(:\d\d)?|\d+ giây", "", text)


async def test_unread_events_are_those_of_the_agency(client, app):
    await many(app, 2, app.clock())
    async with app.pool.acquire() as connection:
        await connection.execute(
            "UPDATE event SET state = 'unroutable', agency = 'H01' WHERE dossier_code = 'D-1';"
            "INSERT INTO audit (at, actor, event_id, to_state, reason, details)"
            " SELECT received_at, 'w', id, 'unroutable', 'event.unroutable', '{\"code\": \"x\"}' FROM event"
        )
    assert "1 sự kiện không đọc được" in await seen(client, app, LIVE, "H01")
    assert "D-1" in await seen(client, app, "/console/dead?kind=event", "H01")
    assert "D-1" not in await seen(client, app, "/console/dead?kind=event", STRANGERS)


async def test_numbers_that_did_not_come_are_listed_for_their_agency(client, app, ground):
    for number, seq in enumerate((1, 5)):
        await post_event(client, ground, event({"/id": f"e{number}", "/seq": seq}, of="02"))
    await work_once(app)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=15))
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT agency, dossier_code, source FROM event")
    listed = await seen(client, app, "/console/gaps", row["agency"])
    assert f"{row['dossier_code']} {row['source']} 2–4 5" in listed
    assert row["dossier_code"] not in await seen(client, app, "/console/gaps", STRANGERS)


async def test_who_could_not_be_told_is_listed_for_their_agency_with_what_was_lacking(client, app):
    await many(app, 2, app.clock())
    async with app.pool.acquire() as connection:
        await connection.execute(
            "UPDATE event SET agency = CASE dossier_code WHEN 'D-1' THEN 'H01.14' ELSE 'H02' END;"
            "INSERT INTO audit (at, actor, event_id, reason, details)"
            " SELECT received_at, 'w', id, 'event.no_recipient', '{\"audience\": \"handler\"}' FROM event;"
            "INSERT INTO audit (at, actor, event_id, reason, details)"
            " SELECT received_at, 'w', id, 'event.no_contact', '{\"audience\": \"citizen\"}' FROM event"
        )
    assert "1 sự kiện hôm nay không nêu" in await seen(client, app, LIVE, "H01")
    assert "1 sự kiện hôm nay có người không liên hệ được" in await seen(client, app, LIVE, "H01")
    for lack, who in (("recipient", "cán bộ"), ("contact", "công dân")):
        listed = await seen(client, app, f"/console/untold?lack={lack}", "H01")
        assert ("D-1" in listed, "D-2" in listed, who in listed) == (True, False, True)


async def test_a_list_goes_on_where_its_page_ends(client, app):
    await many(app, 60, app.clock())
    async with app.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO audit (at, actor, event_id, reason, details)"
            " SELECT received_at, 'w', id, 'event.no_contact', '{\"audience\": \"citizen\"}' FROM event"
        )
    cookie = await operator_cookie(app)
    _, first = await look(client, "/console/untold?lack=contact", cookie)
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    _, second = await look(client, following[1].replace("&amp;", "&"), cookie)
    codes = [re.findall(r">(D-\d+)</a>", html) for html in (first, second)]
    assert ([len(each) for each in codes], len({*codes[0], *codes[1]})) == ([50, 10], 60)


@pytest.mark.parametrize(
    "path",
    [
        "/console/untold?after=eHg",
        "/console/reminders?after=WyIyMDI2LTAxLTAxIiwgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OV0=",
    ],
)
async def test_an_address_that_no_page_gave_is_refused(client, app, path):
    assert (await look(client, path, await operator_cookie(app)))[0] in {400, 404}
