"""Reading a delivery status notification (RFC 3464), the only thing that mail ever says later.

The delivery is known by our signed token alone: in the address that the bounce was sent to, or in the envelope id
that the peer hands back. Nothing else in a bounce is believed.
"""

import re
from email import message_from_bytes
from email.message import Message

from channels.email_message import deliveries_in
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

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def bounce_facts(body: bytes, secret: bytes) -> tuple[ReceiptFact, ...]:
    """One fact for each recipient that the report names. Other mail, out-of-office notes too, says nothing."""
    try:
        return _read(message_from_bytes(body), secret)
    except Exception:  # noqa: BLE001 - how the library's parser fails on hostile mail is no closed set
        return ()


def _read(mail: Message, secret: bytes) -> tuple[ReceiptFact, ...]:
    blocks = _status_blocks(mail)
    if not blocks:
        return ()
    addressed = [str(value) for name in ("To", "Delivered-To", "X-Original-To") for value in mail.get_all(name, [])]
    named = deliveries_in(" ".join([*addressed, str(blocks[0].get("Original-Envelope-Id", ""))]), secret)
    if len(named) != 1:
        return ()
    (delivery_id,) = named
    facts = (_fact(block, delivery_id, str(mail.get("Date", ""))) for block in blocks[1:])
    return tuple(fact for fact in facts if fact is not None)


def _status_blocks(mail: Message) -> list[Message]:
    """The block about the whole mail, then one for each recipient. Only the report's own part is read."""
    report_type = str(mail.get_param("report-type", "")).lower()
    if mail.get_content_type() != "multipart/report" or report_type != "delivery-status":
        return []
    for part in mail.get_payload():
        if isinstance(part, Message) and part.get_content_type() == "message/delivery-status":
            return [block for block in part.get_payload() if isinstance(block, Message)]
    return []


def _fact(block: Message, delivery_id: DeliveryId, mail_date: str) -> ReceiptFact | None:
    action = str(block.get("Action", "")).strip().lower()
    kind = ACTIONS.get(action)
    if kind is None:
        return None
    status = _STATUS.search(str(block.get("Status", "")))
    at = internet_date(str(block.get("Last-Attempt-Date", ""))) or internet_date(mail_date)
    code = action if kind is ReceiptKind.INFO else status[0] if status else None
    return ReceiptFact(kind, delivery_id, None, at, code=code)
