"""Tell the dossier systems: take callbacks that are due, post each signed, record what came of it.

No transaction is open during a post. Posts outlive the job, so a receiver that is silent holds up neither a lane nor
another source. A process that dies after a post and before its record posts again, with the same id.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import assert_never

from notifier.callbacks.document import MEDIA_TYPE, body
from notifier.callbacks.schedule import Again, Exhausted, Gone, Taken, Verdict, after_try
from notifier.domain.callbacks import CallbackId, CallbackState
from notifier.domain.ids import SourceName
from notifier.intake.signature import sign
from notifier.store import callbacks as store
from notifier.store import endpoints
from notifier.store.callbacks import Claimed, Ended
from notifier.store.pool import Connection
from notifier.telemetry.marks import Mark, pass_by
from notifier.telemetry.metrics import CALLBACKS
from workers.calls import Calls
from workers.outbound import Answer
from workers.receivers import Receiver, receivers_of
from workers.wiring import App

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=150)
"""Longer than `store.OF_ONE_SOURCE` posts to one receiver take where each uses up its whole deadline."""


@dataclass(slots=True)
class Round:
    """What one job took of one source. `over`: the receiver wants no more now, so the rest is given back."""

    receiver: Receiver
    over: bool = False


@dataclass(slots=True)
class Telling:
    claimed: Claimed
    round: Round
    answer: Answer | None = None
    """None: it was not posted."""
    verdict: Verdict | None = None


class Tellings:
    """The receivers of one worker process and the posts under way to them. Let it `finish` before the app is closed."""

    def __init__(self, app: App) -> None:
        self.receivers = receivers_of(app.settings)
        self.calls: Calls[Telling] = Calls(partial(_record, app), most=store.OF_ONE_SOURCE)
        self.ending = False

    async def finish(self, patience_seconds: float | None = None) -> None:
        """End the posts under way and record them; what waits for its turn is given back."""
        self.ending = True
        await self.calls.finish(patience_seconds)
        for receiver in self.receivers.values():
            await receiver.client.close()


async def callbacks(app: App, tellings: Tellings, ids: Sequence[CallbackId]) -> None:
    """Begin to post those of the callbacks that are due, free and wanted. Answers when the posts have begun."""
    async with app.pool.acquire() as connection:
        held = await store.claim(connection, ids, app.name, LEASE, app.clock())
    for source, of_source in groupby(sorted(held, key=_source), _source):
        receiver = tellings.receivers.get(source)
        if receiver is None:  # another process has newer settings; it, or this one once restarted, will post them
            log.warning("callbacks wait for a receiver that this process does not know", extra={"source": source})
            continue
        round_ = Round(receiver)
        for claimed in of_source:
            tellings.calls.start(source, _tell(app, tellings, Telling(claimed, round_)))


def _source(claimed: Claimed) -> SourceName:
    return claimed.callback.source


async def _tell(app: App, tellings: Tellings, telling: Telling) -> Telling:
    receiver, callback = telling.round.receiver, telling.claimed.callback
    async with receiver.turn:
        if telling.round.over or tellings.ending:
            return telling
        document = body(callback, app.settings.public_url)
        headers = _headers(receiver, callback.id, document, app.clock())
        pass_by(Mark.TELL_BEFORE_CALL)
        telling.answer = await receiver.client.post(receiver.url, document, headers, receiver.timeout_seconds)
        pass_by(Mark.TELL_AFTER_CALL)
        telling.verdict = after_try(
            telling.claimed.tries + 1,
            telling.answer.status,
            telling.answer.retry_after,
            app.clock(),
            random.random(),  # noqa: S311 - jitter
        )
        telling.round.over |= isinstance(telling.verdict, Gone) or _pauses(telling.verdict)
    CALLBACKS.labels(receiver.source, type(telling.verdict).__name__.lower()).inc()
    return telling


def _headers(receiver: Receiver, id_: CallbackId, document: bytes, at: datetime) -> dict[str, str]:
    """Signed by every key: while a secret is replaced, the receiver may check with the old one or the new."""
    signed = [sign(key, str(id_), at, document) for key in receiver.keys]
    signatures = " ".join(each["webhook-signature"] for each in signed)
    return {**signed[0], "webhook-signature": signatures, "Content-Type": MEDIA_TYPE}


def _pauses(verdict: Verdict) -> bool:
    return isinstance(verdict, Again) and verdict.pause_all


async def _record(app: App, finished: Sequence[Telling]) -> None:
    """Commit what the posts came to, and whether their receivers want a pause or no more."""
    now = app.clock()
    unposted = [each.claimed.callback.id for each in finished if each.answer is None]
    async with app.pool.acquire() as connection, connection.transaction():
        await store.end(connection, [ended for each in finished if (ended := _ended(each, now))], app.name, now)
        await store.release(connection, unposted, app.name)
        for each in sorted(finished, key=lambda each: _source(each.claimed)):
            await _heed(app, connection, each, now)
    pass_by(Mark.TELL_AFTER_COMMIT)


async def _heed(app: App, connection: Connection, telling: Telling, now: datetime) -> None:
    """Keep for all processes that this receiver wants a pause, or no more."""
    source = _source(telling.claimed)
    if isinstance(telling.verdict, Again) and telling.verdict.pause_all:
        await endpoints.pause(connection, source, telling.verdict.due_at)
    if isinstance(telling.verdict, Gone) and await endpoints.disable(
        connection, source, "410", actor=app.name, now=now
    ):
        log.warning("a receiver wants no more callbacks: they wait for an operator", extra={"source": source})


def _ended(telling: Telling, now: datetime) -> Ended | None:
    if telling.answer is None or telling.verdict is None:
        return None
    id_, status = telling.claimed.callback.id, telling.answer.status
    error = telling.answer.error or str(status)
    match telling.verdict:
        case Taken():
            return Ended(id_, CallbackState.SENT, None, status, None)
        case Again(due_at):
            return Ended(id_, CallbackState.PENDING, due_at, status, error)
        case Exhausted():
            return Ended(id_, CallbackState.DEAD, None, status, error)
        case Gone():
            return Ended(id_, CallbackState.PENDING, now, status, error, counts=False)
        case _ as never:
            assert_never(never)
