"""What one call to a provider can come to: these five, and no exception beside them.

| outcome    | it is known that …                                       | what follows                               |
| ---------- | -------------------------------------------------------- | ------------------------------------------ |
| Accepted   | the provider has taken the message                       | wait for its receipt                       |
| Throttled  | it was not taken; the provider asks us to slow down       | again later; no attempt is counted         |
| Transient  | it was not taken; the same call may work later            | again after a backoff                      |
| Permanent  | it was not taken and never will be on this channel        | the next channel of the rule               |
| Unknown    | nothing: it may have been taken                           | never again blindly; receipt or status tell |
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Accepted:
    """`reference` is the provider's own id of the message; receipts name it.

    `remaining` of `daily` messages may still be sent today, where the provider says so.
    """

    reference: str
    remaining: int | None = None
    daily: int | None = None


@dataclass(frozen=True, slots=True)
class Throttled:
    """`retry_after` is what the provider asked for, if it said; `code` is the provider's own."""

    code: str
    reason: str
    retry_after: timedelta | None = None
    until_reset: bool = False
    """What may be sent in a day has been sent: not before the provider counts anew."""
    alone: bool = False
    """It concerns this message; others may go."""


@dataclass(frozen=True, slots=True)
class Transient:
    code: str
    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    code: str
    reason: str


Outcome = Accepted | Throttled | Transient | Permanent | Unknown
