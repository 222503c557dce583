"""The pages of the console in the order of its menu, and who finds them there."""

from collections.abc import Mapping

from notifier.domain.operators import Operator, OperatorRole, Permission
from notifier.domain.recipients import Locale

_MENU: tuple[tuple[str, dict[Locale, str], Permission], ...] = (
    ("/console/account", {Locale.VI: "Tài khoản", Locale.EN: "Account"}, Permission.SEE),
)

ROLE_NAMES: Mapping[OperatorRole, tuple[str, str]] = {
    OperatorRole.VIEWER: ("người xem", "viewer"),
    OperatorRole.OPERATOR: ("người vận hành", "operator"),
    OperatorRole.AUDITOR: ("kiểm toán", "auditor"),
    OperatorRole.ADMINISTRATOR: ("quản trị", "administrator"),
}


def menu(operator: Operator) -> list[tuple[str, Mapping[Locale, str]]]:
    """Address and name of each page that this operator may open."""
    return [(address, name) for address, name, permission in _MENU if operator.may(permission)]
