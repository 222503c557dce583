"""What is said, by the kind of content that a channel carries. All text is NFC."""

from dataclasses import dataclass, field
from enum import StrEnum


class ContentKind(StrEnum):
    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"
    ZALO = "zalo"


@dataclass(frozen=True, slots=True)
class InboxContent:
    """A message of the portal inbox; `body` is plain text, a blank line parts paragraphs."""

    title: str
    body: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class EmailContent:
    """`html` refers to the QR picture as `cid:qr`; `qr_png` is that picture."""

    subject: str
    text: str
    html: str
    qr_png: bytes | None = None


class SmsEncoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class SmsContent:
    """`parts` is the exact number of segments that `text` costs in `encoding`.

    `replaced` tells which characters of the wording are written otherwise in `text`, and how.
    """

    text: str
    encoding: SmsEncoding
    parts: int
    replaced: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ZaloContent:
    """`template` is our own name of an approved template; the adapter's settings map it to Zalo's id.

    `text` says the same to an officer in plain words, of at most `LONGEST_ZALO_TEXT` characters; a blank line parts
    paragraphs. None for citizens, and where it would be longer.
    """

    template: str
    parameters: dict[str, str]
    text: str | None = None


LONGEST_ZALO_TEXT = 2000
"""Characters of a consultation message (Zalo documentation, checked 2026-09)."""


Content = InboxContent | EmailContent | SmsContent | ZaloContent
