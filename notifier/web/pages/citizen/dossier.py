"""The page of one dossier, for the citizen who is told of it: nothing on it is about or from anybody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from aiohttp import web

from notifier.domain.dossiers import Status
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode, SourceName
from notifier.reminders.docket import PAUSED
from notifier.rendering.facts import Fact
from notifier.rendering.phrases import time_left
from notifier.store import events, inbox, own
from notifier.store.inbox import InboxMessage, Show
from notifier.store.own import Sent
from notifier.web.access.visits import CitizenVisit
from notifier.web.pages.citizen import words
from notifier.web.pages.citizen.story import Story, appointment, asking, facts, own_part, story_of, with_details
from notifier.web.pages.page import language_of, visited
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path
from workers.steps.understanding import all_understood

_NO_DUE_DATE = frozenset({Status.RETURNED, Status.REFUSED, Status.WITHDRAWN})
_NOT_YOURS = ProblemError("not-found", "There is no such dossier among yours.")


@dataclass(frozen=True, slots=True)
class Own:
    """What one citizen may see of one dossier. `newest` is their last message about it."""

    story: Story
    newest: InboxMessage
    sent: Sequence[Sent]


def address_of_dossier(source: str, code: str) -> str:
    return f"/hop-thu/ho-so/{quote(source, safe='')}/{quote(code, safe='')}"


async def show_dossier(visit: CitizenVisit) -> web.Response:
    """404 alike for a dossier that does not exist and for one that this citizen was never told of."""
    source = SourceName(name_in_path(visit.request, "source"))
    code = DossierCode(name_in_path(visit.request, "code"))
    found = await _own(visit, source, code)
    if found is None:
        raise _NOT_YOURS
    return visited(visit, "citizen/dossier", _facts(visit, found))


async def _own(visit: CitizenVisit, source: SourceName, code: DossierCode) -> Own | None:
    app, owner = visit.app, visit.who
    async with app.pool.acquire() as connection:
        messages = await inbox.page(connection, owner, before=None, limit=1, show=Show.ALL, dossier=code, source=source)
        if not messages:
            return None
        stored = await events.of_dossier(connection, source, code)
        told = await own.told(connection, owner, source, code)
        if not any(told.values()):  # who works on it was told, but not as its citizen
            return None
        sent = await own.sent(connection, owner, source, code)
    story = story_of(all_understood(with_details(own_part(stored, told)), app.profiles))
    return Own(story, messages[0], sent) if story else None


def _facts(visit: CitizenVisit, found: Own) -> dict[str, Any]:
    app, story, now, language = visit.app, found.story, visit.app.clock(), language_of(visit.request)
    hotline = app.settings.hotline(story.docket.handling_unit, story.docket.receiving_unit)

    def said(event: DossierEvent) -> Mapping[str, Fact]:
        return facts(event, visit.who, language, now, hotline=hotline)

    ask, due = asking(story), story.docket.supplement_due_at
    return {
        "code": story.last.dossier.code,
        "unit_code": story.docket.agency,
        "known": said(story.last),
        "standing": story.standing,
        "status": story.docket.status,
        "due": story.docket.due_at if story.docket.status not in _NO_DUE_DATE else None,
        "is_paused": story.docket.status in PAUSED,
        "ask": said(ask) if ask else None,
        "ask_left": time_left(due, now, language) if due else None,
        "appointment": appointment(story, now),
        "next": words.NEXT[story.docket.status],
        "history": [(event, words.happened(event.type), said(event)) for event in reversed(story.events)],
        "sent": [
            (words.happened(type_), [_line(each) for each in of_event])
            for (_, type_), of_event in groupby(found.sent, key=lambda each: (each.event_id, each.type))
        ],
        "link": found.newest.link,
        "at_portal": app.settings.portal_page(story.last.dossier.code, story.docket.agency),
    }


def _line(sent: Sent) -> dict[str, Any]:
    """One message as its row on the page says it."""
    tone, became = words.BECAME[sent.state]
    return {
        "channel": words.channel(sent),
        "address": words.address(sent),
        "tone": tone,
        "became": became,
        "at": sent.due_at or sent.at,
    }
