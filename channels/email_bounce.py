"""Reading a delivery status notification (RFC 3464, RFC 6533), the only thing that mail ever says later.

The delivery is known by our signed token alone: in the address that the bounce came to, else in the envelope id that the
peer hands back. Nothing else in a bounce is believed about whom it concerns. Reports are read leniently: many servers
leave fields out, or write both blocks as one; but only where a report stands, so that an out-of-office note, or a mail
that quotes one of our own, says nothing.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message

from channels.bounce_token import deliveries_in
from channels.http import internet_date
from notifier.domain.ids import DeliveryId
from notifier.domain.receipts import ReceiptFact, ReceiptKind

ACTIONS: dict[str, ReceiptKind] = {
    "delivered": ReceiptKind.DELIVERED,
    "failed": ReceiptKind.FAILED,
    "delayed": ReceiptKind.INFO,  # not final
    "relayed": ReceiptKind.INFO,  # handed to a system that will not report
    "expanded": ReceiptKind.INFO,  # became several addresses
}
ACTION_OF_CLASS = {"2": "relayed", "4": "delayed", "5": "failed"}
"""What a report without an Action means, by the class of its status. A success without it is no proof."""
REPORTS = {"message/delivery-status", "message/global-delivery-status"}
DEEPEST = 5
"""How deep in other parts a report may stand: lists and gateways wrap what they pass on."""

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_OF_RECIPIENT = ("Action", "Final-Recipient", "Original-Recipient")


def bounce_facts(body: bytes, secret: bytes, came_to: str | None = None) -> tuple[ReceiptFact, ...]:
    """One fact for each recipient that the report names. Other mail says nothing.

    `came_to` is the address in the envelope, where it is known; then the mail's own headers are not asked.
    """
    try:
        return _read(message_from_bytes(body), secret, came_to)
    except Exception:  # noqa: BLE001 - how the library's parser fails on hostile mail is no closed set
        return ()


def _read(mail: Message, secret: bytes, came_to: str | None) -> tuple[ReceiptFact, ...]:
    blocks = _status_blocks(mail)
    envelope_ids = " ".join(str(block.get("Original-Envelope-Id", "")) for block in blocks)
    named = deliveries_in(f"{came_to or _addressed(mail)} {envelope_ids}", secret)
    if len(named) != 1:
        return ()
    (delivery_id,) = named
    of_recipients = [block for block in blocks if any(name in block for name in _OF_RECIPIENT)]
    facts = (_fact(block, delivery_id, str(mail.get("Date", ""))) for block in of_recipients)
    return tuple(fact for fact in facts if fact is not None)


def _addressed(mail: Message) -> str:
    return " ".join(str(value) for name in ("To", "Delivered-To", "X-Original-To") for value in mail.get_all(name, []))


def _status_blocks(mail: Message) -> list[Message]:
    """The blocks of the first report: one about the whole mail, one for each recipient, or all in one."""
    part = next(_reports(mail, DEEPEST), None)
    if part is None:
        return []
    payload = part.get_payload()
    if part.get_content_type() == "message/delivery-status":
        return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []
    inner = payload[0] if isinstance(payload, list) else None  # the library takes the newer kind for one mail
    text = inner.as_string() if isinstance(inner, Message) else ""
    return [message_from_string(block) for block in re.split(r"\r?\n\s*\r?\n", text) if block.strip()]


def _reports(mail: Message, deepest: int, *, within: bool = False) -> Iterator[Message]:
    """The status parts within reports. A mail that is quoted or returned is not looked into."""
    if within and mail.get_content_type() in REPORTS:
        yield mail
    if mail.get_content_maintype() != "multipart" or deepest == 0:
        return
    kind = str(mail.get_param("report-type", "delivery-status")).lower()
    inside = mail.get_content_type() == "multipart/report" and kind == "delivery-status"
    for part in mail.get_payload():
        if isinstance(part, Message):
            yield from _reports(part, deepest - 1, within=inside)


def _fact(block: Message, delivery_id: DeliveryId, mail_date: str) -> ReceiptFact | None:
    found = _STATUS.search(str(block.get("Status", ""))) or _STATUS.search(str(block.get("Diagnostic-Code", "")))
    status = found[0] if found else None
    action = re.split(r"[\s;(]", str(block.get("Action", "")).strip().lower())[0]
    action = action or ACTION_OF_CLASS.get((status or "")[:1], "")
    kind = ACTIONS.get(action)
    if kind is None:
        return None
    at = internet_date(str(block.get("Last-Attempt-Date", ""))) or internet_date(mail_date)
    return ReceiptFact(kind, delivery_id, None, at, code=action if kind is ReceiptKind.INFO else status)
