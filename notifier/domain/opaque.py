"""Opaque names: what stands for a person or a dossier where neither may be named.

Both are keyed hashes, so they are stable, cannot be guessed, and say nothing to who sees them.
"""

import base64
import hashlib
import hmac

from notifier.domain.ids import DossierCode, InboxOwner, SourceName

_DOMAIN_INBOX = b"inbox\x00"
_DOMAIN_LOOKUP = b"lookup\x00"


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


def token_hash(token: str) -> bytes:
    """What is stored of a look-up token."""
    return hashlib.sha256(token.encode()).digest()
