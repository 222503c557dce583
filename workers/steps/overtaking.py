"""What a later event does to the messages of an earlier one: stopped when the later one is routed, or before they go.

The second look is for those that were in somebody's hands at that moment: in a call that failed and is to be repeated,
sent again by an operator, released as a fallback.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.deliveries import SENDABLE, DeliveryState
from notifier.domain.ids import DeliveryId, DossierCode
from notifier.domain.steps import Step
from notifier.routing.overtaking import Course, Told, overtaken, overtaker
from notifier.store import deliveries
from notifier.store import overtaking as store
from notifier.store.deliveries import Move, Work
from notifier.store.pool import Connection
from workers.wiring import App

UNSENT = SENDABLE | {DeliveryState.STANDBY}


@dataclass(frozen=True, slots=True)
class Overtaker:
    """An event that is being routed, how it stands among the others of its dossier, and the dossier's codes."""

    event: Told
    course: Course
    codes: Sequence[DossierCode]


async def stop_overtaken(connection: Connection, wave: Sequence[Overtaker], now: datetime) -> None:
    """Stop what these events of different dossiers overtake, in the transaction that routes them."""
    by = {each.place.id: one for one in wave for each in one.course.overtakes}
    if not by:
        return
    moves = []
    for each in await store.unsent(connection, list(by)):
        step = overtaken(each.state, perhaps_sent=each.perhaps_sent, by=by[each.event_id].event, now=now)
        moves.append(Move(each.id, each.state, step.state, step.due_at, step.reason))
    await deliveries.move(connection, moves, actor="router", now=now)
    corrected = [id_ for id_, one in by.items() if one.event.corrects]
    if corrected:
        codes = {code for one in by.values() if one.event.corrects for code in one.codes}
        await store.unclaim_telling(connection, list(codes), corrected)


async def overtaken_meanwhile(
    app: App, connection: Connection, held: Sequence[Work], now: datetime
) -> Mapping[DeliveryId, Step]:
    """What must not be sent any more, of deliveries that are in this worker's hands."""
    rules = app.rules.rules
    asked = [
        work
        for work in held
        if work.delivery.state in UNSENT
        and not work.recipient.audience.is_staff
        and (rule := rules.get(work.event_type)) is not None
        and rule.track is not None
    ]
    if not asked:
        return {}
    around = await store.events_around(connection, [work.delivery.event_id for work in asked])
    steps = {}
    for work in asked:
        delivery, events = work.delivery, around[work.delivery.event_id]
        mine = next((each for each in events if each.place.id == delivery.event_id), None)
        if mine and (by := overtaker(mine, events, app.rules)):
            perhaps_sent = delivery.provider is not None
            steps[delivery.id] = overtaken(delivery.state, perhaps_sent=perhaps_sent, by=by, now=now)
    return steps
