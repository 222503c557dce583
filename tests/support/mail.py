"""A mail put together by the standard library, part by part: what our quick form is compared with."""

from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.utils import format_datetime, parseaddr
from typing import Any

from channels.email_message import Sender
from notifier.domain.content import EmailContent


def composed(
    content: EmailContent, *, message_id: str, sender: Sender, to: str, created_at: datetime, stop_link: str | None
) -> bytes:
    mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit", max_line_length=9_000))
    mail["From"] = Address(sender.name, addr_spec=sender.address)
    mail["To"] = Address(addr_spec=to)
    if sender.reply_to:
        mail["Reply-To"] = sender.reply_to
    mail["Subject"] = " ".join(content.subject.split())
    mail["Date"] = format_datetime(created_at)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    if stop_link:
        mail["List-Unsubscribe"] = f"<{stop_link}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(content.text)
    mail.add_alternative(content.html, subtype="html")
    if content.qr_png is not None:
        html = list(mail.iter_parts())[1]
        html.add_related(content.qr_png, "image", "png", cid="<qr>", disposition="inline", filename="qr.png")
    return mail.as_bytes()


def read(raw: bytes) -> dict[str, Any]:
    """All that a reader's program finds in a mail: the headers in words, and each part with its nature and content."""
    mail = message_from_bytes(raw)
    spoken = {"From", "Content-Type", "MIME-Version"}
    headers = {name: _words(value) for name, value in mail.items() if name not in spoken}
    name, address = parseaddr(mail["From"])
    return {
        "headers": headers,
        "from": (_words(name), address),
        "version": mail["MIME-Version"],
        "parts": [_part(part) for part in mail.walk()],
    }


def _words(value: str) -> str:
    return str(make_header(decode_header(value)))


def _part(part: Message) -> tuple[Any, ...]:
    content = None if part.is_multipart() else part.get_payload(decode=True)
    nature = (part.get_content_type(), part.get_content_charset(), part["Content-ID"], part.get_content_disposition())
    return (*nature, part.get_filename(), content)
