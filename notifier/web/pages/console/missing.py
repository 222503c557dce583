"""What has not come: events that a source has not sent, and people whom nobody could tell. Each with what to do about it."""

from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from notifier.domain.labels import audience_label
from notifier.domain.operators import Permission
from notifier.domain.order import spans_text
from notifier.store import gaps, untold
from notifier.store.untold import Lack, Place
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.event_names import event_name
from notifier.web.pages.console.looking import Sight, address, cursor, moment_in, number_in, read_cursor, sight_of
from notifier.web.pages.console.shown import address_of_dossier
from notifier.web.pages.console.snapshot import GAPS_MOST, GRACE
from notifier.web.pages.page import language_of, visited

DAYS = timedelta(days=7)
"""Older ones are not listed."""
LACKS: Mapping[Lack, tuple[str, str]] = {
    Lack.RECIPIENT: ("Không nêu người phải báo", "Nobody is named"),
    Lack.CONTACT: ("Không có cách liên hệ", "No contact is known"),
}


async def show_gaps(visit: OperatorVisit) -> web.Response:
    """Numbers of events that were missing when a later one came, and still are; the newest first."""
    at = visit.app.clock()
    async with visit.app.pool.acquire() as connection:
        sight = await sight_of(connection, visit)
        found = await gaps.noted(connection, at - DAYS, at - GRACE, sight.within, GAPS_MOST)
    facts = {
        "sight": sight,
        "gaps": [
            (each, spans_text(each.missing), address_of_dossier(each.source, each.dossier_code))
            for each in reversed(found)
        ],
        "more": len(found) == GAPS_MOST,
        "at": at,
    }
    return visited(visit, "console/gaps", facts)


async def show_untold(visit: OperatorVisit) -> web.Response:
    """Events of which somebody was not told, by what was lacking; the newest first."""
    query, at = visit.request.query, visit.app.clock()
    lack = Lack(query["lack"]) if query.get("lack") in set(Lack) else Lack.RECIPIENT
    place = read_cursor(query.get("after"), (moment_in, number_in))
    async with visit.app.pool.acquire() as connection:
        sight = await sight_of(connection, visit)
        before = Place(*place) if place else Place(at, 0)
        page = await untold.page(connection, lack, at - DAYS, before, sight.within)
    language = language_of(visit.request)
    facts = {
        "sight": sight,
        "lack": lack,
        "tabs": {each: (words, _address(sight, each)) for each, words in LACKS.items()},
        "rows": [(each, address_of_dossier(each.source, each.dossier)) for each in page.rows],
        "following": _address(sight, lack, page.next) if page.next else None,
        "may_act": visit.who.may(Permission.ACT),
        "event": lambda type_: event_name(type_, language),
        "audience": lambda audience: audience_label(audience, language),
    }
    return visited(visit, "console/untold", facts)


def _address(sight: Sight, lack: Lack, place: Place | None = None) -> str:
    after = cursor(place.at, place.seq) if place else None
    return address("/console/untold", {"lack": lack, "agency": sight.asked, "after": after})
