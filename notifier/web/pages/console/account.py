"""Who is signed in, and signing out."""

from aiohttp import web

from notifier.domain.opaque import token_hash
from notifier.store import operators
from notifier.web.access.browser import drop_cookie
from notifier.web.access.visits import CONSOLE_SIGN_IN, OPERATOR_COOKIE, OperatorVisit
from notifier.web.pages.page import visited


async def show_account(visit: OperatorVisit) -> web.Response:
    """The own account: name, role, agencies."""
    return visited(visit, "console/account", {})


async def sign_out(visit: OperatorVisit) -> web.StreamResponse:
    """End this session, or with `everywhere` all of this operator's."""
    async with visit.app.pool.acquire() as connection:
        if "everywhere" in visit.form:
            await operators.end_sessions_of(connection, visit.who.id)
        else:
            await operators.end_session(connection, token_hash(visit.session))
    response = web.Response(status=303, headers={"Location": CONSOLE_SIGN_IN})
    drop_cookie(response, OPERATOR_COOKIE)
    return response
