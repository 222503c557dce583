"""What operators did, the newest first."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from notifier.audit.dead import fault_of_name, moment
from notifier.domain.clock import VIETNAM
from notifier.domain.operators import Operator
from notifier.domain.reasons import TEXTS, Reason, ReasonCode
from notifier.domain.recipients import Locale
from notifier.store import operator_accounts, operator_acts
from notifier.store.operator_accounts import WHOLE_PROVINCE, SignedInBy
from notifier.store.operator_acts import NEWEST, Done, Wanted
from notifier.store.pool import Connection
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.menu import ROLE_NAMES
from notifier.web.pages.page import language_of, visited
from notifier.web.requests import whole_number

SHOWN = 50
KINDS = ("operator", "cli")
"""How the names of those begin who did it: at the console or the API, or by a command of an administrator."""
_REASON = re.compile(r"[a-z_]+(?:\.[a-z_]+)?")
_WORDS: dict[str, tuple[str, str]] = {
    **{role.value: names for role, names in ROLE_NAMES.items()},
    WHOLE_PROVINCE: ("toàn tỉnh", "the whole province"),
    SignedInBy.LOCAL.value: ("bằng mật khẩu và mã", "with password and code"),
    SignedInBy.PROVIDER.value: ("qua hệ thống định danh", "by the identity provider"),
}
_KNOWN = {code.value: code for code in ReasonCode}


async def show_audit(visit: OperatorVisit) -> web.Response:
    """A page of acts. `who`, `reason`, `since` and `until` narrow it; `before` leads to older ones."""
    asked = {name: visit.request.query.get(name, "").strip() for name in ("who", "reason", "since", "until")}
    before = whole_number(visit.request, "before", NEWEST, least=1, most=NEWEST)
    async with visit.app.pool.acquire() as connection:
        wanted = _wanted(asked, await _may_know(connection, visit.who))
        found = await operator_acts.page(connection, wanted, before, SHOWN + 1)
    shown, filters = found[:SHOWN], {name: text for name, text in asked.items() if text}
    older = urlencode({**filters, "before": str(shown[-1].seq)}) if len(found) > SHOWN else None
    facts = {
        "acts": [(done, *_told(done, language_of(visit.request))) for done in shown],
        "asked": asked,
        "older": older,
        "newest": urlencode(filters) if "before" in visit.request.query else None,
        "reasons": sorted(_KNOWN),
    }
    return visited(visit, "console/audit", facts)


def _wanted(asked: dict[str, str], among: list[str] | None) -> Wanted:
    """What cannot be meant is not asked for."""
    who, reason = asked["who"].lower(), asked["reason"]
    since, until = _day(asked["since"]), _day(asked["until"])
    return Wanted(
        [f"{kind}:{who}" for kind in KINDS] if who and fault_of_name(who) is None else None,
        among,
        reason if _REASON.fullmatch(reason) else None,
        since,
        until + timedelta(days=1) if until else None,
    )


async def _may_know(connection: Connection, who: Operator) -> list[str] | None:
    """Whose acts somebody with some agencies may read: those of operators within them. None: everybody's."""
    if not who.agencies:
        return None
    accounts = await operator_accounts.accounts(connection)
    return [each.operator.actor for each in accounts if who.covers(each.operator.agencies)]


def _day(text: str) -> datetime | None:
    """The beginning of a day in Vietnam."""
    at = moment(text)
    return at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0) if at else None


def _told(done: Done, language: Locale) -> tuple[str, str | None]:
    """What was done, and why in the operator's own words where the sentence does not say it."""
    code = _KNOWN.get(done.reason)
    if code is None:
        return done.reason, done.values.get("said")
    said = None if "{said}" in TEXTS[code][0] else done.values.get("said")
    is_of_accounts = done.reason.startswith("account.")
    values = (
        {name: _spoken(name, value, language) for name, value in done.values.items()} if is_of_accounts else done.values
    )
    return Reason(code, values).text(language), said


def _spoken(name: str, value: str, language: Locale) -> str:
    """A value of an account's reason in words; a login and what somebody said stay as they are."""
    words = None if name in {"login", "said"} else _WORDS.get(value)
    return words[0 if language is Locale.VI else 1] if words else value
