"""The shortest proof: a few faults on the whole system, each with its own verdict."""

import pytest

from tests.chaos.faults import catalogue
from tests.chaos.run import Plan, Result, run

FAULTS = ("SIGKILL web, workers and dispatcher in turn", "Redis FLUSHALL", "PostgreSQL SIGKILL")
DELIVERIES = 600


@pytest.fixture(scope="module")
async def result() -> Result:
    faults = [fault for fault in catalogue() if fault.name in FAULTS]
    return await run(Plan(faults, seed=1, quick=True, deliveries=DELIVERIES), say=lambda _: None)


async def test_every_chosen_fault_is_run(result: Result):
    assert len([row for row in result.rows if row.seconds]) == len(FAULTS)


async def test_whatever_is_killed_no_bound_is_passed(result: Result):
    assert [(row.fault, row.breaches()) for row in result.rows if row.breaches()] == []
