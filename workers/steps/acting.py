"""What an operator does to one message or to one event: cancel what was not sent, have the rules asked again.

Both can be tried: a trial does all of it in a transaction that is rolled back, so that its counts are those of the act.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.deliveries import SENDABLE, DeliveryState
from notifier.domain.events import DIGEST, DossierEvent
from notifier.domain.ids import DeliveryId, RecipientId, uuid7
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.routing.rerouting import UNSENT, Change, Comparison, Existing, compare
from notifier.store import audit, deliveries, events, plans, targets
from notifier.store.deliveries import Move
from notifier.store.plans import NewDelivery, NewPlan, due_lanes
from notifier.store.pool import Connection
from notifier.store.targets import EventAt, Target
from workers.steps.contexts import kind_of
from workers.steps.fallbacks import Released, settle_fallbacks
from workers.steps.routing import remember_lookups
from workers.steps.understanding import understood
from workers.steps.waves import plan_again
from workers.wiring import App


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and why. `trial`: nothing of it stays."""

    login: str
    why: str
    trial: bool = False

    @property
    def actor(self) -> str:
        return f"operator:{self.login}"

    @property
    def values(self) -> dict[str, str]:
        return {"by": self.login, "why": self.why}


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was found unsent, what of it is cancelled, which fallbacks take its place; the row of the trail about it."""

    found: int
    done: int
    released: int
    seq: int


@dataclass(frozen=True, slots=True)
class Rerouted:
    changes: Comparison
    seq: int


def unsent(event: EventAt, only: DeliveryId | None = None) -> list[Target]:
    """What can still be cancelled."""
    return [each for each in event.deliveries if each.state in UNSENT and only in (None, each.id)]


async def cancel(app: App, event: EventAt, by: By, only: DeliveryId | None = None) -> Cancelled:
    """Stop what was not sent of an event, or one message of it, whose fallbacks then take its place.

    What a provider may hold already is not sent again; what became of it is still asked.
    """
    chosen, now = unsent(event, only), app.clock()
    reason = Reason(ReasonCode.OPERATOR_DROP, by.values)
    moves = [
        Move(each.id, each.state, DeliveryState.UNKNOWN, now, reason)
        if each.perhaps_sent
        else Move(each.id, each.state, DeliveryState.CANCELLED, None, reason)
        for each in chosen
    ]
    released = Released()
    async with _transaction(app, by) as connection:
        done = await deliveries.move(connection, moves, actor=by.actor, now=now)
        people = {each.recipient_id for each in chosen if each.id in done}
        await settle_fallbacks(app, connection, sorted(people), now, released)
        instead = await _released(connection, event)
        values = {**by.values, "found": str(len(chosen)), "done": str(len(done))}
        summary = Reason(ReasonCode.EVENT_CANCELLED, values)
        seq = await audit.note(connection, summary, actor=by.actor, now=now, event_id=event.id)
    if not by.trial:
        released.ring(app)
    return Cancelled(len(chosen), len(done), instead, seq)


async def _released(connection: Connection, before: EventAt) -> int:
    """How many fallbacks are to be sent now that were on standby."""
    waited = {each.id for each in before.deliveries if each.state is DeliveryState.STANDBY}
    after = await targets.of_event(connection, before.id)
    return sum(each.id in waited and each.state in SENDABLE for each in after.deliveries) if after else 0


async def reroute(app: App, event: EventAt, by: By) -> Rerouted | None:
    """Have the rules of now decide about what was not sent yet of an event; None for an event that they do not decide."""
    now, released = app.clock(), Released()
    async with _transaction(app, by) as connection:
        if (told := await _told(app, connection, event)) is None:
            return None
        decided = await plan_again(app, connection, told, now)
        if (fresh := await targets.of_event(connection, event.id)) is None:
            return None
        changes = compare([_existing(each) for each in fresh.deliveries], decided)
        await _apply(app, connection, told, changes, fresh, by, now, released)
        values = {
            **by.values,
            "changed": str(len(changes.moved)),
            "added": str(len(changes.added)),
            "stopped": str(len(changes.stopped)),
            "kept": str(changes.kept),
        }
        summary = Reason(ReasonCode.EVENT_REROUTED, values)
        seq = await audit.note(connection, summary, actor=by.actor, now=now, event_id=event.id)
    if not by.trial:
        released.ring(app)
    return Rerouted(changes, seq)


async def _told(app: App, connection: Connection, event: EventAt) -> DossierEvent | None:
    """The event as the rules see it; None where it is a reminder or a digest, which the clock decides, or unreadable."""
    if event.state != "routed":
        return None
    (stored,) = await events.read(connection, [event.id])
    try:
        told = understood(stored, app.profiles)
    except ValueError:
        return None
    return None if told.reminder or told.type == DIGEST else told


async def _apply(
    app: App,
    connection: Connection,
    event: DossierEvent,
    changes: Comparison,
    before: EventAt,
    by: By,
    now: datetime,
    released: Released,
) -> None:
    people = {(each.audience, each.ref): each.recipient_id for each in before.deliveries}
    await plans.replan(connection, [_new(app, change, people, now) for change in changes.moved])
    drop = Reason(ReasonCode.OPERATOR_DROP, by.values)
    moves = [
        Move(change.was.id, change.was.state, change.plan.state, change.plan.due_at, change.plan.reason,
             expires_at=change.plan.expires_at, afresh=True)
        for change in changes.moved if change.was and change.plan
    ]  # fmt: skip
    moves += [
        Move(each.was.id, each.was.state, DeliveryState.CANCELLED, None, drop) for each in changes.stopped if each.was
    ]
    await deliveries.move(connection, moves, actor=by.actor, now=now)
    added = [_new(app, change, people, now) for change in changes.added]
    strangers = {
        each.recipient.id: each.recipient
        for each in added
        if (each.recipient.audience, each.recipient.ref) not in people
    }
    new = NewPlan(event.id, event.source, list(strangers.values()), added)
    await plans.store(connection, [new], now)
    await remember_lookups(app, connection, [(event, new.recipients)], now)
    released.lanes |= due_lanes(added, now)
    await settle_fallbacks(app, connection, sorted(set(people.values())), now, released)


def _new(app: App, change: Change, people: Mapping[tuple[Audience, str], RecipientId], now: datetime) -> NewDelivery:
    assert change.recipient is not None and change.plan is not None  # noqa: S101, PT018 - of what is planned
    known = people.get((change.recipient.audience, change.recipient.ref))
    recipient = replace(change.recipient, id=known) if known else change.recipient
    id_ = change.was.id if change.was else DeliveryId(uuid7(now))
    return NewDelivery(id_, recipient, kind_of(app, change.plan.channel), change.plan)


def _existing(target: Target) -> Existing:
    return Existing(
        target.id,
        target.recipient_id,
        target.audience,
        target.ref,
        target.channel,
        target.state,
        target.perhaps_sent,
    )


@asynccontextmanager
async def _transaction(app: App, by: By) -> AsyncIterator[Connection]:
    """A transaction; that of a trial is rolled back."""
    async with app.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            yield connection
        except BaseException:
            await transaction.rollback()
            raise
        await (transaction.rollback() if by.trial else transaction.commit())
