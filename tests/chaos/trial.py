"""One fault in progress: what a fault may do to the installation, and what is noted of it."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from notifier.telemetry.marks import Mark, taken_orders
from tests.chaos.events import Invented
from tests.chaos.observe import Struck, struck_by_death, struck_by_outage
from tests.chaos.servers import send
from tests.chaos.stand import Stand, is_stopped
from tests.chaos.verdict import Waits

STOPPED_SECONDS = 20.0
"""Longer than any lease that keeps the bound on recovery."""
QUICK_STOPPED_SECONDS = 11.0
"""Longer than a process lives on without a sign of life."""
AWAKE_SECONDS = 2.0
"""After that, what it had on its desk when it was stopped is written."""
MARK_SECONDS = 15.0
RENEWAL_SECONDS = 40.0
"""For somebody to pass a mark of it: a provider whose token is refused is tried again only now and then."""
OBEYED_SECONDS = 5.0
RENEWED_SECONDS = 20.0
Hurt = Callable[[Mark, Callable[[], Awaitable[None]], float], Awaitable[None]]
GRANT_NOTE = "the Zalo grant was lost, an administrator consented again"
DRAIN_PATIENCE_SECONDS = 45.0


@dataclass(slots=True)
class Trial:
    stand: Stand
    rng: random.Random
    quick: bool
    struck: list[Struck] = field(default_factory=list)
    kills: int = 0
    drains: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    accepted: list[Invented] = field(default_factory=list)
    """Events that the fault itself brought in, beside those that are posted meanwhile."""
    refused: int = 0
    waits: list[Waits] = field(default_factory=list)

    def timed(self, what: str, seconds: list[float], bound: float) -> None:
        """How long each of these messages took from the 202 to its provider, and what p99 may be at most."""
        self.waits.append(Waits(what, seconds, bound))

    async def over(self) -> None:
        """An outage has ended now."""
        self.struck.append(await struck_by_outage(self.stand))

    async def mend_grant(self) -> bool:
        """Consent again where the Zalo grant is lost, and count from then; answers whether it was.

        A refresh token works once: if the only process that knows the next one dies before it has kept it, nobody has a
        good one. That takes a person, in production as well.
        """
        if not await self.stand.is_grant_lost():
            return False
        await self.stand.consent_again()
        if GRANT_NOTE not in self.notes:
            self.notes.append(GRANT_NOTE)
        await self.over()
        return True

    async def at_renewal(self, mark: Mark, hurt: Hurt, provoke: Callable[[], Awaitable[None]]) -> None:
        """As `kill_at` or `freeze_at` (`hurt`), until somebody has renewed the token, or it turns out to be lost.

        Where the only process that knew the next token was hurt, nobody could send until it woke, or until a person
        consented: what waited for that is counted from then.
        """
        before, struck = await self.stand.token_version(), len(self.struck)
        await hurt(mark, provoke, RENEWAL_SECONDS)
        await self._until_async(lambda: self._renewed_or_lost(before), RENEWED_SECONDS)
        if await self.mend_grant() or mark is Mark.TOKEN_BEFORE_COMMIT:
            del self.struck[struck : struck + 1]
            await self.over()

    async def _renewed_or_lost(self, before: int) -> bool:
        return await self.stand.is_grant_lost() or await self.stand.token_version() > before

    @staticmethod
    async def _until_async(condition: Callable[[], Awaitable[bool]], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not await condition() and loop.time() < deadline:
            await asyncio.sleep(0.2)

    async def kill(self, role: str) -> None:
        """SIGKILL, and wait until the supervisor has brought the role back."""
        pid = self.stand.pids().get(role)
        if pid is not None and send(pid, signal.SIGKILL):
            await self._until(lambda: self.stand.pids().get(role) != pid, 5)
            self.kills += 1
            self.struck.append(await struck_by_death(self.stand, pid))
        await self.stand.back()

    async def drain(self, role: str) -> None:
        """SIGTERM, and note how long the process took to end."""
        pid, loop = self.stand.pids()[role], asyncio.get_running_loop()
        began = loop.time()
        send(pid, signal.SIGTERM)
        await self._until(lambda: self.stand.pids().get(role) != pid, DRAIN_PATIENCE_SECONDS)
        self.drains.append(loop.time() - began)
        self.struck.append(await struck_by_death(self.stand, pid))
        await self.stand.back()

    async def freeze(self, role: str) -> None:
        """SIGSTOP for longer than a lease, then SIGCONT."""
        pid = self.stand.pids()[role]
        send(pid, signal.SIGSTOP)
        await self._frozen(pid)

    async def kill_at(
        self, mark: Mark, provoke: Callable[[], Awaitable[None]] | None = None, seconds: float = MARK_SECONDS
    ) -> None:
        pid = await self._hit(mark, signal.SIGKILL, provoke, seconds)
        if pid is not None:
            self.kills += 1
            self.struck.append(await struck_by_death(self.stand, pid))
        await self.stand.back()

    async def freeze_at(
        self, mark: Mark, provoke: Callable[[], Awaitable[None]] | None = None, seconds: float = MARK_SECONDS
    ) -> None:
        pid = await self._hit(mark, signal.SIGSTOP, provoke, seconds)
        if pid is not None:
            await self._frozen(pid)

    async def _frozen(self, pid: int) -> None:
        self.kills += 1
        self.struck.append(await struck_by_death(self.stand, pid))
        await asyncio.sleep(QUICK_STOPPED_SECONDS if self.quick else STOPPED_SECONDS)
        send(pid, signal.SIGCONT)
        await asyncio.sleep(AWAKE_SECONDS)

    async def _hit(
        self, mark: Mark, number: signal.Signals, provoke: Callable[[], Awaitable[None]] | None, seconds: float
    ) -> int | None:
        """Give an order to whoever passes the mark next; answers who obeyed it, once it is dead or stands still."""
        order = self.stand.marks / mark.value
        fresh = order.with_suffix(".new")
        fresh.write_text(number.name)
        fresh.rename(order)
        if provoke is not None:
            await provoke()
        hit = await self._taken(mark, seconds)
        if hit is None:
            order.unlink(missing_ok=True)
            hit = await self._taken(mark, 0)  # perhaps just before it was taken back
        if hit is None:
            self.not_done.append(f"nobody passed {mark.value}")
            return None
        await self._until(lambda: is_stopped(hit) or hit not in self.stand.pids().values(), OBEYED_SECONDS)
        return hit

    async def _taken(self, mark: Mark, seconds: float) -> int | None:
        """The process that takes the order at this mark within that time."""
        taken: dict[int, Path] = {}

        def is_taken() -> bool:
            taken.update(taken_orders(self.stand.marks, mark))
            return bool(taken)

        if not await self._until(is_taken, seconds):
            return None
        ((pid, path),) = taken.items()
        path.unlink()
        return pid

    @staticmethod
    async def _until(condition: Callable[[], bool], seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not condition():
            if loop.time() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True
