"""The inbox of an officer's work: readable by its officer, and whatever it links to opens for them."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

import pytest

from notifier.cli.demo_people import CITIZEN_CLAIM, INBOX_CLIENT, OFFICER_CLAIM
from notifier.cli.playground import PROVINCE
from notifier.domain.opaque import inbox_owner
from notifier.sandbox.settings import Subject
from notifier.store import passes
from notifier.web.access.gate import hash_of
from notifier.web.access.visits import CITIZEN_COOKIE
from tests.support.front_door import quick, told
from tests.support.intake import event
from tests.support.pages import citizen_cookie, look
from tests.support.stack import post_event, settle
from tests.support.visitors import Visitor

HANDLER, NUMBER = "vv.mau", "000099000909"
WAY = "/hop-thu/dang-nhap/di"


@pytest.fixture
async def ground(ground):
    """At the provider somebody is a citizen and an officer."""
    client = ground.sandbox.clients[INBOX_CLIENT]
    both = Subject("Võ Văn Mẫu", "cả hai", {"sub": "both", CITIZEN_CLAIM: NUMBER, OFFICER_CLAIM: HANDLER})
    clients = {**ground.sandbox.clients, INBOX_CLIENT: replace(client, subjects=(both,))}
    return quick(replace(ground, sandbox=replace(ground.sandbox, clients=clients)))


@pytest.fixture
async def officer(app) -> dict[str, str]:
    return await citizen_cookie(app, inbox_owner(app.secret, "staff", HANDLER))


def links(html: str) -> set[str]:
    """Where the cards of messages lead."""
    cards = html[html.index('<div id="messages"') :].partition("</main>")[0]
    return {urlsplit(unescape(each)).path for each in re.findall(r'href="([^"]+)"', cards)}


async def test_an_officer_reads_their_messages_and_every_link_in_them_opens(client, ground, app, sandbox, officer):
    await told(app, client, ground)
    _, html = await look(client, "/hop-thu", officer)
    assert "H01.14-261119-0042" in html
    found = links(html)
    assert found
    assert {path: (await look(client, path, officer))[0] for path in found} == dict.fromkeys(found, 200)


async def test_the_citizens_page_of_a_dossier_is_not_its_officers(client, ground, app, sandbox):
    """Also where nobody but officers was told of it so far."""
    await post_event(client, ground, event(of="04"))
    await settle(app, states={"planned", "sending"})
    handler = await citizen_cookie(app, inbox_owner(app.secret, "staff", "hv.kiem"))
    assert "H01.14-261119-0042" in (await look(client, "/hop-thu", handler))[1]
    assert (await look(client, f"/hop-thu/ho-so/{PROVINCE}/H01.14-261119-0042", handler))[0] == 404


async def test_an_officer_is_offered_no_choice_that_would_change_nothing(client, ground, app, sandbox, officer):
    await told(app, client, ground)
    status, html = await look(client, "/hop-thu/tuy-chon", officer)
    assert (status, "theo quy tắc của cơ quan" in html, '<form method="post" action="/hop-thu/tuy-chon"' in html) == (
        200,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("wish", "kind", "value"), [("", "personal_number", NUMBER), ("?as=officer", "staff", HANDLER)]
)
async def test_who_is_citizen_and_officer_opens_the_inbox_that_was_wanted(client, app, sandbox, wish, kind, value):
    visitor = await Visitor(client).open(WAY + wish)
    parts = urlsplit(visitor.at)
    (way,) = re.findall(r'<a href="([^"]+)"><strong>', visitor.html)
    await visitor.open(f"{parts.scheme}://{parts.netloc}{unescape(way)}", follow=False)
    await visitor.open(str(visitor.leads_to), follow=False)
    async with app.pool.acquire() as connection:
        opened = await passes.session(connection, hash_of(visitor.cookies[CITIZEN_COOKIE]), app.clock())
    assert opened is not None
    assert opened.owner == inbox_owner(app.secret, kind, value)


async def test_the_sign_in_offers_both_inboxes(client, app, sandbox):
    visitor = await Visitor(client).open("/hop-thu/dang-nhap?next=/hop-thu")
    assert f'href="{WAY}?as=officer&amp;next=/hop-thu"' in visitor.html
