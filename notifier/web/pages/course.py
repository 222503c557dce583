"""The line on which a dossier goes from its filing to its result, and where on it the dossier stands, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.dossiers import Status
from notifier.rendering.phrases import STATUS

Words = tuple[str, str]
"""Vietnamese and English."""


class Mark(StrEnum):
    """How a stage relates to where the dossier stands."""

    DONE = "done"
    HERE = "here"
    AHEAD = "ahead"
    NEVER = "never"
    """The dossier has ended before."""


@dataclass(frozen=True, slots=True)
class Stage:
    name: Words
    mark: Mark
    note: Words | None = None
    """What the dossier waits for here, or how it ended."""
    at: datetime | None = None
    """When it was reached, where that is known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dossier stands: `tone` is `plain`, `wait`, `good` or `stop`; `meaning` says it to whoever may see it."""

    name: Words
    tone: str
    meaning: Words
    stages: tuple[Stage, ...]


TAKEN_IN, PROCESSED, READY, RETURNED = range(4)
_NAMES: tuple[Words, ...] = (
    ("Tiếp nhận", "Taken in"),
    ("Đang xử lý", "Being processed"),
    ("Đã xử lý xong", "Result is ready"),
    ("Trả kết quả", "Result handed over"),
)
_S = Status
_PLACES: Mapping[Status | None, int] = {
    None: TAKEN_IN,
    _S.NEW: TAKEN_IN,
    _S.ACCEPTED: TAKEN_IN,
    _S.REFUSED: TAKEN_IN,
    _S.PROCESSING: PROCESSED,
    _S.STOPPED: PROCESSED,
    _S.DONE: READY,
    _S.RETURNED: RETURNED,
}
"""Those that are not named happen before the dossier is taken in as well as after."""
_ENDED = frozenset({_S.REFUSED, _S.WITHDRAWN})
_NOTES: Mapping[Status, Words] = {
    _S.NEW: ("Chờ tiếp nhận", "Waits to be taken in"),
    _S.ACCEPTED: ("Đã tiếp nhận", "Done"),
    _S.REFUSED: ("Không tiếp nhận", "Not accepted"),
    _S.SUPPLEMENT_REQUESTED: ("Chờ bổ sung giấy tờ", "Waits for more papers"),
    _S.PAYMENT_REQUESTED: ("Chờ nộp tiền", "Waits for payment"),
    _S.WITHDRAWN: ("Đã rút hồ sơ", "Withdrawn"),
    _S.STOPPED: ("Đang dừng", "Stopped"),
    _S.DONE: ("Chờ trả kết quả", "Waits to be handed over"),
}
_UNKNOWN: tuple[str, Words] = (
    "plain",
    ("Hồ sơ đã có trong hệ thống.", "The dossier is known to the system."),
)
_MEANING: Mapping[Status, tuple[str, Words]] = {
    _S.NEW: (
        "plain",
        (
            "Hồ sơ đã gửi đến cơ quan và đang chờ tiếp nhận.",
            "The dossier has reached the agency and waits to be taken in.",
        ),
    ),
    _S.ACCEPTED: (
        "plain",
        (
            "Cơ quan đã nhận hồ sơ và sẽ giải quyết theo ngày hẹn.",
            "The agency has taken the dossier in and works to the date it gave.",
        ),
    ),
    _S.REFUSED: (
        "stop",
        (
            "Hồ sơ chưa được nhận. Lý do ở trong thông báo gửi quý vị và trên Cổng dịch vụ công.",
            "The dossier was not accepted. The notice sent to you and the public service portal say why.",
        ),
    ),
    _S.PROCESSING: (
        "plain",
        ("Cán bộ chuyên môn đang giải quyết hồ sơ.", "The officers in charge are working on the dossier."),
    ),
    _S.SUPPLEMENT_REQUESTED: (
        "wait",
        ("Cơ quan đang chờ quý vị bổ sung giấy tờ.", "The agency waits for you to bring more papers."),
    ),
    _S.PAYMENT_REQUESTED: (
        "wait",
        (
            "Cơ quan đang chờ quý vị nộp phí, lệ phí hoặc nghĩa vụ tài chính.",
            "The agency waits for you to pay a fee or a duty.",
        ),
    ),
    _S.WITHDRAWN: (
        "stop",
        ("Hồ sơ được rút theo yêu cầu của người nộp.", "The dossier was withdrawn as its applicant asked."),
    ),
    _S.STOPPED: (
        "stop",
        (
            "Việc giải quyết hồ sơ đã dừng. Lý do ở trong thông báo gửi quý vị.",
            "Work on the dossier has stopped. The notice sent to you says why.",
        ),
    ),
    _S.DONE: (
        "good",
        (
            "Đã có kết quả. Nơi nhận và giờ nhận ở trong thông báo gửi quý vị.",
            "The result is ready. The notice sent to you says where and when to get it.",
        ),
    ),
    _S.RETURNED: (
        "good",
        ("Kết quả đã được trao. Cảm ơn quý vị.", "The result has been handed over. Thank you."),
    ),
}
"""Tone and sentence for each status, in words that a visitor with a look-up link alone may read."""


def standing(
    status: Status | None, *, taken_in: bool, reached: Mapping[int, datetime | None] | None = None
) -> Standing:
    """`taken_in`: the dossier has been accepted at some time. `reached`: when which stage was."""
    tone, meaning = _MEANING[status] if status else _UNKNOWN
    name = STATUS[status] if status else ("Đã ghi nhận", "Recorded")
    here = _PLACES.get(status, PROCESSED if taken_in else TAKEN_IN)
    known = reached or {}
    stages = tuple(
        Stage(
            each,
            mark := _mark(place, here, status),
            _NOTES.get(status) if mark is Mark.HERE and status else None,
            known.get(place) if mark in {Mark.DONE, Mark.HERE} else None,
        )
        for place, each in enumerate(_NAMES)
    )
    return Standing(name, tone, meaning, stages)


def _mark(place: int, here: int, status: Status | None) -> Mark:
    if place <= here:
        return Mark.HERE if place == here else Mark.DONE
    return Mark.NEVER if status in _ENDED else Mark.AHEAD
