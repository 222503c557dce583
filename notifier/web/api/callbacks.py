"""Delivery events for dossier systems that ask instead of being told, or that want to read what they missed."""

from aiohttp import web

from notifier.callbacks.document import document
from notifier.domain.ids import SourceName
from notifier.settings import Scope
from notifier.store import callbacks
from notifier.store.callbacks import Cursor
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import require, whole_number

PAGE_MOST = 500


async def list_callbacks(request: web.Request) -> web.Response:
    """The delivery events of the token's source after `cursor`, in an order that never changes, each exactly once.

    Without a cursor it begins at the beginning. The cursor of an empty page is the one to come back with.
    """
    app = request.app[APP]
    caller = require(request, Scope.CALLBACKS)
    source = app.settings.api_tokens[caller].source
    assert source is not None  # noqa: S101 - the settings refuse the scope without it
    if request.query.get("source", source) != source:
        raise ProblemError("forbidden", "This token reads the delivery events of another source.")
    after = Cursor.parse(request.query.get("cursor", str(Cursor())))
    if after is None:
        raise ProblemError("invalid-query", "The parameter cursor is the text that an earlier answer gave, unchanged.")
    limit = whole_number(request, "limit", 100, least=1, most=PAGE_MOST)
    async with app.pool.acquire() as connection:
        page, last = await callbacks.page(connection, SourceName(source), after, limit)
    return web.json_response(
        {
            "events": [document(each, app.settings.public_url) for each in page],
            "cursor": str(last),
            "more": len(page) == limit,
        }
    )
