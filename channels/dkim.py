"""Signing mail with DKIM (RFC 6376, RFC 8301): RSA with SHA-256, headers relaxed, body simple.

The bytes that are signed are the bytes that are sent, and their body is base64 throughout, so no relay has a reason to
change it. Why our own code: docs/adr/0019-bounces-and-dkim.md.
"""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from notifier.domain.errors import SettingsError

SIGNED = (
    b"from",
    b"to",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"auto-submitted",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"mime-version",
    b"content-type",
)
"""Each is named once more than it occurs, so that nobody can add one either (RFC 6376, 8.15)."""
SMALLEST_KEY_BITS = 2048
_LINE = 70


@dataclass(frozen=True, slots=True)
class Signer:
    domain: str
    selector: str
    key: RSAPrivateKey

    def signed(self, mail: bytes, at: datetime) -> bytes:
        """The mail, with the signature before it. `mail` ends its lines with CRLF; the same `at` makes the same bytes."""
        head, _, body = mail.partition(b"\r\n\r\n")
        fields = _fields(head)
        names = [name for name in SIGNED for _ in range(sum(name == each for each, _ in fields) + 1)]
        chosen = b"".join(value for name in SIGNED for each, value in reversed(fields) if each == name)
        body_hash = b64encode(hashlib.sha256(body.rstrip(b"\r\n") + b"\r\n").digest())
        unsigned = (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d={self.domain};\r\n"
            f" s={self.selector}; t={int(at.timestamp())};\r\n h="
        ).encode() + b":\r\n ".join(b":".join(names[place : place + 6]) for place in range(0, len(names), 6))
        unsigned += b";\r\n bh=" + body_hash + b";\r\n b="
        ((_, own),) = _fields(unsigned)
        signature = b64encode(self.key.sign(chosen + own.removesuffix(b"\r\n"), PKCS1v15(), SHA256()))
        lines = [signature[place : place + _LINE] for place in range(0, len(signature), _LINE)]
        return unsigned + b"\r\n ".join(lines) + b"\r\n" + mail


def load_signer(domain: str, selector: str, key_file: Path) -> Signer:
    """The signer of a domain. Raises `SettingsError`."""
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"the DKIM key of {domain}, {key_file}, cannot be read: {error}") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST_KEY_BITS:
        raise SettingsError(
            f"the DKIM key of {domain}, {key_file}, is no RSA key of {SMALLEST_KEY_BITS} bits or more. "
            f"Make one: openssl genrsa -out {key_file} {SMALLEST_KEY_BITS}"
        )
    return Signer(domain, selector, key)


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """The header fields in their order: name, and the field in relaxed form."""
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")
    split = [(name.strip().lower(), value) for name, _, value in (line.partition(b":") for line in unfolded)]
    return [(name, name + b":" + re.sub(rb"[ \t]+", b" ", value).strip() + b"\r\n") for name, value in split]
