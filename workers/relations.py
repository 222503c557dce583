"""What is known of people's relations to our Official Account: learnt from its webhook, asked for by its adapter.

Knowing nothing is always safe: the approved template needs no relation, and a person who wants none is refused again. So a database that cannot be reached is told
to nobody as a failure to send.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from channels.registry import ProviderSetup
from channels.zalo_relations import relation
from notifier.domain.clock import Clock
from notifier.domain.opaque import address_hash
from notifier.domain.receipts import RawReceipt
from notifier.store import accounts, relations
from notifier.store.accounts import Asked
from notifier.store.pool import DATABASE_DOWN, Connection, Pool, concerns_all
from notifier.store.relations import Relation, Saying
from workers.batching import Batches

log = logging.getLogger(__name__)

MOST_LOOKS = 256
"""Answered by one statement."""


class ZaloRelations:
    """The `Relations` of the Zalo adapter. With `secret`, addresses become keyed hashes before they are kept."""

    def __init__(self, pool: Pool, clock: Clock, secret: bytes) -> None:
        self._pool = pool
        self._clock = clock
        self._secret = secret
        self._interactions = Batches(self._last_interactions, most=MOST_LOOKS, concerns_all=concerns_all)
        self._refusals = Batches(self._declined, most=MOST_LOOKS, concerns_all=concerns_all)

    async def since_interaction(self, account: str, person: str) -> timedelta | None:
        try:
            at = await self._interactions.do((account, person))
        except DATABASE_DOWN:
            log.warning("a relation to the account could not be read")
            return None
        return self._clock() - at if at else None

    async def _last_interactions(self, asked: Sequence[Relation]) -> list[datetime | None]:
        async with self._pool.acquire() as connection:
            known = await relations.last_interactions(connection, asked)
        return [known.get(each) for each in asked]

    async def refused(self, account: str, person: str, *, follows: bool | None) -> None:
        try:
            async with self._pool.acquire() as connection:
                said = Saying(account, person, self._clock(), follows=follows, is_over=True)
                await relations.learn(connection, said)
        except DATABASE_DOWN:
            log.warning("a relation to the account could not be corrected")

    async def declined(self, account: str, address: str, kind: str, within: timedelta) -> bool:
        who, since = address_hash(self._secret, address), self._clock() - within
        try:
            return await self._refusals.do(Asked(account, who, kind, since))
        except DATABASE_DOWN:
            log.warning("whether somebody wants no messages could not be read")
            return False

    async def _declined(self, asked: Sequence[Asked]) -> list[bool]:
        async with self._pool.acquire() as connection:
            return await accounts.declined(connection, asked)

    async def declines(self, account: str, address: str, kind: str | None) -> None:
        try:
            async with self._pool.acquire() as connection:
                who = address_hash(self._secret, address)
                await accounts.declines(connection, account, who, kind, self._clock())
        except DATABASE_DOWN:
            log.warning("that somebody wants no messages could not be kept")


async def learn(connection: Connection, setup: ProviderSetup, raw: RawReceipt, now: datetime) -> None:
    """Note what a genuine callback says of somebody's relation, if it says anything. Doubled and late ones do no harm."""
    fact = relation(raw, setup.settings.oa_id)
    if fact is not None:
        at = min(fact.at, now)  # a clock that runs ahead must not keep a window open
        await relations.learn(connection, Saying(fact.account, fact.person, at, fact.follows, fact.interacts))
