"""One thing that needs a human."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Both = tuple[str, str]
"""Vietnamese, English."""


class Weight(StrEnum):
    STOP = "stop"
    """Messages do not go out, or were lost."""
    WAIT = "wait"
    """They will not, or not all, unless somebody sees to it."""


@dataclass(frozen=True, slots=True)
class Finding:
    weight: Weight
    what: Both
    todo: Both
    since: datetime | None = None
    link: str | None = None
