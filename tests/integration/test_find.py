"""Finding notices at the console: by whatever is known, masked, within the own agencies, page by page."""

import re
from collections.abc import Awaitable, Callable

import pytest

from notifier.domain.clock import VIETNAM
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.operators import OperatorRole
from notifier.store import providers
from notifier.web.pages.console import find as page
from tests.support.intake import event, sample
from tests.support.pages import csrf_of, look, operator_cookie, send_form
from tests.support.stack import post_event
from workers import steps
from workers.wiring import App

DOSSIER, SOURCE = "H01.14-261119-0042", "mcdt.angiang.gov.vn"
ADDRESS = f"/console/dossiers/{SOURCE}/{DOSSIER}"
PERSONAL = ("0912000101", "+84912000101", "912000101", "nguyen.mau@example.vn", "Nguyễn Văn Mẫu", "9990000000000000101")
Search = Callable[..., Awaitable[str]]


async def routed(app: App, client, ground, *documents) -> None:
    """The events are posted and routed; nothing is sent."""
    for document in documents:
        await post_event(client, ground, document)
    async with app.pool.acquire() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM event WHERE due_at IS NOT NULL")]
    await steps.route(app, ids)


@pytest.fixture
async def told(app, ground, client):
    """The sample event, routed."""
    await routed(app, client, ground, sample("02"))


@pytest.fixture
def searched(app, client) -> Search:
    """The page that answers a form, to a viewer of these agencies."""

    async def search(q: str = "", *agencies: str, **filters: str) -> str:
        cookie = await operator_cookie(app, OperatorRole.VIEWER, *agencies)
        form = {"csrf": csrf_of(app, cookie), "q": q, **filters}
        status, html, leads = await send_form(client, "/console/find", cookie, form)
        assert (status, leads) == (200, None), html
        return html

    return search


def notices(html: str) -> list[str]:
    """The notices that a page lists, in its order."""
    return list(dict.fromkeys(re.findall(r'href="(/console/notices/[^"]+)"', html)))


async def notice_of(app: App, ref: str) -> str:
    async with app.pool.acquire() as connection:
        id_ = await connection.fetchval("SELECT id FROM recipient WHERE ref = $1", ref)
    return f"/console/notices/{id_}"


async def test_a_person_is_found_by_every_spelling_of_a_contact(told, app, searched):
    expected = [await notice_of(app, "citizen")]
    for q in ("0912000101", "+84 912 000 101", "84912000101", "0912.000.101", "Nguyen.Mau@Example.VN"):
        assert notices(await searched(q)) == expected, q


async def test_an_officer_is_found_by_account_and_by_name(told, app, searched):
    expected = [await notice_of(app, "vv.mau")]
    for q in ("vv.mau", "VV.Mau", "Võ Văn Mẫu", "mẫu võ"):
        assert notices(await searched(q)) == expected, q


async def test_a_dossier_is_found_by_its_code_and_by_how_that_begins(told, app, searched):
    html = await searched(DOSSIER)
    assert (f'href="{ADDRESS}"' in html, await notice_of(app, "citizen") in notices(html)) == (True, True)
    html = await searched("H01.14-2611")
    assert (f'href="{ADDRESS}"' in html, notices(html)) == (True, [])


async def test_a_notice_is_found_by_what_machines_call_it(told, app, searched):
    async with app.pool.acquire() as connection:
        await providers.enrol(connection, {ProviderName("email"): ChannelName("email")}, app.clock())
        row = await connection.fetchrow(
            "UPDATE delivery d SET provider = 'email', reference = '<m-1@mail.example.vn>'"
            " FROM event e JOIN recipient r ON r.event_id = e.id AND r.audience = 'citizen'"
            " WHERE r.id = d.recipient_id AND d.channel = 'email' RETURNING d.id, d.event_id, d.reference, e.external_id"
        )
    for q in map(str, row.values()):
        assert await notice_of(app, "citizen") in notices(await searched(q)), q


async def test_odd_texts_find_nothing_and_break_nothing(told, searched):
    for q in ("0912000999", "%", "'", "a" * 5000, "@", "<b>", "--1", "\x00\ufffd"):
        html = await searched(q)
        assert (notices(html), "Không có thông báo nào như vậy" in html) == ([], True), q


async def test_time_channel_and_state_narrow(told, app, searched):
    citizen, today = await notice_of(app, "citizen"), f"{app.clock().astimezone(VIETNAM):%Y-%m-%dT00:00}"
    for filters, found in (
        ({"since": today}, True),
        ({"until": today}, False),
        ({"channel": "zalo", "state": "planned"}, True),
        ({"channel": "zalo", "state": "failed"}, False),
        ({"channel": "nothing"}, False),
    ):
        assert (citizen in notices(await searched(**filters))) is found, filters


async def test_pages_follow_each_other_without_gap_or_repeat(told, searched, monkeypatch):
    whole = notices(await searched())
    monkeypatch.setattr(page, "PAGE", 1)
    walked, after = [], ""
    while after is not None:
        html = await searched(after=after)
        walked += notices(html)
        more = re.search(r'name="after" value="([^"]+)"', html)
        after = more and more[1]
    assert (walked, len(whole) > 1) == (whole, True)


async def test_a_search_looks_at_so_many_and_says_how_far_back(told, searched, monkeypatch):
    monkeypatch.setattr("notifier.store.search.LOOKED_AT", 1)
    html = await searched(state="failed")
    assert (notices(html), "Đã xem ngược đến" in html, 'name="after"' in html) == ([], True, True)


async def test_nobody_is_shown_in_full_and_nothing_typed_is_in_an_address(told, app, client, searched):
    _, newest = await look(client, "/console/find", await operator_cookie(app))
    _, dossier = await look(client, ADDRESS, await operator_cookie(app))
    for html in (newest, dossier, await searched(DOSSIER), await searched("0912000101")):
        shown = html.replace('value="0912000101"', "")
        assert [each for each in PERSONAL if each in shown] == []
        assert "+84 9•• ••• 101" in shown


async def test_an_agency_finds_its_own_and_what_is_below_it_and_nothing_else(told, app, client, searched):
    for agency, sees in (("H01", True), ("H01.14", True), ("H01.77", False), ("H01.1", False)):
        for q in ("", "0912000101", DOSSIER, "vv.mau", "H01.14"):
            html = await searched(q, agency)
            assert ("/console/dossiers/" in html) is sees, (agency, q)
        cookie = await operator_cookie(app, OperatorRole.OPERATOR, agency)
        assert (await look(client, ADDRESS, cookie))[0] == (200 if sees else 404)


async def test_a_dossier_lists_its_events_the_newest_first_with_who_was_told(told, app, client, ground):
    await routed(app, client, ground, event({"/id": "second", "/seq": 3, "/data/HoSo/MaHoSo": DOSSIER}, of="08"))
    _, html = await look(client, ADDRESS, await operator_cookie(app))
    assert (
        html.index("hoso.xu_ly_xong") < html.index("hoso.duoc_tiep_nhan") < html.index(await notice_of(app, "citizen"))
    )
