"""Access tokens of the identity provider (RFC 7519, RFC 8725, RFC 9068): genuine, for us, in time, and whose.

PyJWT checks the signature and nothing else. Time is that of our clock, and the algorithms are those of the settings:
what the token's head says chooses among the provider's public keys only.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from channels.http import json_object
from notifier.domain.directory import officer_code
from notifier.domain.ids import InboxOwner
from notifier.domain.opaque import inbox_owner
from notifier.settings import Identity
from notifier.web.access.key_ring import KeyRing, KeysUnknownError
from notifier.web.problems import ProblemError

LONGEST = 8000
"""Characters; what a header line takes."""
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_PERSONAL_NUMBER = re.compile(r"[0-9]{9,12}")
_CODE_LONGEST = 255
_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_SIGNED = jwt.PyJWS()


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose inboxes a token opens, and until when."""

    citizen: InboxOwner | None
    officer: InboxOwner | None
    until: datetime


def is_signed_token(text: str) -> bool:
    """Whether a credential has the form of a JWT, genuine or not."""
    return _FORM.fullmatch(text) is not None


async def read_token(text: str, settings: Identity, keys: KeyRing, secret: bytes, now: datetime) -> Bearer:
    """Who bears this token. Raises the problems `token-…` and `identity-unavailable`; none of them quotes it."""
    claims = await _claims(text, settings, keys)
    _meant_for_us(claims, settings)
    until = _in_time(claims, timedelta(seconds=settings.leeway_seconds), now)
    citizen, officer = _people(claims, settings, secret)
    if citizen is None and officer is None:
        raise ProblemError("token-names-nobody", "The agreed claim is missing or not of its form.")
    if settings.required_scope and settings.required_scope not in _scopes(claims):
        raise ProblemError("forbidden", f"The token does not have the scope {settings.required_scope}.")
    return Bearer(citizen, officer, until)


async def _claims(text: str, settings: Identity, keys: KeyRing) -> dict[str, Any]:
    """What the token says, once its signature is proven."""
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
    if str(head.get("typ", "JWT")).lower().removeprefix("application/") not in map(str.lower, settings.types):
        raise ProblemError("token-not-for-us", "The kind of the token is another than the agreed one.")
    claims = json_object(proven["payload"])
    if claims is None:
        raise ProblemError("token-invalid", "The token holds no claims.")
    return claims


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    """Whether the key is for this algorithm: by its own word, else by its kind."""
    return key.get("alg", algorithm) == algorithm and key.get("kty") == _KINDS[algorithm[:2]]


def _meant_for_us(claims: Mapping[str, Any], settings: Identity) -> None:
    if claims.get("iss") != settings.issuer:
        raise ProblemError("token-not-for-us", "The issuer is another than the configured one.")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(each in settings.audience for each in named):
        raise ProblemError("token-not-for-us", "The audience is another than the agreed one.")


def _in_time(claims: Mapping[str, Any], leeway: timedelta, now: datetime) -> datetime:
    """When the token ends, the leeway included."""
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


def _people(
    claims: Mapping[str, Any], settings: Identity, secret: bytes
) -> tuple[InboxOwner | None, InboxOwner | None]:
    """The citizen's and the officer's inbox, each by the claim that the settings name."""
    number = _text(claims, settings.citizen_claim)
    code = _text(claims, settings.officer_claim)
    return (
        inbox_owner(secret, "personal_number", number) if number and _PERSONAL_NUMBER.fullmatch(number) else None,
        inbox_owner(secret, "staff", officer_code(code)) if code and len(code) <= _CODE_LONGEST else None,
    )


def _text(claims: Mapping[str, Any], name: str | None) -> str | None:
    value = claims.get(name) if name else None
    return value.strip() or None if isinstance(value, str) else None


def _scopes(claims: Mapping[str, Any]) -> list[Any]:
    """As RFC 8693 writes them, or as a list, which some providers do."""
    said = claims.get("scope", claims.get("scp"))
    return said.split() if isinstance(said, str) else said if isinstance(said, list) else []
