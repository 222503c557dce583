"""Whatever a message goes through, the facts told of it are numbered 1, 2, 3, … and are exactly its moves."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.domain.callbacks import TELLS, CallbackType
from notifier.domain.deliveries import MOVES, DeliveryState
from notifier.store.pool import open_pool
from tests.support.callbacks import go, listens, new_message, told

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


@st.composite
def paths(draw) -> list[DeliveryState]:
    """A way through the state machine, from a plan on."""
    path = [DeliveryState.PLANNED]
    for _ in range(draw(st.integers(0, 12))):
        onward = sorted(MOVES[path[-1]])
        if not onward:
            break
        path.append(draw(st.sampled_from(onward)))
    return path


@pytest.fixture
async def pool(new_database):
    async with await open_pool(new_database, size=2) as made:
        yield made


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths(), st.sets(st.sampled_from(list(CallbackType))))
async def test_each_move_that_is_wanted_is_told_once_and_in_order(pool, path, wanted):
    async with pool.acquire() as connection:
        await listens(connection, NOW, types=sorted(wanted))
        id_ = await new_message(connection, NOW)
        await go(connection, id_, path, NOW)

        facts = [TELLS[state].value for state in path[1:] if state in TELLS and TELLS[state] in wanted]
        assert await told(connection, id_) == list(enumerate(facts, start=1))
