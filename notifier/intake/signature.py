"""Who sent these bytes: Standard Webhooks 1.0.0 with HMAC-SHA256 (`v1`).

The signed bytes are `{webhook-id}.{webhook-timestamp}.{raw body}`; the key is the decoded base64 after `whsec_`.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
KEY_BYTES = range(24, 65)

_ID = re.compile(r"[!-\-/-~]{1,255}")
"""Printable ASCII without space and without a dot: a dot would let an id swallow the timestamp."""
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


@dataclass(frozen=True, slots=True)
class Verified:
    """`message_id` is the sender's key of this message, the same over all its retries."""

    message_id: str
    sent_at: datetime


class Rejection(StrEnum):
    """Why a signature does not count. The value is the problem's code (`notifier.intake.problems`)."""

    MISSING = "missing-signature"
    STALE = "stale-timestamp"
    INVALID = "invalid-signature"


def parse_secret(text: str) -> bytes:
    """The key of `whsec_…`. Raises ValueError, whose text never holds the secret."""
    if not text.startswith(PREFIX):
        raise ValueError(f"a webhook secret starts with {PREFIX}")
    encoded = text.removeprefix(PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {PREFIX} is not base64") from None
    if len(key) not in KEY_BYTES:
        raise ValueError(f"a webhook secret holds 24 to 64 bytes; this one holds {len(key)}")
    return key


def sign(key: bytes, message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """The three headers to send with `body`. `timestamp` is that of this attempt."""
    if not _ID.fullmatch(message_id):
        raise ValueError("a webhook-id is 1 to 255 printable ASCII characters without space or dot")
    seconds = str(int(timestamp.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{_signature(key, message_id, seconds, body)}",
    }


def verify(
    keys: Sequence[bytes],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> Verified | Rejection:
    """Whether one of `keys` signed `body`. Every key meets every signature, in constant time. Never raises."""
    lower = {name.lower(): value for name, value in headers.items()}
    message_id = lower.get("webhook-id", "")
    seconds = lower.get("webhook-timestamp", "")
    signatures = lower.get("webhook-signature", "")
    if not (message_id and seconds and signatures):
        return Rejection.MISSING
    if not (_ID.fullmatch(message_id) and _TIMESTAMP.fullmatch(seconds)):
        return Rejection.INVALID
    if abs(int(seconds) - now.timestamp()) > tolerance.total_seconds():
        return Rejection.STALE
    offered = [item.partition(",") for item in signatures.split(" ")]
    candidates = [
        value.encode("utf-8", "surrogateescape") for version, comma, value in offered if version == "v1" and comma
    ]
    genuine = False
    for key in keys:
        expected = _signature(key, message_id, seconds, body).encode()
        for candidate in candidates:
            genuine |= hmac.compare_digest(expected, candidate)
    if not genuine:
        return Rejection.INVALID
    return Verified(message_id, datetime.fromtimestamp(int(seconds), UTC))


def _signature(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    signed = f"{message_id}.{seconds}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
