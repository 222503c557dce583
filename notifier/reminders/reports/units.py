"""Agencies as reports name them: one code each, whichever of its codes an event used; and who stands below whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifier.domain.directory import Agency
from notifier.domain.reach import below
from notifier.reminders.reports.sheets import clean

UNKNOWN = "(không rõ)"
UNCODED = "(không có mã)"


@dataclass(frozen=True, slots=True)
class Agencies:
    """Those of the directory, by every code they are known by (`by_every_code`)."""

    by_code: Mapping[str, Agency]

    def named(self, code: str | None) -> Agency:
        """The agency that a code means; one that the directory does not know goes by its code alone."""
        if not code:
            return Agency("", UNKNOWN)
        return self.by_code.get(code) or Agency(clean(code), "")

    def below(self, code: str) -> frozenset[str]:
        """Every code in the directory of an agency and of those below it."""
        return below(self.by_code, code)
