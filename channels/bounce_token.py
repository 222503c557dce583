"""The signed token by which a bounce is recognised: it stands in the sender of the envelope (VERP) and in ENVID."""

import hashlib
import hmac
import re
from uuid import UUID

from notifier.domain.ids import DeliveryId

_TOKEN = re.compile(r"(?<![0-9a-f])([0-9a-f]{32})\.([0-9a-f]{16})(?![0-9a-f])", re.IGNORECASE)


def bounce_token(delivery_id: DeliveryId, secret: bytes) -> str:
    """The delivery's id in hex, a dot, and 16 hex digits that only we can make."""
    return f"{delivery_id.hex}.{_mac(delivery_id, secret)}"


def bounce_address(token: str, domain: str) -> str:
    """The sender of the envelope: where whatever comes back of one mail is sent to."""
    return f"bounce+{token}@{domain}"


def deliveries_in(text: str, secret: bytes) -> frozenset[DeliveryId]:
    """The deliveries whose genuine tokens stand in a text; a forged token names none."""
    found = ((DeliveryId(UUID(hex=name)), mac.lower()) for name, mac in _TOKEN.findall(text))
    return frozenset(name for name, mac in found if hmac.compare_digest(mac, _mac(name, secret)))


def _mac(delivery_id: DeliveryId, secret: bytes) -> str:
    return hmac.new(secret, b"bounce:" + delivery_id.bytes, hashlib.sha256).hexdigest()[:16]
