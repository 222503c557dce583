"""Zalo OAuth v4 for an Official Account: the consent of an administrator, and one refresh. Nothing is stored here.

Document: docs.zaloplatforms.com "Xác thực và ủy quyền cho ứng dụng" (checked 2026-09). The code of a consent lives ten
minutes and works once. The access token lives 25 hours and dies when it is refreshed; the refresh token lives three
months and works once. A refusal may come with HTTP 200, so only a reply with both tokens is a success.
"""

import base64
import hashlib
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from channels.http import HttpClient, NoReply, NoReplyKind, json_object
from channels.zalo_api import without_slash
from channels.zalo_settings import Settings

ACCESS_TOKEN_LIFE = timedelta(seconds=90_000)
"""Used where the reply does not say how long the token lives."""
REFRESH_TOKEN_LIFE = timedelta(days=90)
"""Three months, counted anew with each refresh."""
CODE_LIFE = timedelta(minutes=10)
VERIFIER_LENGTH = 43


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Store both before the first use: the old pair is dead already."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: timedelta


@dataclass(frozen=True, slots=True)
class RefreshRefused:
    """No pair. Keep the old one; an administrator has to consent again unless `code` is a passing fault."""

    code: str


@dataclass(frozen=True, slots=True)
class RefreshUncertain:
    """No readable answer. Where it was `sent`, the old refresh token, or the code, may be used up."""

    code: str
    sent: bool


Exchanged = TokenPair | RefreshRefused | RefreshUncertain


@dataclass(frozen=True, slots=True)
class Consent:
    """What one consent is asked with: `state` comes back in the address, `verifier` proves that the code is ours."""

    state: str
    verifier: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Misled:
    """What somebody pasted is not the answer to this consent; `why` is a sentence for them."""

    why: str


def new_consent(settings: Settings) -> Consent:
    if not settings.pkce:
        return Consent(secrets.token_urlsafe(16), None)
    kept = settings.code_verifier.get_secret_value() if settings.code_verifier else None
    letters = string.ascii_letters + string.digits
    fresh = "".join(secrets.choice(letters) for _ in range(VERIFIER_LENGTH))
    return Consent(secrets.token_urlsafe(16), kept or fresh)


def challenge_of(verifier: str) -> str:
    """SHA-256 of the verifier, base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def consent_url(settings: Settings, consent: Consent, redirect_uri: str) -> str:
    """Where an administrator of the account consents in a browser."""
    query = {"app_id": settings.app_id, "redirect_uri": redirect_uri}
    if consent.verifier:
        query["code_challenge"] = challenge_of(consent.verifier)
    return f"{without_slash(settings.oauth_url)}/v4/oa/permission?{urlencode(query | {'state': consent.state})}"


def code_in(pasted: str, consent: Consent, oa_id: str) -> str | Misled:
    """The code in the address that the browser was led to, or the code alone, which names neither state nor account."""
    text = pasted.strip()
    if not text:
        return Misled("nothing was pasted")
    if "://" not in text and "=" not in text:
        return text
    parts = urlsplit(text if "://" in text else f"https://pasted/?{text.lstrip('?')}")
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if "code" not in given:
        said = given.get("error_description") or given.get("error_reason") or given.get("error")
        return Misled(f"the address holds no code{f': Zalo says {said}' if said else ''}")
    if given.get("state") != consent.state:
        return Misled("the address belongs to another consent (its state differs); open the link that was just printed")
    if given.get("oa_id", oa_id) != oa_id:
        return Misled(f"the consent is for the Official Account {given['oa_id']}, the settings name {oa_id}")
    return given["code"]


async def exchange(http: HttpClient, settings: Settings, code: str, consent: Consent) -> Exchanged:
    """Exchange the code of a consent, once."""
    form = {"code": code, "app_id": settings.app_id, "grant_type": "authorization_code"}
    return await _ask(http, settings, form | ({"code_verifier": consent.verifier} if consent.verifier else {}))


async def refresh(http: HttpClient, settings: Settings, refresh_token: str) -> Exchanged:
    """Exchange the refresh token, once. The caller makes sure that nobody else does so at the same time."""
    form = {"refresh_token": refresh_token, "app_id": settings.app_id, "grant_type": "refresh_token"}
    return await _ask(http, settings, form)


async def _ask(http: HttpClient, settings: Settings, form: Mapping[str, str]) -> Exchanged:
    reply = await http.request(
        "POST",
        without_slash(settings.oauth_url) + "/v4/oa/access_token",
        form=form,
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
