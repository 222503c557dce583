"""A worker process: takes jobs of one lane from RQ and works the lane off, on one event loop that outlives the jobs.

The loop has a thread of its own, so that its connections to providers and to PostgreSQL stay open and attended
while RQ's main thread waits for the next job. One queue per process: with two, RQ would lose what it has just
popped when it is killed (RQ 3.0, `Queue.dequeue_any`).
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import Any, TypeVar

import uvloop
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from notifier.domain.deliveries import Urgency
from notifier.settings import Settings
from workers.lane import Lane
from workers.queues import connect, queue_of
from workers.wiring import App, open_app

log = logging.getLogger(__name__)

T = TypeVar("T")

START_SECONDS = 30.0
PATIENCE_SECONDS = 20.0
"""How long calls under way may take when this process is to end; then they are cut off, their results unknown."""
CLOSE_SECONDS = 28.0
REPORT_SECONDS = 1.0
REDIS_AGAIN_SECONDS = 1.0
NICENESS = {Urgency.URGENT: 0, Urgency.NORMAL: 0, Urgency.BULK: 10}
"""On a machine that is busy, what is in no hurry leaves the processors to the rest."""


class Workshop:
    """The running event loop of this process with everything that the steps use."""

    def __init__(self, settings: Settings, lane: Urgency, name: str) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="steps", daemon=True)
        self._thread.start()
        self._context: AbstractAsyncContextManager[App] = open_app(settings, name=name, stays=True)
        self._app = app = self._do(self._context.__aenter__(), START_SECONDS)
        self._lane = Lane(app, lane)
        self._do(app.heartbeat.start(), START_SECONDS)
        self._reporter = asyncio.run_coroutine_threadsafe(_keep_reporting(app), self._loop)

    def run(self) -> None:
        """Work off what is due. Faults of single rows are the steps' business; what comes out here is ours."""
        self._do(self._lane.work_off(), None)

    def end_soon(self) -> None:
        """Begin no other round. Safe in a signal handler."""
        self._loop.call_soon_threadsafe(self._lane.end)

    def close(self) -> None:
        """Let the calls under way end and be recorded, then close everything; all within `CLOSE_SECONDS`."""
        try:
            self._do(self._end(), CLOSE_SECONDS)
        except TimeoutError:
            log.warning("this process ends before all is recorded; others take that up")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    async def _end(self) -> None:
        await self._lane.finish(PATIENCE_SECONDS)
        self._reporter.cancel()
        await self._app.gate.report(self._app.clock())
        await self._app.heartbeat.stop()
        await self._context.__aexit__(None, None, None)

    def _do(self, work: Coroutine[Any, Any, T], seconds: float | None) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)


async def _keep_reporting(app: App) -> None:
    """What calls came to is reported with the next batch; after the last one by this."""
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        await app.gate.report(app.clock())


_workshop: Workshop | None = None


def run() -> None:
    """What RQ calls. A failure is logged and left to the dispatcher, which rings for whatever is still due."""
    assert _workshop is not None, "jobs run inside `notifier worker` only"  # noqa: S101
    try:
        _workshop.run()
    except Exception:
        log.exception("a lane could not be worked off")


class LaneWorker(SimpleWorker):
    """RQ's worker, which ends when Redis fails it. This one knows whether that was asked of it."""

    max_connection_wait_time = 2
    is_asked_to_end = False

    def request_stop(self, signum: int, frame: Any) -> None:
        self.is_asked_to_end = True
        if _workshop is not None:
            _workshop.end_soon()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def work(settings: Settings, lane: Urgency, *, name: str) -> None:
    """Serve one lane until SIGTERM or SIGINT. A Redis that is away is waited for."""
    global _workshop  # noqa: PLW0603 - RQ calls a function by its name
    os.nice(NICENESS[lane])
    _workshop = Workshop(settings, lane, name)
    try:
        for number in count(1):
            if _serve(settings, lane, f"{name}-{number}"):
                return
            log.warning("the queue failed this worker, which starts again", extra={"lane": lane, "worker": name})
            time.sleep(REDIS_AGAIN_SECONDS)
    except StopRequested:
        return
    finally:
        _workshop.close()


def _serve(settings: Settings, lane: Urgency, name: str) -> bool:
    """Take jobs until told to end (True) or until Redis fails (False). RQ wants a new name each time."""
    connection = connect(settings.redis.url.get_secret_value())
    queue = queue_of(connection, settings.redis.prefix, lane)
    worker = None
    try:
        worker = LaneWorker(
            [queue], name=name, connection=connection, serializer=JSONSerializer, log_job_description=False
        )
        log.info("worker ready", extra={"lane": lane, "worker": name})
        worker.work(logging_level="WARNING")
    except (RedisError, OSError):
        log.warning("the queue cannot be reached", extra={"lane": lane, "worker": name})
    finally:
        connection.close()
    return worker is not None and worker.is_asked_to_end
