"""Delivery status notifications: what a sender asks for (RFC 3461) and the report it gets (RFC 3464)."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesHeaderParser
from email.utils import format_datetime

REPORTING_MTA = "mail.sandbox.example.vn"


@dataclass(frozen=True, slots=True)
class Asked:
    """What RCPT asked for. `notify` holds SUCCESS, FAILURE, DELAY; empty after NEVER."""

    notify: frozenset[str]
    original_recipient: str | None


def split_parameters(arg: str, names: frozenset[str]) -> tuple[str, dict[str, str]]:
    """Take the ESMTP parameters `names` out of the argument of MAIL or RCPT: what is left, and what they said."""
    kept, found = [], {}
    for word in arg.split(" "):
        name, sign, value = word.partition("=")
        if sign and name.upper() in names:
            found[name.upper()] = value
        else:
            kept.append(word)
    return " ".join(kept), found


def asked(parameters: dict[str, str]) -> Asked:
    """What the parameters of RCPT ask for; without NOTIFY only failures are reported (RFC 3461, 4.1)."""
    words = frozenset(parameters.get("NOTIFY", "FAILURE").upper().split(","))
    original = parameters.get("ORCPT")
    return Asked(words - {"NEVER"}, from_xtext(original) if original else None)


def from_xtext(text: str) -> str:
    """Decode xtext (RFC 3461, 4)."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message at its last stop. `action` is delivered, failed or delayed."""

    action: str
    status: str
    diagnostic: str

    @property
    def wish(self) -> str:
        """The word of NOTIFY that asks for this report."""
        return {"delivered": "SUCCESS", "delayed": "DELAY"}.get(self.action, "FAILURE")


DELIVERED = Fate("delivered", "2.0.0", "250 2.0.0 delivered to the mailbox")


def report(
    *, raw: bytes, sender: str, recipient: str, envid: str | None, ask: Asked, fate: Fate, at: datetime
) -> bytes:
    """The report as bytes: text for people, fields for programs, and the headers of the message it is about."""
    message = MIMEMultipart("report", None, None, policy=policy.SMTP, **{"report-type": "delivery-status"})
    message["Return-Path"] = "<>"
    message["From"] = f"Mail Delivery System <MAILER-DAEMON@{REPORTING_MTA}>"
    message["To"] = sender
    message["Subject"] = f"Delivery Status Notification ({fate.action})"
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-replied"
    message.attach(MIMEText(f"Your message to {recipient}: {fate.action}.\n{fate.diagnostic}\n", "plain", "us-ascii"))

    about = Message()
    if envid:
        about["Original-Envelope-Id"] = envid
    about["Reporting-MTA"] = f"dns; {REPORTING_MTA}"
    about["Arrival-Date"] = format_datetime(at)
    person = Message()
    if ask.original_recipient:
        person["Original-Recipient"] = ask.original_recipient
    person["Final-Recipient"] = f"rfc822; {recipient}"
    person["Action"] = fate.action
    person["Status"] = fate.status
    person["Diagnostic-Code"] = f"smtp; {fate.diagnostic}"
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.set_payload([about, person])
    message.attach(status)

    headers = Message()
    headers["Content-Type"] = "text/rfc822-headers"
    original = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    kept = [f"{name}: {original[name]}\n" for name in ("Message-ID", "Date", "Subject", "From", "To") if original[name]]
    headers.set_payload("".join(kept))
    message.attach(headers)
    return message.as_bytes(policy=policy.SMTP)
