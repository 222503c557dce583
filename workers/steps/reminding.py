"""Keep the docket of a dossier and its timers in step with its events; make events of the timers whose time has come."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from notifier.domain.deliveries import DeliveryState
from notifier.domain.errors import YearMissing
from notifier.domain.events import DossierEvent, Reminder
from notifier.domain.ids import DossierCode, EventId, EventType, SourceName
from notifier.domain.order import Place, later
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.timers import TimerRule
from notifier.reminders.docket import Docket, after, fold, in_order, is_told
from notifier.reminders.timers import Timer, asked_for, true_of
from notifier.routing.overtaking import Told
from notifier.store import deliveries, dockets, events, timers
from notifier.store.deliveries import Move
from notifier.store.pool import Connection
from notifier.telemetry.metrics import TIMERS_FIRED
from workers.steps.understanding import all_understood
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
    told_by_now = await events.of_dossier(connection, event.source, event.dossier.code)
    return fold(in_order(all_understood(told_by_now, app.profiles)))


def _is_later(places: dict[EventId, Place], one: EventId, other: EventId) -> bool:
    return other in places and later(places[one], places[other])


async def replan(
    app: App, connection: Connection, source: SourceName, code: DossierCode, docket: Docket, now: datetime
) -> list[Reason]:
    """Plan what the docket asks for, drop what it does not ask for any more, stop reminders that were not sent yet."""
    wanted, missing = _asked(app, docket, app.rules.timer_rules, now)
    true = true_of(docket, app.rules.timer_rules)
    await timers.plan(connection, source, code, wanted, true, now, kept=missing)
    unsent = await timers.unsent(connection, source, code, now, LONGEST_UNSENT)
    outdated = [
        Move(
            each.id,
            each.state,
            DeliveryState.UNKNOWN if each.perhaps_sent else DeliveryState.CANCELLED,
            None,
            Reason(ReasonCode.REMINDER_OUTDATED),
        )
        for each in unsent
        if (each.type, each.basis) not in true
    ]
    await deliveries.move(connection, outdated, actor="router", now=now)
    return [Reason(ReasonCode.EVENT_NO_CALENDAR, {"year": str(year)}) for year in sorted(set(missing.values()))]


async def still_true(app: App, connection: Connection, event: DossierEvent, reminder: Reminder) -> bool:
    """Whether the dossier of a reminder still stands as when its timer fired. A daily one has its next planned then."""
    docket = await dockets.read(connection, event.source, event.dossier.code)
    if docket is None:
        return True
    true = true_of(docket, app.rules.timer_rules)
    if (event.type, reminder.basis) not in true:
        return False
    daily = [rule for rule in app.rules.timer_rules if rule.type == event.type and rule.daily]
    if daily:
        wanted, _ = _asked(app, docket, daily, event.occurred_at + timedelta(seconds=1))
        await timers.add(connection, event.source, event.dossier.code, wanted)
    return True


def _asked(
    app: App, docket: Docket, rules: Sequence[TimerRule], now: datetime
) -> tuple[list[Timer], dict[EventType, int]]:
    """The timers that a docket asks for; and the types that cannot be planned, each with the year the calendar lacks."""
    calendar = app.calendars.of(docket.agency)
    wanted: list[Timer] = []
    missing: dict[EventType, int] = {}
    for rule in rules:
        try:
            wanted += asked_for(docket, [rule], calendar, now)
        except YearMissing as fault:
            missing[rule.type] = fault.year
    return wanted, missing


async def fire(app: App, connection: Connection, now: datetime) -> int:
    """Make events of the timers whose time has come; answers how many. The next ring finds them."""
    lanes = {rule.type: app.rules.lane(rule.type) for rule in app.rules.timer_rules}
    done = 0
    while True:
        async with connection.transaction():
            due = await timers.due(connection, now, FIRED_AT_ONCE)
            fresh = [each for each in due if not each.is_stale and each.type in lanes]
            await timers.drop(connection, [each for each in due if each not in fresh])
            await timers.fire(connection, fresh, lanes, now)
        for each in fresh:
            TIMERS_FIRED.labels(each.type).inc()
        done += len(fresh)
        if len(due) < FIRED_AT_ONCE:
            return done


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
