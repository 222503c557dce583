"""The home of the console: its figures are those of the rows, and what it calls attention to is there."""

import re
from datetime import timedelta

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import OperatorRole
from notifier.domain.reach import EVERYWHERE
from notifier.store import providers, traffic
from notifier.store.providers import MinuteCounts
from tests.support.dead import many
from tests.support.intake import event
from tests.support.pages import look, operator_cookie
from tests.support.stack import post_event, work_once

LIVE = "/console/now/live"


def figure(html: str, name: str) -> str:
    found = re.search(rf'id="figure-{name}">(\d+)<', html)
    assert found, html
    return found[1]


@pytest.mark.parametrize("role", list(OperatorRole))
async def test_every_role_sees_how_the_service_stands(client, app, role):
    status, html = await look(client, "/console", await operator_cookie(app, role))
    assert (status, "Cần người xử lý" in html) == (200, True)


async def test_an_event_counts_where_it_came_in_and_calls_where_they_were_made(client, app, ground):
    at = app.clock().replace(second=0, microsecond=0)
    await post_event(client, ground, event({"/id": "one"}, of="02"))
    async with app.pool.acquire() as connection:
        await app.gate.closed(connection, at)
        counts = MinuteCounts("zalo", at - timedelta(minutes=2), accepted=5, transient=2, permanent=1, unknown=1)
        await providers.count(connection, [counts])
        rows = await traffic.flow(connection, at - timedelta(minutes=4), timedelta(minutes=1), 6, EVERYWHERE)
    assert [row.accepted for row in rows] == [0, 0, 5, 0, 0, 0]
    assert (rows[2].passing, rows[2].lost) == (2, 2)
    assert sum(row.events for row in rows[4:]) == 1
    _, html = await look(client, LIVE, await operator_cookie(app))
    assert (figure(html, "events"), figure(html, "accepted")) == ("1", "5")


async def test_what_waits_is_told_by_lane_with_its_age(client, app, ground):
    await post_event(client, ground, event({"/id": "one"}, of="02"))
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=7))
    async with app.pool.acquire() as connection:
        (waits,) = await traffic.waiting(connection, app.clock(), EVERYWHERE)
    assert (waits.kind, waits.rows) == ("event", 1)
    _, html = await look(client, LIVE, await operator_cookie(app))
    assert "1 việc chờ quá lâu" in html


async def test_dead_letters_of_today_are_counted_as_far_as_the_account_reaches(client, app):
    await many(app, 3, app.clock())
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE event SET agency = 'H01.14.02' WHERE dossier_code = 'D-1'")
    wide, narrow = await operator_cookie(app), await operator_cookie(app, OperatorRole.OPERATOR, "H01.14")
    assert "3 tin không gửi được hôm nay" in (await look(client, LIVE, wide))[1]
    assert "1 tin không gửi được hôm nay" in (await look(client, LIVE, narrow))[1]


async def test_what_a_source_has_not_sent_is_told_once_it_is_late(client, app, ground):
    cookie = await operator_cookie(app)
    for number, seq in enumerate((1, 4)):
        await post_event(client, ground, event({"/id": f"e{number}", "/seq": seq}, of="02"))
    await work_once(app)
    assert "thiếu sự kiện" not in (await look(client, LIVE, cookie))[1]
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=15))
    assert "thiếu sự kiện ở 1 hồ sơ" in (await look(client, LIVE, cookie))[1]


async def test_the_page_speaks_english_too(client, app):
    _, html = await look(client, "/console?lang=en", await operator_cookie(app))
    assert "Needs a human" in html
    assert "Cần người" not in html
