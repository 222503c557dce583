"""Linking a person with an Official Account: a one-time code for their inbox or officer's account, and the end of a link.

The portal shows the code to whoever is logged in; they send it to the account in Zalo. Scope `inbox`.
"""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from notifier.domain.directory import officer_code
from notifier.domain.ids import InboxOwner, ProviderName
from notifier.domain.link_codes import shown
from notifier.intake.documents import normalised, parse_json
from notifier.intake.fields import read
from notifier.settings import Scope
from notifier.store import directory, links
from notifier.web.api.inbox import InboxQuery
from notifier.web.keys import APP
from notifier.web.problems import ProblemError
from notifier.web.requests import read_body, require
from workers.accounts import ZaloAccount
from workers.linking import issue, unlink_officer


class ZaloPerson(InboxQuery):
    """Whose link, named as for the inbox; `account` is the name of the account's provider."""

    account: Annotated[str, Field(max_length=64, pattern=r"^[\w\-]+$")] = "zalo"


async def make_code(request: web.Request) -> web.Response:
    """A new code; the one before of the same person ends."""
    require(request, Scope.INBOX)
    app = request.app[APP]
    person, owner, account = await _asked(request)
    officer = officer_code(person.staff_code) if person.staff_code else None
    async with app.pool.acquire() as connection:
        if officer is not None and await directory.officer(connection, officer) is None:
            raise ProblemError("not-found", "No officer of the directory has this account.")
        issued = await issue(connection, app.secret, account.settings.oa_id, owner, officer, app.clock())
    answer = {
        "code": shown(issued.code),
        "expires_at": issued.expires_at.isoformat(),
        "oa_id": account.settings.oa_id,
        "send_to": f"https://zalo.me/{account.settings.oa_id}",
    }
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def end_link(request: web.Request) -> web.Response:
    """End the link of a person with an account; a second time finds nothing to end."""
    caller = require(request, Scope.INBOX)
    app = request.app[APP]
    person, owner, account = await _asked(request)
    async with app.pool.acquire() as connection:
        if person.staff_code:
            code = officer_code(person.staff_code)
            await unlink_officer(connection, account.provider, code, by=caller, now=app.clock())
        else:
            await links.unlink_owner(connection, account.settings.oa_id, owner)
    return web.Response(status=204)


async def _asked(request: web.Request) -> tuple[ZaloPerson, InboxOwner, ZaloAccount]:
    app = request.app[APP]
    person = read(ZaloPerson, normalised(parse_json(await read_body(request))))
    if isinstance(person, tuple):
        raise ProblemError("invalid-query", "The question names no inbox.", person)
    owner, account = person.owner(app.secret), app.accounts.get(ProviderName(person.account))
    if owner is None:
        raise ProblemError("invalid-query", "No mobile number of Vietnam or address of mail has this form.")
    if account is None:
        raise ProblemError("not-found", f"There is no Official Account {person.account} here.")
    return person, owner, account
