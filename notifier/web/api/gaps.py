"""Events that were announced by their neighbours' numbers and did not come, for those who look after a source."""

from typing import Any
from uuid import UUID

from aiohttp import web

from notifier.audit.dead import moment
from notifier.domain.clock import VIETNAM
from notifier.domain.ids import EventId, SourceName
from notifier.domain.order import spans_text
from notifier.settings import Scope
from notifier.store import gaps
from notifier.store.gaps import Gap
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import require


async def list_gaps(request: web.Request) -> web.Response:
    """Oldest first. A page may be empty and not the last: `next` leads on until it is null."""
    require(request, Scope.TIMELINE)
    query = request.query
    since = moment(query["since"]) if "since" in query else None
    if "since" in query and since is None:
        raise ProblemError("invalid-query", "The parameter since is a time like 2026-11-25T08:00.")
    if not query.get("source", "").isprintable():
        raise ProblemError("invalid-query", "The parameter source is the name of a dossier system.")
    async with request.app[APP].pool.acquire() as connection:
        page = await gaps.page(
            connection,
            source=SourceName(query["source"]) if "source" in query else None,
            since=since,
            after=_cursor(query["after"]) if "after" in query else None,
            still_missing=query.get("open") == "true",
        )
    return web.json_response(
        {"gaps": [_as_json(gap) for gap in page.gaps], "next": page.next.hex if page.next else None}
    )


def _cursor(text: str) -> EventId:
    try:
        return EventId(UUID(hex=text))
    except ValueError:
        raise ProblemError("invalid-query", "The parameter after is the text that `next` gave, unchanged.") from None


def _as_json(gap: Gap) -> dict[str, Any]:
    return {
        "source": gap.source,
        "dossier_code": gap.dossier_code,
        "numbers": spans_text([(gap.first, gap.last)]),
        "missing": spans_text(gap.missing) or None,
        "since": gap.since.astimezone(VIETNAM).isoformat(timespec="seconds"),
        "came_at": gap.came_at and gap.came_at.astimezone(VIETNAM).isoformat(timespec="seconds"),
        "shown_by": {"id": gap.external_id, "type": gap.type, "seq": gap.seq},
    }
