"""What the pretend SMS gateway tells of a message that is asked about by its SMSID (developers.esms.vn, GetSendStatus).

The code is called CodeResponse in this call alone. Its numbers are numbers in the document's sample and texts in its
table, so here they are both by turns. A fresh message is not found, nor is one of more than seven days ago.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle

from aiohttp import web

from notifier.sandbox.parts import Parts
from notifier.sandbox.script import SMS, STATUS
from notifier.sandbox.wire import WIRE_FAULTS, wire_fault

WAITING_FOR_APPROVAL, WAITING, FINISHED, AT_CARRIER = 1, 2, 5, 7
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one message got: SendStatus with the counts of the messages sent and failed."""

    taken_at: datetime
    status: int = WAITING
    succeeded: int = 0
    failed: int = 0


class Statuses:
    """How far each SMS got since the start."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._progress: dict[str, Progress] = {}
        self._request_ids: dict[str, str] = {}
        self._kinds = cycle((int, str))

    def took(self, smsid: str, request_id: str) -> None:
        self._progress[smsid] = Progress(self._parts.clock())
        if self._parts.settings.sms.status_by_request_id:
            self._request_ids[request_id] = smsid

    def move(self, smsid: str, status: int, succeeded: int, failed: int) -> None:
        self._progress[smsid] = replace(self._progress[smsid], status=status, succeeded=succeeded, failed=failed)

    async def answer(self, request: web.Request) -> web.Response:
        """The answer to GetSendStatus; a rule of the script for `status` or for all may spoil it."""
        act = self._parts.script.take(SMS, STATUS, only=WIRE_FAULTS)
        if act.name in WIRE_FAULTS:
            return await wire_fault(act, self._parts)
        account, asked = self._parts.settings.sms, request.query.get("RefId", "")
        if (request.query.get("ApiKey"), request.query.get("SecretKey")) != (account.api_key, account.secret_key):
            return web.json_response({"CodeResponse": "101", "SMSID": asked})
        smsid = self._request_ids.get(asked, asked)
        found = self._found(smsid)
        if found is None:
            return web.json_response({"CodeResponse": "105", "SMSID": asked})
        kind = next(self._kinds)
        counts = {
            "SendStatus": found.status,
            "SendSuccess": found.succeeded,
            "SendFailed": found.failed,
            "TotalPrice": 600,
            "TotalReceiver": 1,
            "TotalSent": found.succeeded + found.failed,
        }
        return web.json_response(
            {"CodeResponse": "100", "SMSID": smsid, **{name: kind(count) for name, count in counts.items()}}
        )

    def _found(self, smsid: str) -> Progress | None:
        found = self._progress.get(smsid)
        if found is None:
            return None
        age = self._parts.clock() - found.taken_at
        fresh = timedelta(seconds=self._parts.settings.delays.fresh_seconds)
        return found if fresh <= age <= _KEPT else None
