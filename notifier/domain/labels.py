"""Words for states and audiences, for those who read plans and timelines: Vietnamese and English."""

from notifier.domain.deliveries import DeliveryState
from notifier.domain.reasons import AUDIENCES
from notifier.domain.recipients import Audience

_S = DeliveryState
STATES: dict[DeliveryState, tuple[str, str]] = {
    _S.STANDBY: ("dự phòng", "standby"),
    _S.PLANNED: ("sẽ gửi", "planned"),
    _S.HELD: ("chờ giờ gửi", "held"),
    _S.SENDING: ("đang gửi", "sending"),
    _S.ACCEPTED: ("nhà cung cấp đã nhận", "accepted"),
    _S.DELIVERED: ("đã đến", "delivered"),
    _S.READ: ("đã xem", "read"),
    _S.UNKNOWN: ("chưa rõ kết quả", "unknown"),
    _S.FAILED: ("không gửi được", "failed"),
    _S.EXPIRED: ("quá hạn gửi", "expired"),
    _S.SUPPRESSED: ("không gửi", "suppressed"),
    _S.CANCELLED: ("đã hủy", "cancelled"),
    _S.SUPERSEDED: ("đã có trạng thái mới hơn", "superseded"),
}


def state_label(state: DeliveryState, locale: str) -> str:
    return STATES[state][0 if locale == "vi" else 1]


def audience_label(audience: Audience, locale: str) -> str:
    return AUDIENCES[audience][0 if locale == "vi" else 1]
