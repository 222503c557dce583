"""Which operator an identity provider means: by what its token says of login, role and agencies."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifier.audit.dead import fault_of_name
from notifier.domain.ids import uuid7
from notifier.domain.operators import Operator, OperatorId, OperatorRole
from notifier.intake.codes import agency_code
from notifier.settings import ConsoleIdentity
from notifier.store import operator_accounts, provided_accounts
from notifier.store.operator_accounts import WHOLE_PROVINCE, Act, SignedInBy
from notifier.store.pool import Connection

ACTOR = "console"
SAID = "theo hệ thống định danh"
_STRONGEST = (OperatorRole.ADMINISTRATOR, OperatorRole.OPERATOR, OperatorRole.AUDITOR, OperatorRole.VIEWER)
_NAME_LONGEST = 100
Standing = tuple[OperatorRole, tuple[str, ...]]


async def operator_of(
    connection: Connection, claims: Mapping[str, Any], settings: ConsoleIdentity, now: datetime
) -> Operator | None:
    """The operator, with role and agencies as the token says where the settings name those claims.

    None: there is no account for them, it is disabled, or the token gives them no role.
    """
    subject, act = f"{settings.issuer}#{claims['sub']}", Act(ACTOR, SAID, now)
    role, agencies = role_in(claims, settings), agencies_in(claims, settings)
    if (settings.role_claim and role is None) or (settings.agencies_claim and agencies is None):
        return None
    async with connection.transaction():
        found = await provided_accounts.of_subject(connection, subject)
        login = login_in(claims, settings)
        if found is None and login and not await provided_accounts.is_taken(connection, subject):
            found = await provided_accounts.bind(connection, login, subject)
            if found is None and settings.makes_accounts and role is not None:
                name = _text(claims.get("name"))[:_NAME_LONGEST] or login
                made = Operator(OperatorId(uuid7(now)), login, name, role, agencies or ())
                is_new = await operator_accounts.add(connection, made, act, by_provider=True, subject=subject)
                found = made if is_new else None
        if found is None:
            return None
        wanted: Standing = (role or found.role, found.agencies if agencies is None else agencies)
        if wanted != (found.role, found.agencies):
            await operator_accounts.change(connection, found.login, *wanted, act)
            found = Operator(found.id, found.login, found.name, *wanted)
        await operator_accounts.signed_in(connection, found, SignedInBy.PROVIDER, now)
    return found


def login_in(claims: Mapping[str, Any], settings: ConsoleIdentity) -> str | None:
    """The login, if the claim holds one that can stand in the audit trail: no mail address."""
    login = _text(claims.get(settings.login_claim)).lower()
    return login if login and fault_of_name(login) is None else None


def role_in(claims: Mapping[str, Any], settings: ConsoleIdentity) -> OperatorRole | None:
    """The strongest role that the claim names; None where it names none, or no claim is agreed."""
    named = {settings.roles[each] for each in _texts(claims, settings.role_claim) if each in settings.roles}
    return next((role for role in _STRONGEST if role in named), None)


def agencies_in(claims: Mapping[str, Any], settings: ConsoleIdentity) -> tuple[str, ...] | None:
    """The agencies that the claim names, `*` for all. None where it says nothing: that never means the whole province."""
    named = _texts(claims, settings.agencies_claim)
    if WHOLE_PROVINCE in named:
        return ()
    return tuple(dict.fromkeys(map(agency_code, named))) or None


def _texts(claims: Mapping[str, Any], claim: str | None) -> list[str]:
    """The texts of a claim that is a text, perhaps with commas, or a list; `a.b` is the claim b within the claim a."""
    value: Any = claims
    for name in (claim or "").split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    several = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for each in several if (text := _text(each))]


def _text(value: Any) -> str:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) and value.isprintable() else ""
