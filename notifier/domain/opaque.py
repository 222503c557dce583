"""Opaque names: what stands for a person or a dossier where neither may be named.

Both are keyed hashes, so they are stable, cannot be guessed, and say nothing to who sees them.
"""

import base64
import hashlib
import hmac
from uuid import UUID

from notifier.domain.ids import DeliveryId, DossierCode, InboxOwner, SourceName

_DOMAIN_INBOX = b"inbox\x00"
_DOMAIN_LOOKUP = b"lookup\x00"
_DOMAIN_ADDRESS = b"address\x00"
_DOMAIN_STOP = b"stop\x00"
_DOMAIN_LINK_CODE = b"link code\x00"


def _keyed(secret: bytes, domain: bytes, text: str, length: int) -> str:
    digest = hmac.new(secret, domain + text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


def inbox_owner(secret: bytes, kind: str, value: str) -> InboxOwner:
    """The inbox of the person whom `kind` (`personal_number`, `phone`, `email`, `staff`) and value name."""
    return InboxOwner(_keyed(secret, _DOMAIN_INBOX, f"{kind}\x00{value}", 32))


def dossier_inbox(secret: bytes, source: SourceName, code: DossierCode) -> InboxOwner:
    """The inbox of a dossier whose citizen left nothing to be known by."""
    return inbox_owner(secret, "dossier", f"{source}\x00{code}")


def lookup_token(secret: bytes, source: SourceName, code: DossierCode, ref: str) -> str:
    """The token of one recipient's look-up link for one dossier: 16 characters, 96 bits."""
    return _keyed(secret, _DOMAIN_LOOKUP, f"{source}\x00{code}\x00{ref}", 16)


def address_hash(secret: bytes, address: str) -> bytes:
    """Under which something is kept of whoever has this telephone number or user id."""
    return hmac.new(secret, _DOMAIN_ADDRESS + address.encode(), hashlib.sha256).digest()


def link_code_hash(secret: bytes, account: str, code: str) -> bytes:
    """What is stored of a one-time code that somebody sends to an Official Account."""
    return hmac.new(secret, _DOMAIN_LINK_CODE + f"{account}\x00{code}".encode(), hashlib.sha256).digest()


def token_hash(token: str) -> bytes:
    """What is stored of a look-up token."""
    return hashlib.sha256(token.encode()).digest()


def address_key(secret: bytes, address: str) -> str:
    """What is stored of a mail address that must be known again; upper and lower case are one."""
    return hmac.new(secret, _DOMAIN_ADDRESS + address.casefold().encode(), hashlib.sha256).hexdigest()[:24]


def stop_token(secret: bytes, delivery_id: DeliveryId) -> str:
    """The token of the link in one mail by which its reader stops mail of that kind: 38 characters."""
    mac = _keyed(secret, _DOMAIN_STOP, delivery_id.hex, 16)
    return base64.urlsafe_b64encode(delivery_id.bytes).decode().rstrip("=") + mac


def stopped_by(secret: bytes, token: str) -> DeliveryId | None:
    """The mail whose link holds this token; None for a token that we never made."""
    name = token[:22]
    try:
        delivery_id = DeliveryId(UUID(bytes=base64.urlsafe_b64decode(f"{name}==")))
    except ValueError:
        return None
    return delivery_id if hmac.compare_digest(token.encode(), stop_token(secret, delivery_id).encode()) else None
