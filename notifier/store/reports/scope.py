"""Which rows a report is about: a stretch of time, and perhaps an agency with those below it."""

from dataclasses import dataclass
from datetime import datetime

from notifier.reminders.reports.question import Question
from notifier.reminders.reports.units import Agencies

STATEMENT_SECONDS = 120
"""A report may take longer than what a message waits for."""
ROWS_AT_ONCE = 1_000
"""So many rows of a long answer are held at a time."""


@dataclass(frozen=True, slots=True)
class Scope:
    start: datetime
    end: datetime
    """Not included."""
    own: str | None = None
    """The agency, by the code that it has in the directory."""
    codes: list[str] | None = None
    """Its codes and those of the agencies below it; None for all there are."""

    @property
    def below(self) -> str | None:
        """How the codes begin of agencies below it that the directory does not know."""
        return f"{self.own}." if self.own else None


def scope_of(question: Question, agencies: Agencies) -> Scope:
    period, asked = question.period, question.agency
    if asked is None:
        return Scope(period.start, period.end)
    return Scope(period.start, period.end, agencies.named(asked).code, sorted(agencies.below(asked)))
