"""What an operator's agencies let them see: events of these units and of those below them."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier.domain.directory import by_every_code
from notifier.reminders.reports.units import Agencies
from notifier.store import directory
from notifier.store.pool import Connection

IN_SCOPE = """
({codes}::text[] IS NULL OR e.agency = ANY ({codes})
 OR EXISTS (SELECT FROM unnest({below}::text[]) b WHERE starts_with(e.agency, b)))
"""
"""Of an event `e`: the condition that a statement with these two parameters adds."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Codes of agencies; None for the whole province, which includes events that name no agency."""

    codes: list[str] | None = None
    below: list[str] | None = None
    """How the codes begin of agencies below them that the directory does not know."""


EVERYTHING = Sight()


async def sight_of(connection: Connection, agencies: Sequence[str]) -> Sight:
    """What somebody sees who works for these agencies; none means the whole province."""
    if not agencies:
        return EVERYTHING
    known = Agencies(by_every_code(await directory.agencies(connection)))
    codes = {code for each in agencies for code in known.below(each)}
    own = {known.named(each).code for each in agencies} | set(agencies)
    return Sight(sorted(codes), sorted(f"{each}." for each in own))
