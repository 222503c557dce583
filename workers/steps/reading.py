"""Reading in the portal inbox is proof: the message's delivery becomes `read`, and the fallbacks of its person end."""

from notifier.domain.ids import ChannelName, InboxOwner
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.store import inbox
from notifier.store.inbox import Chosen
from workers.steps.fallbacks import Released
from workers.steps.receiving import apply_fact
from workers.wiring import App

PORTAL = ChannelName("portal")
AT_ONCE = 100
"""Messages of one transaction."""


async def read_messages(app: App, owner: InboxOwner, chosen: Chosen) -> int:
    """Mark the chosen messages of one inbox as read, with all that follows; answers how many were unread until now."""
    total = 0
    while True:
        marked, released = await _read_some(app, owner, chosen)
        for each in released:
            each.ring(app)
        total += marked
        if marked < AT_ONCE:
            break
    if total:
        async with app.pool.acquire() as connection:
            await inbox.tell(connection, owner)
    return total


async def _read_some(app: App, owner: InboxOwner, chosen: Chosen) -> tuple[int, list[Released]]:
    now, provider = app.clock(), app.setups[PORTAL].providers[0]
    async with app.pool.acquire() as connection, connection.transaction():
        marked = await inbox.mark_read(connection, owner, chosen, now, AT_ONCE)
        made = [
            await apply_fact(app, connection, provider, ReceiptFact(ReceiptKind.READ, each, None, now), now)
            for each in sorted(marked)
        ]
    return len(marked), [each for each in made if each is not None]
