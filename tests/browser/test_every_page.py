"""What holds for every page that people open: accessible, nothing amiss in the console, never wider than the screen.

Each page is looked at with all that can be unfolded unfolded, in the dark on a narrow screen and in the light on a desk.
"""

import pytest

from notifier.cli.playground import PROVINCE
from notifier.domain.ids import DossierCode, SourceName
from notifier.domain.opaque import inbox_owner, lookup_token
from notifier.domain.operators import OperatorRole
from notifier.web.pages.routes import PAGES
from tests.support.browser import window
from tests.support.intake import sample
from tests.support.pages import citizen_cookie, operator_cookie
from tests.support.stack import post_event, settle
from tests.support.visitors import account_link, begun
from workers.wiring import App

NARROW = {"width": 320, "height": 640}
"""A desk of 1280 pixels at 400 % (WCAG 2.2, 1.4.10)."""
DESK = {"width": 1280, "height": 900}
EVENT = "05-yeu-cau-bo-sung"
NO_PAGES = frozenset(
    {
        "/console/dead/act",
        "/console/now/live",
        "/console/oidc",
        "/console/providers/act",
        "/console/reports/download",
        "/console/sign-in/provider",
        "/hop-thu/dang-nhap/di",
        "/hop-thu/nhung",
        "/hop-thu/oidc",
        "/hop-thu/stream",
    }
)
"""They lead on, never end, are files or parts of another page, or need more than an address."""
ADDRESSES = sorted(page.path for page in PAGES if page.method == "GET" and "{" not in page.path)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true })"


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("viewport", "colours"), [(NARROW, "dark"), (DESK, "light")], ids=["narrow", "desk"])
async def test_every_page_is_accessible_and_fits(client, ground, app, sandbox, address, browser, viewport, colours):
    event = sample(EVENT)
    await post_event(client, ground, event)
    await settle(app)
    owner = inbox_owner(app.secret, "personal_number", event["data"]["HoSo"]["DinhDanhCHS"][0]["SoDinhDanh"])
    setting_up = await begun(client, await account_link(app, "thu"))
    cookies = (
        await operator_cookie(app, OperatorRole.ADMINISTRATOR) | await citizen_cookie(app, owner) | setting_up.cookies
    )
    pages = [*(path for path in ADDRESSES if path not in NO_PAGES), *await _of_something(app, event)]
    faults = {}
    async with window(browser, address, cookies, viewport=viewport, color_scheme=colours) as at:
        for path in pages:
            tab = await at.open(path)
            await tab.evaluate(UNFOLD)
            found = [*await at.axe(), *at.complaints]
            if (wider := await tab.evaluate(WIDER)) > 0:
                found.append(f"{wider} pixels wider than the screen")
            if await tab.locator("h1").count() != 1:
                found.append("not one h1")
            at.complaints.clear()
            if found:
                faults[path] = found
    assert faults == {}


async def _of_something(app: App, event: dict) -> list[str]:
    """The pages whose addresses name something."""
    code = event["data"]["HoSo"]["MaHoSo"]
    async with app.pool.acquire() as connection:
        notice = await connection.fetchrow("SELECT id, event_id FROM recipient WHERE audience = 'citizen'")
        delivery = await connection.fetchval("SELECT id FROM delivery WHERE recipient_id = $1 LIMIT 1", notice["id"])
    await operator_cookie(app, OperatorRole.VIEWER, "H01.14", login="minh")
    return [
        f"/t/{lookup_token(app.secret, SourceName(PROVINCE), DossierCode(code), 'citizen')}",
        f"/hop-thu/ho-so/{event['source']}/{code}",
        f"/console/dossiers/{event['source']}/{code}",
        f"/console/notices/{notice['id']}",
        f"/console/act/delivery/{delivery}",
        f"/console/act/event/{notice['event_id']}",
        f"/console/templates/{event['type']}",
        "/console/reports?report=on-time",
        "/console/accounts/minh",
        "/console/sign-in?failed=proof",
        await account_link(app),
    ]
