"""How people stand to the pretend Official Account: who follows it, who turned to it when; and the events of that.

Zalo documentation, "Tin tư vấn" and "Webhook", checked 2026-09: for 48 hours after a person turned to the account it may
write to them for nothing, here 8 times; for 7 days for money; then no more.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from notifier.sandbox import zalo_events
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import ZALO

FREE, WINDOW = timedelta(hours=48), timedelta(days=7)
FREE_MESSAGES = 8
DEEDS = frozenset({"follow", "unfollow", "write", "submit", "rate", "press", "refuse_type", "refuse_account", "allow"})
_REFUSALS = {"refuse_type": "type", "refuse_account": "account", "allow": None}
_NAMES = {
    "write": "user_send_text",
    "submit": "user_submit_info",
    "rate": "user_feedback",
    "press": "user_click_response_button",
}
_NO_FOLLOWER, _WINDOW_OVER = -213, -230
_SCRIPTED = frozenset({"no_receipt", "duplicate_receipt", "forged_receipt", "wrong_signature", "reserialised"})


@dataclass(frozen=True, slots=True)
class Standing:
    """`answers` counts what the account wrote freely since the person last turned to it."""

    follows: bool | None = None
    turned_at: datetime | None = None
    answers: int = 0
    refuses: str | None = None
    """`type` or `account`: the templates that this person wants no more."""


class People:
    """Everybody's standing, by user id. Nobody has any until they do something."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._standing: dict[str, Standing] = {}

    def refusal(self, user_id: str) -> int | None:
        """The code with which a consultation message to this person is refused now."""
        known = self._standing.get(user_id, Standing())
        if known.follows is False:
            return _NO_FOLLOWER
        if known.turned_at is None or self._parts.clock() - known.turned_at > WINDOW:
            return _WINDOW_OVER
        return None

    def refuses(self, person: str) -> str | None:
        """What templates this user id, or number, does not want."""
        return self._standing.get(person, Standing()).refuses

    def answered(self, user_id: str) -> dict[str, Any]:
        """Count a consultation message that was taken; answers what its reply says of the quota."""
        known = self._standing[user_id]
        known = self._standing[user_id] = replace(known, answers=known.answers + 1)
        assert known.turned_at is not None  # noqa: S101 - else it was refused
        free = self._parts.clock() - known.turned_at <= FREE and known.answers <= FREE_MESSAGES
        return {
            "quota_type": "reply" if free else "purchase_quota",
            "remain": FREE_MESSAGES - known.answers if free else 0,
            "total": FREE_MESSAGES,
            "expired_date": f"{known.turned_at + FREE:%d/%m/%Y}",
            "owner_type": "OA",
            "owner_id": self._parts.settings.zalo.oa_id,
        }

    async def does(self, user_id: str, deed: str, given: dict[str, Any]) -> None:
        """The person follows the account, leaves it, writes to it, or refuses its messages; Notifier hears of what Zalo
        tells, as the script wants it. `given` is what they write, submit or rate.
        """
        known = self._standing.get(user_id, Standing())
        if deed in _REFUSALS:
            self._standing[user_id] = replace(known, refuses=_REFUSALS[deed])
            return
        if deed == "unfollow":
            self._standing[user_id] = replace(known, follows=False)
        else:
            follows = True if deed == "follow" else known.follows
            self._standing[user_id] = replace(known, follows=follows, turned_at=self._parts.clock(), answers=0)
        act = self._parts.script.take(ZALO, user_id, only=_SCRIPTED)
        await zalo_events.announce(self._parts, self._event(user_id, deed, given), act)

    def _event(self, user_id: str, deed: str, given: dict[str, Any]) -> dict[str, Any]:
        account, name = self._parts.settings.zalo.oa_id, _NAMES.get(deed, deed)
        if deed in {"rate", "press"}:
            told = {"submit_time": zalo_events.milliseconds(self._parts), **given}
            root = {"msg_id": told.pop("msg_id", "")} if deed == "press" else {}
            return {"event_name": name, "oa_id": account, "message": told, **root}
        if deed in {"write", "submit"}:
            said = {"text": "Xin chào", "msg_id": uuid4().hex, **given}
            return {
                "event_name": name,
                "sender": {"id": user_id},
                "recipient": {"id": account},
                "user_id_by_app": user_id,
                **({"message": said} if deed == "write" else {"info": given}),
            }
        return {
            "event_name": name,
            "oa_id": account,
            "follower": {"id": user_id},
            "user_id_by_app": user_id,
            "source": "oa_profile",
        }


def routes(people: People) -> list[web.RouteDef]:
    async def do(request: web.Request) -> web.Response:
        """For the page's buttons and for tests: `POST /sandbox/zalo/people/{user id or number}/{deed}`, see `DEEDS`.

        A JSON body says what is written, submitted or rated.
        """
        user_id, deed = request.match_info["user_id"], request.match_info["deed"]
        if deed not in DEEDS:
            raise web.HTTPNotFound
        given = await request.json() if request.content_type == "application/json" and request.can_read_body else {}
        await people.does(user_id, deed, given)
        if "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther("/")
        return web.Response(status=204)

    return [web.post("/sandbox/zalo/people/{user_id:\\d{10,24}}/{deed}", do)]
