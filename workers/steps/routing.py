"""Route events: load, decide who is told how, store the plan in one transaction, ring for what is due."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import DeliveryState
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DeliveryId, DossierCode, EventId, ProviderName, uuid7
from notifier.domain.opaque import inbox_owner, lookup_token, token_hash
from notifier.domain.order import gap_before, spans_text
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience, Recipient
from notifier.routing.context import RoutingContext
from notifier.routing.overtaking import Course, course
from notifier.routing.people import desks as desks_of
from notifier.routing.people import staff_of
from notifier.routing.plan import Plan, merges_until, plan, tells_citizen, windows
from notifier.routing.rules import Rules
from notifier.routing.tables import Track
from notifier.store import desks, directory, events, lookups, overtaking, plans, preferences
from notifier.store.events import ClaimedEvent
from notifier.store.overtaking import Claim
from notifier.store.plans import NewDelivery
from notifier.store.pool import Connection
from notifier.telemetry.marks import Mark, pass_by
from notifier.telemetry.metrics import NO_CONTACT, SEQ_GAPS
from workers.steps.contexts import for_agency, kind_of, owner_of, routing_context
from workers.steps.overtaking import stop_overtaken
from workers.steps.reminding import keep_docket, still_true
from workers.steps.suppressing import heeding
from workers.steps.understanding import understood
from workers.wiring import App

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
"""Routing one takes milliseconds. A lease that ends too soon costs no double: the plan is stored once."""
AGAIN_AFTER = timedelta(seconds=5)


async def route(app: App, ids: Sequence[EventId]) -> None:
    """Route those of the events that still wait for it. One that fails is put off; the others go on."""
    async with app.pool.acquire() as connection:
        claimed = await events.claim(connection, ids, app.name, LEASE)
    pass_by(Mark.ROUTE_CLAIMED)
    for waiting in claimed:
        try:
            await _route_one(app, waiting)
        except Exception:
            log.exception("an event could not be routed now", extra={"event": waiting.id})
            async with app.pool.acquire() as connection:
                await events.postpone(connection, waiting.id, app.name, app.clock() + AGAIN_AFTER)


class _LeaseLostError(Exception):
    """Another worker has the event now: nothing of this transaction may stay."""


async def _route_one(app: App, waiting: ClaimedEvent) -> None:
    now = app.clock()
    try:
        event = understood(waiting, app.profiles)
    except ValueError as error:
        reason = Reason(ReasonCode.EVENT_UNROUTABLE, {"code": type(error).__name__})
        async with app.pool.acquire() as connection:
            await events.finish(connection, waiting.id, app.name, "unroutable", [reason], now)
        log.exception("a stored event cannot be read", extra={"event": waiting.id})
        return
    try:
        async with app.pool.acquire() as connection, connection.transaction():
            decided, reasons = await _decide(app, connection, event, now)
            planned = await _store(app, connection, event, decided, reasons, now)
            pass_by(Mark.ROUTE_BEFORE_COMMIT)
    except _LeaseLostError:
        return
    pass_by(Mark.ROUTE_AFTER_COMMIT)
    _count(event, reasons)
    app.bell.ring(*{each.plan.urgency for each in planned if _is_due(each, now)})


async def _decide(app: App, connection: Connection, event: DossierEvent, now: datetime) -> tuple[Plan, list[Reason]]:
    """The plan and the reasons of the event, with the dossier held; what it overtakes is stopped."""
    told = await overtaking.hold_dossier(connection, event.source, event.dossier.code, event.type)
    if event.reminder and not await still_true(app, connection, event, event.reminder):
        return Plan((), ()), [Reason(ReasonCode.EVENT_OUTDATED)]
    mine = next(each for each in told if each.place.id == event.id)
    decided, context = await _planned(app, connection, event, course(mine, told, app.rules, now), now)
    await desks.close_until(connection, windows(decided, app.rules.gathering.merge))
    remarks = await keep_docket(app, connection, event, told, now)
    claim = claim_of(event, app.rules)
    if claim and tells_citizen(decided, context) and (first := await overtaking.claim_telling(connection, claim)):
        decided = plan(event, app.rules, replace(context, told_by=first), now)
    await stop_overtaken(connection, mine, context.course, _codes(event), now)
    missing = spans_text(gap_before(mine.place, [each.place for each in told]))
    gap = [Reason(ReasonCode.EVENT_SEQ_GAP, {"missing": missing})] if missing else []
    return decided, [*gap, *remarks, *notes(decided)]


async def _planned(
    app: App, connection: Connection, event: DossierEvent, its_course: Course, now: datetime
) -> tuple[Plan, RoutingContext]:
    """What the rules say of the event, heeding what is known of its people; and what they were told to say so."""
    context = replace(await _context(app, connection, event, now), course=its_course)
    decided = plan(event, app.rules, context, now)
    if heeded := await heeding(app, connection, decided, context):
        decided = plan(event, app.rules, context := heeded, now)
    return decided, context


async def plan_again(app: App, connection: Connection, event: DossierEvent, now: datetime) -> Plan:
    """What the rules say now of an event that was routed before. Its dossier is held; nothing else of it changes."""
    told = await overtaking.hold_dossier(connection, event.source, event.dossier.code, event.type)
    mine = next(each for each in told if each.place.id == event.id)
    decided, context = await _planned(app, connection, event, course(mine, told, app.rules, now), now)
    claim = claim_of(event, app.rules)
    if claim and tells_citizen(decided, context) and (first := await overtaking.first_to_tell(connection, claim)):
        decided = plan(event, app.rules, replace(context, told_by=first), now)
    return decided


async def _context(app: App, connection: Connection, event: DossierEvent, now: datetime) -> RoutingContext:
    """What routing must know of the officers, their desks and their hours; the desks are held."""
    await app.calendars.look(connection)
    agency = event.dossier.agency
    context = for_agency(routing_context(app.setups, app.secret, now), app.setups, agency)
    await directory.learn(connection, event, oa=context.account, now=now)
    working = app.calendars.working(agency)
    context = replace(
        await _with_citizen(app, connection, event, context),
        directory=await directory.around(connection, staff_of(event), event.dossier.units),
        working=working,
        digest_at=app.calendars.digests(agency, app.rules.gathering.digest_at),
    )
    rule = app.rules.rules.get(event.type)
    owners = desks_of(event, rule, context, now) if rule else set()
    if not owners:
        return context
    soon = merges_until(working, now, app.rules.gathering.merge)
    return replace(context, merged_until=await desks.hold(connection, owners, now, soon))


async def _with_citizen(
    app: App, connection: Connection, event: DossierEvent, context: RoutingContext
) -> RoutingContext:
    """The context with what the citizen has chosen, and their own id at the account where they have proven one."""
    person, rule = event.dossier.addressee, app.rules.rules.get(event.type)
    if person is None or rule is None or rule.citizens is None:
        return context
    owner = owner_of(app.secret, Audience.CITIZEN, person, event)
    also = [inbox_owner(app.secret, "phone", person.phone)] if person.phone else []
    oa = app.accounts.get(ProviderName(context.account))
    chosen, uid = await preferences.of_citizen(connection, oa.settings.oa_id if oa else None, [owner, *also])
    return replace(context, preferences={owner: chosen}, linked={owner: uid} if uid else {})


def claim_of(event: DossierEvent, rules: Rules) -> Claim | None:
    """What is told once a day whatever system reports it; None for what is no status."""
    rule, status = rules.rules.get(event.type), event.dossier.status
    if rule is None or rule.track is not Track.STATUS or status is None:
        return None
    day = event.occurred_at.astimezone(VIETNAM).date()
    return Claim(event.id, event.source, event.type, _codes(event), status, day)


def _codes(event: DossierEvent) -> tuple[DossierCode, ...]:
    """The code of the dossier, and its second one if it has one."""
    other = event.dossier.other_code
    return tuple({event.dossier.code, DossierCode(other)}) if other else (event.dossier.code,)


async def _store(
    app: App,
    connection: Connection,
    event: DossierEvent,
    decided: Plan,
    reasons: Sequence[Reason],
    now: datetime,
) -> list[NewDelivery]:
    if not await events.finish(connection, event.id, app.name, "routed", reasons, now, event.dossier.agency):
        raise _LeaseLostError
    recipients = [one.recipient for one in decided.recipients]
    planned = [
        NewDelivery(DeliveryId(uuid7(now)), one.recipient, kind_of(app, each.channel), each)
        for one in decided.recipients
        for each in one.deliveries
    ]
    await plans.store(connection, event.id, event.source, recipients, planned, now)
    await remember_lookups(app, connection, event, recipients, now)
    return planned


async def remember_lookups(
    app: App, connection: Connection, event: DossierEvent, recipients: Sequence[Recipient], now: datetime
) -> None:
    """Have the look-up links in the messages of these people open."""
    source, code = event.source, event.dossier.code
    tokens = {token_hash(lookup_token(app.secret, source, code, each.ref)) for each in recipients}
    await lookups.remember(connection, tokens, source, code, now + timedelta(days=app.settings.lookup_days))


def _count(event: DossierEvent, reasons: Sequence[Reason]) -> None:
    codes = {reason.code for reason in reasons}
    if ReasonCode.EVENT_NO_CONTACT in codes:
        NO_CONTACT.inc()
    if ReasonCode.EVENT_SEQ_GAP in codes:
        SEQ_GAPS.labels(event.source).inc()


def _is_due(new: NewDelivery, now: datetime) -> bool:
    return new.plan.due_at is not None and new.plan.due_at <= now


def notes(decided: Plan) -> list[Reason]:
    """The reasons of a plan as a whole, the summary last. What was overtaken counts as not to be sent."""
    counts = {
        state.value: str(decided.count(state))
        for state in (DeliveryState.PLANNED, DeliveryState.HELD, DeliveryState.STANDBY)
    }
    refused = decided.count(DeliveryState.SUPPRESSED) + decided.count(DeliveryState.SUPERSEDED)
    summary = Reason(ReasonCode.EVENT_ROUTED, {**counts, DeliveryState.SUPPRESSED.value: str(refused)})
    return [*decided.notes, summary] if decided.recipients else [*decided.notes]
