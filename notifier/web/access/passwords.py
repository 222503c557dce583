"""The two factors of a local account: a password (Argon2id, RFC 9106) and a code of the moment (TOTP, RFC 6238).

The calls that hash take tens of milliseconds of a core: they run beside the event loop.
"""

import asyncio
import hmac
import unicodedata
from datetime import datetime
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""The least that OWASP's password storage cheat sheet asks for Argon2id (checked 2026-11)."""
STEP_SECONDS = 30
ISSUER = "Notifier"
CODE_DIGITS = 6


async def hashed(password: str) -> str:
    """What is stored of a password."""
    return await asyncio.to_thread(_HASHER.hash, _normal(password))


async def fits(password: str, stored: str | None) -> bool:
    """Whether it is the password. It takes as long where nothing is stored."""
    return await asyncio.to_thread(_fits, _normal(password), stored)


def _fits(password: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(stored or _hash_of_nobody(), password) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(pyotp.random_base32())


def _normal(password: str) -> str:
    """One password however a keyboard writes its letters (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)


def new_secret() -> str:
    """A new secret of the second factor, as an authenticator app takes it: 32 letters, 160 bits."""
    return pyotp.random_base32()


def enrolment(secret: str, login: str) -> str:
    """What an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is: the present one or the one before or after it. None: of none of them."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdecimal() and len(digits) == CODE_DIGITS):
        return None
    present, totp = int(now.timestamp()) // STEP_SECONDS, pyotp.TOTP(secret)
    near = (present, present - 1, present + 1)
    return next((step for step in near if hmac.compare_digest(totp.generate_otp(step), digits)), None)
