"""Keep the docket of a dossier and its timers in step with its events; make events of the timers whose time has come."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.deliveries import DeliveryState
from notifier.domain.errors import YearMissing
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode, DossierKey, EventId, EventType, SourceName
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


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the reminders of a dossier."""

    remarks: Sequence[Reason] = ()
    """What operators should know."""
    outdated: Sequence[Move] = ()
    """Stops reminders that were not sent yet; still to be made."""


async def keep_dockets(
    app: App,
    connection: Connection,
    wave: Sequence[tuple[DossierEvent, Sequence[Told]]],
    known: Mapping[DossierKey, Docket],
    now: datetime,
) -> dict[DossierKey, Kept]:
    """What events change for the reminders of their dossiers, in the transaction that routes them.

    No dossier comes twice. Each event comes with all events of its dossier; `known` is how the dossiers stood.
    """
    moved = {}
    for event, told in wave:
        if is_told(event) and (docket := await _after(app, connection, known.get(event.dossier_key), event, told)):
            moved[event.dossier_key] = docket
    await dockets.write(connection, moved, now)
    return await replan(app, connection, moved, now)


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
    app: App, connection: Connection, moved: Mapping[DossierKey, Docket], now: datetime
) -> dict[DossierKey, Kept]:
    """Plan what dockets ask for and drop what they do not ask for any more. Reminders that were not sent yet and are not
    true any more are held, for the caller to stop.
    """
    if not moved:
        return {}
    rules = app.rules.timer_rules
    asked, missing = {}, {}
    for key, docket in moved.items():
        wanted, missing[key] = _asked(app, docket, rules, now)
        asked[key] = timers.Asked(key, wanted, true_of(docket, rules), missing[key])
    await timers.plan(connection, list(asked.values()), now)
    outdated: dict[DossierKey, list[Move]] = {key: [] for key in moved}
    for each in await timers.unsent(connection, moved, now, LONGEST_UNSENT):
        if (each.type, each.basis) not in asked[each.dossier].true:
            outdated[each.dossier].append(_stopped(each))
    return {key: Kept(_no_calendar(missing[key]), outdated[key]) for key in moved}


def _stopped(reminder: timers.Unsent) -> Move:
    state = DeliveryState.UNKNOWN if reminder.perhaps_sent else DeliveryState.CANCELLED
    return Move(reminder.id, reminder.state, state, None, Reason(ReasonCode.REMINDER_OUTDATED))


def _no_calendar(missing: Mapping[EventType, int]) -> list[Reason]:
    return [Reason(ReasonCode.EVENT_NO_CALENDAR, {"year": str(year)}) for year in sorted(set(missing.values()))]


async def no_longer_true(
    app: App, connection: Connection, wave: Sequence[DossierEvent], known: Mapping[DossierKey, Docket]
) -> set[EventId]:
    """The reminders whose dossiers do not stand any more as when their timers fired. The next of a daily one that is
    true is planned.
    """
    gone: set[EventId] = set()
    daily: dict[DossierKey, list[Timer]] = {}
    for event in wave:
        docket = known.get(event.dossier_key)
        if event.reminder is None or docket is None:
            continue
        if (event.type, event.reminder.basis) not in true_of(docket, app.rules.timer_rules):
            gone.add(event.id)
            continue
        rules = [rule for rule in app.rules.timer_rules if rule.type == event.type and rule.daily]
        daily[event.dossier_key], _ = _asked(app, docket, rules, event.occurred_at + timedelta(seconds=1))
    await timers.add(connection, daily)
    return gone


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
                    now, standing = app.clock(), await dockets.read(connection, [DossierKey(source, code)])
                    for kept in (await replan(app, connection, standing, now)).values():
                        await deliveries.move(connection, kept.outdated, actor="router", now=now)
        if not page:
            return done
        last = page[-1]
        done += len(page)
        tell(len(page))
