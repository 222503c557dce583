"""Reading a mail for the page: subject, both texts and the pictures inside it."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def summary(raw: bytes) -> dict[str, Any]:
    """What is shown of a mail. A header or part that cannot be read is an empty text."""
    message = parse(raw)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return {
        "subject": str(message.get("Subject", "")),
        "from": str(message.get("From", "")),
        "message_id": str(message.get("Message-ID", "")).strip(),
        "text": _text(text),
        "html": _text(html),
        "pictures": sorted(pictures(message)),
    }


def pictures(message: EmailMessage) -> dict[str, bytes]:
    """The inline pictures by their Content-ID without brackets."""
    found = {}
    for part in message.walk():
        name = str(part.get("Content-ID", "")).strip().strip("<>")
        if name and part.get_content_maintype() == "image":
            content = part.get_payload(decode=True)
            found[name] = content if isinstance(content, bytes) else b""
    return found


def _text(part: Any) -> str:
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        return ""
