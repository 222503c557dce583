"""What an operator can do about a dead letter: what speaks against sending it again, and what to know first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.audit.dead import Letter
from notifier.domain.ids import ChannelName, ProviderName
from notifier.domain.reasons import ReasonCode

REMEMBERED_FOR = timedelta(hours=24)
"""How long a provider that drops doubles knows a message (eSMS: a RequestId, for a day)."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What is switched on: channels, providers, and which of these drop a second copy."""

    channels: Collection[ChannelName]
    providers: Collection[ProviderName]
    deduplicating: Collection[ProviderName]


class Kept(StrEnum):
    """Why a letter is left as it is."""

    MOVED = "moved"
    REACHED = "reached"
    UNDER_WAY = "under_way"
    OVERTAKEN = "overtaken"
    TOO_LATE = "too_late"
    REMEMBERED = "remembered"
    CHANNEL_OFF = "channel_off"


KEPT: Mapping[Kept, tuple[str, str]] = {
    Kept.MOVED: ("không còn là tin chết", "no dead letter (any more)"),
    Kept.REACHED: ("người nhận đã được báo qua kênh khác", "the person has been reached by another way"),
    Kept.UNDER_WAY: ("kênh khác đang báo cho người nhận", "another way is on its way to the person"),
    Kept.OVERTAKEN: ("hồ sơ đã có trạng thái mới hơn", "the dossier has a later status"),
    Kept.TOO_LATE: ("đã qua giờ hẹn", "the appointment has begun"),
    Kept.REMEMBERED: (
        "nhà cung cấp còn nhớ tin này trong 24 giờ và sẽ loại bản gửi lại",
        "its provider knows it for 24 hours and would drop a second copy",
    ),
    Kept.CHANNEL_OFF: ("kênh hoặc nhà cung cấp không được bật", "its channel or provider is not switched on"),
}


def objection(letter: Letter, ways: Ways, until: datetime, now: datetime, *, reached_too: bool) -> Kept | None:
    """What speaks against sending it again now; None: nothing. `until` is the deadline that it would get."""
    if letter.channel not in ways.channels or (letter.may_be_taken and letter.provider not in ways.providers):
        return Kept.CHANNEL_OFF
    if letter.proven_lost and letter.provider in ways.deduplicating and _remembered(letter, now):
        return Kept.REMEMBERED
    if letter.overtaken:
        return Kept.OVERTAKEN
    if until <= now:
        return Kept.TOO_LATE
    if reached_too:
        return None
    if letter.reached:
        return Kept.REACHED
    return Kept.UNDER_WAY if letter.under_way else None


def _remembered(letter: Letter, now: datetime) -> bool:
    return letter.called_at is not None and now - letter.called_at < REMEMBERED_FOR


class Advice(StrEnum):
    """What an operator should know before touching a letter."""

    OVERTAKEN = "overtaken"
    REACHED = "reached"
    DROPS_DOUBLES = "drops_doubles"
    MAY_ARRIVE_TWICE = "may_arrive_twice"
    EXPIRED = "expired"
    TEMPLATE = "template"
    BUDGET = "budget"
    SMS_BUDGET = "sms_budget"
    REFUSED = "refused"


ADVICE: Mapping[Advice, tuple[str, str]] = {
    Advice.OVERTAKEN: (
        "Hồ sơ đã có trạng thái mới hơn, tin này không gửi lại được nữa. Hãy bỏ (drop).",
        "The dossier has a later status, so it cannot be sent again. Drop it.",
    ),
    Advice.REACHED: (
        "Người nhận đã được báo qua {reached}. Hãy bỏ (drop).",
        "The person has been reached by {reached}. Drop it.",
    ),
    Advice.DROPS_DOUBLES: (
        "Có thể {provider} đã gửi rồi. Gửi lại vẫn an toàn: {provider} loại bản trùng.",
        "{provider} may have sent it. A retry is safe: {provider} drops doubles.",
    ),
    Advice.MAY_ARRIVE_TWICE: (
        "Có thể {provider} đã gửi rồi; gửi lại thì người nhận có thể nhận hai lần.",
        "{provider} may have sent it; a retry may arrive twice.",
    ),
    Advice.EXPIRED: (
        "Chưa gửi. Nếu nội dung còn đúng thì gửi lại, tin sẽ có hạn mới.",
        "It was not sent. If it is still true, retry: it gets a new deadline.",
    ),
    Advice.TEMPLATE: (
        "Sửa mẫu tin hoặc dữ liệu của nguồn, rồi gửi lại.",
        "Mend the template or what the source sends, then retry.",
    ),
    Advice.BUDGET: (
        "Xem {provider} đã hoạt động lại chưa, rồi gửi lại.",
        "See that {provider} works again, then retry.",
    ),
    Advice.SMS_BUDGET: (
        "Ngân sách SMS tháng này không đủ (notifier sms budget). Tăng ngân sách hoặc chờ tháng sau, rồi gửi lại.",
        "The month's SMS budget does not suffice (notifier sms budget). Raise it or wait for the next month, then retry.",
    ),
    Advice.REFUSED: (
        "Gửi lại chỉ có ích khi nguyên nhân đã được khắc phục; địa chỉ sai thì bỏ (drop).",
        "A retry helps only once the cause is mended; if the address is wrong, drop it.",
    ),
}


def advice(letter: Letter, deduplicating: Collection[ProviderName]) -> Advice:
    """The one thing to know first. `deduplicating` are the providers that drop a second copy."""
    if letter.overtaken:
        return Advice.OVERTAKEN
    if letter.reached:
        return Advice.REACHED
    if letter.may_be_taken:
        return Advice.DROPS_DOUBLES if letter.provider in deduplicating else Advice.MAY_ARRIVE_TWICE
    match letter.reason.code:
        case ReasonCode.DEADLINE_PASSED:
            return Advice.EXPIRED
        case ReasonCode.TEMPLATE_FAULT:
            return Advice.TEMPLATE
        case ReasonCode.BUDGET_SPENT:
            return Advice.BUDGET
        case ReasonCode.SMS_BUDGET_SPENT:
            return Advice.SMS_BUDGET
        case _:
            return Advice.REFUSED


def advice_text(letter: Letter, deduplicating: Collection[ProviderName], locale: str) -> str:
    sentence = ADVICE[advice(letter, deduplicating)][0 if locale == "vi" else 1]
    return sentence.format(provider=letter.provider or letter.channel, reached=letter.reached)
