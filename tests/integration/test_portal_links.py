"""From a notice on into the public service portal: everywhere that its citizen reads of the dossier, and to nobody else."""

import json
from dataclasses import replace

import pytest

from notifier.cli.playground import PROVINCE
from notifier.domain.ids import DossierCode, SourceName
from notifier.domain.opaque import inbox_owner, lookup_token
from tests.support.front_door import bearer, get, look_up, quick, told
from tests.support.pages import citizen_cookie, look

CODE = "H01.14-261119-0042"
AT_PORTAL = f"https://dichvucong.example.gov.vn/tra-cuu?ma={CODE}"
WORDS = "Xem trên Cổng dịch vụ công"
CITIZEN = "000090000101"


PATTERNS = {"H01": "https://dichvucong.example.gov.vn/tra-cuu?ma={code}"}


@pytest.fixture
async def ground(ground, request):
    patterns = json.dumps(getattr(request, "param", PATTERNS))
    return quick(replace(ground, environ={**ground.environ, "NOTIFIER_PORTAL_DOSSIER_URLS": patterns}))


async def pages_of(client, ground, app) -> dict[str, str]:
    """What a citizen reads of their dossier, wherever they can."""
    await told(app, client, ground)
    mine = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", CITIZEN))
    inbox = await look_up(client, ground, personal_number=CITIZEN)
    async with client.post(f"/v1/inbox/{inbox}/tickets", headers=bearer(ground)) as answer:
        ticket = (await answer.json())["ticket"]
    token = lookup_token(app.secret, SourceName(PROVINCE), DossierCode(CODE), "citizen")
    paths = {
        "inbox": "/hop-thu",
        "dossier": f"/hop-thu/ho-so/{PROVINCE}/{CODE}",
        "look-up": f"/t/{token}",
        "frame": f"/hop-thu/nhung?ticket={ticket}",
    }
    return {name: (await look(client, path, mine))[1] for name, path in paths.items()}


async def test_every_page_of_a_citizen_leads_on_to_the_dossier_at_the_portal(client, ground, app, sandbox):
    pages = await pages_of(client, ground, app)
    assert [name for name, html in pages.items() if f'href="{AT_PORTAL}"' not in html or WORDS not in html] == []


async def test_the_api_says_where_the_portal_shows_the_dossier(client, ground, app, sandbox):
    await told(app, client, ground)
    inbox = await look_up(client, ground, personal_number=CITIZEN)
    (message,) = (await get(client, ground, f"/v1/inbox/{inbox}/messages"))["messages"]
    assert message["portal_link"] == AT_PORTAL


@pytest.mark.parametrize("ground", [{}, {"G09": PATTERNS["H01"]}], indirect=True)
async def test_where_the_portal_has_no_page_of_the_dossier_nothing_leads_there(client, ground, app, sandbox):
    pages = await pages_of(client, ground, app)
    assert [name for name, html in pages.items() if WORDS in html] == []
