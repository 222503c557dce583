"""How far an operator's account reaches: agencies with all that is below them."""

from dataclasses import dataclass

from notifier.domain.directory import lineage


@dataclass(frozen=True, slots=True)
class Reach:
    """`named` as the account says; `codes` are theirs and those below them that the directory knows, by every code."""

    named: tuple[str, ...]
    codes: frozenset[str]

    def includes(self, agency: str | None) -> bool:
        """Whether an event of this agency is within; one below them that the directory does not know is so by its code."""
        return agency is not None and (agency in self.codes or not self.codes.isdisjoint(lineage(agency)))

    @property
    def below(self) -> list[str]:
        """How the codes of those below begin."""
        return sorted(f"{code}." for code in self.codes)

    def __str__(self) -> str:
        return ", ".join(self.named)
