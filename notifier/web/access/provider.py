"""Signing in by an identity provider: OpenID Connect, authorization code with PKCE (OIDC Core 1.0, RFC 7636, RFC 9700).

What a sign-in has to fit when it comes back stands sealed in a cookie of its browser: state, nonce, code verifier, the
page that was wanted, and until when. So a code that another browser obtained, or for another page of ours, is refused.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from aiohttp import web

from channels.http import HttpClient, Reply, address_of, json_object
from notifier.domain.clock import Clock
from notifier.settings import Issuer
from notifier.web.access.key_ring import FRESH, KeyRing, discovered
from notifier.web.access.sealing import seal, unseal
from notifier.web.access.signed import in_time, meant_for_us, proven_claims
from notifier.web.problems import ProblemError

JOURNEY_LASTS = timedelta(minutes=10)
TIMEOUT_SECONDS = 10.0
_TYPES = ("JWT",)
_OK = 200


class Declined(Exception):
    """A sign-in did not come about: refused by the provider or its user, forged, repeated, or too late."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One sign-in under way. `until` is a POSIX time."""

    state: str
    nonce: str
    verifier: str
    leads_to: str
    until: float
    as_officer: bool = False
    """Somebody who is a citizen and an officer wants the inbox of their work."""


class Provider:
    """One per process and client. It reaches the issuer's own address, those of `jwks_url` and `token_url`, and no other.

    `back` is the address to which the provider sends browsers with a code.
    """

    def __init__(self, settings: Issuer, clock: Clock, secret: bytes, back: str) -> None:
        self.settings = settings
        self._clock = clock
        self._secret = secret
        self._back = back
        self._purpose = f"journey {back}"
        self._keys = KeyRing(settings, clock)
        self._token_url = str(settings.token_url) if settings.token_url else None
        addresses = (address_of(url) for url in (settings.issuer, self._token_url) if url)
        self._http = HttpClient(frozenset(address for address in addresses if address))
        self._described: tuple[datetime, Mapping[str, Any]] | None = None

    async def close(self) -> None:
        await self._keys.close()
        await self._http.close()

    async def begin(self, leads_to: str, *, as_officer: bool = False) -> tuple[str, str]:
        """Where to send the browser, and what it has to bring back in its cookie. Raises `identity-unavailable`."""
        authorize = await self._endpoint("authorization_endpoint")
        until = self._clock() + JOURNEY_LASTS
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        journey = Journey(state, nonce, verifier, leads_to, until.timestamp(), as_officer)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(journey.verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self._back,
            "scope": " ".join(self.settings.scopes),
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        sealed = seal(self._secret, self._purpose, json.dumps(asdict(journey)))
        return f"{authorize}{'&' if urlsplit(authorize).query else '?'}{urlencode(asked)}", sealed

    def wish(self, sealed: str) -> str | None:
        """Where a sign-in of this browser was to lead, however it ended."""
        text = unseal(self._secret, self._purpose, sealed)
        return Journey(**json.loads(text)).leads_to if text is not None else None

    async def finish(self, answer: Mapping[str, str], sealed: str) -> tuple[dict[str, Any], Journey]:
        """What the ID token says, and what was wanted. Raises `Declined`, and `identity-unavailable`."""
        journey = self._journey(answer, sealed)
        token = await self._exchange(answer["code"], journey.verifier)
        now, client = self._clock(), self.settings.client_id or ""
        try:
            claims = await proven_claims(token, self.settings, _TYPES, self._keys)
            meant_for_us(claims, self.settings.issuer, [client])
            in_time(claims, timedelta(seconds=self.settings.leeway_seconds), now)
        except ProblemError as error:
            if error.code == "identity-unavailable":
                raise
            raise Declined(error.detail) from None
        self._of_this_journey(claims, journey)
        return claims, journey

    def _journey(self, answer: Mapping[str, str], sealed: str) -> Journey:
        """The sign-in that this answer ends."""
        text = unseal(self._secret, self._purpose, sealed)
        if text is None:
            raise Declined("this browser has begun no sign-in")
        journey = Journey(**json.loads(text))
        if not hmac.compare_digest(answer.get("state", "").encode("utf-8", "replace"), journey.state.encode()):
            raise Declined("the answer belongs to another sign-in")
        if journey.until <= self._clock().timestamp():
            raise Declined("the sign-in took too long")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise Declined("the answer comes from another provider")
        if "error" in answer or not answer.get("code"):
            raise Declined("the provider refused")
        return journey

    def _of_this_journey(self, claims: Mapping[str, Any], journey: Journey) -> None:
        """Nonce, subject and authorised party (OIDC Core, 3.1.3.7)."""
        nonce, subject, party = claims.get("nonce"), claims.get("sub"), claims.get("azp", self.settings.client_id)
        if not isinstance(nonce, str) or not hmac.compare_digest(
            nonce.encode("utf-8", "replace"), journey.nonce.encode()
        ):
            raise Declined("the token belongs to another sign-in")
        if party != self.settings.client_id or not isinstance(subject, str) or not subject:
            raise Declined("the token was made for another client, or names nobody")

    async def _exchange(self, code: str, verifier: str) -> str:
        """The ID token for a code (RFC 6749, 4.1.3)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self.settings.client_id or "",
            "code_verifier": verifier,
        }
        url = self._token_url or await self._endpoint("token_endpoint")
        reply = await self._http.request(
            "POST", url, form=form, headers=self._credentials(), timeout_seconds=TIMEOUT_SECONDS
        )
        if not isinstance(reply, Reply) or reply.status >= 500:  # noqa: PLR2004
            raise ProblemError("identity-unavailable", "The identity provider does not answer.")
        token = (json_object(reply.body) or {}).get("id_token") if reply.status == _OK else None
        if not isinstance(token, str):
            raise Declined("the provider gave no token for the code")
        return token

    def _credentials(self) -> dict[str, str]:
        """HTTP Basic of the client (RFC 6749, 2.3.1); nothing for a public one, whose verifier is its proof."""
        if self.settings.client_secret is None:
            return {}
        pair = (self.settings.client_id or "", self.settings.client_secret.get_secret_value())
        text = ":".join(quote(each, safe="") for each in pair)
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}

    async def _endpoint(self, name: str) -> str:
        """An address that discovery names. Raises `identity-unavailable`."""
        now = self._clock()
        if self._described is None or now - self._described[0] >= FRESH:
            document = await discovered(self._http, self.settings.issuer)
            self._described = (now, document) if document else self._described
        url = self._described[1].get(name) if self._described else None
        scheme = urlsplit(self.settings.issuer).scheme
        if not isinstance(url, str) or not url.startswith(("https://", f"{scheme}://")):
            raise ProblemError("identity-unavailable", "The identity provider cannot be asked who somebody is.")
        return url


CITIZENS: web.AppKey[Provider | None] = web.AppKey("citizens")
OPERATORS: web.AppKey[Provider | None] = web.AppKey("operators")
"""Where people sign in, and operators; None where no client of a provider is configured."""
