"""Delivery receipts as SMSCs really write them: as optional parameters, as text, as both, each maker in its own way.

Source: SMPP 3.4, sections 5.2.12 (esm_class), 5.3.2.12, 5.3.2.31 and 5.3.2.35 (parameters), appendix B (the usual text). The
text is each vendor's own: keys in any case and order, some missing; dates with or without seconds; any letters in `err`;
the id in hexadecimal where the answer to the submit had it in decimal digits, or the other way round.
Parameters are believed before the text.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

from channels.smpp.pdu import ShortMessage, Tag, parameter
from channels.smpp.text import decoded
from notifier.domain.receipts import ReceiptKind

MessageIds = Literal["same", "receipts_decimal", "receipts_hex"]
"""How the text of a receipt writes the id that the answer to the submit gave: alike, or in another base."""

RECEIPT, INTERMEDIATE, _TYPE = 0x04, 0x20, 0x3C
LONGEST_CODE = 20

STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""The numbers of message_state as the text abbreviates them."""
_KINDS = {
    "DELI": ReceiptKind.DELIVERED,
    "EXPI": ReceiptKind.FAILED,
    "DELE": ReceiptKind.FAILED,
    "UNDE": ReceiptKind.FAILED,
    "REJE": ReceiptKind.FAILED,
    "FAIL": ReceiptKind.FAILED,
}
"""By the first letters, for DELIVRD is DELIVERED elsewhere. All others are still on their way, or say nothing."""
_KEYS = re.compile(r"\b(id|sub|dlvrd|submit[ _]date|done[ _]date|stat|err|text)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """What a receipt says of one message."""

    message_id: str
    kind: ReceiptKind
    code: str
    """State and error, as operators know them: `undeliv_0a1`."""
    done_at: datetime | None


def report_of(body: ShortMessage, message_ids: MessageIds, utc_offset_hours: float) -> Report | None:
    """What a deliver_sm reports; None for a message that somebody wrote to us, and for a receipt that names no id."""
    if not body.esm_class & _TYPE & (RECEIPT | INTERMEDIATE):
        return None
    octets = body.text or parameter(body, Tag.MESSAGE_PAYLOAD) or b""
    written = _written(decoded(octets, body.data_coding, "latin1"))
    named = parameter(body, Tag.RECEIPTED_MESSAGE_ID)
    if named is not None and (given := named.rstrip(b"\0").decode("latin-1")):
        message_id = canonical(given)
    else:
        message_id = _as_answered(written.get("id", ""), message_ids)
    if not message_id:
        return None
    state = _state(body) or written.get("stat", "")
    kind = _KINDS.get(state[:4].upper(), ReceiptKind.INFO)
    if body.esm_class & _TYPE == INTERMEDIATE:
        kind = ReceiptKind.INFO
    error = _network_error(body) or written.get("err", "")
    code = "_".join(filter(None, (state, error.strip("0") and error))).lower()[:LONGEST_CODE] or "no_state"
    return Report(message_id, kind, code, _date(written.get("done date", ""), utc_offset_hours))


def report_of_text(text: str) -> Report:
    """What the text alone says, for a gateway that hands it on; without an id or a date."""
    written = _written(text)
    state, error = written.get("stat", ""), written.get("err", "")
    code = "_".join(filter(None, (state, error.strip("0") and error))).lower()[:LONGEST_CODE]
    return Report("", _KINDS.get(state[:4].upper(), ReceiptKind.INFO), code, None)


def canonical(message_id: str) -> str:
    """One spelling of an id: without blanks and leading zeros, in lower case. Empty for none."""
    bare = message_id.strip().lower()
    return (bare.lstrip("0") or "0") if bare else ""


def _as_answered(message_id: str, message_ids: MessageIds) -> str:
    """The id of a receipt's text as the answer to the submit wrote it."""
    try:
        if message_ids == "receipts_decimal":
            return f"{int(message_id, 10):x}"
        if message_ids == "receipts_hex":
            return str(int(message_id, 16))
    except ValueError:
        pass
    return canonical(message_id)


def _written(text: str) -> dict[str, str]:
    """The keys of a receipt's text, in lower case, with the first word behind each. `text` ends it: that is our own."""
    found: dict[str, str] = {}
    marks = list(_KEYS.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=False):
        key = mark[1].lower().replace("_", " ")
        if key == "text":
            break
        value = text[mark.end() : end].split()
        if value:
            found.setdefault(key, value[0])
    return found


def _state(body: ShortMessage) -> str:
    octets = parameter(body, Tag.MESSAGE_STATE)
    return STATES.get(octets[0], "") if octets else ""


def _network_error(body: ShortMessage) -> str:
    """The error of network_error_code, without the octet that names the kind of network."""
    octets = parameter(body, Tag.NETWORK_ERROR_CODE)
    return str(int.from_bytes(octets[1:3], "big")) if octets and len(octets) == 3 else ""  # noqa: PLR2004


def _date(text: str, utc_offset_hours: float) -> datetime | None:
    """YYMMDDhhmm with or without seconds, on the SMSC's own clock; None for anything else."""
    form = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S"}.get(len(text))
    if form is None or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime.strptime(text, form).replace(tzinfo=timezone(timedelta(hours=utc_offset_hours)))
    except ValueError:
        return None
