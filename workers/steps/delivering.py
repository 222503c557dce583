"""Deliver: take what is due, write down that a provider will be called, call, record what came of it.

No transaction is open while a provider is called. The lease outlives the call; the calls outlive the job.
"""

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from channels.base import Asks, Message
from channels.registry import ProviderSetup
from notifier.delivery.decide import Ask, NotCalled, Traits, after_outcome, corrects, on_due
from notifier.domain.deliveries import SENDABLE, Delivery, DeliveryState, Urgency
from notifier.domain.ids import AttemptId, DeliveryId, ProviderName, uuid7
from notifier.domain.outcomes import Unknown
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import Step as Decision
from notifier.store import attempts, deliveries, desks
from notifier.store.attempts import NewAttempt
from notifier.store.deliveries import Move, Work
from notifier.store.due import Kind
from notifier.store.pool import Connection
from notifier.telemetry.marks import Mark, pass_by
from notifier.telemetry.metrics import ATTEMPT_SECONDS, ATTEMPTS
from workers.calls import Calls
from workers.gate import Asked
from workers.steps import spending
from workers.steps.asking import Asking, ask
from workers.steps.asking import record as record_answers
from workers.steps.fallbacks import Released, hours_of_work, settle_fallbacks
from workers.steps.gathering import gather
from workers.steps.overtaking import overtaken_meanwhile
from workers.steps.suppressing import barred_meanwhile, learn_from_outcomes, stop_link
from workers.steps.writing import Sending, write
from workers.wiring import App

log = logging.getLogger(__name__)

CHUNK = 64
CALLS_AT_ONCE = {Urgency.URGENT: 64, Urgency.NORMAL: 64, Urgency.BULK: 16}
"""To one provider, from one worker. Calls that a slow provider lets wait hold up those of the other lanes there too."""
SEND_DEADLINE_SECONDS = 30.0
LEASE = timedelta(seconds=60)
"""Longer than a call with all that surrounds it. A worker that dies loses its leases sooner: `workers.heartbeat`."""
WAIT_AT_GATE = timedelta(seconds=2)
WAIT_WHEN_SHUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Deliveries that a failed transaction may have left in this worker's hands. No provider was called for them.

    One that an earlier job is being called for is in these hands too, and is none of them.
    """

    ids: Sequence[DeliveryId]


Call = Sending | Asking | Abandoned


def new_calls(app: App, lane: Urgency = Urgency.URGENT) -> Calls[Call]:
    """The calls of one worker process, which serves this lane. Let them `finish` before the app is closed."""
    fewer: dict[str, int] = {
        name: most for name, setup in app.providers.items() if (most := setup.capabilities.calls_at_once)
    }
    return Calls(
        partial(_record_all, app), most=CALLS_AT_ONCE[lane], fewer=fewer, eased=partial(app.bell.hear, Kind.DELIVERY)
    )


async def deliver(app: App, calls: Calls[Call], ids: Sequence[DeliveryId]) -> None:
    """Work on those of the deliveries that are due and free: start sending them, or move those whose wait is over.

    Answers when the calls have begun. What a provider has no room for is given back and taken again after `WAIT_AT_GATE`.
    """
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        try:
            sendings, askings = await _begin(app, chunk, calls)
            await write(app, sendings)
            await spending.charge(app, sendings)
        except Exception:
            calls.add(Abandoned([id_ for id_ in chunk if not calls.is_about(id_)]))  # the commit may have happened
            raise
        for asking in askings:
            work = asking.work
            calls.start(asking.provider.name, ask(app, asking), work.source, about=work.delivery.id)
        for sending in sendings:
            if sending.result is not None:
                calls.add(sending)
            else:
                work = sending.work
                calls.start(sending.provider.name, _call(app, sending), work.source, about=work.delivery.id)


async def _begin(app: App, ids: Sequence[DeliveryId], calls: Calls[Call]) -> tuple[list[Sending], list[Asking]]:
    """Claim, decide what needs no call, and commit the attempts of the rest."""
    now = app.clock()
    async with app.pool.acquire() as connection, connection.transaction():
        released = Released()
        await app.calendars.look(connection)
        await desks.hold_of(connection, ids)
        held = await deliveries.claim(connection, ids, app.name, LEASE, now)
        held = await gather(app, connection, held, released, now)
        overtaken = {
            **await barred_meanwhile(app, connection, held),
            **await overtaken_meanwhile(app, connection, held, now),
        }
        decided = {work.delivery.id: overtaken.get(work.delivery.id) or _decide_due(app, work, now) for work in held}
        moves = [_move(work.delivery, step) for work in held if isinstance(step := decided[work.delivery.id], Decision)]
        moved = await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
        askings = [
            Asking(work, app.providers[work.delivery.provider])
            for work in held
            if isinstance(decided[work.delivery.id], Ask) and work.delivery.provider is not None
        ]
        ready = [work for work in held if decided[work.delivery.id] is None and _is_ready(app, work)]
        sendings = await _begin_attempts(app, connection, await _admitted(app, connection, ready, calls, now), now)
        kept = moved | {each.work.delivery.id for each in sendings} | {each.work.delivery.id for each in askings}
        await _release(app, connection, [work for work in held if work.delivery.id not in kept], now)
        touched = [work.delivery.recipient_id for work in held if work.delivery.id in moved]
        await settle_fallbacks(app, connection, touched, now, released)
        pass_by(Mark.ATTEMPT_BEFORE_COMMIT)
    pass_by(Mark.ATTEMPT_AFTER_COMMIT)
    released.ring(app)
    return sendings, askings


def _decide_due(app: App, work: Work, now: datetime) -> Decision | Ask | None:
    delivery = work.delivery
    provider = app.providers.get(delivery.provider) if delivery.provider else None
    return on_due(
        delivery,
        app.rules.policy(delivery.channel),
        traits_of(provider) if provider else Traits(),
        now,
        random.random(),  # noqa: S311 - jitter
        hours_of_work(app, work, now),
        referenced=work.reference is not None,
    )


def _is_ready(app: App, work: Work) -> bool:
    """To be sent, on a channel that is switched on."""
    return work.delivery.state in SENDABLE and work.delivery.channel in app.setups


async def _admitted(
    app: App, connection: Connection, ready: Sequence[Work], calls: Calls[Call], now: datetime
) -> list[tuple[Work, ProviderName]]:
    """Those that may be sent now, each with its provider: the gate is open, and not too many are under way, of its source."""
    granted: list[tuple[Work, ProviderName]] = []
    for urgency, source in sorted({(work.delivery.urgency, work.source) for work in ready}):
        lane = [work for work in ready if (work.delivery.urgency, work.source) == (urgency, source)]
        room = partial(calls.room, party=source)
        asked = [_asked(work) for work in lane]
        answers = await app.gate.admit(connection, urgency, asked, room, now)
        granted += [(work, provider) for work, provider in zip(lane, answers, strict=True) if provider is not None]
    return granted


def _asked(work: Work) -> Asked:
    delivery = work.delivery
    return Asked(delivery.channel, delivery.provider, is_first_call=work.calls == 0, agency=work.agency)


async def _release(app: App, connection: Connection, idle: Sequence[Work], now: datetime) -> None:
    """Give back what nobody takes now; what will not be taken soon either, for longer."""
    waits: dict[timedelta, list[DeliveryId]] = defaultdict(list)
    for work in idle:
        is_shut = app.gate.is_shut(_asked(work), now + WAIT_WHEN_SHUT)
        waits[WAIT_WHEN_SHUT if is_shut else WAIT_AT_GATE].append(work.delivery.id)
    for wait, ids in waits.items():
        await deliveries.release(connection, ids, app.name, wait)


async def _begin_attempts(
    app: App, connection: Connection, admitted: Sequence[tuple[Work, ProviderName]], now: datetime
) -> list[Sending]:
    moves = [
        Move(
            work.delivery.id,
            work.delivery.state,
            DeliveryState.SENDING,
            work.delivery.due_at,
            Reason(ReasonCode.LEASED, {"attempt": str(work.calls + 1), "provider": provider}),
            provider=provider,
        )
        for work, provider in admitted
    ]
    begun = await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
    sendings = [
        Sending(work, AttemptId(uuid7(now)), app.providers[provider])
        for work, provider in admitted
        if work.delivery.id in begun
    ]
    begun_attempts = [
        NewAttempt(each.attempt, each.work.delivery.id, each.number, each.provider.name, each.work.delivery.id.hex)
        for each in sendings
    ]
    await attempts.begin(connection, begun_attempts, app.name, now)
    return sendings


async def _call(app: App, sending: Sending) -> Sending:
    """One call. Whatever an adapter raises against its contract, the result is unknown, and so it is treated."""
    delivery, recipient = sending.work.delivery, sending.work.recipient
    assert sending.content is not None  # noqa: S101 - only rendered ones are called for
    message = Message(
        delivery_id=delivery.id,
        idempotency_key=delivery.id.hex,
        contact=recipient.contact,
        content=sending.content,
        created_at=delivery.created_at,
        staff=recipient.audience.is_staff,
        agency=sending.work.agency,
        stop_link=stop_link(app, sending.work),
    )
    pass_by(Mark.CALL_BEFORE)
    if not app.heartbeat.is_believed():  # this process slept; somebody else may have been given the delivery
        sending.outcome = NotCalled()
        return sending
    started = time.perf_counter()
    try:
        async with asyncio.timeout(SEND_DEADLINE_SECONDS):
            sending.outcome = await app.connections[sending.provider.name].send(message)
    except TimeoutError:
        sending.outcome = Unknown("deadline", f"no outcome within {SEND_DEADLINE_SECONDS:g} s")
    except asyncio.CancelledError:
        sending.outcome = Unknown("shutdown", "this process had to end before the provider answered")
    except Exception as error:
        log.exception("an adapter raised", extra={"channel": delivery.channel, "delivery": delivery.id})
        sending.outcome = Unknown("adapter_fault", type(error).__name__)
    pass_by(Mark.CALL_AFTER)
    app.gate.note(sending.provider.name, sending.outcome, app.clock())
    ATTEMPT_SECONDS.labels(delivery.channel).observe(time.perf_counter() - started)
    ATTEMPTS.labels(delivery.channel, type(sending.outcome).__name__.lower()).inc()
    return sending


async def _record_all(app: App, finished: Sequence[Call]) -> None:
    sent = [each for each in finished if isinstance(each, Sending)]
    if sent:
        await _record(app, sent)
    asked = [each for each in finished if isinstance(each, Asking)]
    if asked:
        await record_answers(app, asked)
    abandoned = [id_ for each in finished if isinstance(each, Abandoned) for id_ in each.ids]
    if abandoned:
        await _give_back(app, abandoned)
    await app.gate.report(app.clock())


async def _record(app: App, finished: Sequence[Sending]) -> None:
    """Commit what the calls came to, and what that means for the fallbacks of the same people."""
    now = app.clock()
    moves = {each.work.delivery.id: _result_move(app, each, now) for each in finished}
    async with app.pool.acquire() as connection, connection.transaction():
        moved = await deliveries.move(connection, list(moves.values()), actor=app.name, now=now, holder=app.name)
        late = [each for each in finished if each.work.delivery.id not in moved]
        for guess in (DeliveryState.UNKNOWN, DeliveryState.PLANNED):
            truths = [  # the guess has counted the attempt already
                replace(move := moves[each.work.delivery.id], expected=guess, calls=each.number, counts=move.counts - 1)
                for each in late
                if corrects(guess, each.outcome)
            ]
            moved |= await deliveries.move(connection, truths, actor=app.name, now=now)
        ends = [(each.attempt, each.outcome) for each in finished if each.outcome is not None]
        await attempts.end(connection, ends, now)
        called = [
            (each.work.delivery.id, each.provider, each.work.recipient.contact, each.outcome) for each in finished
        ]
        await learn_from_outcomes(app, connection, called, now)
        recipients = [each.work.delivery.recipient_id for each in finished if each.work.delivery.id in moved]
        released = await settle_fallbacks(app, connection, recipients, now)
        await spending.give_back(connection, finished)
        pass_by(Mark.RECORD_BEFORE_COMMIT)
    pass_by(Mark.RECORD_AFTER_COMMIT)
    released.ring(app)


async def _give_back(app: App, ids: Sequence[DeliveryId]) -> None:
    """Let go of what this worker still holds of these. Who might hold an earlier call of one is not forgotten."""
    now = app.clock()
    async with app.pool.acquire() as connection, connection.transaction():
        held = await deliveries.held_by(connection, ids, app.name)
        moves = [
            Move(
                id_, DeliveryState.SENDING, DeliveryState.PLANNED, now, Reason(ReasonCode.NOT_CALLED), provider=provider
            )
            for id_, state, provider in held
            if state is DeliveryState.SENDING
        ]
        moved = await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
        await attempts.not_called(connection, moved, app.name, now)
        await deliveries.release(connection, [id_ for id_, _, _ in held if id_ not in moved], app.name, WAIT_AT_GATE)


def _result_move(app: App, sending: Sending, now: datetime) -> Move:
    return _move(sending.work.delivery, _result(app, sending, now), DeliveryState.SENDING, sending)


def _result(app: App, sending: Sending, now: datetime) -> Decision:
    if sending.result is not None:
        return sending.result
    assert sending.outcome is not None  # noqa: S101 - a call always has one
    delivery = sending.work.delivery
    return after_outcome(
        delivery,
        sending.outcome,
        app.rules.policy(delivery.channel),
        traits_of(sending.provider),
        now,
        random.random(),  # noqa: S311 - jitter
        hours_of_work(app, sending.work, now),
    )


def _move(
    delivery: Delivery, step: Decision, expected: DeliveryState | None = None, sending: Sending | None = None
) -> Move:
    """Once a provider may hold it, no other is called: `delivery.provider` says so of a planned one."""
    holder = sending.provider.name if sending else delivery.provider
    return Move(
        delivery.id,
        expected or delivery.state,
        step.state,
        step.due_at,
        step.reason,
        getattr(sending.outcome, "reference", None) if sending else None,
        int(step.counts_attempt),
        provider=holder if step.same_provider or delivery.provider else None,
    )


def traits_of(provider: ProviderSetup) -> Traits:
    capabilities = provider.capabilities
    return Traits(
        capabilities.accepted_is_delivered,
        capabilities.proves_delivery,
        capabilities.deduplicates,
        asked_by_reference=capabilities.asks in {Asks.REFERENCE, Asks.KEY},
        asked_by_key=capabilities.asks is Asks.KEY,
        resets_at=provider.limits.quota_resets_at,
    )
