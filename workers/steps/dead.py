"""What an operator does about dead letters: find, count, send again or drop, in batches of one transaction each.

A batch is read and moved in the same transaction, each move guarded by the state and the number of calls that were
read: a receipt, a worker or another operator who comes first wins. The bell is not rung; the dispatcher finds the rest.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from notifier.audit.dead import Action, Filters, Group, Item, Kind, Letter
from notifier.audit.dead_advice import Kept, Ways, objection
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import EventId, ProviderName
from notifier.domain.reach import EVERYWHERE, Reach
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience
from notifier.intake.fields import read
from notifier.intake.models import LichHenBlock
from notifier.routing.overtaking import overtaker
from notifier.store import audit, dead, deliveries, overtaking, strays
from notifier.store.dead import Cursor
from notifier.store.deliveries import Move
from notifier.store.pool import Connection
from workers.wiring import App

BATCH = 500

Fetch = Callable[[Connection], Awaitable[Sequence[Item]]]


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator wants done, and to which: those named, or, without `ids`, those that pass the filters."""

    action: Action
    kind: Kind
    by: str
    why: str
    filters: Filters = field(default_factory=Filters)
    ids: Sequence[Any] | None = None
    """Of one kind: `DeliveryId`, `EventId` or `ReceiptId`."""
    most: int = 10_000
    """So many that pass the filters are looked at, the newest first."""
    reached_too: bool = False
    dry_run: bool = False

    @property
    def actor(self) -> str:
        return f"operator:{self.by}"

    @property
    def reason(self) -> Reason:
        code = ReasonCode.OPERATOR_RETRY if self.action is Action.RETRY else ReasonCode.OPERATOR_DROP
        return Reason(code, {"by": self.by, "why": self.why})


@dataclass(slots=True)
class Report:
    """What was found, what was done (in a dry run: would be done), and what was left as it is, and why."""

    found: int = 0
    done: int = 0
    kept: Counter[Kept] = field(default_factory=Counter)
    more: bool = False
    """It ended at the most that was asked for."""
    seq: int | None = None
    """The row of the audit trail about the whole."""


def proving(app: App) -> frozenset[ProviderName]:
    """The providers whose acceptance alone proves nothing: a receipt is to follow."""
    return frozenset(name for name, each in app.providers.items() if each.capabilities.proves_delivery)


def deduplicating(app: App) -> frozenset[ProviderName]:
    """The providers that drop a second copy."""
    return frozenset(name for name, each in app.providers.items() if each.capabilities.deduplicates)


async def found(
    app: App, connection: Connection, kind: Kind, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[Item]:
    """The newest dead letters of a kind that pass the filters, after the page that ended at `after`."""
    match kind:
        case Kind.DELIVERY:
            letters = await dead.page(connection, filters, proving(app), after=after, limit=limit)
            return await _marked(app, connection, letters)
        case Kind.EVENT:
            return await strays.events(connection, filters, after=after, limit=limit)
        case Kind.RECEIPT:
            return await strays.receipts(connection, filters, after=after, limit=limit)


async def named(
    app: App, connection: Connection, kind: Kind, ids: Sequence[Any], within: Reach = EVERYWHERE
) -> Sequence[Item]:
    """Those of the ids that are dead letters of this kind, and `within`."""
    match kind:
        case Kind.DELIVERY:
            letters = await dead.named(connection, ids, proving(app))
            ours = [letter for letter in letters if within.includes(letter.agency)]
            return await _marked(app, connection, ours)
        case Kind.EVENT:
            stuck = await strays.events_named(connection, ids)
            return [each for each in stuck if within.includes(each.agency)]
        case Kind.RECEIPT:
            return await strays.receipts_named(connection, ids)


async def _marked(app: App, connection: Connection, letters: Sequence[Letter]) -> list[Letter]:
    """The letters, with those to citizens that a later event has overtaken marked."""
    about = {letter.event_id for letter in letters if letter.audience is Audience.CITIZEN and _has_track(app, letter)}
    around = await overtaking.events_around(connection, list(about)) if about else {}
    overtaken = {
        id_
        for id_, told in around.items()
        for mine in told
        if mine.place.id == id_ and overtaker(mine, told, app.rules)
    }
    return [
        replace(letter, overtaken=letter.audience is Audience.CITIZEN and letter.event_id in overtaken)
        for letter in letters
    ]


def _has_track(app: App, letter: Letter) -> bool:
    rule = app.rules.rules.get(letter.type)
    return rule is not None and rule.track is not None


async def groups(app: App, connection: Connection, kind: Kind, filters: Filters) -> list[Group]:
    """How many deliveries died of what; the other kinds have one cause only."""
    return await dead.groups(connection, filters, proving(app)) if kind is Kind.DELIVERY else []


async def carry_out(app: App, order: Order, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Do it, and add one audit row about the whole. `progress` hears of each batch how many it held.

    What dies again meanwhile is left alone: only letters from before the start are touched.
    """
    report = Report()
    try:
        if order.ids is None:
            await _all_that_pass(app, order, report, progress)
        else:
            await _all_named(app, order, list(dict.fromkeys(order.ids)), report, progress)
    finally:  # what was done before a fault or an interruption is done
        if not order.dry_run:
            async with app.pool.acquire() as connection:
                report.seq = await audit.note(connection, _summary(order, report), actor=order.actor, now=app.clock())
    return report


async def _all_named(
    app: App, order: Order, ids: Sequence[Any], report: Report, progress: Callable[[int], None]
) -> None:
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        await _batch(
            app, order, partial(named, app, kind=order.kind, ids=chunk, within=order.filters.within), report, progress
        )
    report.kept += Counter({Kept.MOVED: len(ids) - report.found})


async def _all_that_pass(app: App, order: Order, report: Report, progress: Callable[[int], None]) -> None:
    started = app.clock()
    filters = replace(order.filters, until=min(order.filters.until or started, started))
    after: Cursor | None = None
    while not report.more:
        size = min(BATCH, order.most - report.found)
        fetch = partial(found, app, kind=order.kind, filters=filters, after=after, limit=size)
        items = await _batch(app, order, fetch, report, progress)
        if len(items) < size:
            return
        after = Cursor(items[-1].at, items[-1].id)
        report.more = report.found >= order.most


async def _batch(
    app: App, order: Order, fetch: Fetch, report: Report, progress: Callable[[int], None]
) -> Sequence[Item]:
    now = app.clock()
    async with app.pool.acquire() as connection, connection.transaction():
        items = await fetch(connection)
        letters = [item for item in items if isinstance(item, Letter)]
        others = [item.id for item in items if not isinstance(item, Letter)]
        kept, moves = await _decided(app, connection, order, letters, now)
        done = len(moves) + len(others)
        if not order.dry_run:
            done = len(await deliveries.move(connection, moves, actor=order.actor, now=now))
            done += await _revived(connection, order, others, now)
    report.found += len(items)
    report.done += done
    report.kept += kept
    report.kept += Counter({Kept.MOVED: len(moves) + len(others) - done})
    progress(len(items))
    return items


async def _decided(
    app: App, connection: Connection, order: Order, letters: Sequence[Letter], now: datetime
) -> tuple[Counter[Kept], list[Move]]:
    """Why some are kept, and the moves of the others."""
    if order.action is Action.DROP:
        return Counter(), [_dropped(order, letter) for letter in letters]
    chances = await prospects(app, connection, letters, now, reached_too=order.reached_too)
    kept = Counter(each.against for each in chances if each.against)
    return kept, [
        _retried(order, letter, each.until, now)
        for letter, each in zip(letters, chances, strict=True)
        if each.against is None
    ]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a retry would meet: the new deadline, and what speaks against it."""

    until: datetime
    against: Kept | None


async def prospects(
    app: App, connection: Connection, letters: Sequence[Letter], now: datetime, *, reached_too: bool
) -> list[Prospect]:
    """What a retry of each would meet now."""
    begins = await _appointments(app, connection, letters)
    ways = Ways(app.setups.keys(), app.providers.keys(), deduplicating(app))
    chances = []
    for letter in letters:
        until = now + app.rules.deadline(letter.urgency)
        until = min(until, begins.get(letter.event_id, until))
        against = objection(letter, ways, until, now, reached_too=reached_too)
        chances.append(Prospect(until, against))
    return chances


async def _appointments(app: App, connection: Connection, letters: Sequence[Letter]) -> dict[EventId, datetime]:
    """When the appointments begin that some of the letters are about, and after which these would mislead."""
    rules = app.rules.rules
    about = {each.event_id for each in letters if each.type in rules and rules[each.type].until_appointment}
    if not about:
        return {}
    blocks = await dead.appointments(connection, list(about))
    known = {id_: read(LichHenBlock, block) for id_, block in blocks.items()}
    return {id_: each.ThoiGianHen for id_, each in known.items() if isinstance(each, LichHenBlock) and each.ThoiGianHen}


def _retried(order: Order, letter: Letter, until: datetime, now: datetime) -> Move:
    """Due now, with a new budget; one that may have been taken goes to the same provider only."""
    return Move(
        letter.id,
        letter.state,
        DeliveryState.PLANNED,
        now,
        order.reason,
        provider=letter.provider if letter.may_be_taken else None,
        calls=letter.calls,
        expires_at=until,
        afresh=True,
    )


def _dropped(order: Order, letter: Letter) -> Move:
    return Move(letter.id, letter.state, DeliveryState.CANCELLED, None, order.reason, calls=letter.calls)


async def _revived(connection: Connection, order: Order, ids: Sequence[Any], now: datetime) -> int:
    if not ids:
        return 0
    again = strays.route_again if order.kind is Kind.EVENT else strays.read_again
    return len(await again(connection, ids, order.reason, actor=order.actor, now=now))


def _summary(order: Order, report: Report) -> Reason:
    code = ReasonCode.DEAD_RETRIED if order.action is Action.RETRY else ReasonCode.DEAD_DROPPED
    chosen = order.filters.named() if order.ids is None else {"ids": str(len(order.ids))}
    values = {
        "by": order.by,
        "why": order.why,
        "kind": order.kind.value,
        "filters": ", ".join(f"{name}={value}" for name, value in chosen.items()),
        "found": str(report.found),
        "done": str(report.done),
        **{f"kept_{why.value}": str(number) for why, number in report.kept.items() if number},
    }
    return Reason(code, values)
