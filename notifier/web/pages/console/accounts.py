"""Accounts of the console, for administrators: each within their own agencies, and never their own account."""

import re
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from multidict import MultiMapping

from notifier.audit.dead import fault_of_name, fault_of_why
from notifier.domain.ids import uuid7
from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.intake.codes import agency_code
from notifier.store import operator_accounts as store
from notifier.store.operator_accounts import Account, Act
from notifier.store.pool import Connection
from notifier.web.access.set_up_links import new_link
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.sign_in import login_of
from notifier.web.pages.page import visited
from notifier.web.problems import ProblemError
from notifier.web.requests import name_in_path

NAME_LONGEST = 100
AGENCIES_MOST = 50
_AGENCY = re.compile(r"[\w.-]{1,40}", re.ASCII)


class Change(StrEnum):
    ALTER = "alter"
    RESET = "reset"
    DISABLE = "disable"
    ENABLE = "enable"


class Fault(StrEnum):
    """What is wrong with a form; the template says it."""

    WHY = "why"
    LOGIN = "login"
    TAKEN = "taken"
    NAME = "name"
    ROLE = "role"
    AGENCY = "agency"
    SCOPE = "scope"
    OWN = "own"
    STANDS = "stands"


class Refused(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class _Standing:
    role: OperatorRole
    agencies: tuple[str, ...]


async def show_accounts(visit: OperatorVisit) -> web.Response:
    """All accounts within the administrator's own scope, and the form for a new one."""
    return await _list(visit, {})


async def add_account(visit: OperatorVisit) -> web.Response:
    """Open an account. Its set-up link is in this answer alone."""
    try:
        async with visit.app.pool.acquire() as connection, connection.transaction():
            made, link = await _added(visit, connection)
    except Refused as refused:
        return await _list(visit, visit.form, fault=refused.fault, status=422)
    if link is None:
        return _leading_to(made.login, "added")
    return visited(visit, "console/account_link", {"login": made.login, "name": made.name, "link": link})


async def _added(visit: OperatorVisit, connection: Connection) -> tuple[Operator, str | None]:
    """The new account, and its set-up link if it has a password."""
    by_provider = "provider" in visit.form and visit.app.settings.console.identity is not None
    act, standing, who = _act(visit), _standing(visit), _person(visit)
    made = Operator(OperatorId(uuid7(act.now)), *who, standing.role, standing.agencies)
    if not await store.add(connection, made, act, by_provider=by_provider):
        raise Refused(Fault.TAKEN)
    return made, None if by_provider else await _link(visit, connection, made.id)


async def show_one(visit: OperatorVisit) -> web.Response:
    """One account and what can be changed of it."""
    async with visit.app.pool.acquire() as connection:
        found = await _within(visit, connection)
    return _one(visit, found)


async def change_one(visit: OperatorVisit) -> web.Response:
    """Change role and scope, reset, disable or enable: the field `act` says which."""
    async with visit.app.pool.acquire() as connection, connection.transaction():
        found = await _within(visit, connection)
        login = found.operator.login
        try:
            link = await _changed(visit, connection, found)
        except Refused as refused:
            return _one(visit, found, fault=refused.fault, status=422)
    if link is not None:
        return visited(visit, "console/account_link", {"login": login, "name": found.operator.name, "link": link})
    return _leading_to(login, visit.form["act"])


async def _changed(visit: OperatorVisit, connection: Connection, found: Account) -> str | None:
    """Make the change; answers the set-up link where there is a new one."""
    act, login = _act(visit), found.operator.login
    if login == visit.who.login:
        raise Refused(Fault.OWN)
    match visit.form.get("act"):
        case Change.ALTER:
            standing = _standing(visit)
            is_done = await store.change(connection, login, standing.role, standing.agencies, act)
        case Change.RESET:
            whose = await store.reset(connection, login, act)
            if whose is not None:
                return await _link(visit, connection, whose)
            is_done = False
        case Change.DISABLE:
            is_done = await store.disable(connection, login, act)
        case Change.ENABLE:
            is_done = await store.enable(connection, login, act)
        case _:
            is_done = False
    if not is_done:
        raise Refused(Fault.STANDS)
    return None


async def _within(visit: OperatorVisit, connection: Connection) -> Account:
    """The account that the address names. Raises `not-found` for one outside the administrator's own scope."""
    found = await store.account(connection, login_of(name_in_path(visit.request, "login")))
    if found is None or not visit.who.covers(found.operator.agencies):
        raise ProblemError("not-found", "There is no such account.")
    return found


async def _link(visit: OperatorVisit, connection: Connection, whose: OperatorId) -> str:
    return await new_link(connection, visit.app.settings.public_url, whose, visit.app.clock())


def _act(visit: OperatorVisit) -> Act:
    why = visit.form.get("why", "").strip()
    if fault_of_why(why):
        raise Refused(Fault.WHY)
    return Act(visit.who.actor, why, visit.app.clock())


def _standing(visit: OperatorVisit) -> _Standing:
    """Role and agencies of the form, no wider than the administrator's own."""
    role = visit.form.get("role", "")
    if role not in set(OperatorRole):
        raise Refused(Fault.ROLE)
    texts = re.split(r"[\s,;]+", visit.form.get("agencies", ""))
    agencies = tuple(dict.fromkeys(agency_code(each) for each in texts if each))
    if len(agencies) > AGENCIES_MOST or not all(map(_AGENCY.fullmatch, agencies)):
        raise Refused(Fault.AGENCY)
    if not visit.who.covers(agencies):
        raise Refused(Fault.SCOPE)
    return _Standing(OperatorRole(role), agencies)


def _person(visit: OperatorVisit) -> tuple[str, str]:
    """Login and name of the form."""
    login, name = login_of(visit.form.get("login", "")), " ".join(visit.form.get("name", "").split())
    if fault_of_name(login):
        raise Refused(Fault.LOGIN)
    if not name or len(name) > NAME_LONGEST or not name.isprintable():
        raise Refused(Fault.NAME)
    return login, name


async def _list(
    visit: OperatorVisit, typed: MultiMapping[str] | dict[str, str], *, fault: Fault | None = None, status: int = 200
) -> web.Response:
    async with visit.app.pool.acquire() as connection:
        accounts = await store.accounts(connection)
    facts = {
        "accounts": [each for each in accounts if visit.who.covers(each.operator.agencies)],
        "typed": typed,
        "fault": fault,
        "roles": list(OperatorRole),
        "now": visit.app.clock(),
        "has_provider": visit.app.settings.console.identity is not None,
    }
    return visited(visit, "console/accounts", facts, status=status)


def _one(visit: OperatorVisit, found: Account, *, fault: Fault | None = None, status: int = 200) -> web.Response:
    facts = {
        "account": found,
        "fault": fault,
        "typed": visit.form,
        "roles": list(OperatorRole),
        "now": visit.app.clock(),
        "done": visit.request.query.get("done", ""),
    }
    return visited(visit, "console/account_of", facts, status=status)


def _leading_to(login: str, done: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"/console/accounts/{login}?done={done}"})
