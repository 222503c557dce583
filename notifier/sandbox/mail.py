"""Reading a mail for the page: subject, both texts and the pictures inside it."""

from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from typing import Any


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def summary(raw: bytes) -> dict[str, Any]:
    """What is shown of a mail. A header or part that cannot be read is an empty text."""
    message = message_from_bytes(raw)  # the old policy: it reads a mail in a tenth of the time
    return {
        "subject": _header(message, "Subject"),
        "from": _header(message, "From"),
        "message_id": _header(message, "Message-ID"),
        "text": _text(message, "text/plain"),
        "html": _text(message, "text/html"),
        "pictures": sorted(name for part in message.walk() if (name := _picture(part))),
    }


def pictures(message: Message) -> dict[str, bytes]:
    """The inline pictures by their Content-ID without brackets."""
    return {name: _content(part) for part in message.walk() if (name := _picture(part))}


def _picture(part: Message) -> str:
    """The name of an inline picture; empty for any other part."""
    name = str(part.get("Content-ID", "")).strip().strip("<>")
    return name if part.get_content_maintype() == "image" else ""


def _header(message: Message, name: str) -> str:
    try:
        return str(make_header(decode_header(str(message.get(name, ""))))).strip()
    except (LookupError, ValueError, HeaderParseError):
        return ""


def _text(message: Message, kind: str) -> str:
    part = next((p for p in message.walk() if p.get_content_type() == kind and not p.get_filename()), None)
    if part is None:
        return ""
    try:
        return _content(part).decode(part.get_content_charset("utf-8")).replace("\r\n", "\n")
    except (LookupError, ValueError):
        return ""


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
