"""How far an operator's account reaches, by the directory as it is now."""

from notifier.domain.directory import by_every_code
from notifier.domain.operators import Operator
from notifier.domain.reach import Reach
from notifier.reminders.reports.units import Agencies
from notifier.store import directory
from notifier.store.pool import Connection


async def reach_of(connection: Connection, operator: Operator) -> Reach | None:
    """The agencies that the operator may see and act for; None for the whole province."""
    if not operator.agencies:
        return None
    known = Agencies(by_every_code(await directory.agencies(connection)))
    codes = frozenset().union(*(known.below(code) for code in operator.agencies))
    return Reach(operator.agencies, codes)
