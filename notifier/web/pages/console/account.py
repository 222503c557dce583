"""The own account: who is signed in, another password, and signing out."""

from collections.abc import Mapping

from aiohttp import web

from notifier.domain.opaque import token_hash
from notifier.domain.operators import PASSWORD_SHORTEST, faults_of_choice
from notifier.store import operator_accounts, operators
from notifier.web.access import passwords
from notifier.web.access.browser import drop_cookie
from notifier.web.access.entrance import let_operator_in
from notifier.web.access.local_accounts import proven
from notifier.web.access.visits import CONSOLE_SIGN_IN, OPERATOR_COOKIE, OperatorVisit
from notifier.web.keys import HASHING
from notifier.web.pages.page import visited

ADDRESS = "/console/account"


async def show_account(visit: OperatorVisit) -> web.Response:
    """The own account: name, role, agencies; for a local one the form for another password."""
    return await _page(visit)


async def change_password(visit: OperatorVisit) -> web.StreamResponse:
    """Keep the new password and end all sessions but a fresh one of this browser; or show the form with what is wrong."""
    form, who, app = visit.form, visit.who, visit.app
    chosen = form.get("password", "")
    if wrong := faults_of_choice(chosen, form.get("again", ""), who):
        return await _page(visit, wrong, status=422)
    found = await proven(visit.request, who.login, form.get("current", ""), form.get("code", ""))
    if found is None:
        return await _page(visit, {"proof": "wrong"}, status=403)
    async with visit.request.app[HASHING]:
        stored = await passwords.hashed(chosen)
    async with app.pool.acquire() as connection:
        if not await operator_accounts.change_password(connection, found.proof, found.step, stored, app.clock()):
            return await _page(visit, {"proof": "wrong"}, status=403)
    return await let_operator_in(visit.request, found.proof.operator, f"{ADDRESS}?done=password")


async def _page(visit: OperatorVisit, wrong: Mapping[str, str] | None = None, *, status: int = 200) -> web.Response:
    async with visit.app.pool.acquire() as connection:
        account = await operator_accounts.account(connection, visit.who.login)
    facts = {
        "has_password": account is not None and not account.by_provider,
        "wrong": wrong or {},
        "shortest": PASSWORD_SHORTEST,
        "done": visit.request.query.get("done", ""),
    }
    return visited(visit, "console/account", facts, status=status)


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
