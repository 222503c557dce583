"""Agencies as reports name them: one code each, whichever of its codes an event used; and who stands below whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifier.domain.directory import Agency, parent_of
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
        """Every code in the directory of an agency and of those below it, as they name their parent or their code does."""
        children: dict[str, set[str]] = {}
        for agency in self.by_code.values():
            parent = agency.parent or parent_of(agency.code)
            if parent is not None:
                children.setdefault(self.named(parent).code, set()).add(agency.code)
        open_, seen = [self.named(code).code], set[str]()
        while open_:
            each = open_.pop()
            if each not in seen:
                seen.add(each)
                open_ += children.get(each, ())
        others = (other for each in seen if each in self.by_code for other in self.by_code[each].other_codes)
        return frozenset(seen | {code} | set(others))
