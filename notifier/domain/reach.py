"""How far somebody sees and acts: some agencies with all that is below them, or the whole province."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from notifier.domain.directory import Agency, parent_of


@dataclass(frozen=True, slots=True)
class Reach:
    """`named` as the account or the question says; `codes` are theirs and those below them that the directory knows."""

    named: tuple[str, ...] = ()
    codes: tuple[str, ...] | None = None
    """By every code they are known by. None: all there are, those without an agency too."""
    beginnings: tuple[str, ...] | None = None
    """How the codes begin of those below that the directory does not know; each once."""

    def includes(self, agency: str | None) -> bool:
        """Whether what is this agency's is within; one that the directory does not know is so by its code."""
        if self.codes is None:
            return True
        return agency is not None and (agency in self.codes or agency.startswith(self.beginnings or ()))

    def __str__(self) -> str:
        return ", ".join(self.named)


EVERYWHERE = Reach()


def reach_from(known: Mapping[str, Agency], agencies: Collection[str]) -> Reach:
    """These agencies and all below them; of none in particular the whole province. `known`: by every code."""
    if not agencies:
        return EVERYWHERE
    codes, beginnings, more = set[str](), tuple[str, ...](), set(agencies)
    while more:
        codes |= {code for each in more for code in below(known, each)}
        beginnings = _shortest(f"{code}." for code in codes)
        more = {each.code for each in known.values() if _begins(each, beginnings)} - codes
    return Reach(tuple(agencies), tuple(sorted(codes)), beginnings)


def narrowed(reach: Reach, known: Mapping[str, Agency], asked: str | None) -> Reach | None:
    """What they look at who reach so far and ask for one agency, or for none in particular; None: it is not theirs."""
    if not asked:
        return reach
    return reach_from(known, [asked]) if reach.includes(_own_code(known, asked)) else None


def below(known: Mapping[str, Agency], code: str) -> frozenset[str]:
    """Every code in the directory of an agency and of those below it, as they name their parent or their code does."""
    children: dict[str, set[str]] = {}
    for agency in known.values():
        parent = agency.parent or parent_of(agency.code)
        if parent is not None:
            children.setdefault(_own_code(known, parent), set()).add(agency.code)
    open_, seen = [_own_code(known, code)], set[str]()
    while open_:
        each = open_.pop()
        if each not in seen:
            seen.add(each)
            open_ += children.get(each, ())
    others = (other for each in seen if each in known for other in known[each].other_codes)
    return frozenset(seen | {code} | set(others))


def _begins(agency: Agency, beginnings: tuple[str, ...]) -> bool:
    """Whether the code of an agency, or that of its parent, begins like this."""
    return agency.code.startswith(beginnings) or (agency.parent or "").startswith(beginnings)


def _own_code(known: Mapping[str, Agency], code: str) -> str:
    """The code that an agency has in the directory, whichever of its codes this is."""
    return known[code].code if code in known else code


def _shortest(beginnings: Iterable[str]) -> tuple[str, ...]:
    """Without those that begin like another one."""
    kept: list[str] = []
    for each in sorted(beginnings):
        if not kept or not each.startswith(kept[-1]):
            kept.append(each)
    return tuple(kept)
