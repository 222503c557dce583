"""How far somebody sees and acts, by the directory as it is now; and the condition that keeps a statement within it."""

from collections.abc import Sequence

from notifier.domain.directory import by_every_code
from notifier.domain.reach import EVERYWHERE, Reach, reach_from
from notifier.store import directory
from notifier.store.pool import Connection


def in_reach(agency: str, codes: str, beginnings: str) -> str:
    """SQL: whether the column is within a reach whose `codes` and `beginnings` are these two parameters."""
    return f"({codes}::text[] IS NULL OR {agency} = ANY ({codes}) OR {agency} ^@ ANY ({beginnings}::text[]))"


async def reach_of(connection: Connection, agencies: Sequence[str]) -> Reach:
    """The reach of somebody who works for these agencies; of none in particular the whole province."""
    return reach_from(by_every_code(await directory.agencies(connection)), agencies) if agencies else EVERYWHERE
