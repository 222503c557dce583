"""Who works at the operator console, and what each role may do there."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from notifier.domain.directory import lineage

OperatorId = NewType("OperatorId", UUID)


class Permission(StrEnum):
    """What a page of the console asks for."""

    SEE = "see"
    """Look at notices, with contacts masked."""
    REVEAL = "reveal"
    """See a contact in full, after a reason is given."""
    ACT = "act"
    """Retry, cancel, pause, switch: whatever changes what is sent."""
    AUDIT = "audit"
    """Read who did what at the console."""
    ADMINISTER = "administer"
    """Make and end accounts."""


class OperatorRole(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    """Sees everything and changes nothing."""
    ADMINISTRATOR = "administrator"


PERMISSIONS: Mapping[OperatorRole, frozenset[Permission]] = {
    OperatorRole.VIEWER: frozenset({Permission.SEE}),
    OperatorRole.OPERATOR: frozenset({Permission.SEE, Permission.REVEAL, Permission.ACT}),
    OperatorRole.AUDITOR: frozenset({Permission.SEE, Permission.REVEAL, Permission.AUDIT}),
    OperatorRole.ADMINISTRATOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who is signed in. `agencies`: they see these and the ones below; none means the whole province."""

    id: OperatorId
    login: str
    name: str
    role: OperatorRole
    agencies: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """Who they are in the audit trail."""
        return f"operator:{self.login}"

    def may(self, permission: Permission) -> bool:
        return permission in PERMISSIONS[self.role]

    def covers(self, agencies: Collection[str]) -> bool:
        """Whether all that somebody with these agencies sees is within this operator's own scope."""
        if not self.agencies:
            return True
        return bool(agencies) and all(set(lineage(code)) & set(self.agencies) for code in agencies)


PASSWORD_SHORTEST, PASSWORD_LONGEST = 12, 200
LOCKS = (*(timedelta(),) * 4, *(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15)))
"""How long an account takes no sign-in after its first, second, … failure in a row; the last holds for all later ones."""


class PasswordFault(StrEnum):
    SHORT = "short"
    LONG = "long"
    GUESSABLE = "guessable"
    """It holds the login or the name, or is one sign over and over."""


def fault_of_password(password: str, login: str, name: str) -> PasswordFault | None:
    """What is wrong with a password that somebody chose. Length counts, not the mixture (NIST SP 800-63B, 3.1.1.2)."""
    if len(password) < PASSWORD_SHORTEST:
        return PasswordFault.SHORT
    if len(password) > PASSWORD_LONGEST:
        return PasswordFault.LONG
    plain = _plain(password)
    own = [_plain(login), _plain(name)]
    if len(set(password)) == 1 or any(each and each in plain for each in own):
        return PasswordFault.GUESSABLE
    return None


def faults_of_choice(password: str, again: str, who: Operator) -> dict[str, str]:
    """Field → what is wrong with it, of a form in which somebody chooses a password and writes it twice."""
    if fault := fault_of_password(password, who.login, who.name):
        return {"password": fault.value}
    return {"again": "differs"} if password != again else {}


def _plain(text: str) -> str:
    """Letters and digits alone, small and without their marks: `Trần Thị Ví Dụ` is `tranthividu`."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in bare if sign.isalnum())
