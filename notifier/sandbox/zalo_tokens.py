"""The pretend OAuth host of Zalo, version 4 for Official Accounts: rotating tokens, each refresh token good for one use.

Zalo documentation, "Xác thực và ủy quyền cho ứng dụng", checked 2026-09.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.domain.clock import Clock
from notifier.sandbox.parts import Parts
from notifier.sandbox.script import ZALO
from notifier.sandbox.settings import ZaloApp

_REFRESH_TOKEN_LIFE = timedelta(days=90)
_CODE_LIFE = timedelta(minutes=10)


class Grants:
    """The one pair of tokens that is valid now, and the codes of consents. A refresh kills both tokens at once."""

    def __init__(self, app: ZaloApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._refresh_token = app.refresh_token
        self._refresh_until = clock() + _REFRESH_TOKEN_LIFE
        self._access_token: str | None = None
        self._access_until: datetime | None = None
        self._codes: dict[str, tuple[str | None, datetime]] = {}

    def refresh(self, token: str) -> dict[str, str | int] | None:
        """The reply with a new pair, or None for a token that is unknown, used or too old."""
        now = self._clock()
        if not hmac.compare_digest(token.encode(), self._refresh_token.encode()) or now >= self._refresh_until:
            return None
        self._refresh_token, self._access_token = token_urlsafe(48), token_urlsafe(48)
        self._refresh_until = now + _REFRESH_TOKEN_LIFE
        self._access_until = now + timedelta(seconds=self._app.access_token_seconds)
        return self._pair()

    def _pair(self) -> dict[str, str | int]:
        life = self._app.access_token_seconds
        return {
            "access_token": self._access_token or "",
            "refresh_token": self._refresh_token,
            "expires_in": life if self._app.life_as_number else str(life),
        }

    def ask(self, challenge: str | None) -> str:
        """An administrator consents: the code for it, good once and for ten minutes."""
        code = token_urlsafe(32)
        self._codes[code] = (challenge or self._app.code_challenge, self._clock() + _CODE_LIFE)
        return code

    def exchange(self, code: str, verifier: str | None) -> dict[str, str | int] | str:
        """The first pair for a code, or what is wrong; a code that was shown with a wrong verifier stays good."""
        challenge, until = self._codes.get(code, (None, None))
        if until is None or self._clock() >= until:
            return "Invalid authorization code"
        if challenge is not None and (verifier is None or challenge_of(verifier) != challenge):
            return "Invalid code verifier"
        del self._codes[code]
        pair = self.refresh(self.consent())
        assert pair is not None  # noqa: S101 - the token was made a moment ago
        return pair

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
    async def revoke(request: web.Request) -> web.Response:
        del request
        grants.revoke()
        return web.Response(status=204)

    async def consent(request: web.Request) -> web.Response:
        del request
        return web.json_response({"refresh_token": grants.consent()})

    return [
        web.get("/zalo/oauth/v4/oa/permission", _consent_page(parts.settings.zalo, grants)),
        web.post("/zalo/oauth/v4/oa/access_token", _token_endpoint(parts, grants)),
        web.post("/sandbox/zalo/revoke", revoke),
        web.post("/sandbox/zalo/consent", consent),
    ]


def _consent_page(app: ZaloApp, grants: Grants) -> Handler:
    async def permission(request: web.Request) -> web.Response:
        """The page on which an administrator consents; here they always do, at once."""
        query = request.query
        if query.get("app_id") != app.app_id:
            return _oauth_error("Invalid appId", "The app id is not valid", number=-14002)
        if query.get("redirect_uri") != app.redirect_uri:
            return _oauth_error("Invalid redirect uri", "It is not the one of the console", number=-14003)
        if app.code_challenge and query.get("code_challenge") not in (None, app.code_challenge):
            return _oauth_error("Invalid code challenge", "It is not the one of the console")
        given = {"code": grants.ask(query.get("code_challenge")), "oa_id": app.oa_id}
        given |= {"state": query["state"]} if "state" in query else {}
        raise web.HTTPFound(f"{app.redirect_uri}?{urlencode(given)}")

    return permission


def _token_endpoint(parts: Parts, grants: Grants) -> Handler:
    app = parts.settings.zalo

    async def access_token(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("app_id") != app.app_id:
            return _oauth_error("Invalid app", "The app id is not valid", number=-14002)
        if request.headers.get("secret_key") != app.app_secret:
            return _oauth_error("Invalid secret key", "The secret key does not fit the app")
        got = _granted(grants, form)
        if isinstance(got, str):
            return _oauth_error(got, "It is used, expired or unknown")
        if parts.script.take(ZALO, "oauth", only={"lose_token_reply"}).name == "lose_token_reply":
            return web.Response(status=504)
        return web.json_response(got)

    return access_token


def _granted(grants: Grants, form: Mapping[str, str]) -> dict[str, str | int] | str:
    """A pair of tokens, or what is wrong."""
    match form.get("grant_type"):
        case "authorization_code":
            return grants.exchange(form.get("code", ""), form.get("code_verifier"))
        case "refresh_token":
            return grants.refresh(form.get("refresh_token", "")) or "Invalid refresh token"
        case _:
            return "Invalid grant type"


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).decode().rstrip("=")


def _oauth_error(name: str, reason: str, *, number: int | None = None) -> web.Response:
    """An error of the OAuth host: a shape of its own, HTTP 200, and rarely a number."""
    body: dict[str, str | int] = {
        "error_name": name,
        "error_reason": reason,
        "error_description": reason,
        "ref_doc": "https://developers.zalo.me/docs",
    }
    return web.json_response(body if number is None else {"error": number, **body})
