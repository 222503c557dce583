"""Deliver: take what is due, write down that a provider will be called, call, record what came of it.

No transaction is open while a provider is called. The lease outlives the call; the calls outlive the job.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from channels.base import Message
from notifier.delivery.decide import Traits, after_outcome, after_template_fault, on_due
from notifier.domain.content import Content
from notifier.domain.deliveries import SENDABLE, Delivery, DeliveryState
from notifier.domain.errors import TemplateFault
from notifier.domain.events import DossierEvent
from notifier.domain.ids import AttemptId, DeliveryId, uuid7
from notifier.domain.opaque import lookup_token
from notifier.domain.outcomes import Outcome, Unknown
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.steps import Step as Decision
from notifier.intake.codes import SourceProfile
from notifier.rendering.renderer import RenderRequest
from notifier.routing.plan import sensitive
from notifier.store import attempts, deliveries
from notifier.store.attempts import NewAttempt
from notifier.store.deliveries import Move, Work
from notifier.store.events import ClaimedEvent
from notifier.store.pool import Connection
from notifier.telemetry.metrics import ATTEMPT_SECONDS, ATTEMPTS, TEMPLATE_FAULTS
from workers.calls import Calls
from workers.steps.fallbacks import hours_of, settle_fallbacks
from workers.steps.routing import understood
from workers.wiring import App, ChannelSetup

log = logging.getLogger(__name__)

CHUNK = 32
MOST_CALLS = 64
SEND_DEADLINE_SECONDS = 30.0
LEASE = timedelta(seconds=60)


@dataclass(slots=True)
class Sending:
    """One delivery in this worker's hands whose attempt row is committed."""

    work: Work
    attempt: AttemptId
    setup: ChannelSetup
    content: Content | None = None
    template: str = ""
    version: str = ""
    result: Decision | None = None
    outcome: Outcome | None = None


def new_calls(app: App) -> Calls[Sending]:
    """The calls of one worker process. Let them `finish` before the app is closed."""
    return Calls(partial(_record, app), most=MOST_CALLS)


async def deliver(app: App, calls: Calls[Sending], ids: Sequence[str]) -> None:
    """Work on those of the deliveries that are due and free: start sending them, or move those whose wait is over.

    Answers when the calls have begun. A channel that is full takes no more; the dispatcher rings for those again.
    """
    for start in range(0, len(ids), CHUNK):
        chunk = [DeliveryId(UUID(id_)) for id_ in ids[start : start + CHUNK]]
        sendings = await _begin(app, chunk, calls)
        await _render(app, sendings)
        for sending in sendings:
            if sending.result is not None:
                calls.add(sending)
            else:
                calls.start(sending.work.delivery.channel, _call(app, sending))


async def _begin(app: App, ids: Sequence[DeliveryId], calls: Calls[Sending]) -> list[Sending]:
    """Claim, decide what needs no call, and commit the attempts of the rest."""
    now = app.clock()
    async with app.pool.acquire() as connection, connection.transaction():
        held = await deliveries.claim(connection, ids, app.name, LEASE, now)
        decided = {work.delivery.id: _decide_due(app, work, now) for work in held}
        moves = [_move(work.delivery, step) for work in held if (step := decided[work.delivery.id])]
        moved = await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
        ready = _with_room(app, [work for work in held if decided[work.delivery.id] is None], calls)
        sendings = await _begin_attempts(app, connection, ready, now)
        idle = {work.delivery.id for work in held} - moved - {sending.work.delivery.id for sending in sendings}
        await deliveries.release(connection, list(idle), app.name)
        touched = [work.delivery.recipient_id for work in held if work.delivery.id in moved]
        released = await settle_fallbacks(app, connection, touched, now)
    released.ring(app)
    return sendings


def _decide_due(app: App, work: Work, now: datetime) -> Decision | None:
    setup = app.setups.get(work.delivery.channel)
    return on_due(
        work.delivery,
        app.rules.policy(work.delivery.channel),
        traits_of(setup) if setup else Traits(),
        now,
        random.random(),  # noqa: S311 - jitter
        hours_of(app, setup, work.recipient.audience, work.delivery) if setup else (),
    )


def _with_room(app: App, ready: Sequence[Work], calls: Calls[Sending]) -> list[Work]:
    """Those that may be called for now: sendable, their channel switched on and not full."""
    room = {channel: calls.room(channel) for channel in app.setups}
    chosen = []
    for work in ready:
        if work.delivery.state in SENDABLE and room.get(work.delivery.channel, 0) > 0:
            room[work.delivery.channel] -= 1
            chosen.append(work)
    return chosen


async def _begin_attempts(app: App, connection: Connection, ready: Sequence[Work], now: datetime) -> list[Sending]:
    moves = [
        Move(
            work.delivery.id,
            work.delivery.state,
            DeliveryState.SENDING,
            work.delivery.due_at,
            Reason(ReasonCode.LEASED, {"attempt": str(work.calls + 1)}),
        )
        for work in ready
    ]
    begun = await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
    sendings = [
        Sending(work, AttemptId(uuid7(now)), app.setups[work.delivery.channel])
        for work in ready
        if work.delivery.id in begun
    ]
    begun_attempts = [
        NewAttempt(each.attempt, each.work.delivery.id, each.work.calls + 1, each.work.delivery.id.hex)
        for each in sendings
    ]
    await attempts.begin(connection, begun_attempts, app.name, now)
    return sendings


async def _render(app: App, sendings: Sequence[Sending]) -> None:
    """Write the messages and keep them. One that cannot be written is decided here; the others go on."""
    now = app.clock()
    for sending in sendings:
        delivery, recipient = sending.work.delivery, sending.work.recipient
        event = event_of(app, sending.work)
        try:
            sending.content = app.renderer.render(_request(app, sending.work, event, now))
            sending.template = f"{event.type}/{recipient.locale}/{recipient.audience}"
            sending.version = app.renderer.version(
                event.type, recipient.audience, recipient.locale, delivery.content_kind
            )
        except TemplateFault as fault:
            TEMPLATE_FAULTS.labels(delivery.channel).inc()
            log.error("a message cannot be rendered", extra={"delivery": delivery.id, "code": fault.code})  # noqa: TRY400 - the fault is named
            sending.result = after_template_fault(fault.template, fault.fact)
        except Exception as error:
            TEMPLATE_FAULTS.labels(delivery.channel).inc()
            log.exception("rendering failed", extra={"delivery": delivery.id})
            sending.content = None
            sending.result = after_template_fault(event.type, type(error).__name__)
    written = [
        (each.work.delivery.id, each.content, each.work.delivery.content_kind, each.template, each.version)
        for each in sendings
        if each.content is not None
    ]
    async with app.pool.acquire() as connection:
        await attempts.keep_contents(connection, written, now)


def event_of(app: App, work: Work) -> DossierEvent:
    """The event that a delivery tells of."""
    stored = ClaimedEvent(**work.event, told_before=False)
    return understood(stored, app.profiles.get(work.source) or SourceProfile(name=work.source))


def _request(app: App, work: Work, event: DossierEvent, now: datetime) -> RenderRequest:
    token = lookup_token(app.secret, event.source, event.dossier.code, work.recipient.ref)
    units = (event.dossier.handling_unit, event.dossier.receiving_unit)
    return RenderRequest(
        event=event,
        recipient=work.recipient,
        kind=work.delivery.content_kind,
        link=f"{app.settings.public_url}/t/{token}",
        hotline=app.settings.hotline(*(unit.code for unit in units if unit)),
        sender_name=app.settings.sender_name,
        neutral=sensitive(event, app.rules),
        now=now,
    )


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
    )
    started = time.perf_counter()
    try:
        async with asyncio.timeout(SEND_DEADLINE_SECONDS):
            sending.outcome = await app.channels[delivery.channel].send(message)
    except TimeoutError:
        sending.outcome = Unknown("deadline", f"no outcome within {SEND_DEADLINE_SECONDS:g} s")
    except Exception as error:
        log.exception("an adapter raised", extra={"channel": delivery.channel, "delivery": delivery.id})
        sending.outcome = Unknown("adapter_fault", type(error).__name__)
    ATTEMPT_SECONDS.labels(delivery.channel).observe(time.perf_counter() - started)
    ATTEMPTS.labels(delivery.channel, type(sending.outcome).__name__.lower()).inc()
    return sending


async def _record(app: App, finished: Sequence[Sending]) -> None:
    """Commit what the calls came to, and what that means for the fallbacks of the same people."""
    now = app.clock()
    moves = [_move(each.work.delivery, _result(app, each, now), DeliveryState.SENDING, each) for each in finished]
    async with app.pool.acquire() as connection, connection.transaction():
        await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
        ends = [(each.attempt, each.outcome) for each in finished if each.outcome is not None]
        await attempts.end(connection, ends, now)
        released = await settle_fallbacks(app, connection, [each.work.delivery.recipient_id for each in finished], now)
    released.ring(app)


def _result(app: App, sending: Sending, now: datetime) -> Decision:
    if sending.result is not None:
        return sending.result
    assert sending.outcome is not None  # noqa: S101 - a call always has one
    delivery = sending.work.delivery
    return after_outcome(
        delivery,
        sending.outcome,
        app.rules.policy(delivery.channel),
        traits_of(sending.setup),
        now,
        random.random(),  # noqa: S311 - jitter
        hours_of(app, sending.setup, sending.work.recipient.audience, delivery),
    )


def _move(
    delivery: Delivery, step: Decision, expected: DeliveryState | None = None, sending: Sending | None = None
) -> Move:
    reference = getattr(sending.outcome, "reference", None) if sending else None
    return Move(
        delivery.id, expected or delivery.state, step.state, step.due_at, step.reason, reference, step.counts_attempt
    )


def traits_of(setup: ChannelSetup) -> Traits:
    capabilities = setup.capabilities
    return Traits(capabilities.accepted_is_delivered, capabilities.proves_delivery, capabilities.deduplicates)
