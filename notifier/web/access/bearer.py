"""Access tokens of the identity provider (RFC 7519, RFC 8725, RFC 9068): genuine, for us, in time, and whose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifier.domain.directory import officer_code
from notifier.domain.ids import InboxOwner
from notifier.domain.opaque import inbox_owner
from notifier.settings import Identity
from notifier.web.access.key_ring import KeyRing
from notifier.web.access.signed import in_time, meant_for_us, proven_claims
from notifier.web.problems import ProblemError

_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_PERSONAL_NUMBER = re.compile(r"[0-9]{9,12}")
_CODE_LONGEST = 255


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
    claims = await proven_claims(text, settings, settings.types, keys)
    meant_for_us(claims, settings.issuer, settings.audience)
    until = in_time(claims, timedelta(seconds=settings.leeway_seconds), now)
    citizen, officer = inboxes(claims, settings, secret)
    if citizen is None and officer is None:
        raise ProblemError("token-names-nobody", "The agreed claim is missing or not of its form.")
    if settings.required_scope and settings.required_scope not in _scopes(claims):
        raise ProblemError("forbidden", f"The token does not have the scope {settings.required_scope}.")
    return Bearer(citizen, officer, until)


def inboxes(
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
