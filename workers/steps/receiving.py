"""Understand stored callbacks: each fact in them moves the delivery it names, once; relations to an account are learnt.

A callback that names a message nobody knows yet may have overtaken the provider's own answer to us, so it is parked
and read again, for two hours.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from channels.registry import ProviderSetup
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ReceiptId
from notifier.domain.link_codes import LIFE, TRIES_IN
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.receipts.apply import after_receipt
from notifier.rendering.linking import text_of
from notifier.store import deliveries
from notifier.store import receipts as store
from notifier.store.deliveries import Move
from notifier.store.pool import Connection
from notifier.store.receipts import StoredReceipt
from notifier.telemetry.marks import Mark, pass_by
from workers.steps.fallbacks import Released, settle_fallbacks
from workers.steps.suppressing import learn_from_receipt
from workers.wiring import App
from workers.zalo_news import Saying, learn

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
PARKED = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2))
"""When a callback without a match is read again: after each of these. Then it is an orphan, kept and left alone."""


async def receipts(app: App, ids: Sequence[str]) -> None:
    """Read those of the callbacks that still wait for it."""
    async with app.pool.acquire() as connection:
        claimed = await store.claim(connection, [ReceiptId(int(id_)) for id_ in ids], app.name, LEASE, app.clock())
    pass_by(Mark.RECEIPTS_CLAIMED)
    for receipt in claimed:
        try:
            await _read(app, receipt)
        except Exception:
            log.exception("a callback could not be read now", extra={"receipt": receipt.id})
    await app.gate.report(app.clock())


async def _read(app: App, receipt: StoredReceipt) -> None:
    now = app.clock()
    setup = app.providers.get(receipt.raw.provider)
    facts = setup.module.facts(receipt.raw, setup.settings) if setup else ()
    released: list[Released] = []
    saying: Saying | None = None
    async with app.pool.acquire() as connection, connection.transaction():
        if setup is not None:
            saying = await learn(connection, setup, receipt.raw, app.secret, now)
        unmatched = False
        for fact in facts:
            made = await apply_fact(app, connection, setup, fact, now, receipt.id) if setup else None
            unmatched |= made is None and fact.kind is not ReceiptKind.INFO
            released += [made] if made else []
        if unmatched and receipt.attempts <= len(PARKED):
            await store.finish(connection, receipt.id, app.name, "parked", now + PARKED[receipt.attempts - 1])
        else:
            await store.finish(connection, receipt.id, app.name, "orphaned" if unmatched else "applied", None)
        pass_by(Mark.RECEIPTS_BEFORE_COMMIT)
    pass_by(Mark.RECEIPTS_AFTER_COMMIT)
    for each in released:
        each.ring(app)
    if saying is not None:
        await _say(app, saying)


async def _say(app: App, saying: Saying) -> None:
    """An answer that is lost on its way is not repeated: what it tells of has happened all the same."""
    minutes, hours = int(LIFE / timedelta(minutes=1)), int(TRIES_IN / timedelta(hours=1))
    text = text_of(saying.answer, sender=app.settings.sender_name, minutes=minutes, hours=hours)
    await app.accounts[saying.provider].say(saying.person, text)


async def apply_fact(
    app: App,
    connection: Connection,
    provider: ProviderSetup,
    fact: ReceiptFact,
    now: datetime,
    receipt_id: ReceiptId | None = None,
) -> Released | None:
    """Move the delivery that a fact names, and the fallbacks of its person; None if nobody knows that delivery.

    Within a transaction. A fact that says nothing new changes nothing. `receipt_id` is the callback that states it.
    """
    match = await deliveries.match_receipt(
        connection, provider.channel, provider.name, fact.delivery_id, fact.reference
    )
    if match is None:
        return None
    if receipt_id is not None:
        await store.speaks_of(connection, receipt_id, match.id)
    step = after_receipt(match.state, fact)
    if step is None:
        return Released()
    move = Move(match.id, match.state, step.state, step.due_at, step.reason, fact.reference)
    await deliveries.move(connection, [move], actor=f"receipt:{provider.name}", now=now)
    await learn_from_receipt(app, connection, provider, match.id, fact, now)
    if match.accepted_at is not None and match.state is DeliveryState.ACCEPTED:
        app.gate.note_receipt(match.provider or provider.name, match.accepted_at, now)
    return await settle_fallbacks(app, connection, [match.recipient_id], now)
