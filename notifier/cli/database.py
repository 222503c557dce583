"""One connection for a command, and plain words where there is none."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from notifier.domain.errors import NotifierError
from notifier.settings import Settings
from notifier.store.pool import DATABASE_DOWN, Connection, connection_name, open_pool
from workers.wiring import clock_of

_T = TypeVar("_T")


def with_database(settings: Settings, name: str, work: Callable[[Connection, datetime], Awaitable[_T]]) -> _T:
    """What `work` answers, given a connection and the present time; `name` is the command's, for `pg_stat_activity`."""

    async def run() -> _T:
        pool = await open_pool(settings.database.url.get_secret_value(), size=1, name=connection_name(name))
        async with pool, pool.acquire() as connection:
            return await work(connection, clock_of(settings)())

    try:
        return asyncio.run(run())
    except (*DATABASE_DOWN, TimeoutError) as error:
        raise NotifierError(f"the database does not answer ({type(error).__name__}): try `notifier doctor`") from None
