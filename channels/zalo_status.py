"""What Zalo tells of a message by phone when it is asked: GET /message/status with Zalo's own id of it.

Document: developers.zalo.me "Lấy thông tin trạng thái" (checked 2026-09). Our tracking_id is not taken there, and the
Official Account's host has no such call, so only a message by phone that was answered with an id can be asked about.
"""

from channels.http import NoReply, Reply, json_object
from channels.zalo_codes import code_of
from notifier.domain.answers import Answer, Arrived, NoAnswer, NotTaken, UnderWay

STATUS_PATH = "/message/status"

STATUSES: dict[str, Answer] = {
    "-1": NotTaken("status_-1"),  # no such message
    "0": UnderWay(),  # with Zalo, not on the phone
    "1": Arrived(),  # on the phone
}
"""Zalo never says that it has given a message up."""


def answer_of(reply: Reply | NoReply) -> Answer:
    """What a reply says of the message; an odd one says nothing. Never raises."""
    if isinstance(reply, NoReply):
        return NoAnswer(reply.code)
    if reply.status >= 400:  # noqa: PLR2004 - any refusal
        return NoAnswer(f"http_{reply.status}")
    code, body = code_of(reply), json_object(reply.body)
    if code is None or body is None:
        return NoAnswer("garbled")
    if code != 0:
        return NoAnswer(str(code))
    data = body.get("data")
    status = data.get("status") if isinstance(data, dict) else None
    return STATUSES.get(str(status), NoAnswer("garbled"))
