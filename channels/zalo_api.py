"""Calls to the two hosts of Zalo: the token on each, its proof, once more with a newer token where one was refused.

Documents: developers.zalo.me "ZBS Template Message", docs.zaloplatforms.com "API" (checked 2026-09).
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from pydantic import HttpUrl

from channels.base import TokenSource
from channels.faults import Fault, outcome_of, outcome_of_silence
from channels.http import HttpClient, NoReply, Reply, json_object, retry_after
from channels.zalo_codes import ACCOUNT_AUTH, ACCOUNT_CODES, PHONE_AUTH, PHONE_CODES, code_of, fault_of
from channels.zalo_settings import Settings
from notifier.domain.outcomes import Accepted, Outcome


@dataclass(frozen=True, slots=True)
class Host:
    """One of the two hosts, with its own codes and its own name for the id of a message."""

    codes: dict[int, Fault]
    auth_codes: frozenset[int]
    id_field: str
    declined_kind: frozenset[int]
    """The person wants no messages of this kind."""
    declined_all: frozenset[int]
    """They want none of this account."""


PHONE = Host(PHONE_CODES, PHONE_AUTH, "msg_id", frozenset({-139}), frozenset({-141}))
ACCOUNT = Host(ACCOUNT_CODES, ACCOUNT_AUTH, "message_id", frozenset({-244}), frozenset())


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins with a slash."""

    host: Host
    method: str
    path: str
    body: dict[str, Any] | None = None
    params: dict[str, str] | None = None


class ZaloApi:
    """Calls for one Official Account."""

    def __init__(self, settings: Settings, http: HttpClient, tokens: TokenSource) -> None:
        self._settings = settings
        self._http = http
        self._tokens = tokens

    async def reply(self, request: Request) -> Reply | NoReply:
        """The reply to a call; where the token is refused, to a second one with a newer token. Raises TokenLost."""
        token = await self._tokens.current()
        reply = await self._call(request, token)
        if code_of(reply) in request.host.auth_codes:
            return await self._call(request, await self._tokens.refused(token))
        return reply

    async def _call(self, request: Request, token: str) -> Reply | NoReply:
        settings = self._settings
        headers = {"access_token": token}
        if settings.appsecret_proof:
            headers["appsecret_proof"] = appsecret_proof(token, settings.app_secret.get_secret_value())
        return await self._http.request(
            request.method,
            without_slash(settings.business_url if request.host is PHONE else settings.openapi_url) + request.path,
            json=request.body,
            params=request.params,
            headers=headers,
            timeout_seconds=settings.timeout_seconds,
        )


def appsecret_proof(token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def without_slash(url: HttpUrl) -> str:
    return str(url).rstrip("/")


def data_of(reply: Reply | NoReply) -> Any:
    """`data` of a reply that is a success; None of any other."""
    body = json_object(reply.body) if isinstance(reply, Reply) and code_of(reply) == 0 else None
    return body.get("data") if body else None


def outcome(host: Host, reply: Reply | NoReply, idempotency_key: str) -> Outcome:
    """What the reply to a message means. A success without an id is known by our own key."""
    if isinstance(reply, NoReply):
        return outcome_of_silence(reply)
    if reply.status == 429:  # noqa: PLR2004 - Too Many Requests
        return outcome_of(Fault.QUOTA, "http_429", retry_after(reply))
    if reply.status >= 500:  # noqa: PLR2004 - any server fault
        return outcome_of(Fault.AMBIGUOUS, f"http_{reply.status}")
    code, body = code_of(reply), json_object(reply.body)
    if code is None or body is None:
        return outcome_of(Fault.AMBIGUOUS, "garbled")
    if code == 0:
        data = body.get("data")
        data = data if isinstance(data, dict) else {}
        return Accepted(str(data.get(host.id_field) or idempotency_key), *_volume(data.get("quota")))
    if code in host.auth_codes:
        return outcome_of(Fault.CONFIG, str(code))
    return outcome_of(fault_of(host.codes, code, str(body.get("message"))), str(code), retry_after(reply))


def _volume(quota: object) -> tuple[int | None, int | None]:
    """How many messages Zalo still takes today and how many a day in all, where it says so: numbers in quotes.

    What it says to a message by a person's id is of another kind: what the account has bought.
    """
    if not isinstance(quota, dict):
        return None, None
    return whole(quota.get("remainingQuota")), whole(quota.get("dailyQuota"))


def whole(number: object) -> int | None:
    """A whole number that may stand in quotes; None for anything else."""
    try:
        return int(str(number))
    except ValueError:
        return None
