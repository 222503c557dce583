"""What is within somebody's reach, as the database finds it."""

import pytest

from notifier.domain.directory import Kind
from notifier.domain.reach import EVERYWHERE
from notifier.store import directory_keeping
from notifier.store.reach import in_reach, reach_of
from tests.support.directory import agency

WITHIN = f"SELECT coalesce({in_reach('$1::text', '$2', '$3')}, false)"
AGENCIES = [agency("H01", other_codes=("X1",)), agency("K07", parent="H01"), agency("H02")]


@pytest.mark.parametrize("own", [(), ("H01",), ("K07",), ("H01", "H02"), ("H03",)])
async def test_a_statement_keeps_within_a_reach_as_the_value_says(app, own):
    async with app.pool.acquire() as connection:
        await directory_keeping.put(connection, Kind.AGENCIES, AGENCIES, by="lan", now=app.clock())
        reach = await reach_of(connection, own)
        for code in ("H01", "H01.9", "H019", "X1", "X1.2", "K07", "K07.1", "H02", "H03", "H03.4", "", None):
            assert await connection.fetchval(WITHIN, code, reach.codes, reach.beginnings) == reach.includes(code), code


async def test_who_works_for_no_agency_in_particular_reaches_the_whole_province(app):
    async with app.pool.acquire() as connection:
        assert await reach_of(connection, ()) is EVERYWHERE
