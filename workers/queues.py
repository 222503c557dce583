"""The queue: RQ on Redis, one queue per lane. A job says that something is due in its lane, and nothing else.

Redis is only the bell. What is due stands in PostgreSQL; a ring that is lost is made up for by the dispatcher. A worker
that has a job attends its lane for a while: it hears who rings and for what kind of work, and no job is needed for that.
RQ asks Redis about sixty times for each job.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from notifier.domain.deliveries import Urgency
from notifier.store.due import Kind
from notifier.telemetry.metrics import RINGS_LOST

log = logging.getLogger(__name__)

JOB = "workers.worker.run"
JOB_TIMEOUT_SECONDS = 300
DAY_SECONDS = 86_400
CONNECT_SECONDS, ANSWER_SECONDS = 2, 5


def connect(url: str) -> Redis:
    """A client that gives up quickly: nobody waits for the bell."""
    return Redis.from_url(
        url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS, health_check_interval=30
    )


def queue_of(connection: Redis, prefix: str, lane: Urgency) -> Queue:
    return Queue(f"{prefix}-{lane.value}", connection=connection, serializer=JSONSerializer)


def enqueue(connection: Redis, prefix: str, lane: Urgency) -> None:
    """Have a worker look at a lane. While a job waits there, whoever takes it will find what is due by now too."""
    queue = queue_of(connection, prefix, lane)
    if not queue.count:
        queue.enqueue(JOB, job_timeout=JOB_TIMEOUT_SECONDS, result_ttl=0, failure_ttl=DAY_SECONDS)


RECEIPT_LANE = Urgency.NORMAL
"""Where callbacks are read: they tell of any urgency, so they neither overtake the urgent nor wait for the bulk."""
CALLBACK_LANE = Urgency.NORMAL
"""Where dossier systems are told what became of their notices."""


class Bell:
    """Rings for work that is committed, without making anybody wait.

    Who attends a lane hears it; where nobody does, a job brings a worker. While one ring is on its way to Redis, the
    next gather: no timer. A ring that fails is counted and forgotten.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = connect(url)
        self._air: AsyncRedis = AsyncRedis.from_url(
            url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS
        )
        self._prefix = prefix
        self._waiting: dict[tuple[Kind, Urgency], bool] = {}
        """What to ring for, and whether a worker has to come."""
        self._ringer: asyncio.Task[None] | None = None
        self._attended: Urgency | None = None
        self._kinds: Collection[Kind] = ()
        self._woken = asyncio.Event()
        self.heard: set[Kind] = set()
        """What somebody has rung for in the lane that is attended. Who looks for it takes it out first."""

    def ring(self, kind: Kind, *lanes: Urgency) -> None:
        """Something of this kind is due in these lanes."""
        if self._attended in lanes:
            self.hear(kind)
        for lane in lanes:
            if lane is not self._attended:
                self._send(kind, lane, must_come=False)

    def call_in(self, kind: Kind, lane: Urgency) -> None:
        """Something of this kind lies there: a worker has to come, though another attend the lane."""
        self._send(kind, lane, must_come=True)

    def hear(self, *kinds: Kind) -> None:
        """Have these looked for in the lane that is attended; with none, only wake who waits."""
        self.heard.update(kind for kind in kinds if kind in self._kinds)
        self._woken.set()

    async def hears(self, seconds: float) -> bool:
        """Whether anybody has rung, or does so within this time."""
        self._woken.clear()
        if not self.heard:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)
        return bool(self.heard)

    @asynccontextmanager
    async def attending(self, lane: Urgency, kinds: Collection[Kind]) -> AsyncIterator[None]:
        """Hear each ring for these kinds of work in this lane meanwhile; without Redis only those of this process."""
        self._attended, self._kinds, self.heard = lane, kinds, set()
        async with self._air.pubsub(ignore_subscribe_messages=True) as air:
            listening = await self._begin_to_listen(air, lane)
            try:
                yield
            finally:
                if listening is not None:
                    await self._leave(air, listening)
                self._attended = None

    async def _begin_to_listen(self, air: PubSub, lane: Urgency) -> asyncio.Task[None] | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await air.subscribe(self._channel(lane))
        except (RedisError, OSError):
            log.warning("rings of other processes cannot be heard", extra={"lane": lane})
            return None
        return asyncio.create_task(self._listen(air))

    async def _listen(self, air: PubSub) -> None:
        """Until nothing is subscribed to any more."""
        with suppress(RedisError, OSError):
            async for message in air.listen():
                self.hear(*(kind for kind in Kind if kind.value.encode() == message["data"]))

    async def _leave(self, air: PubSub, listening: asyncio.Task[None]) -> None:
        """All that was rung until Redis knows that nobody listens any more has been heard then."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if not listening.done():
                    await air.unsubscribe()
                    await listening
        except (RedisError, OSError):
            listening.cancel()

    def _send(self, kind: Kind, lane: Urgency, *, must_come: bool) -> None:
        self._waiting[kind, lane] = must_come or self._waiting.get((kind, lane), False)
        if self._ringer is None or self._ringer.done():
            self._ringer = asyncio.get_running_loop().create_task(self._ring_all())

    async def _ring_all(self) -> None:
        while self._waiting:
            (kind, lane), must_come = self._waiting.popitem()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    if not await self._air.publish(self._channel(lane), kind.value) or must_come:
                        await asyncio.to_thread(enqueue, self._redis, self._prefix, lane)
            except (RedisError, OSError):
                RINGS_LOST.inc()
                log.warning("the bell could not be rung", extra={"lane": lane})

    def _channel(self, lane: Urgency) -> str:
        return f"{self._prefix}:{lane.value}"

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
        await self._air.aclose()
        self._redis.close()
