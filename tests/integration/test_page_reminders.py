"""The reminders of the console: whose clock runs out, who was told of what, whom nobody could reach; each for their own."""

import re
from datetime import timedelta
from html import unescape
from random import Random

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import OperatorRole
from notifier.domain.reach import EVERYWHERE
from notifier.store import clocks
from notifier.store.clocks import Book, Now
from tests.support.calendar import at
from tests.support.pages import look, operator_cookie
from tests.support.reports import SOURCE, Rows, delivery, directory, docket, event, keep, recipient

NOW = at("2026-11-25 10:00")
HOME = "/console/reminders"
PAGES = ("", "/waiting", "/soon", "/late", "/unlinked")


@pytest.fixture
async def rows(app, ground) -> Rows:
    """Three dossiers at one commune and one at another, and a reminder of each that reached its officer or did not."""
    rows = Rows()
    directory(rows)
    filed = {"filed_by": 2, "status": 1, "filed_at": at("2026-11-25 08:00")}
    docket(rows, "CHO-14", **filed)
    docket(rows, "CHO-15", **filed | {"handling_unit": None, "receiving_unit": "H01.15"})
    docket(rows, "LAU-14", **filed | {"filed_at": at("2026-11-23 08:00")})
    docket(rows, "SAP-14", due_at=at("2026-11-26 17:00"))
    docket(rows, "HOMNAY-14", due_at=at("2026-11-25 00:00"))
    docket(rows, "XA-14", due_at=at("2026-12-01 17:00"))
    docket(rows, "TRE-14", due_at=at("2026-11-23 17:00"))
    docket(rows, "TRE-15", due_at=at("2026-11-24 00:00"), handling_unit="000.15.00.H01.99", receiving_unit="H01.15.02")
    docket(rows, "DUNG-14", due_at=at("2026-11-20 17:00"), status=5)
    async with app.pool.acquire() as connection:
        await keep(connection, rows)
        await remind(connection, "TRE-14", "delivered")
        await remind(connection, "TRE-15", "failed", agency="H01.15")
    move_clock(ground.clock_file, NOW)
    return rows


async def remind(connection, code: str, state: str, agency: str = "H01.14", minutes: int = 0, number: int = 1) -> None:
    when = at("2026-11-25 07:00") + timedelta(minutes=minutes)
    rows = Rows()
    told = event(rows, when, dossier_code=code, type="han.hoso_qua", agency=agency)
    officer = recipient(rows, told, "cb1")
    delivery(rows, told, officer, "portal", "delivered")
    delivery(rows, told, officer, "zalo", state, reason="failed.refused" if state == "failed" else None, code="-118")
    await keep(connection, rows)
    await connection.execute(
        "INSERT INTO timer (source, dossier_code, type, basis, number, state, planned_for, fired_at, event_id)"
        " VALUES ($1, $2, 'han.hoso_qua', $3, $5, 'fired', $3, $3, $4)",
        SOURCE,
        code,
        when,
        told,
        number,
    )


def following(html: str) -> str | None:
    """The address of the next page."""
    found = re.search('href="([^"]+)" rel="next"', html)
    return unescape(found[1]) if found else None


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
async def test_a_viewer_may_read_every_list(client, app, rows, path, language):
    status, html = await look(client, f"{HOME}{path}?lang={language}", await operator_cookie(app, OperatorRole.VIEWER))
    assert (status, "<table>" in html) == (200, True)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/waiting", ["LAU-14", "CHO-14", "CHO-15"]),
        ("/soon", ["HOMNAY-14", "SAP-14"]),
        ("/late", ["TRE-14", "TRE-15"]),
    ],
)
async def test_a_book_lists_its_dossiers_the_most_pressing_first(client, app, rows, path, shown):
    _, html = await look(client, HOME + path, await operator_cookie(app))
    known = ("CHO-14", "CHO-15", "LAU-14", "SAP-14", "HOMNAY-14", "XA-14", "TRE-14", "TRE-15", "DUNG-14")
    found = {code: html.find(f">{code}<") for code in known}
    assert sorted((code for code, place in found.items() if place >= 0), key=lambda code: found[code]) == shown


async def test_what_is_left_of_the_eight_hours_is_working_time(client, app, rows):
    _, html = await look(client, f"{HOME}/waiting?lang=en", await operator_cookie(app))
    text = " ".join(html.split())
    assert 'class="stop"> over by 2 h 0 min' in text  # filed at 8:00 on Monday; Tuesday is a holiday
    assert 'class="quiet"> 5 h 59 min' in text


async def test_lists_can_be_looked_through_page_by_page(client, app, rows):
    more = Rows()
    for number in range(120):
        due = at("2026-11-01 17:00") + timedelta(minutes=number // 7)
        docket(more, f"NHIEU-{number:03}", due_at=due)
    async with app.pool.acquire() as connection:
        await keep(connection, more)
    cookie, path, seen = await operator_cookie(app), f"{HOME}/late", []
    while path:
        _, html = await look(client, path, cookie)
        seen += [f"NHIEU-{number:03}" for number in range(120) if f">NHIEU-{number:03}<" in html]
        path = following(html)
    assert sorted(seen) == [f"NHIEU-{number:03}" for number in range(120)]


async def test_a_reminder_shows_whom_it_reached_and_why_it_did_not(client, app, rows):
    _, html = await look(client, HOME, await operator_cookie(app))
    assert all(each in html for each in ("TRE-14", "TRE-15", "đã đến", "-118", "cb1"))


async def test_those_that_reached_nobody_can_be_asked_for(client, app, rows):
    _, html = await look(client, f"{HOME}?unreached=1", await operator_cookie(app))
    assert (">TRE-14<" in html, ">TRE-15<" in html) == (False, True)


async def test_reminders_go_on_page_by_page(client, app, rows):
    async with app.pool.acquire() as connection:
        for number in range(60):
            await remind(connection, "TRE-14", "delivered", minutes=number // 7 * 7 + 1, number=number + 2)
    cookie = await operator_cookie(app)
    _, first = await look(client, HOME, cookie)
    _, second = await look(client, following(first) or "", cookie)
    assert (first.count('<th scope="row">'), second.count('<th scope="row">')) == (50, 12)


async def test_an_operator_of_one_agency_sees_that_one_only(client, app, rows):
    cookie = await operator_cookie(app, OperatorRole.OPERATOR, "H01.15")
    html = "".join([(await look(client, HOME + path, cookie))[1] for path in PAGES])
    assert ("TRE-15" in html, "CHO-15" in html) == (True, True)
    assert ("-14<" in html, "H01.14" in html) == (False, False)


@pytest.mark.parametrize("path", PAGES)
async def test_another_agency_is_refused_like_one_that_does_not_exist(client, app, rows, path):
    cookie = await operator_cookie(app, OperatorRole.OPERATOR, "H01.15")
    answers = [(await look(client, f"{HOME}{path}?agency={agency}", cookie))[0] for agency in ("H01.14", "NO-SUCH")]
    assert answers == [404, 404]


async def test_officers_without_zalo_are_listed_and_those_who_follow_are_not(client, app, rows):
    async with app.pool.acquire() as connection:
        oa = app.accounts["zalo"].settings.oa_id
        await connection.execute(
            "INSERT INTO zalo_relation (oa, uid, follows, changed_at) VALUES ($1, '1', true, $2)", oa, NOW
        )
    _, html = await look(client, f"{HOME}/unlinked", await operator_cookie(app))
    assert [f"cb{number}" for number in range(10) if f">cb{number}<" in html] == [
        "cb0", "cb2", "cb3", "cb4", "cb5", "cb6", "cb7", "cb8", "cb9",
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["after=x", "after=WzFd", "from=gestern", "from=2026-01-01&to=2026-11-01"])
async def test_a_question_that_makes_no_sense_is_refused(client, app, rows, query):
    assert (await look(client, f"{HOME}?{query}", await operator_cookie(app)))[0] == 400


async def test_a_book_counts_what_a_naive_look_counts(app, rows):
    """Whatever lies around: `soon` and `late` part the dossiers that are being processed by the clock of the wall."""
    random, more = Random(7), Rows()
    made = []
    for number in range(150):
        day = at("2026-11-21 00:00") + timedelta(days=random.randrange(9))
        due = day + timedelta(minutes=random.choice((0, 0, 480, 600, 1020)))
        docket(more, f"N-{number}", due_at=due, status=random.choice((2, 4, 5, 9)))
        made.append((due, more.docket[-1]["status"]))
    now = Now(NOW, at("2026-11-25 00:00"), at("2026-11-29 00:00"))
    async with app.pool.acquire() as connection:
        before = [await clocks.count(connection, book, EVERYWHERE, now) for book in (Book.SOON, Book.LATE)]
        await keep(connection, more)
        after = [await clocks.count(connection, book, EVERYWHERE, now) for book in (Book.SOON, Book.LATE)]
    counting = [due for due, status in made if status in {2, 4}]
    passed = [due + timedelta(days=1) if due.hour == 0 else due for due in counting]
    late = sum(end <= NOW if end.hour == 0 else end < NOW for end in passed)
    soon = sum(due < now.soon for due in counting) - late
    assert [new - old for new, old in zip(after, before, strict=True)] == [soon, late]
