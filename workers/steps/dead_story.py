"""One dead letter with its whole story: every decision, every call, and what a retry would meet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from notifier.audit.dead import Call, Item, Kind, Letter, OrphanReceipt, StuckEvent, identifier
from notifier.audit.dead_report import call_json, fact_json, item_json, local
from notifier.audit.timeline import AuditRow, as_story
from notifier.domain.ids import ProviderName
from notifier.domain.receipts import ReceiptFact
from notifier.store import dead, strays, timelines
from notifier.store.pool import Connection
from workers.steps.dead import Prospect, named, prospects
from workers.wiring import App


@dataclass(frozen=True, slots=True)
class Story:
    item: Item
    rows: Sequence[AuditRow] = ()
    calls: Sequence[Call] = ()
    prospect: Prospect | None = None
    """None for the kinds that can always be taken up again."""
    facts: Sequence[ReceiptFact] = ()
    """What a receipt says, as its adapter reads it now."""


async def tell(app: App, id_text: str) -> Story | None:
    """The story of the dead letter of this id: a delivery, an event, or, all digits, a receipt; None if it is none."""
    id_ = identifier(id_text)
    if id_ is None:
        return None
    kinds = (Kind.RECEIPT,) if isinstance(id_, int) else (Kind.DELIVERY, Kind.EVENT)
    async with app.pool.acquire() as connection:
        for kind in kinds:
            if items := await named(app, connection, kind, [id_]):
                return await _told(app, connection, items[0])
    return None


async def _told(app: App, connection: Connection, item: Item) -> Story:
    match item:
        case Letter():
            rows = await timelines.of_dossier(connection, item.source, item.dossier)
            (prospect,) = await prospects(app, connection, [item], app.clock(), reached_too=False)
            return Story(
                item,
                rows=[row for row in rows if row.event.external_id == item.external_id and _concerns(row, item)],
                calls=await dead.calls(connection, item.id),
                prospect=prospect,
            )
        case StuckEvent():
            rows = await timelines.of_dossier(connection, item.source, item.dossier)
            return Story(item, rows=[row for row in rows if row.event.external_id == item.external_id])
        case OrphanReceipt():
            raw = await strays.raw(connection, item.id)
            setup = app.providers.get(item.provider)
            return Story(item, facts=setup.module.facts(raw, setup.settings) if raw and setup else ())


def _concerns(row: AuditRow, letter: Letter) -> bool:
    """A row about the event as a whole, or about this very delivery."""
    if row.recipient is None:
        return True
    person = (row.recipient.audience, row.recipient.ref, row.channel)
    return person == (letter.audience, letter.ref, letter.channel)


def story_json(story: Story, deduplicating: Collection[ProviderName], locale: str) -> dict[str, Any]:
    chance = story.prospect
    return {
        **item_json(story.item, deduplicating, locale),
        "calls_made": [call_json(call) for call in story.calls],
        "facts": [fact_json(fact) for fact in story.facts],
        "story": as_story(story.rows, locale),
        "retry": chance and {"until": local(chance.until), "against": chance.against and chance.against.value},
    }
