"""What holds for every page that an operator or a citizen can open: accessible, quiet, and never wider than the screen."""

import pytest

from notifier.domain.opaque import inbox_owner
from notifier.domain.operators import OperatorRole
from notifier.web.pages.routes import PAGES
from tests.support.browser import window
from tests.support.intake import sample
from tests.support.pages import citizen_cookie, operator_cookie
from tests.support.stack import post_event, settle

NARROW = {"width": 320, "height": 640}
"""A desk of 1280 pixels at 400 % (WCAG 2.2, 1.4.10)."""
DESK = {"width": 1280, "height": 900}
NO_PAGES = frozenset(
    {
        "/console/dead/act",
        "/console/now/live",
        "/console/oidc",
        "/console/providers/act",
        "/console/reports/download",
        "/console/set-up",
        "/console/sign-in/provider",
        "/hop-thu/dang-nhap/di",
        "/hop-thu/nhung",
        "/hop-thu/oidc",
        "/hop-thu/stream",
    }
)
"""They lead on, never end, are files or parts of another page, or need more than an address."""
ADDRESSES = sorted(
    page.path
    for page in PAGES
    if page.method == "GET" and page.path.startswith(("/console", "/hop-thu")) and "{" not in page.path
    if page.path not in NO_PAGES
)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize(("viewport", "colours"), [(NARROW, "dark"), (DESK, "light")], ids=["narrow", "desk"])
async def test_every_page_is_accessible_and_fits(client, ground, app, sandbox, address, browser, viewport, colours):
    event = sample("05-yeu-cau-bo-sung")
    await post_event(client, ground, event)
    await settle(app)
    owner = inbox_owner(app.secret, "personal_number", event["data"]["HoSo"]["DinhDanhCHS"][0]["SoDinhDanh"])
    cookies = await operator_cookie(app, OperatorRole.ADMINISTRATOR) | await citizen_cookie(app, owner)
    faults = {}
    async with window(browser, address, cookies, viewport=viewport, color_scheme=colours) as at:
        for path in ADDRESSES:
            tab = await at.open(path)
            found = [*await at.axe(), *at.complaints]
            if (wider := await tab.evaluate(WIDER)) > 0:
                found.append(f"{wider} pixels wider than the screen")
            if await tab.locator("h1").count() != 1:
                found.append("not one h1")
            at.complaints.clear()
            if found:
                faults[path] = found
    assert faults == {}
