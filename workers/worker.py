"""A worker process: takes jobs of one lane from RQ and runs their step on one event loop that outlives the jobs.

The loop has a thread of its own, so that its connections to providers and to PostgreSQL stay open and attended
while RQ's main thread waits for the next job. One queue per process: with two, RQ would lose what it has just
popped when it is killed (RQ 3.0, `Queue.dequeue_any`).
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeVar

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from notifier.domain.deliveries import Urgency
from notifier.settings import Settings
from notifier.telemetry.metrics import STEP_FAILURES
from workers import steps
from workers.queues import JOB_TIMEOUT_SECONDS, Step, connect, queue_of
from workers.wiring import App, open_app

log = logging.getLogger(__name__)

T = TypeVar("T")

START_SECONDS = 30.0
CLOSE_SECONDS = 45.0
"""Longer than the deadline of a call."""


class Workshop:
    """The running event loop of this process with everything that the steps use."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="steps", daemon=True)
        self._thread.start()
        self._context: AbstractAsyncContextManager[App] = open_app(settings, name=name)
        app = self._do(self._context.__aenter__(), START_SECONDS)
        self._calls = steps.new_calls(app)
        self._steps: dict[Step, Callable[[Sequence[str]], Coroutine[Any, Any, None]]] = {
            Step.ROUTE: partial(steps.route, app),
            Step.DELIVER: partial(steps.deliver, app, self._calls),
            Step.RECEIPTS: partial(steps.receipts, app),
        }

    def run(self, step: Step, ids: Sequence[str]) -> None:
        """Run one step to its end. Faults of single rows are the step's business; what comes out here is ours."""
        self._do(asyncio.wait_for(self._steps[step](ids), JOB_TIMEOUT_SECONDS - 10), None)

    def close(self) -> None:
        """Let the calls under way end and be recorded, then close everything."""
        self._do(self._calls.finish(), CLOSE_SECONDS)
        self._do(self._context.__aexit__(None, None, None), CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T], seconds: float | None) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)


_workshop: Workshop | None = None


def run(step: str, ids: list[str]) -> None:
    """What RQ calls. A failure is logged and left to the dispatcher, which rings again for whatever is still due."""
    assert _workshop is not None, "jobs run inside `notifier worker` only"  # noqa: S101
    try:
        _workshop.run(Step(step), ids)
    except Exception:
        STEP_FAILURES.labels(step).inc()
        log.exception("a step failed", extra={"step": step, "count": len(ids)})


def work(settings: Settings, lane: Urgency, *, name: str) -> None:
    """Serve one lane until SIGTERM or SIGINT."""
    global _workshop  # noqa: PLW0603 - RQ calls a function by its name
    _workshop = Workshop(settings, name)
    try:
        connection = connect(settings.redis.url.get_secret_value())
        worker = SimpleWorker(
            [queue_of(connection, settings.redis.prefix, lane)],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        log.info("worker ready", extra={"lane": lane, "worker": name})
        worker.work(logging_level="WARNING")
    finally:
        _workshop.close()
