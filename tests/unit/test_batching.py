"""Batches: alone at once, together when many come, each with the answer or the fault that is its own."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import batching
from workers.batching import Batches


class Desk:
    """Doubles numbers and keeps the batches it was given. Can be held up; refuses what is odd, or everything."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.refused: frozenset[int] = frozenset()
        self.away = False

    async def work(self, items) -> list[int]:
        self.batches.append(list(items))
        await self.open.wait()
        if self.away:
            raise ConnectionError("away")
        if bad := self.refused & set(items):
            raise ValueError(f"refused {sorted(bad)}")
        return [2 * item for item in items]

    def batches_of(self, most: int = 100, **options) -> Batches[int, int]:
        return Batches(self.work, most=most, concerns_all=lambda error: isinstance(error, ConnectionError), **options)


async def turns(count: int = 10) -> None:
    """Let everything that can go on go on."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def begin(batches: Batches[int, int], *items: int) -> list[asyncio.Task[int]]:
    return [asyncio.create_task(batches.do(item)) for item in items]


async def begun_in_two(desk: Desk, batches: Batches[int, int], *items: int) -> list[asyncio.Task[int]]:
    """The first of the items is in flight, the others gather."""
    desk.open.clear()
    first = begin(batches, items[0])
    await turns()
    return first + begin(batches, *items[1:])


async def test_an_item_alone_goes_at_once(desk):
    assert await desk.batches_of().do(21) == 42
    assert desk.batches == [[21]]


async def test_while_one_batch_is_in_flight_the_next_gathers(desk):
    tasks = await begun_in_two(desk, desk.batches_of(), 1, 2, 3, 4)
    await turns()
    assert desk.batches == [[1]]
    desk.open.set()
    assert await asyncio.gather(*tasks) == [2, 4, 6, 8]
    assert desk.batches == [[1], [2, 3, 4]]


async def test_a_batch_has_at_most_so_many(desk):
    tasks = await begun_in_two(desk, desk.batches_of(most=2), 1, 2, 3, 4)
    desk.open.set()
    await asyncio.gather(*tasks)
    assert desk.batches == [[1], [2, 3], [4]]


async def test_what_is_heavy_takes_the_room_of_several_and_the_heaviest_goes_alone(desk):
    tasks = await begun_in_two(desk, desk.batches_of(most=5, weigh=lambda item: item), 1, 3, 2, 9, 1)
    desk.open.set()
    await asyncio.gather(*tasks)
    assert desk.batches == [[1], [3, 2], [9], [1]]


async def test_one_bad_item_fails_alone(desk):
    desk.refused = frozenset({3})
    tasks = await begun_in_two(desk, desk.batches_of(), 1, 2, 3, 4, 5)
    desk.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(each) for each in results] == ["2", "4", "refused [3]", "8", "10"]


async def test_a_fault_that_concerns_all_fails_them_at_once(desk):
    desk.away = True
    tasks = await begun_in_two(desk, desk.batches_of(), 1, 2, 3, 4)
    desk.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in results] == [ConnectionError] * 4
    assert desk.batches == [[1], [2, 3, 4]]


async def test_after_a_fault_the_next_item_is_served(desk):
    batches = desk.batches_of()
    desk.away = True
    with pytest.raises(ConnectionError):
        await batches.do(1)
    desk.away = False
    assert await batches.do(1) == 2


async def test_who_stops_waiting_disturbs_nobody(desk):
    tasks = await begun_in_two(desk, desk.batches_of(), 1, 2, 3)
    await turns()
    tasks[0].cancel()
    tasks[1].cancel()
    await turns()
    desk.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) or each for each in results] == [True, True, 6]


async def test_what_nobody_waits_for_any_more_is_not_begun(desk):
    tasks = await begun_in_two(desk, desk.batches_of(), 1, 2, 3)
    await turns()
    tasks[1].cancel()
    await turns()
    desk.open.set()
    await asyncio.wait(tasks)
    assert desk.batches == [[1], [3]]


async def test_closing_waits_for_what_is_in_flight_and_for_what_gathers(desk):
    batches = desk.batches_of()
    tasks = await begun_in_two(desk, batches, 1, 2)
    await turns()
    closing = asyncio.create_task(batches.close())
    await turns()
    assert not closing.done()
    desk.open.set()
    await closing
    assert [each.done() for each in tasks] == [True, True]


async def test_a_batch_that_is_stuck_does_not_hold_up_the_next(desk, monkeypatch):
    monkeypatch.setattr(batching, "PATIENCE_SECONDS", 0.01)
    batches, stuck = desk.batches_of(), desk.open
    tasks = await begun_in_two(desk, batches, 1, 2)
    await turns()
    desk.open = asyncio.Event()
    desk.open.set()
    assert await asyncio.wait_for(tasks[1], 5) == 4
    assert not tasks[0].done()
    stuck.set()
    assert await tasks[0] == 2
    await asyncio.wait_for(batches.close(), 5)


async def test_only_so_many_are_in_flight_when_all_are_stuck(desk, monkeypatch):
    monkeypatch.setattr(batching, "PATIENCE_SECONDS", 0)
    tasks = await begun_in_two(desk, desk.batches_of(most=1), *range(10))
    await turns(100)
    assert len(desk.batches) == batching.ABREAST
    desk.open.set()
    assert await asyncio.gather(*tasks) == [2 * each for each in range(10)]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=30),
    st.frozensets(st.integers(0, 30), max_size=5),
    st.integers(1, 7),
)
async def test_in_every_company_an_item_gets_the_answer_that_it_gets_alone(items, refused, most):
    desk = Desk()
    desk.refused = refused
    tasks = await begun_in_two(desk, desk.batches_of(most), *items)
    desk.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    alone = [f"refused [{item}]" if item in refused else str(2 * item) for item in items]
    assert [str(each) for each in results] == alone
