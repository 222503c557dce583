"""Keep the docket of a dossier and its timers in step with its events; make events of the timers whose time has come."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from notifier.domain.deliveries import DeliveryState, Urgency
from notifier.domain.errors import YearMissing
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode, EventId, SourceName
from notifier.domain.order import Place, later
from notifier.domain.reasons import Reason, ReasonCode
from notifier.intake.codes import SourceProfile
from notifier.reminders.docket import Docket, after, fold, in_order, is_told
from notifier.reminders.timers import Timer, asked_for, true_of
from notifier.routing.overtaking import Told
from notifier.store import deliveries, dockets, timers
from notifier.store.deliveries import Move
from notifier.store.pool import Connection
from notifier.telemetry.metrics import TIMERS_FIRED
from workers.steps.understanding import understood
from workers.wiring import App

log = logging.getLogger(__name__)

FIRED_AT_ONCE = 200
REPLANNED_AT_ONCE = 500
LONGEST_UNSENT = timedelta(days=14)
"""A reminder that was not sent by then has expired long ago."""


async def keep_docket(
    app: App, connection: Connection, event: DossierEvent, told: Sequence[Told], now: datetime
) -> list[Reason]:
    """What an event changes for the reminders of its dossier, in the transaction that routes it; `told` are its events.

    Answers what operators should know.
    """
    if not is_told(event):
        return []
    before = await dockets.read(connection, event.source, event.dossier.code)
    docket = await _after(app, connection, before, event, told)
    if docket is None:
        return []
    await dockets.write(connection, event.source, event.dossier.code, docket, now)
    return await replan(app, connection, event.source, event.dossier.code, docket, now)


async def _after(
    app: App, connection: Connection, before: Docket | None, event: DossierEvent, told: Sequence[Told]
) -> Docket | None:
    """The docket after this event. One that comes late takes its place among the others: all are read again."""
    places = {each.place.id: each.place for each in told}
    if before is None or _is_later(places, event.id, before.last_event):
        return after(before, event)
    profile = app.profiles.get(event.source) or SourceProfile(name=event.source)
    events = [
        understood(each, profile) for each in await dockets.events_of(connection, event.source, event.dossier.code)
    ]
    return fold(in_order([each for each in events if is_told(each)]))


def _is_later(places: dict[EventId, Place], one: EventId, other: EventId) -> bool:
    return other in places and later(places[one], places[other])


async def replan(
    app: App, connection: Connection, source: SourceName, code: DossierCode, docket: Docket, now: datetime
) -> list[Reason]:
    """Plan what the docket asks for, drop what it does not ask for any more, stop reminders that were not sent yet."""
    rules = app.rules.timer_rules()
    calendar = app.calendars.of(docket.handling_unit or docket.receiving_unit)
    wanted: list[Timer] = []
    missing: set[int] = set()
    for rule in rules:
        try:
            wanted += asked_for(docket, [rule], calendar, now)
        except YearMissing as fault:
            missing.add(fault.year)
    true = true_of(docket, rules)
    await timers.plan(connection, source, code, wanted, true)
    unsent = await timers.unsent(connection, source, code, now, LONGEST_UNSENT)
    outdated = [
        Move(
            row["id"],
            DeliveryState(row["state"]),
            DeliveryState.UNKNOWN if row["perhaps_sent"] else DeliveryState.CANCELLED,
            None,
            Reason(ReasonCode.REMINDER_OUTDATED),
        )
        for row in unsent
        if (row["type"], row["basis"]) not in true
    ]
    await deliveries.move(connection, outdated, actor="router", now=now)
    return [Reason(ReasonCode.EVENT_NO_CALENDAR, {"year": str(year)}) for year in sorted(missing)]


async def is_outdated(app: App, connection: Connection, event: DossierEvent) -> bool:
    """Whether the dossier of a reminder has come to stand otherwise since its timer fired."""
    if event.reminder is None:
        return False
    docket = await dockets.read(connection, event.source, event.dossier.code)
    return docket is not None and (event.type, event.reminder.basis) not in true_of(docket, app.rules.timer_rules())


async def fire(app: App, connection: Connection, now: datetime) -> list[tuple[EventId, Urgency]]:
    """Make events of timers whose time has come; answers them. The caller rings for them."""
    lanes = {rule.type: app.rules.lane(rule.type) for rule in app.rules.timer_rules()}
    async with connection.transaction():
        due = await timers.due(connection, now, FIRED_AT_ONCE)
        stale = [each for each in due if each.is_stale or each.type not in lanes]
        fresh = [each for each in due if each not in stale]
        if stale:
            await timers.drop(connection, stale)
        made = await timers.fire(connection, fresh, lanes, now)
        for each in fresh:
            await _plan_next(app, connection, each, now)
    for each in fresh:
        TIMERS_FIRED.labels(each.type).inc()
    return made


async def _plan_next(app: App, connection: Connection, fired: timers.Due, now: datetime) -> None:
    """The daily ones have another after this."""
    rules = [rule for rule in app.rules.timer_rules() if rule.type == fired.type and rule.daily]
    if not rules:
        return
    docket = await dockets.read(connection, fired.source, fired.dossier_code)
    if docket is None:
        return
    calendar = app.calendars.of(docket.handling_unit or docket.receiving_unit)
    try:
        wanted = asked_for(docket, rules, calendar, now + timedelta(seconds=1))
    except YearMissing:
        log.warning("a reminder cannot be planned: the calendar is missing", extra={"dossier": fired.dossier_code})
        return
    await timers.plan(connection, fired.source, fired.dossier_code, wanted, true_of(docket, app.rules.timer_rules()))


async def replan_all(app: App, tell: Callable[[int], None]) -> int:
    """Plan the reminders of all open dossiers anew; `tell` hears how many more are done. Answers how many that were."""
    done, last = 0, (SourceName(""), DossierCode(""))
    while True:
        async with app.pool.acquire() as connection:
            await app.calendars.look(connection)
            page = await dockets.open_after(connection, *last, REPLANNED_AT_ONCE)
            for source, code in page:
                async with connection.transaction():
                    await dockets.hold(connection, source, code)
                    docket = await dockets.read(connection, source, code)
                    if docket is not None:
                        await replan(app, connection, source, code, docket, app.clock())
        if not page:
            return done
        last = page[-1]
        done += len(page)
        tell(len(page))
