"""What a receipt does to a delivery. Receipts come late, doubled, in the wrong order and against each other.

- `read` is never undone, and nothing is told twice: a receipt that says no more than the state changes nothing.
- An early one, while our call has not even returned, counts: the provider knows better.
- A late truth beats an early guess: what we called failed, expired or unknown may turn out delivered.
- `failed` after `delivered` is a contradiction and is ignored, but for a bounce: a mail server that took a message
  writes it when the mailbox behind it refused, so it is the later truth (RFC 3464; class 5 of RFC 3463).
"""

import re

from notifier.domain.deliveries import MOVES, DeliveryState
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.domain.steps import Step

BOUNCE = re.compile(r"5\.\d{1,3}\.\d{1,3}")

MEANING: dict[ReceiptKind, tuple[DeliveryState, ReasonCode]] = {
    ReceiptKind.DELIVERED: (DeliveryState.DELIVERED, ReasonCode.RECEIPT_DELIVERED),
    ReceiptKind.READ: (DeliveryState.READ, ReasonCode.RECEIPT_READ),
    ReceiptKind.FAILED: (DeliveryState.FAILED, ReasonCode.RECEIPT_FAILED),
}


def after_receipt(state: DeliveryState, fact: ReceiptFact) -> Step | None:
    """The step that `fact` makes from `state`; None: it changes nothing. Total and idempotent."""
    if fact.kind is ReceiptKind.INFO or _contradicts(state, fact):
        return None
    target, reason = MEANING[fact.kind]
    if target not in MOVES[state]:
        return None
    values = {"code": fact.code or "-"} if fact.kind is ReceiptKind.FAILED else {}
    return Step(target, None, Reason(reason, values))


def _contradicts(state: DeliveryState, fact: ReceiptFact) -> bool:
    failed = state is DeliveryState.DELIVERED and fact.kind is ReceiptKind.FAILED
    return failed and not BOUNCE.fullmatch(fact.code or "")
