"""The unread messages inside a page of the portal, in an `<iframe>` that runs no script and has no cookie.

Browsers keep third-party cookies away from frames, so the one-time ticket in the address opens this one view and
nothing more; whoever wants to do something is led to the inbox itself, in the whole window.
"""

from aiohttp import web

from notifier.store import inbox, own, passes
from notifier.store.inbox import Show
from notifier.store.passes import Kind
from notifier.web.access.gate import hash_of
from notifier.web.api.inbox import portal_page
from notifier.web.keys import APP
from notifier.web.pages.page import page

MOST = 10


async def show_embedded(request: web.Request) -> web.Response:
    """The list for the ticket that the portal asked for; 401, also as a page that fits the frame, for one that is spent."""
    app = request.app[APP]
    async with app.pool.acquire() as connection:
        opened = await passes.spend(connection, hash_of(request.query.get("ticket", "")), (Kind.ENTRY,), app.clock())
        if opened is None:
            return _framed(request, {"messages": None, "unread": 0}, status=401)
        messages = await inbox.page(connection, opened.owner, before=None, limit=MOST, show=Show.UNREAD)
        unread, origins = await inbox.unread(connection, opened.owner), await own.origins(connection, messages)
    shown = [(each, portal_page(app.settings, each, origins.get(each.id))) for each in messages]
    return _framed(request, {"messages": shown, "unread": unread}, status=200)


def _framed(request: web.Request, facts: dict[str, object], *, status: int) -> web.Response:
    origins = request.app[APP].settings.inbox.allowed_origins
    answer = page(request, "citizen/embed", facts, status=status, framed_by=" ".join(origins) or "'none'")
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address holds the ticket
    return answer
