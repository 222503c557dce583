"""Proving somebody by the two factors of their local account. Each try counts, wherever it is made.

Whatever is wrong gets one answer that takes as long: nobody learns which accounts there are.
"""

from dataclasses import dataclass

from aiohttp import web

from notifier.domain.operators import PASSWORD_LONGEST
from notifier.store import operator_accounts
from notifier.store.operator_accounts import Proof
from notifier.web.access import passwords
from notifier.web.access.sealing import unseal
from notifier.web.keys import APP, HASHING

TOTP_PURPOSE = "totp"


@dataclass(frozen=True, slots=True)
class Proven:
    """Both factors fit; `step` is the time step of the code, which is not used up yet."""

    proof: Proof
    step: int


async def proven(request: web.Request, login: str, password: str, code: str) -> Proven | None:
    """None: one of them does not fit, the account is disabled, or it has to wait after failures."""
    app, now = request.app[APP], request.app[APP].clock()
    async with app.pool.acquire() as connection:
        proof = await operator_accounts.try_sign_in(connection, login, now)
    async with request.app[HASHING]:
        fits = await passwords.fits(password[: PASSWORD_LONGEST + 1], proof.password_hash if proof else None)
    if proof is None or not fits:
        return None
    secret = unseal(app.secret, TOTP_PURPOSE, proof.totp_secret)
    step = passwords.step_of(secret, code, now) if secret else None
    return Proven(proof, step) if step is not None else None
