"""Understand stored callbacks: each fact in them moves the delivery it names, once; relations to an account are learnt.

A callback that names a message nobody knows yet may have overtaken the provider's own answer to us, so it is parked
and read again, for two hours.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from channels.registry import ProviderSetup
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import DeliveryId, ProviderName, ReceiptId
from notifier.domain.link_codes import LIFE, TRIES_IN
from notifier.domain.receipts import ReceiptFact, ReceiptKind, ReceiptState
from notifier.receipts.apply import after_receipt
from notifier.rendering.linking import text_of
from notifier.store import deliveries
from notifier.store import receipts as store
from notifier.store.deliveries import Match, Move, Named
from notifier.store.pool import Connection
from notifier.store.receipts import Ended, StoredReceipt
from notifier.telemetry.marks import Mark, pass_by
from workers.steps.fallbacks import Released, settle_fallbacks
from workers.steps.suppressing import learn_from_receipt
from workers.wiring import App
from workers.zalo_news import Saying, learn

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
PARKED = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2))
"""When a callback without a match is read again: after each of these. Then it is an orphan, kept and left alone."""


async def receipts(app: App, ids: Sequence[ReceiptId]) -> None:
    """Read those of the callbacks that still wait for it: together, and where that fails one by one."""
    async with app.pool.acquire() as connection:
        claimed = await store.claim(connection, ids, app.name, LEASE, app.clock())
    pass_by(Mark.RECEIPTS_CLAIMED)
    await _read_or_each(app, claimed)
    await app.gate.report(app.clock())


async def _read_or_each(app: App, claimed: Sequence[StoredReceipt]) -> None:
    try:
        await _read(app, claimed)
    except Exception:
        log.exception("callbacks could not be read now", extra={"receipts": [each.id for each in claimed]})
        if len(claimed) > 1:
            for receipt in claimed:
                await _read_or_each(app, [receipt])


async def _read(app: App, claimed: Sequence[StoredReceipt]) -> None:
    now = app.clock()
    known = [(receipt, setup) for receipt in claimed if (setup := app.providers.get(receipt.raw.provider))]
    stated = [
        Stated(setup, fact, receipt.id)
        for receipt, setup in known
        for fact in setup.module.facts(receipt.raw, setup.settings)
    ]
    async with app.pool.acquire() as connection, connection.transaction():
        sayings = [await learn(connection, setup, receipt.raw, app.secret, now) for receipt, setup in known]
        applied = await apply_facts(app, connection, stated, now)
        unmatched = {
            each.receipt_id
            for each, is_known in zip(stated, applied.known, strict=True)
            if not is_known and each.fact.kind is not ReceiptKind.INFO
        }
        await store.finish(connection, [_end(each, now, known=each.id not in unmatched) for each in claimed], app.name)
        pass_by(Mark.RECEIPTS_BEFORE_COMMIT)
    pass_by(Mark.RECEIPTS_AFTER_COMMIT)
    applied.released.ring(app)
    for saying in sayings:
        if saying is not None:
            await _say(app, saying)


def _end(receipt: StoredReceipt, now: datetime, *, known: bool) -> Ended:
    if known:
        return Ended(receipt.id, ReceiptState.APPLIED)
    if receipt.attempts > len(PARKED):
        return Ended(receipt.id, ReceiptState.ORPHANED)
    return Ended(receipt.id, ReceiptState.PARKED, now + PARKED[receipt.attempts - 1])


async def _say(app: App, saying: Saying) -> None:
    """An answer that is lost on its way is not repeated: what it tells of has happened all the same."""
    minutes, hours = int(LIFE / timedelta(minutes=1)), int(TRIES_IN / timedelta(hours=1))
    text = text_of(saying.answer, sender=app.settings.sender_name, minutes=minutes, hours=hours)
    await app.accounts[saying.provider].say(saying.person, text)


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact that a provider states of one of its messages, and the callback that states it, if one does."""

    provider: ProviderSetup
    fact: ReceiptFact
    receipt_id: ReceiptId | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """Which of the facts speak of a delivery that we know, and what is due because of them."""

    known: Sequence[bool]
    released: Released


async def apply_facts(app: App, connection: Connection, stated: Sequence[Stated], now: datetime) -> Applied:
    """Move the deliveries that facts name, in their order, and the fallbacks of the same people.

    Within a transaction. A fact that says nothing new changes nothing.
    """
    matches = await deliveries.match_receipts(connection, [_named(each) for each in stated])
    found = [(each, match) for each, match in zip(stated, matches, strict=True) if match is not None]
    await store.speak_of(connection, [(each.receipt_id, match.id) for each, match in found if each.receipt_id])
    turns = _turns(found)
    for (_, provider), group in groupby(sorted(turns, key=_round), key=_round):
        moves = [each.move for each in group]
        await deliveries.move(connection, moves, actor=f"receipt:{provider}", now=now)
    for turn in turns:
        await learn_from_receipt(app, connection, turn.stated.provider, turn.move.id, turn.stated.fact, now)
        if turn.match.accepted_at is not None and turn.move.expected is DeliveryState.ACCEPTED:
            app.gate.note_receipt(turn.match.provider or turn.stated.provider.name, turn.match.accepted_at, now)
    released = await settle_fallbacks(app, connection, [turn.match.recipient_id for turn in turns], now)
    return Applied([match is not None for match in matches], released)


def _named(stated: Stated) -> Named:
    return Named(stated.provider.channel, stated.provider.name, stated.fact.delivery_id, stated.fact.reference)


@dataclass(frozen=True, slots=True)
class Turn:
    """A fact that changes something, and how: the `nth` move of its delivery in this transaction."""

    stated: Stated
    match: Match
    move: Move
    nth: int


def _turns(found: Sequence[tuple[Stated, Match]]) -> list[Turn]:
    """Each fact is held against what the facts before it have made of the delivery."""
    turns: list[Turn] = []
    last: dict[DeliveryId, Turn] = {}
    for stated, match in found:
        before = last.get(match.id)
        state = before.move.to if before else match.state
        step = after_receipt(state, stated.fact)
        if step is not None:
            move = Move(match.id, state, step.state, step.due_at, step.reason, stated.fact.reference)
            last[match.id] = turn = Turn(stated, match, move, before.nth + 1 if before else 0)
            turns.append(turn)
    return turns


def _round(turn: Turn) -> tuple[int, ProviderName]:
    """What one statement moves: each delivery once, all by the word of one provider."""
    return turn.nth, turn.stated.provider.name
