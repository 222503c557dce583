"""Pictures of the main pages for the README: `./dev screenshots` writes them to docs/screenshots/.

They show the sample events of the demo in a service of their own, at the demo's time. Not collected with the tests.
"""

import pytest

from notifier.domain.opaque import inbox_owner
from notifier.domain.operators import OperatorRole
from notifier.settings import ROOT
from notifier.store.pool import Connection
from tests.support.browser import window
from tests.support.intake import sample
from tests.support.pages import citizen_cookie, operator_cookie
from tests.support.stack import post_event, settle

FOLDER = ROOT / "docs" / "screenshots"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}
CITIZEN = "05-yeu-cau-bo-sung"
SHOTS = {
    "inbox": (PHONE, "light", "/hop-thu"),
    "dossier": (PHONE, "dark", "/hop-thu/ho-so/{source}/{code}"),
    "preferences": (PHONE, "light", "/hop-thu/tuy-chon"),
    "notice": (DESK, "light", "/console/notices/{notice}"),
    "find": (DESK, "dark", "/console/find"),
    "templates": (DESK, "light", "/console/templates/hoso.yeu_cau_bo_sung"),
}

_NOTICE = """
SELECT r.id FROM recipient r JOIN event e ON e.id = r.event_id
WHERE r.audience = 'citizen' AND e.dossier_code = $1 AND e.type = 'hoso.yeu_cau_bo_sung'
"""


@pytest.fixture
async def cookies(client, ground, app, sandbox) -> dict[str, str]:
    """Somebody who is signed in everywhere, after the events of the samples."""
    for number in range(1, 13):
        await post_event(client, ground, sample(f"{number:02}"))
    await settle(app)
    person = sample(CITIZEN)["data"]["HoSo"]["DinhDanhCHS"][0]["SoDinhDanh"]
    owner = inbox_owner(app.secret, "personal_number", person)
    return await operator_cookie(app, OperatorRole.ADMINISTRATOR) | await citizen_cookie(app, owner)


async def test_every_picture_is_taken(app, address, browser, cookies):
    FOLDER.mkdir(exist_ok=True)
    async with app.pool.acquire() as connection:
        names = await _names(connection)
    for name, (viewport, colours, path) in SHOTS.items():
        async with window(browser, address, cookies, viewport=viewport, color_scheme=colours) as at:
            tab = await at.open(path.format_map(names))
            await tab.screenshot(path=FOLDER / f"{name}.png")


async def _names(connection: Connection) -> dict[str, str]:
    event = sample(CITIZEN)
    code = event["data"]["HoSo"]["MaHoSo"]
    return {
        "source": event["source"],
        "code": code,
        "notice": str(await connection.fetchval(_NOTICE, code)),
    }
