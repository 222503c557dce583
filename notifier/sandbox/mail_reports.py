"""What comes back of a mail that the pretend mail server took: reports, bounces in words, out-of-office notes."""

import re

from notifier.sandbox import dsn
from notifier.sandbox.callbacks import wait
from notifier.sandbox.messages import Captured, State
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import Act

_AWAY = ("Tự động trả lời: vắng mặt", "Tôi đi công tác đến hết tuần. Việc gấp xin gọi 0912000199.")
_IN_WORDS = ("Undelivered Mail Returned to Sender", "Your message could not be delivered: no such mailbox here.")


async def afterwards(parts: Parts, message: Captured, act: Act, ask: dsn.Asked) -> None:
    """Deliver or bounce a mail that was taken, and send what its sender asked for, or gets unasked."""
    for fate in _fates(act):
        await wait(parts.settings.delays.receipt_seconds, act)
        if fate.action != "delayed":
            parts.messages.move(message, State.FAILED if fate.action == "failed" else State.DELIVERED)
        if message.content["sender"] in ("", "<>"):
            continue
        if act.name in ("out_of_office", "plain_bounce"):
            await _post_answer(parts, message, *(_AWAY if act.name == "out_of_office" else _IN_WORDS))
        if fate.wish in ask.notify and act.name not in ("no_receipt", "plain_bounce"):
            if act.name == "forged_receipt":
                lie = dsn.Fate("failed", "5.1.1", "550 5.1.1 not delivered")
                await _post_report(parts, message, ask, lie, forged=True)
            for _ in range(2 if act.name == "duplicate_receipt" else 1):
                await _post_report(parts, message, ask, fate)


def _fates(act: Act) -> list[dsn.Fate]:
    status = str(act.args.get("status", "5.1.1"))
    reply = "550" if re.match(r"5\.1\.", status) else "554"
    failed = dsn.Fate("failed", status, str(act.args.get("diagnostic", f"{reply} {status} not delivered")))
    match act.name:
        case "delay_then_fail":
            return [dsn.Fate("delayed", "4.4.1", "451 4.4.1 no answer from the next host"), failed]
        case "fail" | "plain_bounce":
            return [failed]
        case "relayed":
            return [dsn.RELAYED]
        case "expanded":
            return [dsn.EXPANDED]
        case _:
            return [dsn.DELIVERED]


async def _post_report(
    parts: Parts, message: Captured, ask: dsn.Asked, fate: dsn.Fate, *, forged: bool = False
) -> None:
    body = dsn.report(
        raw=message.raw,
        sender="bounce@example.vn" if forged else message.content["sender"],
        recipient=message.to,
        envid=f"{message.tracking_id}0" if forged else message.tracking_id,
        ask=ask,
        fate=fate,
        at=parts.clock(),
        others={f"2.{message.to}": dsn.DELIVERED} if fate.action == "expanded" else None,
    )
    await _post(parts, body)


async def _post_answer(parts: Parts, message: Captured, subject: str, text: str) -> None:
    sender = message.content["sender"]
    await _post(parts, dsn.answer(sender=sender, recipient=message.to, subject=subject, text=text, at=parts.clock()))


async def _post(parts: Parts, body: bytes) -> None:
    url = f"{parts.settings.notifier_url}/v1/receipts/email/{parts.settings.email_receipt_key}"
    await parts.callbacks.call("POST", url, body=body, headers={"Content-Type": "message/rfc822"})
