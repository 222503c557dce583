"""How far an SMS got, in eSMS's words: the same in a report and in the answer of the status call.

Documents: developers.esms.vn "Callback URL" and "Check a message by SMSID" (checked 2026-11). Finished is not delivered:
only the counts of the messages sent and failed tell. A fresh message cannot be looked up at once; code 105 says no more
than that it is not found. The code is spelt CodeResponse in this call, CodeResult in all others.
"""

from channels.http import NoReply, Reply, json_object
from notifier.domain.answers import Answer, Arrived, Lost, NoAnswer, NotTaken, UnderWay
from notifier.domain.receipts import ReceiptKind

STATUS_PATH = "/MainService.svc/json/GetSendStatus"

FOUND, NOT_FOUND = "100", "105"
LONGEST_CODE = 20
"""Of a code that no document names, so that garbage does not fill our tables."""

WAITS_FOR_APPROVAL, WAITS, REFUSED, FINISHED, AT_CARRIER = "1", "2", "4", "5", "7"
STATUSES = frozenset({WAITS_FOR_APPROVAL, WAITS, REFUSED, FINISHED, AT_CARRIER})

_ENDINGS = {(True, False): ReceiptKind.DELIVERED, (False, True): ReceiptKind.FAILED}


def kind_of(status: str, succeeded: object, failed: object) -> ReceiptKind:
    """What a status and the two counts say, whether they come as numbers or as texts."""
    if status == REFUSED:
        return ReceiptKind.FAILED
    if status != FINISHED:
        return ReceiptKind.INFO
    return _ENDINGS.get((_is_positive(succeeded), _is_positive(failed)), ReceiptKind.INFO)


def code_of(status: str) -> str | None:
    """The code by which a status is known to operators; None for one that no document names."""
    return f"status_{status}" if status in STATUSES else None


def answer_of(reply: Reply | NoReply, asked: str) -> Answer:
    """What a reply says of the message that was asked about; an odd one says nothing. Never raises."""
    if isinstance(reply, NoReply):
        return NoAnswer(reply.code)
    if reply.status >= 400:  # noqa: PLR2004 - any refusal
        return NoAnswer(f"http_{reply.status}")
    body = json_object(reply.body)
    if body is None:
        return NoAnswer("garbled")
    code = str(body.get("CodeResponse") or body.get("CodeResult") or "no_code")[:LONGEST_CODE]
    if code == NOT_FOUND:
        return NotTaken(code)
    if code != FOUND:
        return NoAnswer(code)
    status, smsid = str(body.get("SendStatus")), body.get("SMSID")
    reference = smsid if isinstance(smsid, str) and smsid not in {"", asked} else None
    match kind_of(status, body.get("SendSuccess"), body.get("SendFailed")):
        case ReceiptKind.DELIVERED:
            return Arrived(reference)
        case ReceiptKind.FAILED:
            return Lost(f"status_{status}")
        case _ if status in {WAITS_FOR_APPROVAL, WAITS, AT_CARRIER}:
            return UnderWay(reference)
        case _:
            return NoAnswer(code_of(status) or "garbled")


def _is_positive(count: object) -> bool:
    text = str(count)
    return text.isascii() and text.isdigit() and text.strip("0") != ""
