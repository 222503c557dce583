"""Ask providers what became of messages whose answer or receipt did not come."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from channels.base import Askable, Question
from channels.registry import ProviderSetup
from notifier.delivery.decide import after_answer
from notifier.domain.answers import Answer, Arrived, NoAnswer, UnderWay
from notifier.store import deliveries
from notifier.store.deliveries import Move, Work
from workers.steps.fallbacks import settle_fallbacks
from workers.wiring import App

log = logging.getLogger(__name__)

ASK_DEADLINE_SECONDS = 15.0


@dataclass(slots=True)
class Asking:
    """One delivery in this worker's hands whose provider is asked. A question changes nothing, so it is not written down."""

    work: Work
    provider: ProviderSetup
    answer: Answer | None = None


async def ask(app: App, asking: Asking) -> Asking:
    """One question. Whatever an adapter raises against its contract is no answer."""
    delivery = asking.work.delivery
    question = Question(delivery.id, delivery.id.hex, asking.work.reference, asking.work.recipient.contact)
    channel = cast(Askable, app.connections[asking.provider.name])
    try:
        async with asyncio.timeout(ASK_DEADLINE_SECONDS):
            asking.answer = await channel.ask(question)
    except (TimeoutError, asyncio.CancelledError):
        asking.answer = NoAnswer("deadline")
    except Exception as error:
        log.exception("an adapter raised", extra={"channel": delivery.channel, "delivery": delivery.id})
        asking.answer = NoAnswer(type(error).__name__)
    return asking


async def record(app: App, asked: Sequence[Asking]) -> None:
    """Commit what the answers mean, also for the fallbacks of the same people."""
    now = app.clock()
    moves = []
    for each in asked:
        assert each.answer is not None  # noqa: S101 - `ask` always sets one
        delivery = each.work.delivery
        step = after_answer(delivery, each.answer, app.rules.policy(delivery.channel), now)
        reference = each.answer.reference if isinstance(each.answer, Arrived | UnderWay) else None
        moves.append(Move(delivery.id, delivery.state, step.state, step.due_at, step.reason, reference, asked=True))
    async with app.pool.acquire() as connection, connection.transaction():
        moved = await deliveries.move(connection, moves, actor=app.name, now=now, holder=app.name)
        recipients = [each.work.delivery.recipient_id for each in asked if each.work.delivery.id in moved]
        released = await settle_fallbacks(app, connection, recipients, now)
    released.ring(app)
