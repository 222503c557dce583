"""Why a delivery is planned, held, dropped or moved: a closed set of reasons that a person can read.

What is stored is the code and its values; the sentence is made when somebody reads it, in their language.
A value never holds personal data: channels, states, times, provider codes, names of rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ReasonCode(StrEnum):
    # planned
    RULE = "planned.rule"
    RETRY = "planned.retry"
    THROTTLED = "planned.throttled"
    RESEND_DEDUPLICATED = "planned.resend_deduplicated"
    FALLBACK_USED = "planned.fallback_used"
    # held
    QUIET_HOURS = "held.quiet_hours"
    NEXT_MORNING = "held.next_morning"
    CHANNEL_WINDOW = "held.channel_window"
    # standby
    FALLBACK_WAITS = "standby.fallback"
    # suppressed
    NO_CONSENT = "suppressed.no_consent"
    NO_EMAIL = "suppressed.no_email"
    NO_MOBILE = "suppressed.no_mobile"
    NO_ZALO_LINK = "suppressed.no_zalo_link"
    CHANNEL_OFF = "suppressed.channel_off"
    LINKED_SOURCE = "suppressed.linked_source"
    STATUS_REPEATED = "suppressed.status_repeated"
    # moved by an attempt
    LEASED = "sending.leased"
    PROVIDER_ACCEPTED = "accepted.provider"
    STORED_IN_INBOX = "delivered.inbox"
    OUTCOME_UNKNOWN = "unknown.outcome"
    WORKER_DIED = "unknown.worker_died"
    REFUSED = "failed.refused"
    TEMPLATE_FAULT = "failed.template"
    BUDGET_SPENT = "failed.budget_spent"
    DEADLINE_PASSED = "expired.deadline"
    # moved by a receipt
    RECEIPT_DELIVERED = "delivered.receipt"
    RECEIPT_READ = "read.receipt"
    RECEIPT_FAILED = "failed.receipt"
    NO_RECEIPT = "settled.no_receipt"
    # stopped
    FALLBACK_NOT_NEEDED = "cancelled.fallback_not_needed"
    # events
    EVENT_RECEIVED = "event.received"
    EVENT_ROUTED = "event.routed"
    EVENT_NO_RULE = "event.no_rule"
    EVENT_NO_CONTACT = "event.no_contact"
    EVENT_NO_RECIPIENT = "event.no_recipient"
    EVENT_UNROUTABLE = "event.unroutable"


TEXTS: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.RULE: ("theo quy tắc {rule}", "rule {rule}"),
    ReasonCode.RETRY: ("thử lại sau lỗi tạm thời {code}", "again after the passing fault {code}"),
    ReasonCode.THROTTLED: ("nhà cung cấp yêu cầu chậm lại ({code})", "the provider asks us to slow down ({code})"),
    ReasonCode.RESEND_DEDUPLICATED: (
        "gửi lại được vì nhà cung cấp loại bản trùng ({code})",
        "sent again, which is safe: the provider drops a second copy ({code})",
    ),
    ReasonCode.FALLBACK_USED: (
        "dùng kênh dự phòng vì {missed} không đến được",
        "fallback used because {missed} cannot reach the person",
    ),
    ReasonCode.QUIET_HOURS: ("giờ yên tĩnh, chờ đến {until}", "quiet hours, waits until {until}"),
    ReasonCode.NEXT_MORNING: ("tin không gấp, chờ đến {until}", "not urgent, waits until {until}"),
    ReasonCode.CHANNEL_WINDOW: (
        "kênh chỉ nhận tin trong khung giờ, chờ đến {until}",
        "outside the channel's sending hours, waits until {until}",
    ),
    ReasonCode.FALLBACK_WAITS: (
        "chỉ gửi nếu {after} không đến được",
        "sent only if {after} cannot reach the person",
    ),
    ReasonCode.NO_CONSENT: ("hồ sơ không đồng ý nhận qua kênh này", "the dossier declines this channel"),
    ReasonCode.NO_EMAIL: ("không có địa chỉ thư điện tử dùng được", "no usable email address"),
    ReasonCode.NO_MOBILE: ("không có số di động dùng được", "no usable mobile number"),
    ReasonCode.NO_ZALO_LINK: ("chưa liên kết Zalo", "no Zalo link"),
    ReasonCode.CHANNEL_OFF: ("kênh chưa được bật", "the channel is not switched on"),
    ReasonCode.LINKED_SOURCE: (
        "hệ thống liên thông {linked} đã tự báo cho công dân",
        "the linked source {linked} already tells the citizen",
    ),
    ReasonCode.STATUS_REPEATED: (
        "trạng thái này đã được thông báo",
        "this status has been told already",
    ),
    ReasonCode.LEASED: ("lần {attempt}", "attempt {attempt}"),
    ReasonCode.PROVIDER_ACCEPTED: ("theo trả lời của nhà cung cấp", "by the provider's answer"),
    ReasonCode.STORED_IN_INBOX: ("đã ghi vào hộp thư trên Cổng", "stored in the portal inbox"),
    ReasonCode.OUTCOME_UNKNOWN: (
        "không rõ nhà cung cấp đã nhận hay chưa ({code})",
        "not known whether the provider took it ({code})",
    ),
    ReasonCode.WORKER_DIED: (
        "tiến trình gửi dừng giữa chừng, không rõ kết quả",
        "the worker died during the call, the result is not known",
    ),
    ReasonCode.REFUSED: ("nhà cung cấp từ chối hẳn ({code})", "refused for good ({code})"),
    ReasonCode.TEMPLATE_FAULT: (
        "không soạn được tin: thiếu hoặc sai {fact} ({template})",
        "cannot be rendered: {fact} is missing or does not fit ({template})",
    ),
    ReasonCode.BUDGET_SPENT: ("hết số lần thử ({attempts})", "all {attempts} attempts are used"),
    ReasonCode.DEADLINE_PASSED: ("quá hạn gửi, tin không còn giá trị", "its deadline passed; it would mislead now"),
    ReasonCode.RECEIPT_DELIVERED: ("theo biên nhận", "by its receipt"),
    ReasonCode.RECEIPT_READ: ("theo biên nhận", "by its receipt"),
    ReasonCode.RECEIPT_FAILED: ("theo biên nhận ({code})", "by its receipt ({code})"),
    ReasonCode.NO_RECEIPT: ("không có biên nhận trong thời gian chờ", "no receipt within the time allowed"),
    ReasonCode.FALLBACK_NOT_NEEDED: (
        "không cần dự phòng, {reached} đã đến",
        "fallback not needed, {reached} reached the person",
    ),
    ReasonCode.EVENT_RECEIVED: ("sự kiện đã nhận và lưu", "event received and committed"),
    ReasonCode.EVENT_ROUTED: (
        "đã lập kế hoạch: {planned} gửi, {held} chờ giờ, {standby} dự phòng, {suppressed} không gửi",
        "routed: {planned} planned, {held} held, {standby} on standby, {suppressed} suppressed",
    ),
    ReasonCode.EVENT_NO_RULE: ("không có quy tắc cho loại {type}, chỉ lưu", "no rule for {type}: kept, nothing sent"),
    ReasonCode.EVENT_NO_CONTACT: (
        "không có cách liên hệ nào dùng được ({audience}), chỉ ghi hộp thư",
        "no usable contact ({audience}): inbox only",
    ),
    ReasonCode.EVENT_NO_RECIPIENT: ("sự kiện không nêu người nhận ({audience})", "the event names no {audience}"),
    ReasonCode.EVENT_UNROUTABLE: ("không đọc được sự kiện đã lưu ({code})", "the stored event cannot be read ({code})"),
}
"""Vietnamese and English, with the names of the values each sentence needs."""

AUDIENCES: dict[str, tuple[str, str]] = {
    "citizen": ("công dân", "citizen"),
    "handler": ("người xử lý", "handler"),
    "head": ("thủ trưởng", "head"),
}
"""How a sentence names the value `audience` (`notifier.domain.recipients.Audience`)."""


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, locale: str = "vi") -> str:
        """The sentence. A value that is missing shows as its name, so that reading never fails."""
        column = 0 if locale == "vi" else 1
        audience = self.values.get("audience", "")
        spoken = {"audience": AUDIENCES[audience][column]} if audience in AUDIENCES else {}
        return TEXTS[self.code][column].format_map(_Named({**self.values, **spoken}))


class _Named(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
