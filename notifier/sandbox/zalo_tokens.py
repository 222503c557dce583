"""The pretend OAuth host of Zalo, version 4 for Official Accounts: rotating tokens, each refresh token good for one use.

Zalo documentation, "Xác thực và ủy quyền cho ứng dụng", checked 2026-09.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from secrets import token_urlsafe

from aiohttp import web

from notifier.domain.clock import Clock
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import ZALO
from notifier.sandbox.settings import ZaloApp

_REFRESH_TOKEN_LIFE = timedelta(days=90)


class Grants:
    """The one pair of tokens that is valid now. A refresh kills both at once."""

    def __init__(self, app: ZaloApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._refresh_token = app.refresh_token
        self._refresh_until = clock() + _REFRESH_TOKEN_LIFE
        self._access_token: str | None = None
        self._access_until: datetime | None = None

    def refresh(self, token: str) -> dict[str, str] | None:
        """The reply with a new pair, or None for a token that is unknown, used or too old."""
        now = self._clock()
        if not hmac.compare_digest(token.encode(), self._refresh_token.encode()) or now >= self._refresh_until:
            return None
        self._refresh_token, self._access_token = token_urlsafe(48), token_urlsafe(48)
        self._refresh_until = now + _REFRESH_TOKEN_LIFE
        self._access_until = now + timedelta(seconds=self._app.access_token_seconds)
        return {
            "access_token": self._access_token,
            "refresh_token": self._refresh_token,
            "expires_in": str(self._app.access_token_seconds),
        }

    def revoke(self) -> None:
        """End the access token before its time; the refresh token stays good."""
        self._access_token = None

    def consent(self) -> str:
        """A new refresh token, as when an administrator consents again; everything older is dead."""
        self._refresh_token, self._access_token = token_urlsafe(48), None
        self._refresh_until = self._clock() + _REFRESH_TOKEN_LIFE
        return self._refresh_token

    def accepts(self, token: str | None) -> bool:
        return (
            token is not None
            and token == self._access_token
            and self._access_until is not None
            and self._clock() < self._access_until
        )

    def proves(self, token: str, proof: str | None) -> bool:
        """Whether `appsecret_proof` fits the access token; none at all is wrong only where one is required."""
        if proof is None:
            return not self._app.require_proof
        return hmac.compare_digest(proof.encode(), appsecret_proof(token, self._app.app_secret).encode())


def appsecret_proof(access_token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def routes(parts: Parts, grants: Grants) -> list[web.RouteDef]:
    app = parts.settings.zalo

    async def access_token(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("app_id") != app.app_id:
            return _oauth_error("Invalid app", "The app id is not valid", number=-14002)
        if request.headers.get("secret_key") != app.app_secret:
            return _oauth_error("Invalid secret key", "The secret key does not fit the app")
        if form.get("grant_type") != "refresh_token":
            return _oauth_error("Invalid grant type", "Only refresh_token is offered here")
        pair = grants.refresh(str(form.get("refresh_token", "")))
        if pair is None:
            return _oauth_error("Invalid refresh token", "The refresh token is used, expired or unknown")
        if parts.script.take(ZALO, "oauth", only={"lose_token_reply"}).name == "lose_token_reply":
            return web.Response(status=504)
        return web.json_response(pair)

    async def revoke(request: web.Request) -> web.Response:
        del request
        grants.revoke()
        return web.Response(status=204)

    async def consent(request: web.Request) -> web.Response:
        del request
        return web.json_response({"refresh_token": grants.consent()})

    return [
        web.post("/zalo/oauth/v4/oa/access_token", access_token),
        web.post("/sandbox/zalo/revoke", revoke),
        web.post("/sandbox/zalo/consent", consent),
    ]


def _oauth_error(name: str, reason: str, *, number: int | None = None) -> web.Response:
    """An error of the OAuth host: a shape of its own, HTTP 200, and rarely a number."""
    body: dict[str, str | int] = {
        "error_name": name,
        "error_reason": reason,
        "error_description": reason,
        "ref_doc": "https://developers.zalo.me/docs",
    }
    return web.json_response(body if number is None else {"error": number, **body})
