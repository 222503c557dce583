"""Reading in the portal inbox is proof: the message's delivery becomes `read`, and the fallbacks of its person end."""

from notifier.domain.ids import ChannelName, InboxOwner
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.store import inbox
from notifier.store.inbox import Chosen
from workers.steps.fallbacks import Released
from workers.steps.receiving import Stated, apply_facts
from workers.wiring import App

PORTAL = ChannelName("portal")
AT_ONCE = 100
"""Messages of one transaction."""


async def read_messages(app: App, owner: InboxOwner, chosen: Chosen) -> int:
    """Mark the chosen messages of one inbox as read, with all that follows; answers how many were unread until now."""
    total = 0
    while True:
        marked, released = await _read_some(app, owner, chosen)
        released.ring(app)
        total += marked
        if marked < AT_ONCE:
            break
    if total:
        async with app.pool.acquire() as connection:
            await inbox.tell(connection, owner)
    return total


async def _read_some(app: App, owner: InboxOwner, chosen: Chosen) -> tuple[int, Released]:
    now, provider = app.clock(), app.setups[PORTAL].providers[0]
    async with app.pool.acquire() as connection, connection.transaction():
        marked = await inbox.mark_read(connection, owner, chosen, now, AT_ONCE)
        facts = [Stated(provider, ReceiptFact(ReceiptKind.READ, each, None, now)) for each in sorted(marked)]
        applied = await apply_facts(app, connection, facts, now)
    return len(marked), applied.released
