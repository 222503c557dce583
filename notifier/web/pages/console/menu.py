"""The pages of the console in the order of its menu, and who finds them there."""

from collections.abc import Mapping

from notifier.domain.operators import Operator, OperatorRole, Permission
from notifier.domain.recipients import Locale

_MENU: tuple[tuple[str, dict[Locale, str], Permission], ...] = (
    ("/console", {Locale.VI: "Hiện tại", Locale.EN: "Now"}, Permission.SEE),
    ("/console/find", {Locale.VI: "Tìm kiếm", Locale.EN: "Find"}, Permission.SEE),
    ("/console/reminders", {Locale.VI: "Nhắc việc", Locale.EN: "Reminders"}, Permission.SEE),
    ("/console/dead", {Locale.VI: "Thư không gửi được", Locale.EN: "Dead letters"}, Permission.SEE),
    ("/console/providers", {Locale.VI: "Nhà cung cấp", Locale.EN: "Providers"}, Permission.SEE),
    ("/console/reports", {Locale.VI: "Báo cáo", Locale.EN: "Reports"}, Permission.SEE),
    ("/console/templates", {Locale.VI: "Mẫu tin", Locale.EN: "Templates"}, Permission.SEE),
    ("/console/rules", {Locale.VI: "Quy tắc", Locale.EN: "Rules"}, Permission.SEE),
    ("/console/accounts", {Locale.VI: "Người dùng", Locale.EN: "People"}, Permission.ADMINISTER),
    ("/console/audit", {Locale.VI: "Nhật ký", Locale.EN: "Audit"}, Permission.AUDIT),
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
