"""An identity provider on a loopback socket: discovery, keys that rotate, tokens of every kind, and what it was asked."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.support.sandbox import serving

AUDIENCE = "notifier"
NUMBER = "000090000101"
"""The personal number of the citizen of the first sample event."""
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Issuer:
    """Its present key is `kid`. `asked` are the paths of the questions; `is_down` answers them all with 503."""

    clock: Callable[[], datetime]
    url: str = ""
    kid: str = "k1"
    keys: dict[str, Any] = field(default_factory=lambda: {"k1": ec.generate_private_key(ec.SECP256R1())})
    others: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    is_down: bool = False
    discovery: dict[str, Any] = field(default_factory=dict)

    def rotate(self, kid: str) -> None:
        self.kid = kid
        self.keys = {kid: ec.generate_private_key(ec.SECP256R1())}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good token; a change to `...` leaves a claim out."""
        now = self.clock()
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "3f1c",
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "so_dinh_danh": NUMBER,
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not ...}

    def token(self, *, head: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
        head = {"kid": self.kid, "typ": "at+jwt", **(head or {})}
        signer = key if key is not None else self.keys[self.kid]
        algorithm = head.pop("alg", "RS256" if isinstance(signer, rsa.RSAPrivateKey) else "ES256")
        return jwt.encode(self.claims(**changes), signer, algorithm, {k: v for k, v in head.items() if v is not ...})

    def rsa_token(self, algorithm: str = "RS256", **changes: Any) -> str:
        return self.token(head={"kid": "rsa", "alg": algorithm}, key=RSA_KEY, **changes)

    def key_set(self) -> dict[str, Any]:
        own = [{**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid} for kid, key in self.keys.items()]
        return {"keys": [*own, *self.others]}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.is_down:
            return web.Response(status=503)
        if request.path.endswith("/.well-known/openid-configuration"):
            return web.json_response({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery})
        return web.json_response(self.key_set())


def public_rsa_key() -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "rsa"}


def public_rsa_pem() -> bytes:
    return RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@asynccontextmanager
async def issuing(clock: Callable[[], datetime]) -> AsyncIterator[Issuer]:
    issuer = Issuer(clock)
    application = web.Application()
    application.router.add_get("/{path:.*}", issuer.answer)
    async with serving(application) as url:
        issuer.url = url
        yield issuer


def identity(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    """The table [identity] of an installation that trusts it."""
    table = {
        "issuer": issuer.url,
        "audience": [AUDIENCE],
        "citizen_claim": "so_dinh_danh",
        "officer_claim": "ma_can_bo",
    }
    return json.loads(json.dumps({**table, **changes}))
