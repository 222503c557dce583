"""The pretend identity provider: OpenID Connect with PKCE, where whoever signs in chooses who they are.

It checks what a strict provider checks, so that what works here works there: client, redirect address, PKCE, one use
of each code. Its key is made at the start.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jwt.algorithms import ECAlgorithm

from notifier.sandbox.parts import Parts
from notifier.sandbox.settings import Client, Subject

ISSUER = "/sso"
CODE_LASTS = timedelta(minutes=1)
TOKEN_LASTS = timedelta(minutes=5)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class _Grant:
    client_id: str
    subject: Subject
    nonce: str
    challenge: str
    until: datetime


class SignIn:
    """The provider: its addresses, its key, and the codes that wait for their tokens."""

    def __init__(self, parts: Parts) -> None:
        self._clients = parts.settings.clients
        self._clock = parts.clock
        self._key, self._kid = ec.generate_private_key(ec.SECP256R1()), secrets.token_hex(4)
        self._grants: dict[str, _Grant] = {}
        loader = FileSystemLoader(Path(__file__).parent / "pages")
        self._pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{ISSUER}/.well-known/openid-configuration", self.describe),
            web.get(f"{ISSUER}/authorize", self.authorize),
            web.get(f"{ISSUER}/choose", self.choose),
            web.post(f"{ISSUER}/token", self.token),
            web.get(f"{ISSUER}/keys", self.keys),
        ]

    async def describe(self, request: web.Request) -> web.Response:
        issuer = _issuer(request)
        return web.json_response(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**public, "kid": self._kid, "use": "sig", "alg": "ES256"}]})

    async def authorize(self, request: web.Request) -> web.Response:
        """The page that asks who one wants to be."""
        client = self._client(request)
        people = [
            (subject.name, subject.role, f"{ISSUER}/choose?{urlencode({**request.query, 'as': str(at)})}")
            for at, subject in enumerate(client.subjects)
        ]
        refusal = _answer(client, request, error="access_denied")
        text = self._pages.get_template("sign_in.html").render(people=people, refusal=refusal)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def choose(self, request: web.Request) -> web.Response:
        """Back to the pages with a code."""
        client, asked, at = self._client(request), request.query, request.query.get("as", "")
        if not at.isdecimal() or int(at) >= len(client.subjects):
            raise web.HTTPNotFound
        code = secrets.token_urlsafe(24)
        self._grants[code] = _Grant(
            asked["client_id"],
            client.subjects[int(at)],
            asked.get("nonce", ""),
            asked["code_challenge"],
            self._clock() + CODE_LASTS,
        )
        raise web.HTTPFound(_answer(client, request, code=code))

    async def token(self, request: web.Request) -> web.Response:
        """The ID token for a code, once, to the client that proves itself and knows the verifier."""
        form = await request.post()
        grant = self._grants.pop(str(form.get("code", "")), None)
        client = self._clients.get(grant.client_id) if grant else None
        if grant is None or client is None or grant.until <= self._clock():
            return web.json_response({"error": "invalid_grant"}, status=400)
        if not _proves(request, grant.client_id, client.secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("redirect_uri") != client.redirect_uri or _challenge(form.get("code_verifier")) != grant.challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self._signed(_issuer(request), grant)
        return web.json_response(
            {"token_type": "Bearer", "access_token": secrets.token_urlsafe(16), "expires_in": 300, "id_token": token}
        )

    def _signed(self, issuer: str, grant: _Grant) -> str:
        now = self._clock()
        times = {"iat": int(now.timestamp()), "exp": int((now + TOKEN_LASTS).timestamp())}
        said = {"iss": issuer, "aud": grant.client_id, "nonce": grant.nonce, "name": grant.subject.name, **times}
        return jwt.encode({**said, **grant.subject.claims}, self._key, "ES256", {"kid": self._kid})

    def _client(self, request: web.Request) -> Client:
        """Who asks. A wrong address is never led back to (RFC 6749, 4.1.2.1)."""
        asked = request.query
        client = self._clients.get(asked.get("client_id", ""))
        if client is None or asked.get("redirect_uri") != client.redirect_uri:
            raise web.HTTPBadRequest(text="unknown client or redirect_uri")
        right: dict[str, Any] = {"response_type": "code", "code_challenge_method": "S256"}
        is_asked_well = all(asked.get(name) == value for name, value in right.items())
        if not is_asked_well or not asked.get("code_challenge") or "openid" not in asked.get("scope", "").split():
            raise web.HTTPBadRequest(text="a code with PKCE S256 and the scope openid is expected")
        return client


def _issuer(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}{ISSUER}"


def _answer(client: Client, request: web.Request, **said: str) -> str:
    state = {"state": request.query["state"]} if "state" in request.query else {}
    return f"{client.redirect_uri}?{urlencode({**said, **state, 'iss': _issuer(request)})}"


def _challenge(verifier: object) -> str:
    digest = hashlib.sha256(str(verifier).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _proves(request: web.Request, client_id: str, secret: str) -> bool:
    """Whether HTTP Basic names this client and its secret (RFC 6749, 2.3.1)."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, offered = base64.b64decode(text).decode().partition(":")
    except ValueError:
        return False
    is_same = hmac.compare_digest(unquote(offered).encode(), secret.encode())
    return kind == "Basic" and unquote(name) == client_id and is_same
