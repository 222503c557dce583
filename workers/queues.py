"""The queue: RQ on Redis, one queue per lane. A job says that something is due in its lane, and nothing else.

Redis is only the bell. What is due stands in PostgreSQL; a ring that is lost is made up for by the dispatcher.
"""

import asyncio
import logging

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from notifier.domain.deliveries import Urgency
from notifier.telemetry.metrics import RINGS_LOST

log = logging.getLogger(__name__)

JOB = "workers.worker.run"
JOB_TIMEOUT_SECONDS = 300
DAY_SECONDS = 86_400


def connect(url: str) -> Redis:
    """A client that gives up quickly: nobody waits for the bell."""
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5, health_check_interval=30)


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

    While one ring is on its way to Redis, the next gather: no timer. A ring that fails is counted and forgotten.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._redis = connect(url)
        self._prefix = prefix
        self._waiting: set[Urgency] = set()
        self._ringer: asyncio.Task[None] | None = None
        self.attended: Urgency | None = None
        """The lane that this process works on at this moment: it hears a ring for it at once."""
        self.heard = asyncio.Event()

    def ring(self, *lanes: Urgency) -> None:
        """Something is due in these lanes."""
        if self.attended in lanes:
            self.hear()
        self._waiting |= {*lanes} - {self.attended}
        if self._waiting and (self._ringer is None or self._ringer.done()):
            self._ringer = asyncio.get_running_loop().create_task(self._ring_all())

    def hear(self) -> None:
        """Have the lane that is attended looked at once more."""
        self.heard.set()

    async def _ring_all(self) -> None:
        while self._waiting:
            lane = self._waiting.pop()
            try:
                await asyncio.to_thread(enqueue, self._redis, self._prefix, lane)
            except (RedisError, OSError):
                RINGS_LOST.inc()
                log.warning("the bell could not be rung", extra={"lane": lane})

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
