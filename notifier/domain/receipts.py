"""What a provider says later about a message it took, in one vocabulary for all channels."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.ids import DeliveryId, ProviderName


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    INFO = "info"
    """Kept, and moves nothing: still on its way, a citizen wrote, a template changed."""


class ReceiptState(StrEnum):
    """How far a callback has been read."""

    STORED = "stored"
    PARKED = "parked"
    """It names no message that we know yet; it is read again later."""
    APPLIED = "applied"
    ORPHANED = "orphaned"
    """No message was ever found for it."""


ENVELOPE_RECIPIENT = "rcpt"
"""The name in `RawReceipt.query` of the address to which a callback came that is a mail."""


@dataclass(frozen=True, slots=True)
class RawReceipt:
    """A callback exactly as it came. `key` is the last part of its path, `query` and `headers` have lower-case names.

    `method` is that of HTTP, or LMTP or SMTP for a mail.
    """

    provider: ProviderName
    method: str
    key: str | None
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """One statement about one message, named by our id or by the provider's reference (at least one of them).

    `occurred_at` is the provider's time, None where it gives none.
    """

    kind: ReceiptKind
    delivery_id: DeliveryId | None
    reference: str | None
    occurred_at: datetime | None
    code: str | None = None
    reason: str | None = None
