"""How long to wait before the next call: capped exponential, full jitter, the provider's own wish honoured."""

from datetime import timedelta

from notifier.domain.steps import SendPolicy

MAX_DOUBLINGS = 20


def backoff(policy: SendPolicy, attempt: int, random01: float, retry_after: timedelta | None = None) -> timedelta:
    """The wait after call number `attempt` (from 1), with `random01` in [0, 1).

    Our own wait is a random part of base · 2^(attempt-1), at most the cap. If the provider named a time, we wait that
    long and our own wait on top, so that not all come back at the same moment; never longer than twice the cap.
    """
    doublings = min(max(attempt, 1) - 1, MAX_DOUBLINGS)
    own = min(policy.retry_cap, policy.retry_base * (1 << doublings)) * random01
    if retry_after is None:
        return own
    return min(max(retry_after, timedelta()) + own, policy.retry_cap * 2)
