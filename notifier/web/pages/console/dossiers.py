"""The notices of one dossier, event by event."""

from datetime import datetime
from typing import Any

from aiohttp import web

from notifier.audit.dead import moment
from notifier.domain.ids import DossierCode, EventId, SourceName
from notifier.domain.recipients import Locale
from notifier.store import notices
from notifier.store.dead import AFTER_ALL
from notifier.store.notices import EVENTS_MOST, DossierEventRow
from notifier.store.reach import reach_of
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.event_names import event_name
from notifier.web.pages.console.shown import none_here, rows
from notifier.web.pages.page import language_of, visited
from notifier.web.requests import name_in_path
from workers.steps.dead import proving


async def show_dossier(visit: OperatorVisit) -> web.Response:
    """What was told of a dossier, the newest event first; a dossier out of sight is none."""
    source = SourceName(name_in_path(visit.request, "source"))
    code = DossierCode(name_in_path(visit.request, "code"))
    before = moment(visit.request.query.get("before", "")) or AFTER_ALL
    async with visit.app.pool.acquire() as connection:
        reach = await reach_of(connection, visit.who.agencies)
        events = await notices.events_of(connection, source, code, reach, before)
        if not events:
            raise none_here()
        told = await notices.of_events(connection, [each.id for each in events])
        ways = await notices.ways(connection, [each.id for each in told], proving(visit.app))
    locale = language_of(visit.request)
    of_event: dict[EventId, list[notices.Notice]] = {each.id: [] for each in events}
    for each in told:
        of_event[each.event_id].append(each)
    shown = [_event(each, rows(of_event[each.id], ways, locale), locale) for each in events]
    return visited(visit, "console/dossier", {"source": source, "code": code, "events": shown, "older": _older(events)})


def _event(event: DossierEventRow, lines: list[dict[str, Any]], locale: Locale) -> dict[str, Any]:
    return {
        "type": event.type,
        "name": event_name(event.type, locale),
        "at": event.received_at,
        "seq": event.seq,
        "external_id": event.external_id,
        "reason": event.reason.text(locale),
        "rows": lines,
    }


def _older(events: list[DossierEventRow]) -> str | None:
    """Where the events before these are; None: these are all."""
    last: datetime = events[-1].received_at
    return last.isoformat() if len(events) == EVENTS_MOST else None
