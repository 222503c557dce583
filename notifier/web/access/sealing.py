"""Sealing: what only we can read and nobody can change (AES-256-GCM), with a key for each purpose from `secret_key`."""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
"""Bytes; random, which NIST SP 800-38D allows for up to 2³² texts under one key."""


def seal(secret: bytes, purpose: str, text: str) -> str:
    """The text, sealed for a purpose, in letters that a cookie takes."""
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(_key(secret, purpose)).encrypt(nonce, text.encode(), None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(secret: bytes, purpose: str, sealed: str) -> str | None:
    """What was sealed; None for what we did not seal for this purpose. Never raises."""
    try:
        raw = base64.urlsafe_b64decode(sealed.encode() + b"=" * (-len(sealed) % 4))
        return AESGCM(_key(secret, purpose)).decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
    except (InvalidTag, ValueError):
        return None


def _key(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, b"seal\x00" + purpose.encode(), hashlib.sha256).digest()
