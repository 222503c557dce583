"""Calls under way: limited for each channel, recorded in batches, waited for at the end (ADR 0010)."""

import asyncio

import pytest

from notifier.domain.ids import ChannelName
from workers import calls as module
from workers.calls import Calls

SMS, EMAIL = ChannelName("sms"), ChannelName("email")


class Ledger:
    """Keeps what is recorded; fails as often as it is told to, and can be held up."""

    def __init__(self, *, failures: int = 0) -> None:
        self.batches: list[list[int]] = []
        self.failures = failures
        self.open = asyncio.Event()
        self.open.set()

    async def record(self, batch) -> None:
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        self.batches.append(list(batch))


async def answer(number: int, after: asyncio.Event | None = None) -> int:
    if after is not None:
        await after.wait()
    return number


async def test_a_full_channel_has_no_room_and_the_others_have():
    ledger, silent = Ledger(), asyncio.Event()
    calls: Calls[int] = Calls(ledger.record, most=2)
    calls.start(SMS, answer(1, silent))
    calls.start(SMS, answer(2, silent))
    assert (calls.room(SMS), calls.room(EMAIL)) == (0, 2)
    silent.set()
    await calls.finish()
    assert calls.room(SMS) == 2


async def test_a_peer_that_bears_fewer_has_less_room():
    calls: Calls[int] = Calls(Ledger().record, most=64, fewer={EMAIL: 8})
    assert (calls.room(SMS), calls.room(EMAIL)) == (64, 8)


async def test_one_source_leaves_room_for_another():
    silent = asyncio.Event()
    calls: Calls[int] = Calls(Ledger().record, most=8)
    while calls.room(EMAIL, "a") > 0:
        calls.start(EMAIL, answer(1, silent), "a")
    assert (calls.room(EMAIL), calls.room(EMAIL, "b")) == (4, 2)
    silent.set()
    await calls.finish()


async def test_results_that_come_during_a_record_are_recorded_together_after_it():
    ledger = Ledger()
    ledger.open.clear()
    calls: Calls[int] = Calls(ledger.record, most=10)
    calls.add(1)
    await asyncio.sleep(0)
    for number in (2, 3, 4):
        calls.add(number)
    ledger.open.set()
    await calls.finish()
    assert ledger.batches == [[1], [2, 3, 4]]


async def test_a_record_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.001)
    ledger = Ledger(failures=3)
    calls: Calls[int] = Calls(ledger.record, most=10)
    calls.start(SMS, answer(1))
    await calls.finish()
    assert ledger.batches == [[1]]


async def test_the_end_waits_for_every_call_and_its_record():
    ledger, silent = Ledger(), asyncio.Event()
    calls: Calls[int] = Calls(ledger.record, most=10)
    calls.start(SMS, answer(1, silent))
    calls.start(EMAIL, answer(2))
    finishing = asyncio.create_task(calls.finish())
    await asyncio.sleep(0)
    assert not finishing.done()
    silent.set()
    await finishing
    assert sorted(number for batch in ledger.batches for number in batch) == [1, 2]
