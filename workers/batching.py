"""Work that many wait for at the same time, done for several of them at once.

Nothing is delayed for it: an item that finds nothing in flight goes at once, and while a batch is in flight the next one
gathers. So a process that has little to do answers at once, and one that has much commits seldom.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

PATIENCE_SECONDS = 0.5
"""A batch that takes longer waits for something, perhaps for a lock that somebody holds; the next one goes beside it."""
ABREAST = 4
"""Batches in flight when all of them take that long: other work needs connections to the database too."""


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Item, Answer]):
    item: Item
    weight: int
    answer: "asyncio.Future[Answer]"


class Batches(Generic[Item, Answer]):
    """`work` answers for each item of a batch, in their order, and does all of them or none.

    A batch that fails is halved until what fails stands alone, so that one bad item fails alone; but all fail at once,
    each with the same exception, where it `concerns_all`. The weights of a batch are `most` together, unless a single
    item is heavier.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        most: int,
        concerns_all: Callable[[Exception], bool],
        weigh: Callable[[Item], int] = lambda _: 1,
    ) -> None:
        self._work = work
        self._most = most
        self._concerns_all = concerns_all
        self._weigh = weigh
        self._waiting: deque[_Asked[Item, Answer]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._sender: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Answer:
        """The answer for this item, or the exception that it ended in. Who stops waiting disturbs nobody else."""
        asked: _Asked[Item, Answer] = _Asked(item, self._weigh(item), asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all())
        return await asked.answer

    async def close(self) -> None:
        """Wait for all that is in flight or gathers."""
        while tasks := {*self._in_flight, *({self._sender} if self._sender else ())}:
            await asyncio.wait(tasks)

    async def _send_all(self) -> None:
        while batch := self._next():
            task = asyncio.create_task(self._serve(batch))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
            patience = PATIENCE_SECONDS if len(self._in_flight) < ABREAST else None
            await asyncio.wait(self._in_flight, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        self._sender = None

    def _next(self) -> list[_Asked[Item, Answer]]:
        """Those who have waited longest and still do, as many as one batch bears."""
        batch: list[_Asked[Item, Answer]] = []
        room = self._most
        while self._waiting and (not batch or self._waiting[0].weight <= room):
            asked = self._waiting.popleft()
            if not asked.answer.done():
                batch.append(asked)
                room -= asked.weight
        return batch

    async def _serve(self, batch: Sequence[_Asked[Item, Answer]]) -> None:
        try:
            answers = await self._work([asked.item for asked in batch])
        except Exception as error:  # noqa: BLE001 - those who wait get it
            if len(batch) > 1 and not self._concerns_all(error):
                middle = len(batch) // 2
                await self._serve(batch[:middle])
                await self._serve(batch[middle:])
                return
            for asked in batch:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
        else:
            for asked, answer in zip(batch, answers, strict=True):
                if not asked.answer.done():
                    asked.answer.set_result(answer)
