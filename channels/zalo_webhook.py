"""Zalo's callbacks: whether one is genuine, whose account it speaks of, and what it says about messages of ours.

Document: docs.zaloplatforms.com "Webhook: tổng quan" (checked 2026-09). The signature is a plain SHA-256 over the exact
bytes, no HMAC. One app has one address for all accounts that granted it.
"""

import hashlib
import hmac
from typing import Any

from channels.base import delivery_named
from channels.http import json_object
from channels.zalo_relations import moment
from channels.zalo_settings import Settings
from notifier.domain.receipts import RawReceipt, ReceiptFact, ReceiptKind

OF_A_READER = frozenset({"user_feedback", "user_click_response_button"})
"""Whoever rates a message or presses its button has seen it."""


def authentic(raw: RawReceipt, settings: Settings) -> bool:
    """`X-ZEvent-Signature: mac=` SHA-256 of app_id, the raw body, timestamp and the account's secret, put together."""
    event = json_object(raw.body)
    if event is None:
        return False
    app_id, timestamp = (str(event.get(name, "")).encode("utf-8", "replace") for name in ("app_id", "timestamp"))
    secret = settings.oa_secret.get_secret_value().encode()
    mac = hashlib.sha256(app_id + raw.body + timestamp + secret).hexdigest()
    given = raw.headers.get("x-zevent-signature", "").encode("utf-8", "replace")
    return hmac.compare_digest(given, f"mac={mac}".encode())


def parties(raw: RawReceipt) -> frozenset[str]:
    """The ids among which the account of an event is: it calls it `oa_id`, `oaId`, or sender or recipient. Never raises."""
    event = json_object(raw.body) or {}
    named = [event.get("oa_id"), event.get("oaId")]
    named += [party.get("id") for name in ("sender", "recipient") if isinstance(party := event.get(name), dict)]
    return frozenset(each for each in named if isinstance(each, str))


def facts(raw: RawReceipt, settings: Settings) -> tuple[ReceiptFact, ...]:
    """What an event says about messages of ours. An event of another Official Account says nothing."""
    event = json_object(raw.body)
    if event is None or not _is_of(event, settings.oa_id):
        return ()
    content = event.get("message")
    content = content if isinstance(content, dict) else {}
    name, at = event.get("event_name"), moment(event.get("timestamp"))
    if name == "user_seen_message":
        seen = content.get("msg_ids")
        ids = [i for i in seen if isinstance(i, str) and i] if isinstance(seen, list) else []
        return tuple(ReceiptFact(ReceiptKind.READ, None, reference, at) for reference in ids)
    delivery_id, reference = delivery_named(content.get("tracking_id")), content.get("msg_id") or event.get("msg_id")
    reference = reference if isinstance(reference, str) else None
    if not isinstance(name, str) or (delivery_id is None and reference is None):
        return ()
    if name == "user_received_message":
        at = moment(content.get("delivery_time")) or at
        return (ReceiptFact(ReceiptKind.DELIVERED, delivery_id, reference, at),)
    if name in OF_A_READER:
        return (ReceiptFact(ReceiptKind.READ, delivery_id, reference, at, code=name),)
    return (ReceiptFact(ReceiptKind.INFO, delivery_id, reference, at, code=name),)


def _is_of(event: dict[str, Any], account: str) -> bool:
    named = event.get("oa_id") or event.get("oaId")
    return named is None or str(named) == account
