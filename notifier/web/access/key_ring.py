"""The public keys of the identity provider: found by discovery, cached, fetched anew when a token names another one.

OpenID Connect Discovery 1.0; JSON Web Key (RFC 7517). Keys come from the configured issuer alone, never from an address
that a token names. What is broken or empty never replaces good keys.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from channels.http import HttpClient, NoReply, Reply, address_of, json_object
from notifier.domain.clock import Clock
from notifier.settings import Issuer

log = logging.getLogger(__name__)

FRESH = timedelta(hours=1)
"""Older keys are fetched again, and go on being used as long as they cannot be."""
PAUSE = timedelta(seconds=30)
"""Between two tries: neither a provider that is down nor a token with an invented key is asked about more often."""
TIMEOUT_SECONDS = 3.0
KEYS_MOST = 100
_FOR_SIGNATURES = frozenset({"RSA", "EC", "OKP"})
_OK = 200

Key = Mapping[str, Any]


class KeysUnknownError(Exception):
    """No key was ever read, and now none can be."""


class KeyRing:
    """One per process. Its HTTP client reaches the issuer's own address, and that of `jwks_url`, and no other."""

    def __init__(self, settings: Issuer, clock: Clock) -> None:
        self._issuer = settings.issuer
        self._jwks_url = str(settings.jwks_url) if settings.jwks_url else None
        self._clock = clock
        addresses = (address_of(url) for url in (self._issuer, self._jwks_url) if url)
        self._http = HttpClient(frozenset(address for address in addresses if address))
        self._keys: tuple[Key, ...] = ()
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str | None) -> Key | None:
        """The key of this id; None where the provider has none such. Raises `KeysUnknownError`.

        A token without an id can only mean the single key of a provider that has one.
        """
        found = self._find(kid)
        if (found is None or self._is_old()) and not (found is not None and self._lock.locked()):
            async with self._lock:
                found = self._find(kid)
                if (found is None or self._is_old()) and self._may_try():
                    await self._fetch()
                    found = self._find(kid)
        if found is None and self._fetched_at is None:
            raise KeysUnknownError
        return found

    async def close(self) -> None:
        await self._http.close()

    def _find(self, kid: str | None) -> Key | None:
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.get("kid") == kid), None)

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at >= FRESH

    def _may_try(self) -> bool:
        return self._tried_at is None or self._clock() - self._tried_at >= PAUSE

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        url = self._jwks_url or await self._discovered()
        document = await _read(self._http, url) if url else None
        keys = signing_keys(document or {})
        if not keys:
            log.warning("the keys of the identity provider cannot be read")
            return
        self._keys, self._fetched_at = keys, self._clock()

    async def _discovered(self) -> str | None:
        """Where the provider says that its keys are. The guard of the client refuses another host."""
        document = await discovered(self._http, self._issuer)
        url = (document or {}).get("jwks_uri")
        return url if isinstance(url, str) else None


async def discovered(http: HttpClient, issuer: str) -> dict[str, Any] | None:
    """What the provider says of itself; None where it does not answer, or speaks for another issuer."""
    document = await _read(http, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    return document if document is not None and document.get("issuer") == issuer else None


async def _read(http: HttpClient, url: str) -> dict[str, Any] | None:
    reply: Reply | NoReply = await http.request("GET", url, timeout_seconds=TIMEOUT_SECONDS)
    return json_object(reply.body) if isinstance(reply, Reply) and reply.status == _OK else None


def signing_keys(document: Mapping[str, Any]) -> tuple[Key, ...]:
    """The public keys for signatures in a JWK set; shared secrets, private keys and what is odd are left out."""
    keys = document.get("keys")
    if not isinstance(keys, list):
        return ()
    return tuple(key for key in keys[:KEYS_MOST] if isinstance(key, dict) and _signs(key))


def _signs(key: Key) -> bool:
    return key.get("kty") in _FOR_SIGNATURES and "d" not in key and key.get("use", "sig") == "sig"
