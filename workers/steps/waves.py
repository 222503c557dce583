"""Decide about a wave of events, no two of one dossier: what each would have got alone, with a few statements for all.

Everything is held in one order (dossiers, officers and agencies, desks, tellings), so that waves wait for each other
instead of dead-locking.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import DeliveryState
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode, DossierKey, EventId, InboxOwner, SourceName
from notifier.domain.order import gap_before, spans_text
from notifier.domain.reasons import Reason, ReasonCode
from notifier.routing.context import RoutingContext
from notifier.routing.desks import Desks
from notifier.routing.overtaking import Told, course
from notifier.routing.people import desks as desks_of
from notifier.routing.plan import Plan, merges_until, plan, tells_citizen
from notifier.routing.rules import Rules
from notifier.routing.tables import Track
from notifier.store import deliveries, desks, dockets, overtaking
from notifier.store.overtaking import Claim
from notifier.store.pool import Connection
from workers.steps.knowing import contexts_of
from workers.steps.overtaking import Overtaker, stop_overtaken
from workers.steps.reminding import Kept, keep_dockets, no_longer_true
from workers.wiring import App

AT_ONCE = 64
"""What a wave holds others wait for."""
NOTHING = Plan((), ())
Held = Mapping[DossierKey, Sequence[Told]]


@dataclass(frozen=True, slots=True)
class Decided:
    event: DossierEvent
    plan: Plan
    reasons: Sequence[Reason]


@dataclass(slots=True)
class _Case:
    """An event that is being decided."""

    event: DossierEvent
    told: Sequence[Told]
    context: RoutingContext
    owners: set[InboxOwner]
    """Whose messages may have to be put together with others."""
    plan: Plan = NOTHING

    @property
    def mine(self) -> Told:
        return _mine(self.event, self.told)


def in_waves(events: Iterable[DossierEvent]) -> list[list[DossierEvent]]:
    """The events in waves in which no code of a dossier comes twice, whatever its source; each dossier's in their order."""
    waves: list[list[DossierEvent]] = []
    last: dict[DossierCode, int] = {}
    for event in events:
        codes = codes_of(event)
        place = max((last[code] + 1 for code in codes if code in last), default=0)
        while place < len(waves) and len(waves[place]) == AT_ONCE:
            place += 1
        if place == len(waves):
            waves.append([])
        waves[place].append(event)
        last |= dict.fromkeys(codes, place)
    return waves


async def decide(app: App, connection: Connection, wave: Sequence[DossierEvent], now: datetime) -> list[Decided]:
    """The plan and the reasons of each event, with the dossiers held; what they overtake is stopped."""
    held = await _hold(connection, wave)
    known = await dockets.read(connection, held)
    outdated = await no_longer_true(app, connection, wave, known)
    cases = await _cases(app, connection, [event for event in wave if event.id not in outdated], held, now)
    taken = await _hold_desks(connection, cases)
    kept = await keep_dockets(app, connection, [(case.event, case.told) for case in cases], known, now)
    left = await _plan_in_turn(app, connection, cases, taken, kept, now)
    await desks.close_until(connection, left.closed)
    outdated_reminders = [move for each in kept.values() for move in each.outdated]
    await deliveries.move(connection, outdated_reminders, actor="router", now=now)
    await _tell_once(app, connection, cases, overtaking.claim_telling, now)
    overtakers = [Overtaker(case.mine, case.context.course, codes_of(case.event)) for case in cases]
    await stop_overtaken(connection, overtakers, now)
    decided = {case.event.id: _decided(case, kept) for case in cases}
    return [decided.get(each.id) or Decided(each, NOTHING, [Reason(ReasonCode.EVENT_OUTDATED)]) for each in wave]


async def plan_again(app: App, connection: Connection, event: DossierEvent, now: datetime) -> Plan:
    """What the rules say now of an event that was routed before. Its dossier is held; nothing else of it changes."""
    held = await _hold(connection, [event])
    (case,) = cases = await _cases(app, connection, [event], held, now)
    taken = await _hold_desks(connection, cases)
    await _plan_in_turn(app, connection, cases, taken, {}, now)
    await _tell_once(app, connection, cases, overtaking.first_to_tell, now)
    return case.plan


async def _hold(connection: Connection, wave: Sequence[DossierEvent]) -> Held:
    """All events of the dossiers, which are held from here on."""
    return await overtaking.hold_dossiers(connection, [(*event.dossier_key, event.type) for event in wave])


async def _cases(
    app: App, connection: Connection, wave: Sequence[DossierEvent], held: Held, now: datetime
) -> list[_Case]:
    told = {event.id: held[event.dossier_key] for event in wave}
    courses = [(each, course(_mine(each, told[each.id]), told[each.id], app.rules, now)) for each in wave]
    contexts = await contexts_of(app, connection, courses, now)
    return [
        _Case(event, told[event.id], contexts[event.id], _owners(event, app.rules, contexts[event.id], now))
        for event in wave
    ]


def _owners(event: DossierEvent, rules: Rules, context: RoutingContext, now: datetime) -> set[InboxOwner]:
    rule = rules.rules.get(event.type)
    return desks_of(event, rule, context, now) if rule else set()


def _mine(event: DossierEvent, told: Sequence[Told]) -> Told:
    return next(each for each in told if each.place.id == event.id)


async def _hold_desks(connection: Connection, cases: Sequence[_Case]) -> dict[InboxOwner, datetime]:
    return await desks.hold(connection, {owner for case in cases for owner in case.owners})


async def _plan_in_turn(
    app: App,
    connection: Connection,
    cases: Sequence[_Case],
    merged_until: dict[InboxOwner, datetime],
    kept: Mapping[DossierKey, Kept],
    now: datetime,
) -> Desks:
    """Plan the events one after the other; answers the desks as the last leaves them."""
    merge = app.rules.gathering.merge
    stopped = {key: [move.id for move in each.outdated] for key, each in kept.items()}
    owners = {owner for case in cases for owner in case.owners}
    waiting = await desks.waiting(connection, owners, now, 1 + sum(map(len, stopped.values())))
    lying = Desks(merged_until, waiting)
    for case in cases:
        if case.owners:
            soon = merges_until(case.context.working, now, merge)
            case.context = replace(case.context, merged_until=lying.open_until(case.owners, now, soon))
        case.plan = plan(case.event, app.rules, case.context, now)
        lying.lay(case.plan, now, merge)
        lying.take(stopped.get(case.event.dossier_key, ()))
    return lying


async def _tell_once(
    app: App,
    connection: Connection,
    cases: Sequence[_Case],
    ask: Callable[[Connection, Sequence[Claim]], Awaitable[Mapping[EventId, SourceName]]],
    now: datetime,
) -> None:
    """Plan those anew of which another source has had the citizen told the same, as `ask` answers."""
    telling = [claim_of(case.event, app.rules) for case in cases if tells_citizen(case.plan, case.context)]
    first = await ask(connection, [claim for claim in telling if claim])
    for case in cases:
        if by := first.get(case.event.id):
            case.plan = plan(case.event, app.rules, replace(case.context, told_by=by), now)


def _decided(case: _Case, kept: Mapping[DossierKey, Kept]) -> Decided:
    missing = spans_text(gap_before(case.mine.place, [each.place for each in case.told]))
    gap = [Reason(ReasonCode.EVENT_SEQ_GAP, {"missing": missing})] if missing else []
    remarks = kept.get(case.event.dossier_key, Kept()).remarks
    return Decided(case.event, case.plan, [*gap, *remarks, *_notes(case.plan)])


def _notes(decided: Plan) -> list[Reason]:
    """The reasons of a plan as a whole, the summary last. What was overtaken counts as not to be sent."""
    counts = {
        state.value: str(decided.count(state))
        for state in (DeliveryState.PLANNED, DeliveryState.HELD, DeliveryState.STANDBY)
    }
    refused = decided.count(DeliveryState.SUPPRESSED) + decided.count(DeliveryState.SUPERSEDED)
    summary = Reason(ReasonCode.EVENT_ROUTED, {**counts, DeliveryState.SUPPRESSED.value: str(refused)})
    return [*decided.notes, summary] if decided.recipients else [*decided.notes]


def claim_of(event: DossierEvent, rules: Rules) -> Claim | None:
    """What is told once a day whatever system reports it; None for what is no status."""
    rule, status = rules.rules.get(event.type), event.dossier.status
    if rule is None or rule.track is not Track.STATUS or status is None:
        return None
    day = event.occurred_at.astimezone(VIETNAM).date()
    return Claim(event.id, event.source, event.type, codes_of(event), status, day)


def codes_of(event: DossierEvent) -> tuple[DossierCode, ...]:
    """The code of the dossier, and its second one if it has one."""
    other = event.dossier.other_code
    return tuple({event.dossier.code, DossierCode(other)}) if other else (event.dossier.code,)
