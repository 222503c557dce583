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
DEEDS = frozenset({"follow", "unfollow", "write"})
_NO_FOLLOWER, _WINDOW_OVER = -213, -230
_SCRIPTED = frozenset({"no_receipt", "duplicate_receipt", "forged_receipt", "wrong_signature"})


@dataclass(frozen=True, slots=True)
class Standing:
    """`answers` counts what the account wrote freely since the person last turned to it."""

    follows: bool | None = None
    turned_at: datetime | None = None
    answers: int = 0


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

    async def does(self, user_id: str, deed: str) -> None:
        """The person follows the account, leaves it, or writes to it; Notifier hears of it as the script wants it."""
        if deed == "unfollow":
            self._standing[user_id] = replace(self._standing.get(user_id, Standing()), follows=False)
        else:
            follows = True if deed == "follow" else self._standing.get(user_id, Standing()).follows
            self._standing[user_id] = Standing(follows, self._parts.clock())
        act = self._parts.script.take(ZALO, user_id, only=_SCRIPTED)
        await zalo_events.announce(self._parts, self._event(user_id, deed), act)

    def _event(self, user_id: str, deed: str) -> dict[str, Any]:
        account = self._parts.settings.zalo.oa_id
        if deed == "write":
            return {
                "event_name": "user_send_text",
                "sender": {"id": user_id},
                "recipient": {"id": account},
                "user_id_by_app": user_id,
                "message": {"text": "Xin chào", "msg_id": uuid4().hex},
            }
        return {
            "event_name": deed,
            "oa_id": account,
            "follower": {"id": user_id},
            "user_id_by_app": user_id,
            "source": "oa_profile",
        }


def routes(people: People) -> list[web.RouteDef]:
    async def do(request: web.Request) -> web.Response:
        """For the page's buttons and for tests: `POST /sandbox/zalo/people/{user id}/follow`, `unfollow` or `write`."""
        user_id, deed = request.match_info["user_id"], request.match_info["deed"]
        if deed not in DEEDS:
            raise web.HTTPNotFound
        await people.does(user_id, deed)
        if "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther("/")
        return web.Response(status=204)

    return [web.post("/sandbox/zalo/people/{user_id:\\d{10,24}}/{deed}", do)]
