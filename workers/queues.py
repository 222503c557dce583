"""The queue: RQ on Redis, one queue per lane. A job is a step's name and ids, as JSON; nothing else ever.

Redis is only the bell. Whatever is lost here is still due in PostgreSQL, and the dispatcher rings for it again.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import partial
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.serializers import JSONSerializer

from notifier.domain.deliveries import Urgency
from notifier.telemetry.metrics import RINGS_LOST

log = logging.getLogger(__name__)

JOB = "workers.worker.run"
JOB_TIMEOUT_SECONDS = 300
IDS_PER_JOB = 32
"""A few hundred milliseconds of work, so that a queue that is short in jobs is short in time."""
DAY_SECONDS = 86_400
LONG_QUEUE_JOBS = 100
"""Of the urgent, most of whose jobs have a single id: they are put into a queue unless it is longer than this."""
SHORT_QUEUE_JOBS = 4
"""Into a longer queue nothing is put. Its rows are found by the dispatcher when it is short again, every source's."""
WAITING_MOST = 10_000
"""Ids that may wait for Redis; more are left to the dispatcher at once."""


class Step(StrEnum):
    ROUTE = "route"
    DELIVER = "deliver"
    RECEIPTS = "receipts"
    CALLBACKS = "callbacks"


def connect(url: str) -> Redis:
    """A client that gives up quickly: nobody waits for the bell."""
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5, health_check_interval=30)


def queue_of(connection: Redis, prefix: str, lane: Urgency) -> Queue:
    return Queue(f"{prefix}-{lane.value}", connection=connection, serializer=JSONSerializer)


def enqueue(
    connection: Redis, prefix: str, lane: Urgency, step: Step, ids: Sequence[str], *, even_if_long: bool = True
) -> bool:
    """Put jobs for these ids into a lane's queue; answers whether it did."""
    queue = queue_of(connection, prefix, lane)
    longest = LONG_QUEUE_JOBS if lane is Urgency.URGENT else SHORT_QUEUE_JOBS
    if not even_if_long and queue.count >= longest:
        return False
    for start in range(0, len(ids), IDS_PER_JOB):
        queue.enqueue(
            JOB,
            step.value,
            list(ids[start : start + IDS_PER_JOB]),
            job_timeout=JOB_TIMEOUT_SECONDS,
            result_ttl=0,
            failure_ttl=DAY_SECONDS,
            retry=Retry(max=1),
        )
    return True


RECEIPT_LANE = Urgency.NORMAL
"""Where callbacks are read: they tell of any urgency, so they neither overtake the urgent nor wait for the bulk."""
CALLBACK_LANE = Urgency.NORMAL
"""Where dossier systems are told what became of their notices."""


class Bell:
    """Rings for work without making anybody wait.

    While one ring is on its way to Redis, the ids that come in gather for the next: no timer, and few jobs
    when it is busy. A ring that fails, or finds its queue long, is counted and forgotten.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = connect(url)
        self._prefix = prefix
        self._waiting: dict[tuple[Urgency, Step, bool], list[str]] = defaultdict(list)
        self._ringer: asyncio.Task[None] | None = None

    def ring(self, lane: Urgency, step: Step, ids: Iterable[UUID | int], *, even_if_long: bool = False) -> None:
        """`even_if_long`: the dispatcher has looked at the queue itself."""
        waiting = self._waiting[lane, step, even_if_long]
        if len(waiting) >= WAITING_MOST:
            RINGS_LOST.inc()
            return
        waiting.extend(str(id_) for id_ in ids)
        if self._ringer is None or self._ringer.done():
            self._ringer = asyncio.get_running_loop().create_task(self._ring_all())

    async def _ring_all(self) -> None:
        while any(self._waiting.values()):
            waiting, self._waiting = self._waiting, defaultdict(list)
            for (lane, step, even_if_long), ids in waiting.items():
                if not ids:
                    continue
                try:
                    put = partial(enqueue, self._redis, self._prefix, lane, step, ids, even_if_long=even_if_long)
                    if not await asyncio.to_thread(put):
                        RINGS_LOST.inc()
                except (RedisError, OSError):
                    RINGS_LOST.inc()
                    log.warning("the bell could not be rung", extra={"step": step, "lane": lane, "count": len(ids)})

    async def short_lanes(self) -> frozenset[Urgency]:
        """The lanes whose queue is short: only there can a due row have lost its ring. None while Redis is away."""

        def measured() -> frozenset[Urgency]:
            return frozenset(
                lane for lane in Urgency if queue_of(self._redis, self._prefix, lane).count < SHORT_QUEUE_JOBS
            )

        try:
            return await asyncio.to_thread(measured)
        except (RedisError, OSError):
            return frozenset()

    async def workers(self) -> dict[Urgency, int] | None:
        """How many worker processes serve each lane; None while Redis is away."""

        def counted() -> dict[Urgency, int]:
            return {lane: len(Worker.all(queue=queue_of(self._redis, self._prefix, lane))) for lane in Urgency}

        try:
            return await asyncio.to_thread(counted)
        except (RedisError, OSError):
            return None

    async def alive(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await asyncio.to_thread(self._redis.ping))
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        if self._ringer is not None:
            await self._ringer
        self._redis.close()
