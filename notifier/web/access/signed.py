"""Signed tokens of an identity provider (JWT, RFC 7519, RFC 8725): genuine, for us, and in time.

PyJWT checks the signature and nothing else. Time is that of our clock, and the algorithms are those of the settings:
what the token's head says chooses among the provider's public keys only.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from channels.http import json_object
from notifier.settings import Issuer
from notifier.web.access.key_ring import KeyRing, KeysUnknownError
from notifier.web.problems import ProblemError

LONGEST = 8000
"""Characters; what a header line takes."""
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_SIGNED = jwt.PyJWS()


async def proven_claims(text: str, settings: Issuer, types: Collection[str], keys: KeyRing) -> dict[str, Any]:
    """What the token says, once its signature is proven. Raises `token-…` and `identity-unavailable`."""
    if len(text) > LONGEST:
        raise ProblemError("token-invalid", f"A token has at most {LONGEST} characters.")
    try:
        head = jwt.get_unverified_header(text)
        algorithm, kid = head.get("alg"), head.get("kid")
        if algorithm not in settings.algorithms or "crit" in head or not isinstance(kid, str | None):
            raise ProblemError("token-invalid", f"The algorithm is one of {', '.join(settings.algorithms)}.")
        found = await keys.key(kid)
        if found is None or not _fits(found, algorithm):
            raise ProblemError("token-invalid", "No key of the identity provider has this id and algorithm.")
        proven = _SIGNED.decode_complete(
            text, jwt.PyJWK(dict(found), algorithm), [algorithm], {"enforce_minimum_key_length": True}
        )
    except jwt.PyJWTError:
        raise ProblemError("token-invalid", "No key of the identity provider has signed it.") from None
    except KeysUnknownError:
        raise ProblemError("identity-unavailable", "The keys of the identity provider cannot be read.") from None
    if str(head.get("typ", "JWT")).lower().removeprefix("application/") not in map(str.lower, types):
        raise ProblemError("token-not-for-us", "The kind of the token is another than the agreed one.")
    claims = json_object(proven["payload"])
    if claims is None:
        raise ProblemError("token-invalid", "The token holds no claims.")
    return claims


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    """Whether the key is for this algorithm: by its own word, else by its kind."""
    return key.get("alg", algorithm) == algorithm and key.get("kty") == _KINDS[algorithm[:2]]


def meant_for_us(claims: Mapping[str, Any], issuer: str, audiences: Collection[str]) -> None:
    """Raises `token-not-for-us`."""
    if claims.get("iss") != issuer:
        raise ProblemError("token-not-for-us", "The issuer is another than the configured one.")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(each in audiences for each in named):
        raise ProblemError("token-not-for-us", "The audience is another than the agreed one.")


def in_time(claims: Mapping[str, Any], leeway: timedelta, now: datetime) -> datetime:
    """When the token ends, the leeway included. Raises `token-…`."""
    ends, begins, issued = (_moment(claims, name) for name in ("exp", "nbf", "iat"))
    if ends is None:
        raise ProblemError("token-invalid", "The token does not say when it ends.")
    if ends + leeway <= now:
        raise ProblemError("token-expired", "The time of the token is over.")
    if any(moment is not None and moment - leeway > now for moment in (begins, issued)):
        raise ProblemError("token-early", "The token begins in the future.")
    return ends + leeway


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(value, UTC)
    raise ProblemError("token-invalid", f"The claim {name} is no moment.")
