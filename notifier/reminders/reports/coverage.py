"""Coverage: of the reminders owed to officers, how many Zalo has delivered, and why each of the others is missing.

Owed is one for each officer whom an event tells of a step. It is covered once Zalo says that it was delivered or read;
one that was gathered into a digest stands as the digest does (Plan 16/KH-SKHCN, appendix 5, item 13: 100 %).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from notifier.domain.deliveries import DeliveryState
from notifier.domain.reasons import ReasonCode
from notifier.reminders.reports.sheets import Row, share

TIMERS = "han."
"""How the types of events begin that our timers make."""


class Miss(StrEnum):
    """Why a reminder has not reached its officer by Zalo. Each that is missing has exactly one."""

    NO_LINK = "no_zalo_link"
    CHANNEL_OFF = "channel_off"
    NOT_BY_RULE = "not_by_rule"
    REFUSED = "failed"
    UNKNOWN = "unknown"
    NO_RECEIPT = "no_receipt"
    WAITING = "waiting"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ELSEWHERE = "other_channel"
    SUPPRESSED = "suppressed"
    OVERTAKEN = "superseded"


MISSES: Mapping[Miss, str] = {
    Miss.NO_LINK: "Cán bộ chưa liên kết Zalo",
    Miss.CHANNEL_OFF: "Kênh Zalo đang tắt",
    Miss.NOT_BY_RULE: "Quy tắc không gửi Zalo",
    Miss.REFUSED: "Zalo không gửi được",
    Miss.UNKNOWN: "Chưa rõ kết quả",
    Miss.NO_RECEIPT: "Đã gửi, chưa có biên nhận",
    Miss.WAITING: "Đang chờ gửi",
    Miss.EXPIRED: "Quá hạn gửi",
    Miss.CANCELLED: "Đã hủy, không còn cần",
    Miss.ELSEWHERE: "Không cần nữa, đã đến bằng kênh khác",
    Miss.SUPPRESSED: "Không gửi vì lý do khác",
    Miss.OVERTAKEN: "Đã có tin mới hơn",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """How reminders stand, by the Zalo message that tells them: their own, or that of the digest."""

    state: DeliveryState | None
    """None: there is no Zalo message."""
    reason: str | None = None
    code: str | None = None
    """The provider's own, of its last word."""
    instead: str | None = None
    """Another channel, not the inbox, that has reached the officer with the same message."""
    gathered: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """So many reminders that stand alike; of an officer at an agency, or of a type of event."""

    fact: Fact
    count: int
    agency: str | None = None
    officer: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """So many events of a type at an agency that name officers, and so many that name none."""

    agency: str | None
    type: str
    told: int
    untold: int


def is_covered(fact: Fact) -> bool:
    return fact.state in {DeliveryState.DELIVERED, DeliveryState.READ}


_BY_REASON: Mapping[str, Miss] = {
    ReasonCode.NO_ZALO_LINK: Miss.NO_LINK,
    ReasonCode.CHANNEL_OFF: Miss.CHANNEL_OFF,
    ReasonCode.FALLBACK_NOT_NEEDED: Miss.ELSEWHERE,
}
_D = DeliveryState
_BY_STATE: Mapping[DeliveryState | None, Miss] = {
    None: Miss.NOT_BY_RULE,
    _D.STANDBY: Miss.WAITING,
    _D.PLANNED: Miss.WAITING,
    _D.HELD: Miss.WAITING,
    _D.SENDING: Miss.WAITING,
    _D.ACCEPTED: Miss.NO_RECEIPT,
    _D.UNKNOWN: Miss.UNKNOWN,
    _D.FAILED: Miss.REFUSED,
    _D.EXPIRED: Miss.EXPIRED,
    _D.SUPPRESSED: Miss.SUPPRESSED,
    _D.CANCELLED: Miss.CANCELLED,
    _D.SUPERSEDED: Miss.OVERTAKEN,
}


def missed(fact: Fact) -> Miss:
    """Why a reminder that is not covered is missing: what its state comes from, else the state."""
    return _BY_REASON.get(fact.reason or "") or _BY_STATE[fact.state]


@dataclass(slots=True)
class Tally:
    """Reminders counted."""

    owed: int = 0
    covered: int = 0
    gathered: int = 0
    """Of the covered ones: in a digest."""
    instead: int = 0
    """Of the missing ones: reached by another channel."""
    told: int = 0
    untold: int = 0
    misses: Counter[Miss] = field(default_factory=Counter)

    def add(self, owed: Owed) -> None:
        self.owed += owed.count
        if is_covered(owed.fact):
            self.covered += owed.count
            self.gathered += owed.count if owed.fact.gathered else 0
        else:
            self.misses[missed(owed.fact)] += owed.count
            self.instead += owed.count if owed.fact.instead else 0

    def add_steps(self, steps: Steps) -> None:
        self.told += steps.told
        self.untold += steps.untold

    @property
    def figures(self) -> Row:
        return (self.owed, self.covered, share(self.covered, self.owed), self.owed - self.covered, self.instead)

    @property
    def main_miss(self) -> str:
        return MISSES[self.misses.most_common(1)[0][0]] if self.misses else ""


def staff_steps(steps: Iterable[Steps]) -> list[Steps]:
    """Those of types that officers are told of at all; a reminder of ours that tells nobody has become needless."""
    all_ = list(steps)
    staff = {each.type for each in all_ if each.told}
    return [
        Steps(each.agency, each.type, each.told, 0 if each.type.startswith(TIMERS) else each.untold)
        for each in all_
        if each.type in staff
    ]


def total_of(owed: Iterable[Owed], told: Iterable[Steps]) -> Tally:
    """All of them together."""
    total = Tally()
    for each in owed:
        total.add(each)
    for steps in told:
        total.add_steps(steps)
    return total
