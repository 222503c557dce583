"""Linking the own Zalo: a one-time code that the person sends to the Official Account, and the end of the link.

Only the hash of a code is kept. So the browser keeps the code itself, in a cookie that no script reads, and it is shown
for as long as it is this person's, unused, and good.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from markupsafe import Markup

from notifier.domain.ids import ProviderName
from notifier.domain.link_codes import ALPHABET, LENGTH, LIFE, shown
from notifier.domain.opaque import link_code_hash
from notifier.rendering.qr import qr_svg
from notifier.store import accounts, links
from notifier.store.pool import Connection
from notifier.web.access.browser import drop_cookie, set_cookie
from notifier.web.access.visits import CitizenVisit
from notifier.web.problems import ProblemError
from workers.accounts import ZaloAccount
from workers.linking import issue

CODE_COOKIE = "__Host-zalo-code"
_KEPT = re.compile(rf"(?P<oa>[0-9]{{1,30}})\.(?P<code>[{ALPHABET}]{{{LENGTH}}})")
BACK = "/hop-thu/tuy-chon"


@dataclass(frozen=True, slots=True)
class AccountView:
    """One Official Account and how this person stands with it."""

    provider: ProviderName
    name: str | None
    link: str
    qr: Markup
    linked_since: datetime | None
    code: str | None
    until: datetime | None


async def accounts_of(visit: CitizenVisit, connection: Connection) -> list[AccountView]:
    """Every Official Account of this installation."""
    own = list(visit.app.accounts.values())
    since = await links.since(connection, [each.settings.oa_id for each in own], visit.who) if own else {}
    return [await _view(visit, connection, each, since.get(each.settings.oa_id)) for each in own]


async def _view(
    visit: CitizenVisit, connection: Connection, account: ZaloAccount, linked_since: datetime | None
) -> AccountView:
    oa = account.settings.oa_id
    link = f"https://zalo.me/{oa}"
    code, until = _kept_code(visit, oa), None
    if code is not None:
        hashed = link_code_hash(visit.app.secret, oa, code)
        until = await links.standing(connection, hashed, oa, visit.who, visit.app.clock())
    return AccountView(
        provider=account.provider,
        name=(await accounts.account(connection, oa)).name,
        link=link,
        qr=Markup(qr_svg(link, scale=4)),  # noqa: S704 - our own
        linked_since=linked_since,
        code=shown(code) if code and until else None,
        until=until,
    )


async def make_code(visit: CitizenVisit) -> web.Response:
    """A new code for the account that the form names; the one before is worth nothing any more."""
    account, app = _named(visit), visit.app
    oa = account.settings.oa_id
    async with app.pool.acquire() as connection:
        issued = await issue(connection, app.secret, oa, visit.who, None, app.clock())
    response = web.Response(status=303, headers={"Location": f"{BACK}#zalo"})
    set_cookie(response, CODE_COOKIE, f"{oa}.{issued.code}", LIFE.total_seconds())
    return response


async def end_link(visit: CitizenVisit) -> web.Response:
    """End the link with the account that the form names; a second time finds nothing to end."""
    account = _named(visit)
    async with visit.app.pool.acquire() as connection:
        await links.unlink_owner(connection, account.settings.oa_id, visit.who)
    response = web.Response(status=303, headers={"Location": f"{BACK}?done=unlinked"})
    drop_cookie(response, CODE_COOKIE)
    return response


def _named(visit: CitizenVisit) -> ZaloAccount:
    account = visit.app.accounts.get(ProviderName(visit.form.get("account", "")))
    if account is None:
        raise ProblemError("not-found", "There is no such Official Account here.")
    return account


def _kept_code(visit: CitizenVisit, oa: str) -> str | None:
    kept = _KEPT.fullmatch(visit.request.cookies.get(CODE_COOKIE, ""))
    return kept["code"] if kept and kept["oa"] == oa else None
