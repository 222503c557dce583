"""What a decision about a delivery comes to, and the policy it is decided by."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.deliveries import DeliveryState
from notifier.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Step:
    """The next state of a delivery. Where it is the present one, only `due_at` changes."""

    state: DeliveryState
    due_at: datetime | None
    """When work on it is next needed; None: never, it is settled."""
    reason: Reason
    counts_attempt: bool = False
    """The attempt that ends here counts against the budget."""
    same_provider: bool = False
    """Only the provider that may hold it already may be called again."""


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How patient we are with one channel."""

    retry_base: timedelta
    retry_cap: timedelta
    attempts: int
    """The budget: calls that count. A throttled call does not."""
    receipt_wait: timedelta
    """How long a receipt may take before we stop waiting for it."""
