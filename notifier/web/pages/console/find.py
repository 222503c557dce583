"""Find anything: one field for whatever is known, and a span of time. What was typed is posted, so no address holds it."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from notifier.audit.dead import moment
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ChannelName, RecipientId
from notifier.domain.labels import state_label
from notifier.store import notices as store
from notifier.store import search
from notifier.store.reach import reach_of
from notifier.store.search import Narrowed, TermKind
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.asked import KIND_NAMES, cleaned, terms_of
from notifier.web.pages.console.shown import address_of_dossier, pick, rows
from notifier.web.pages.page import language_of, visited
from workers.steps.dead import proving

PAGE = 25


async def show_find(visit: OperatorVisit) -> web.Response:
    """The field, and the newest notices."""
    return await _answer(visit, {})


async def find(visit: OperatorVisit) -> web.Response:
    """What was found, on the page itself: a number that was searched for is in no address and no history."""
    return await _answer(visit, visit.form)


async def _answer(visit: OperatorVisit, form: Mapping[str, str]) -> web.Response:
    app, locale = visit.app, language_of(visit.request)
    asked, narrowed = cleaned(form.get("q", "")), _narrowed(form)
    terms = terms_of(asked)
    dossiers, found, ways = [], search.Found([], None), {}
    async with app.pool.acquire() as connection:
        reach = await reach_of(connection, visit.who.agencies)
        if terms or not asked:
            after = _after(form.get("after", ""))
            sources = tuple(app.profiles)
            found = await search.notices(connection, terms, narrowed, reach, sources, after=after, limit=PAGE)
            ways = await store.ways(connection, [each.id for each in found.notices], proving(app))
        if not form.get("after") and any(term.kind is TermKind.DOSSIER for term in terms):
            dossiers = await search.dossiers(connection, asked, reach)
    return visited(
        visit,
        "console/find",
        {
            "asked": asked,
            "form": _kept(form),
            "channels": list(app.setups),
            "states": [(each.value, state_label(each, locale)) for each in DeliveryState],
            "understood": [pick(KIND_NAMES[term.kind], locale) for term in terms],
            "dossiers": [(address_of_dossier(source, code), source, code, at) for source, code, at in dossiers],
            "most_dossiers": search.DOSSIERS_MOST,
            "rows": rows(found.notices, ways, locale),
            "after": found.after,
            "looked_back_to": found.looked_back_to,
            "is_first": not form.get("after"),
        },
    )


def _narrowed(form: Mapping[str, str]) -> Narrowed:
    """The filters of a form; what cannot be read asks for nothing."""
    state = form.get("state", "")
    return Narrowed(
        since=moment(form.get("since", "")),
        until=moment(form.get("until", "")),
        channel=ChannelName(cleaned(form.get("channel", ""))) or None,
        state=DeliveryState(state) if state in set(DeliveryState) else None,
    )


def _kept(form: Mapping[str, str]) -> dict[str, str]:
    return {name: cleaned(form.get(name, "")) for name in ("since", "until", "channel", "state")}


def _after(text: str) -> RecipientId | None:
    try:
        return RecipientId(UUID(text))
    except ValueError:
        return None
