"""Route events: load, decide who is told how, store the plans in one transaction, ring for what is due."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from notifier.domain.events import DossierEvent
from notifier.domain.ids import DeliveryId, EventId, uuid7
from notifier.domain.opaque import lookup_token, token_hash
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Recipient
from notifier.store import events, lookups, plans
from notifier.store.due import Kind
from notifier.store.events import ClaimedEvent, Finished
from notifier.store.plans import NewDelivery, NewPlan, due_lanes
from notifier.store.pool import Connection
from notifier.telemetry.marks import Mark, pass_by
from notifier.telemetry.metrics import NO_CONTACT, SEQ_GAPS
from workers.steps.contexts import kind_of
from workers.steps.understanding import understood
from workers.steps.waves import Decided, decide, in_waves
from workers.wiring import App

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
"""Routing one takes milliseconds. A lease that ends too soon costs no double: the plan is stored once."""
AGAIN_AFTER = timedelta(seconds=5)


class _LeaseLostError(Exception):
    """Another worker has an event now: nothing of this transaction may stay."""


async def route(app: App, ids: Sequence[EventId]) -> None:
    """Route those of the events that still wait for it. One that fails is put off; the others go on."""
    async with app.pool.acquire() as connection:
        claimed = await events.claim(connection, ids, app.name, LEASE)
    pass_by(Mark.ROUTE_CLAIMED)
    readable = [event for waiting in claimed if (event := await _read(app, waiting))]
    for wave in in_waves(readable):
        await _route(app, wave)


async def _read(app: App, waiting: ClaimedEvent) -> DossierEvent | None:
    """The event as its source means it. One that cannot be understood is unroutable, and done with."""
    try:
        return understood(waiting, app.profiles)
    except ValueError as error:
        log.exception("a stored event cannot be read", extra={"event": waiting.id})
        why = Finished(waiting.id, [Reason(ReasonCode.EVENT_UNROUTABLE, {"code": type(error).__name__})])
        async with app.pool.acquire() as connection:
            await events.finish(connection, [why], app.name, "unroutable", app.clock())
    except Exception:
        log.exception("a stored event cannot be read now", extra={"event": waiting.id})
        await _put_off(app, waiting.id)
    return None


async def _route(app: App, wave: Sequence[DossierEvent]) -> None:
    """Route a wave; where that fails, each of its events alone; one that fails alone is put off."""
    try:
        await _route_together(app, wave)
    except Exception as error:
        is_taken = isinstance(error, _LeaseLostError)
        if not is_taken:
            log.exception("events could not be routed now", extra={"events": [event.id for event in wave]})
        if len(wave) > 1:
            for event in wave:
                await _route(app, [event])
        elif not is_taken:
            await _put_off(app, wave[0].id)


async def _put_off(app: App, event: EventId) -> None:
    async with app.pool.acquire() as connection:
        await events.postpone(connection, event, app.name, app.clock() + AGAIN_AFTER)


async def _route_together(app: App, wave: Sequence[DossierEvent]) -> None:
    now = app.clock()
    async with app.pool.acquire() as connection, connection.transaction():
        decided = await decide(app, connection, wave, now)
        planned = await _store(app, connection, decided, now)
        pass_by(Mark.ROUTE_BEFORE_COMMIT)
    pass_by(Mark.ROUTE_AFTER_COMMIT)
    for each in decided:
        _count(each)
    app.bell.ring(Kind.DELIVERY, *due_lanes(planned, now))


async def _store(app: App, connection: Connection, decided: Sequence[Decided], now: datetime) -> list[NewDelivery]:
    finished = [Finished(each.event.id, each.reasons, each.event.dossier.agency) for each in decided]
    if len(await events.finish(connection, finished, app.name, "routed", now)) < len(finished):
        raise _LeaseLostError
    new = [_new_plan(app, each, now) for each in decided]
    await plans.store(connection, new, now)
    told = [(each.event, plan.recipients) for each, plan in zip(decided, new, strict=True)]
    await remember_lookups(app, connection, told, now)
    return [delivery for each in new for delivery in each.deliveries]


def _new_plan(app: App, decided: Decided, now: datetime) -> NewPlan:
    told = decided.plan.recipients
    planned = [
        NewDelivery(DeliveryId(uuid7(now)), one.recipient, kind_of(app, each.channel), each)
        for one in told
        for each in one.deliveries
    ]
    return NewPlan(decided.event.id, decided.event.source, [one.recipient for one in told], planned)


async def remember_lookups(
    app: App, connection: Connection, told: Sequence[tuple[DossierEvent, Sequence[Recipient]]], now: datetime
) -> None:
    """Have the look-up links in the messages of these people open."""
    tokens = {
        token_hash(lookup_token(app.secret, *event.dossier_key, each.ref)): event.dossier_key
        for event, recipients in told
        for each in recipients
    }
    await lookups.remember(connection, tokens, now + timedelta(days=app.settings.lookup_days))


def _count(decided: Decided) -> None:
    codes = {reason.code for reason in decided.reasons}
    if ReasonCode.EVENT_NO_CONTACT in codes:
        NO_CONTACT.inc()
    if ReasonCode.EVENT_SEQ_GAP in codes:
        SEQ_GAPS.labels(decided.event.source).inc()
