"""Who gets the Zalo access token, and how exactly one process refreshes it.

The pair lives in PostgreSQL. A refresh token works once, so a refresh is done under a lease that outlives the call;
the new pair is committed before anybody uses it; and only a complete pair replaces a good one.
"""

import asyncio
import logging
from datetime import timedelta
from typing import assert_never

from channels.http import HttpClient
from channels.zalo_oauth import RefreshRefused, RefreshUncertain, TokenPair, refresh
from channels.zalo_settings import Settings as ZaloSettings
from notifier.domain.clock import Clock
from notifier.domain.errors import TokenLost
from notifier.store import tokens
from notifier.store.pool import Pool
from notifier.telemetry.marks import Mark, pass_by

log = logging.getLogger(__name__)

LEASE_BEYOND_CALL = timedelta(seconds=15)
EARLY = timedelta(hours=12)
"""The dispatcher refreshes this long before the token expires: twice in the life of a token of 25 h."""
LATEST = timedelta(minutes=5)
"""A worker that finds less life than this in a token refreshes it itself."""
WAIT_SECONDS = 0.2


def grant_name(settings: ZaloSettings) -> str:
    """Under which the grant of an Official Account is stored."""
    return f"zalo:{settings.oa_id}"


class ZaloTokens:
    """The `TokenSource` of the Zalo adapter. `owner` names this process in the lease."""

    def __init__(self, pool: Pool, http: HttpClient, settings: ZaloSettings, clock: Clock, owner: str) -> None:
        self._pool = pool
        self._http = http
        self._settings = settings
        self._clock = clock
        self._owner = owner
        self._name = grant_name(settings)
        self._lease = timedelta(seconds=settings.timeout_seconds) + LEASE_BEYOND_CALL
        self._known: tokens.TokenPair | None = None

    async def current(self) -> str:
        pair = self._known
        if pair is None or pair.expires_at - self._clock() < LATEST:
            pair = await self._read()
        if pair.expires_at - self._clock() < LATEST:
            pair = await self._renew(pair)
        self._known = pair
        return pair.access_token

    async def refused(self, token: str) -> str:
        pair = await self._read()
        if pair.access_token == token or pair.expires_at - self._clock() < LATEST:
            pair = await self._renew(pair)
        self._known = pair
        return pair.access_token

    async def keep_fresh(self) -> None:
        """Refresh well ahead of expiry. A refusal is tried again too: it may have been a passing one."""
        try:
            pair = await self._read(even_lost=True)
            if pair.lost is not None or pair.expires_at - self._clock() < EARLY:
                self._known = await self._renew(pair)
        except TokenLost as error:
            log.error("a Zalo token could not be refreshed: %s", error, extra={"channel": "zalo", "code": error.code})  # noqa: TRY400 - the fault is named

    async def _read(self, *, even_lost: bool = False) -> tokens.TokenPair:
        async with self._pool.acquire() as connection:
            pair = await tokens.read(connection, self._name)
        if pair is None:
            raise TokenLost(f"{self._name} has no grant yet: run `notifier zalo connect`")
        if pair.lost is not None and not even_lost:
            raise TokenLost(f"the grant of {self._name} is gone ({pair.lost}): run `notifier zalo connect`")
        return pair

    async def _renew(self, stale: tokens.TokenPair) -> tokens.TokenPair:
        """A pair newer than `stale`, refreshed here or by whoever holds the lease."""
        for _ in range(int(self._lease.total_seconds() / WAIT_SECONDS)):
            async with self._pool.acquire() as connection:
                leased = await tokens.lease(connection, self._name, self._owner, self._lease, stale.version)
            if leased is not None:
                return await self._refresh(leased)
            newer = await self._read()
            if newer.version > stale.version:
                return newer
            await asyncio.sleep(WAIT_SECONDS)
        raise TokenLost("another process has been refreshing the Zalo token for too long; it will be tried again")

    async def _refresh(self, leased: tokens.TokenPair) -> tokens.TokenPair:
        pass_by(Mark.TOKEN_BEFORE_CALL)
        answer = await refresh(self._http, self._settings, leased.refresh_token)
        pass_by(Mark.TOKEN_BEFORE_COMMIT)
        now = self._clock()
        async with self._pool.acquire() as connection:
            match answer:
                case TokenPair():
                    kept = await tokens.replace(
                        connection,
                        self._name,
                        leased.version,
                        access_token=answer.access_token,
                        refresh_token=answer.refresh_token,
                        expires_at=now + answer.expires_in,
                        now=now,
                    )
                    if not kept:
                        log.error("a newer Zalo token was stored during a refresh", extra={"channel": "zalo"})
                    pass_by(Mark.TOKEN_AFTER_COMMIT)
                    log.info("the Zalo token was rotated", extra={"channel": "zalo"})
                case RefreshRefused():
                    await tokens.give_back(connection, self._name, self._owner, lost=answer.code)
                    raise TokenLost(
                        f"Zalo refused to refresh {self._name} ({answer.code}): run `notifier zalo connect`"
                    )
                case RefreshUncertain():
                    await tokens.give_back(connection, self._name, self._owner)
                    raise TokenLost(f"no answer to the refresh ({answer.code}); it will be tried again")
                case never:
                    assert_never(never)
        return await self._read()


class NoTokens:
    """For a provider that needs none."""

    async def current(self) -> str:
        raise TokenLost("this provider has no tokens")

    async def refused(self, token: str) -> str:  # noqa: ARG002 - the port's signature
        raise TokenLost("this provider has no tokens")
