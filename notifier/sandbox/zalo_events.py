"""The pretend webhook of Zalo: events about messages and people, signed over their exact bytes.

Zalo documentation, "Webhook: tổng quan", checked 2026-09: SHA-256 over app id, body, timestamp and OA secret,
joined without separators; it is no HMAC.
"""

import asyncio
import hashlib
import json
from typing import Any

from notifier.sandbox.callbacks import wait
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import Act

_ANSWER_SECONDS = 2.0


def signature(*, app_id: str, body: bytes, timestamp: str, oa_secret: str) -> str:
    """The value of `X-ZEvent-Signature`."""
    return "mac=" + hashlib.sha256(app_id.encode() + body + timestamp.encode() + oa_secret.encode()).hexdigest()


async def tell(parts: Parts, message: Captured, act: Act) -> None:
    """Deliver the message, let the person read it, and tell Notifier of both as the script wants it."""
    steps = [State.DELIVERED] if act.name == "not_read" else [State.DELIVERED, State.READ]
    for step in reversed(steps) if act.name == "reversed_receipts" else steps:
        await wait(
            parts.settings.delays.receipt_seconds if step is steps[0] else parts.settings.delays.read_seconds, act
        )
        parts.messages.move(message, step)
        if act.name == "forged_receipt":
            await _post(parts, _seen(parts, message), act, forged=True)
        if act.name != "no_receipt":
            await _post_all(parts, _received(parts, message) if step is State.DELIVERED else _seen(parts, message), act)


async def announce(parts: Parts, event: dict[str, Any], act: Act) -> None:
    """Tell Notifier of something that a person did, as the script wants it."""
    if act.name == "forged_receipt":
        await _post(parts, event, act, forged=True)
    if act.name != "no_receipt":
        await _post_all(parts, event, act)


async def save_address(parts: Parts) -> None:
    """The console saves the webhook address: it is called again, first with a sample whose parties are not our account."""
    parts.callbacks.given_up.clear()
    event = {
        "event_name": "user_send_text",
        "sender": {"id": "246845883529197922"},
        "recipient": {"id": "388613280878808645"},
        "user_id_by_app": "552177279717587730",
        "message": {"text": "This is testing message", "msg_id": "This is message id"},
    }
    await _post(parts, event, Act())


async def _post_all(parts: Parts, event: dict[str, Any], act: Act) -> None:
    copies = 2 if act.name == "duplicate_receipt" else 1
    await asyncio.gather(*(_post(parts, event, act) for _ in range(copies)))


async def _post(parts: Parts, event: dict[str, Any], act: Act, *, forged: bool = False) -> None:
    app = parts.settings.zalo
    timestamp = milliseconds(parts)
    event = {**event, "app_id": app.app_id, "timestamp": timestamp}
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    sent = json.dumps(event).encode() if act.name == "reserialised" else body
    secret = "not-" + app.oa_secret if forged or act.name == "wrong_signature" else app.oa_secret
    headers = {
        "Content-Type": "application/json",
        "X-ZEvent-Signature": signature(app_id=app.app_id, body=body, timestamp=timestamp, oa_secret=secret),
        "X-ZEvent-Server": "ZNS",
    }
    url = f"{parts.settings.notifier_url}/v1/receipts/{app.provider}"
    if url in parts.callbacks.given_up:
        return
    taken = await parts.callbacks.call(
        "POST",
        url,
        body=sent,
        headers=headers,
        timeout_seconds=_ANSWER_SECONDS,
        again_on_refusal=not forged,
        count_header="num_retry",
    )
    if not taken and not forged and app.gives_up:
        parts.callbacks.given_up.add(url)


def _received(parts: Parts, message: Captured) -> dict[str, Any]:
    about: dict[str, Any] = {"msg_id": message.reference}
    if message.content["by"] == "phone":
        about |= {"delivery_time": milliseconds(parts), "tracking_id": message.tracking_id or ""}
    return {
        "event_name": "user_received_message",
        "sender": {"id": parts.settings.zalo.oa_id},
        "recipient": {"id": message.content["addressed_to"]},
        "message": about,
    }


def _seen(parts: Parts, message: Captured) -> dict[str, Any]:
    return {
        "event_name": "user_seen_message",
        "sender": {"id": message.content["addressed_to"]},
        "recipient": {"id": parts.settings.zalo.oa_id},
        "message": {"msg_ids": [message.reference]},
        "user_id_by_app": message.content["addressed_to"],
    }


def milliseconds(parts: Parts) -> str:
    """The present time as Zalo writes it."""
    return str(int(parts.clock().timestamp() * 1000))
