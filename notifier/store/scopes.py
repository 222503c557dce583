"""What an operator's agencies let them see: events of these units and of those below them."""

from collections.abc import Sequence

from notifier.domain.directory import by_every_code
from notifier.reminders.reports.units import Agencies
from notifier.reminders.reports.within import EVERYWHERE, Within, seen_by
from notifier.store import directory
from notifier.store.pool import Connection

IN_SCOPE = """
({codes}::text[] IS NULL OR e.agency = ANY ({codes})
 OR EXISTS (SELECT FROM unnest({begin}::text[]) b WHERE starts_with(e.agency, b)))
"""
"""Of an event `e`: the condition that a statement with these two parameters adds."""


async def sight_of(connection: Connection, agencies: Sequence[str]) -> Within:
    """What somebody sees who works for these agencies, by the directory as it is now; none means the whole province."""
    if not agencies:
        return EVERYWHERE
    return seen_by(Agencies(by_every_code(await directory.agencies(connection))), agencies)
