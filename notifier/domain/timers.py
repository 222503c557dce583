"""What reminders count from and when they fire, as the policy says it (`[timers]` of rules.toml)."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from notifier.domain.ids import EventType


class Clock(StrEnum):
    """From what a timer counts, and while what is so."""

    FILED = "filed"
    """From filing, while an online dossier is neither taken in nor refused."""
    STEP_DUE = "step_due"
    """To the end of the step, while the dossier is being processed."""
    DUE = "due"
    """To the due date, while the dossier is being processed."""
    DUE_WITHOUT_LETTER = "due_without_letter"
    """The same, while no letter of apology was issued for that date."""
    SUPPLEMENT_DUE = "supplement_due"
    """To the end of the time in which the citizen may supplement, while that is awaited."""
    UNPAID = "unpaid"
    """From the request to pay, while that is awaited."""
    RESULT_WAITS = "result_waits"
    """From the end of processing, while the result was not handed over."""


@dataclass(frozen=True, slots=True)
class TimerRule:
    """When a type of reminder fires. Exactly one of the ways is set; each moment of a way has its number, from 1."""

    type: EventType
    clock: Clock
    after_working_hours: tuple[float, ...] = ()
    limit_working_hours: float | None = None
    """From then on the last of these would not be true any more."""
    before_working_hours: tuple[float, ...] = ()
    """0: when it is reached."""
    before_working_days: tuple[int, ...] = ()
    """At the opening of the working day so many before that of the deadline."""
    before_days: tuple[int, ...] = ()
    """Calendar days before the deadline, `at` that time."""
    after_days: tuple[int, ...] = ()
    daily: bool = False
    """On every working day after the deadline, `at` that time."""
    at: time = time(8)
