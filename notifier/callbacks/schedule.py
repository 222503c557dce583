"""What a receiver's answer means, and when to try again: over more than a day, then the dead letters.

| answer                  | follows                                                                       |
| ----------------------- | ----------------------------------------------------------------------------- |
| 2xx                     | `Taken`                                                                       |
| 410                     | `Gone`: the receiver wants no more; everything waits until an operator says   |
| 429, 502, 503, 504      | `Again`, not before Retry-After; nothing else is posted there before it       |
| all else, or no answer  | `Again`; after the last try `Exhausted`                                       |

A redirect is never followed: it would take a signed document to where nobody agreed on (Standard Webhooks 1.0.0).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

RETRIES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=10),
    timedelta(hours=14),
)
"""The waits between the tries: ten tries within about 34 hours."""
JITTER = 0.2
"""Each wait is up to this part shorter or longer, so that what failed together does not come back together."""
RETRY_AFTER_MOST = timedelta(hours=6)
_SLOW_DOWN = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Taken:
    pass


@dataclass(frozen=True, slots=True)
class Again:
    due_at: datetime
    pause_all: bool = False
    """The receiver named a time: nothing of its source is posted before `due_at`."""


@dataclass(frozen=True, slots=True)
class Exhausted:
    pass


@dataclass(frozen=True, slots=True)
class Gone:
    pass


Verdict = Taken | Again | Exhausted | Gone


def after_try(tries: int, status: int | None, retry_after: timedelta | None, now: datetime, random01: float) -> Verdict:
    """What follows try number `tries` (from 1). `status` is None where no answer came; `random01` is in [0, 1)."""
    if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Taken()
    if status == HTTPStatus.GONE:
        return Gone()
    if tries > len(RETRIES):
        return Exhausted()
    wait = RETRIES[tries - 1] * (1 - JITTER + 2 * JITTER * random01)
    if status not in _SLOW_DOWN or retry_after is None:
        return Again(now + wait)
    asked = min(retry_after, RETRY_AFTER_MOST)
    return Again(now + max(wait, asked * (1 + JITTER * random01)), pause_all=True)
