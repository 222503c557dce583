"""One mail as bytes, the same bytes at every attempt, and the signed token by which its bounce is recognised."""

import hashlib
import hmac
import re
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from notifier.domain.content import EmailContent
from notifier.domain.ids import DeliveryId

_POLICY = SMTP.clone(cte_type="7bit")
_TOKEN = re.compile(r"(?<![0-9a-f])([0-9a-f]{32})\.([0-9a-f]{16})(?![0-9a-f])", re.IGNORECASE)


def compose(
    content: EmailContent,
    *,
    delivery_id: DeliveryId,
    message_id: str,
    sender: Address,
    to: Address,
    created_at: datetime,
) -> bytes:
    """Text, HTML and the QR picture, flattened once. All of it is ASCII, so any peer takes it unchanged."""
    mail = EmailMessage(policy=_POLICY)
    mail["To"] = to
    mail["Date"] = format_datetime(created_at)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(content.text)
    mail.add_alternative(content.html, subtype="html")
    if content.qr_png is not None:
        html = list(mail.iter_parts())[1]
        html.add_related(content.qr_png, "image", "png", cid="<qr>", disposition="inline", filename="qr.png")
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{delivery_id.hex}_{number}")
    spoken = _header("From", sender.display_name, f" <{sender.addr_spec}>") + _header("Subject", content.subject)
    return spoken + mail.as_bytes()


def _header(name: str, text: str, ending: str = "") -> bytes:
    """A header of words in any language (RFC 2047). `EmailMessage` of Python 3.11 loses spaces where it folds them."""
    encoded = Header(" ".join(text.split()), "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {encoded}{ending}\r\n".encode("ascii")


def bounce_token(delivery_id: DeliveryId, secret: bytes) -> str:
    """The delivery's id in hex, a dot, and 16 hex digits that only we can make."""
    return f"{delivery_id.hex}.{_mac(delivery_id, secret)}"


def deliveries_in(text: str, secret: bytes) -> frozenset[DeliveryId]:
    """The deliveries whose genuine tokens stand in a text; a forged token names none."""
    found = ((DeliveryId(UUID(hex=name)), mac.lower()) for name, mac in _TOKEN.findall(text))
    return frozenset(name for name, mac in found if hmac.compare_digest(mac, _mac(name, secret)))


def _mac(delivery_id: DeliveryId, secret: bytes) -> str:
    return hmac.new(secret, b"bounce:" + delivery_id.bytes, hashlib.sha256).hexdigest()[:16]
