"""What is known of people's relations to our Official Account: learnt from its webhook, asked for by its adapter.

Knowing nothing is always safe: the approved template needs no relation. So a database that cannot be reached is told
to nobody as a failure to send.
"""

import logging
from datetime import datetime, timedelta

from channels import zalo
from channels.registry import ProviderSetup
from channels.zalo_relations import relation
from notifier.domain.clock import Clock
from notifier.domain.receipts import RawReceipt
from notifier.store import relations
from notifier.store.pool import DATABASE_DOWN, Connection, Pool
from notifier.store.relations import Saying

log = logging.getLogger(__name__)


class ZaloRelations:
    """The `Relations` of the Zalo adapter."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def since_interaction(self, account: str, person: str) -> timedelta | None:
        try:
            async with self._pool.acquire() as connection:
                at = await relations.last_interaction(connection, account, person)
        except DATABASE_DOWN:
            log.warning("a relation to the account could not be read")
            return None
        return self._clock() - at if at else None

    async def refused(self, account: str, person: str, *, follows: bool | None) -> None:
        try:
            async with self._pool.acquire() as connection:
                said = Saying(account, person, self._clock(), follows=follows, is_over=True)
                await relations.learn(connection, said)
        except DATABASE_DOWN:
            log.warning("a relation to the account could not be corrected")


async def learn(connection: Connection, setup: ProviderSetup, raw: RawReceipt, now: datetime) -> None:
    """Note what a genuine callback says of somebody's relation, if it says anything. Doubled and late ones do no harm."""
    if not isinstance(setup.settings, zalo.Settings):
        return
    fact = relation(raw, setup.settings.oa_id)
    if fact is not None:
        at = min(fact.at, now)  # a clock that runs ahead must not keep a window open
        await relations.learn(connection, Saying(fact.account, fact.person, at, fact.follows, fact.interacts))
