"""Which agencies somebody looks at: those they may see, or one of them with what is below it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from notifier.reminders.reports.units import Agencies


@dataclass(frozen=True, slots=True)
class Within:
    """`codes` of agencies, and how the codes `begin` of those below them that the directory does not know."""

    codes: list[str] | None = None
    """None: all there are."""
    begin: list[str] | None = None

    def holds(self, code: str) -> bool:
        return self.codes is None or code in self.codes or code.startswith(tuple(self.begin or ()))


EVERYWHERE = Within()


def within(agencies: Agencies, wanted: Collection[str]) -> Within:
    """These agencies and all below them."""
    codes = {code for each in wanted for code in agencies.below(each)}
    return Within(sorted(codes), _shortest(f"{code}." for code in codes))


def _shortest(beginnings: Iterable[str]) -> list[str]:
    """Without those that begin like another one."""
    kept: list[str] = []
    for each in sorted(beginnings):
        if not kept or not each.startswith(kept[-1]):
            kept.append(each)
    return kept


def seen_by(agencies: Agencies, own: Collection[str]) -> Within:
    """What somebody may see who works for these agencies; for none in particular means everything."""
    return within(agencies, own) if own else EVERYWHERE


def chosen(agencies: Agencies, own: Collection[str], asked: str | None) -> Within | None:
    """What they look at who ask for one agency, or for none in particular; None: it is not theirs to see."""
    seen = seen_by(agencies, own)
    if not asked:
        return seen
    return within(agencies, [asked]) if seen.holds(agencies.named(asked).code) else None
