"""Delivery status notifications: what a sender asks for (RFC 3461) and the report it gets (RFC 3464)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from uuid import uuid4

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
    """What became of a message at its last stop. `action` is delivered, failed, delayed, relayed or expanded."""

    action: str
    status: str
    diagnostic: str

    @property
    def wish(self) -> str:
        """The word of NOTIFY that asks for this report."""
        return {"failed": "FAILURE", "delayed": "DELAY"}.get(self.action, "SUCCESS")


DELIVERED = Fate("delivered", "2.0.0", "250 2.0.0 delivered to the mailbox")
RELAYED = Fate("relayed", "2.1.9", "250 2.1.9 relayed to a system that will not report")
EXPANDED = Fate("expanded", "2.1.5", "250 2.1.5 expanded to two addresses")


def answer(*, sender: str, recipient: str, subject: str, text: str, at: datetime) -> bytes:
    """A mail that a program writes and that is no report: a bounce in words, an out-of-office note (RFC 3834)."""
    headers = {
        "Return-Path": "<>",
        "From": recipient,
        "To": sender,
        "Subject": subject,
        "Date": format_datetime(at),
        "Auto-Submitted": "auto-replied",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    return "\r\n".join(f"{_lines(headers)}\n{text}\n".splitlines()).encode() + b"\r\n"


def report(
    *,
    raw: bytes,
    sender: str,
    recipient: str,
    envid: str | None,
    ask: Asked,
    fate: Fate,
    at: datetime,
    others: Mapping[str, Fate] | None = None,
) -> bytes:
    """The report as bytes: text for people, fields for programs, and the headers of the message it is about.

    `others` are what became of more recipients, by their addresses.
    """
    when, mark = format_datetime(at), f"=_{uuid4().hex}"
    original = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    about = {"Original-Envelope-Id": envid, "Reporting-MTA": f"dns; {REPORTING_MTA}", "Arrival-Date": when}
    people = [_person(recipient, fate, ask.original_recipient)]
    people += [_person(address, each, None) for address, each in (others or {}).items()]
    headers = {
        "Return-Path": "<>",
        "From": f"Mail Delivery System <MAILER-DAEMON@{REPORTING_MTA}>",
        "To": sender,
        "Subject": f"Delivery Status Notification ({fate.action})",
        "Date": when,
        "Auto-Submitted": "auto-replied",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/report; report-type=delivery-status; boundary="{mark}"',
    }
    kept = {name: original[name] for name in ("Message-ID", "Date", "Subject", "From", "To")}
    parts = {
        "text/plain; charset=us-ascii": f"Your message to {recipient}: {fate.action}.\n{fate.diagnostic}\n",
        "message/delivery-status": "\n".join([_lines(about), *map(_lines, people)]),
        "text/rfc822-headers": _lines(kept),
    }
    body = "".join(f"--{mark}\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts.items())
    whole = f"{_lines(headers)}\n{body}--{mark}--\n"
    return "\r\n".join(whole.splitlines()).encode("utf-8", "replace") + b"\r\n"


def _person(recipient: str, fate: Fate, original: str | None) -> dict[str, str | None]:
    return {
        "Original-Recipient": original,
        "Final-Recipient": f"rfc822; {recipient}",
        "Action": fate.action,
        "Status": fate.status,
        "Diagnostic-Code": f"smtp; {fate.diagnostic}",
    }


def _lines(fields: Mapping[str, object]) -> str:
    """Header fields as lines; those without a value are left out."""
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
