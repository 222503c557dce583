"""Who works at the operator console, and what each role may do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType
from uuid import UUID

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
