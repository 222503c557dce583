"""Zalo OAuth v4 for an Official Account: one refresh, nothing stored.

Document: docs.zaloplatforms.com "Xác thực và ủy quyền cho ứng dụng" (checked 2026-09). The access token lives 25 hours
and dies when it is refreshed; the refresh token lives three months and works once. A refusal may come with HTTP 200,
so only a reply with both tokens is a success.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from channels.http import HttpClient, NoReply, NoReplyKind, json_object
from channels.zalo import Settings

ACCESS_TOKEN_LIFE = timedelta(seconds=90_000)
"""Used where the reply does not say how long the token lives."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Store both before the first use: the old pair is dead already."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: timedelta


@dataclass(frozen=True, slots=True)
class RefreshRefused:
    """No new pair. Keep the old one; an administrator has to consent again unless `code` is a passing fault."""

    code: str


@dataclass(frozen=True, slots=True)
class RefreshUncertain:
    """No readable answer. Where it was `sent`, the old refresh token may be used up."""

    code: str
    sent: bool


async def refresh(
    http: HttpClient, settings: Settings, refresh_token: str
) -> TokenPair | RefreshRefused | RefreshUncertain:
    """Exchange the refresh token, once. The caller makes sure that nobody else does so at the same time."""
    reply = await http.request(
        "POST",
        str(settings.oauth_url).rstrip("/") + "/v4/oa/access_token",
        form={"refresh_token": refresh_token, "app_id": settings.app_id, "grant_type": "refresh_token"},
        headers={"secret_key": settings.app_secret.get_secret_value()},
        timeout_seconds=settings.timeout_seconds,
    )
    if isinstance(reply, NoReply):
        return RefreshUncertain(reply.code, sent=reply.kind is NoReplyKind.UNCERTAIN)
    body = json_object(reply.body)
    if body is None or reply.status >= 500:  # noqa: PLR2004 - any server fault
        return RefreshUncertain(f"http_{reply.status}", sent=True)
    access, fresh = body.get("access_token"), body.get("refresh_token")
    if isinstance(access, str) and access and isinstance(fresh, str) and fresh:
        return TokenPair(access, fresh, _life(body.get("expires_in")))
    code = body.get("error") or body.get("error_name") or "no_token"
    return RefreshRefused(str(code))


def _life(seconds: object) -> timedelta:
    """`expires_in` comes as "90000", sometimes as 90000."""
    try:
        life = timedelta(seconds=int(str(seconds)))
    except (ValueError, OverflowError):
        return ACCESS_TOKEN_LIFE
    return life if life > timedelta() else ACCESS_TOKEN_LIFE
