"""The directory: agencies and officers, as administrators wrote them or as events named them, and who is meant by it.

Days are those of Vietnam, and both ends of a span belong to it. An officer's code is their account, folded to lower
case; an agency's code is written level 1 first. The functions are pure: they answer from a `Directory` that holds at
least what the question can reach (`notifier.store.directory.around`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from notifier.domain.dossiers import Person


class Role(StrEnum):
    OFFICER = "officer"
    HEAD = "head"
    """Answers for a unit (ThuTruong)."""
    DIRECTOR = "director"
    """Answers for a one-stop centre."""


class Origin(StrEnum):
    ADMIN = "admin"
    """An administrator wrote the row: no event changes it."""
    EVENT = "event"
    """Learned from events."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency or one-stop desk."""

    code: str
    name: str
    other_codes: tuple[str, ...] = ()
    """What else events call it: the older order of levels, codes of before a merger."""
    parent: str | None = None
    phone: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day of its own; from the next on its successor answers for it."""
    successor: str | None = None
    origin: Origin = Origin.ADMIN
    changed_by: str = field(default="", compare=False)
    changed_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Officer:
    """`phone` is E.164 and mobile, else None."""

    code: str
    name: str
    title: str | None = None
    unit: str | None = None
    role: Role = Role.OFFICER
    phone: str | None = None
    email: str | None = None
    zalo: Mapping[str, str] = field(default_factory=dict)
    """Name of an Official Account (its provider's name) → the officer's user id with it."""
    leave_from: date | None = None
    leave_until: date | None = None
    """None with a `leave_from`: until further notice."""
    deputy: str | None = None
    gone_at: date | None = None
    """The first day on which they do not work here any more."""
    origin: Origin = Origin.ADMIN
    changed_by: str = field(default="", compare=False)
    changed_at: datetime | None = field(default=None, compare=False)

    def gone(self, day: date) -> bool:
        return self.gone_at is not None and self.gone_at <= day

    def on_leave(self, day: date) -> bool:
        return self.leave_from is not None and self.leave_from <= day <= (self.leave_until or day)

    def present(self, day: date) -> bool:
        return not self.gone(day) and not self.on_leave(day)


Entry = Agency | Officer


class Kind(StrEnum):
    """Which of the two tables."""

    AGENCIES = "agencies"
    OFFICERS = "officers"


@dataclass(frozen=True, slots=True)
class Directory:
    officers: Mapping[str, Officer] = field(default_factory=dict)
    """By `officer_code`."""
    agencies: Mapping[str, Agency] = field(default_factory=dict)
    """By every code they are known by (`by_every_code`)."""


def officer_code(raw: str) -> str:
    """The one spelling of an officer's account."""
    return raw.strip().casefold()


def by_every_code(agencies: Iterable[Agency]) -> dict[str, Agency]:
    """Each agency under its own and its other codes. What an administrator wrote hides what events called the same."""
    found: dict[str, Agency] = {}
    known = sorted(agencies, key=lambda agency: (agency.origin is Origin.ADMIN, agency.code))
    for origin in (Origin.EVENT, Origin.ADMIN):
        ours = [agency for agency in known if agency.origin is origin]
        found |= {code: agency for agency in ours for code in agency.other_codes}
        found |= {agency.code: agency for agency in ours}
    return found


def known_as(directory: Directory, person: Person, day: date, oa: str) -> Person:
    """The person of an event with what the directory knows of them; unchanged if it knows nothing.

    A field that an administrator wrote wins; of a learned row the event's own wins, and what it lacks is filled.
    Somebody who has left keeps name, code and title, and no way to be reached.
    """
    officer = _officer(directory, person)
    if officer is None:
        return person
    if officer.gone(day):
        return Person(name=_name(officer, person), code=person.code, title=officer.title or person.title)
    written = officer.origin is Origin.ADMIN

    def either(kept: str | None, said: str | None) -> str | None:
        return (kept or said) if written else (said or kept)

    return replace(
        person,
        name=_name(officer, person),
        title=either(officer.title, person.title),
        phone=either(officer.phone, person.phone),
        email=either(officer.email, person.email),
        zalo_uid=either(officer.zalo.get(oa), person.zalo_uid),
    )


def stands_in(directory: Directory, person: Person, day: date, oa: str) -> Person:
    """Who hears in the person's place that day, as known: the person themself where nothing speaks against it.

    On leave: the deputy, the deputy's deputy if that one is on leave too, and so on. Where this ends at somebody who
    has left, in a circle or with nobody, the person hears all the same.
    Left for good: likewise the deputy, else a head of their unit, else the person, whom nothing but the inbox reaches.
    """
    officer = _officer(directory, person)
    if officer is None or officer.present(day):
        return known_as(directory, person, day, oa)
    if deputy := _deputy(directory, officer, day):
        return _person(directory, deputy, day, oa)
    if officer.gone(day) and officer.unit:
        heads = _staff(directory, (officer.unit,), Role.HEAD, day)
        if heads:
            return _person(directory, next((head for head in heads if head.present(day)), heads[0]), day, oa)
    return known_as(directory, person, day, oa)


def people_of(directory: Directory, unit_codes: Sequence[str], role: Role, day: date, oa: str) -> tuple[Person, ...]:
    """Who has this role in the first of these units that has anybody who has not left, or in its parents, nearest first.

    A unit whose validity has ended goes on as its successor. A unit without a parent in the directory has the one that
    its code says, but never the whole province. Where administrators name anybody, those whom events named do not count.
    Somebody on leave is answered too: `stands_in` says who hears for them.
    """
    return tuple(_person(directory, officer, day, oa) for officer in _staff(directory, unit_codes, role, day))


def lineage(code: str | None) -> Iterator[str]:
    """An agency's code and those above it, as the code itself says: H01.14.02, H01.14, H01."""
    while code:
        yield code
        code = code.rpartition(".")[0]


def parent_of(code: str) -> str | None:
    """The parent that a code says: `H01.14` of `H01.14.02`; None for two levels, whose parent is the whole province."""
    above, _, _ = code.rpartition(".")
    return above if "." in above else None


def _officer(directory: Directory, person: Person) -> Officer | None:
    return directory.officers.get(officer_code(person.code)) if person.code else None


def _name(officer: Officer, person: Person) -> str:
    """Events name somebody without a name by the code."""
    named = officer_code(person.name) != officer.code
    return person.name if named and officer.origin is Origin.EVENT else officer.name


def _person(directory: Directory, officer: Officer, day: date, oa: str) -> Person:
    return known_as(directory, Person(name=officer.name, code=officer.code), day, oa)


def _deputy(directory: Directory, officer: Officer, day: date) -> Officer | None:
    """The first of the deputies who is there; None where one has left, they go in a circle, or none is named."""
    seen, current = {officer.code}, officer
    while current.deputy and (deputy := directory.officers.get(current.deputy)):
        if deputy.present(day):
            return deputy
        if deputy.gone(day) or deputy.code in seen:
            return None
        seen.add(deputy.code)
        current = deputy
    return None


def _staff(directory: Directory, unit_codes: Sequence[str], role: Role, day: date) -> list[Officer]:
    here = [officer for officer in directory.officers.values() if officer.role is role and not officer.gone(day)]
    for start in unit_codes:
        for unit in _upwards(directory, start, day):
            found = sorted((one for one in here if one.unit in unit), key=lambda one: one.code)
            if found:
                written = [officer for officer in found if officer.origin is Origin.ADMIN]
                return written or found
    return []


def _upwards(directory: Directory, code: str, day: date) -> Iterator[frozenset[str]]:
    """A unit and its parents, nearest first, each as it goes on that day and under every code it is known by."""
    seen: set[str] = set()
    current: str | None = code
    while current and current not in seen:
        agency = _going_on(directory, current, day)
        own = agency.code if agency else current
        yield frozenset({own, *(agency.other_codes if agency else ())})
        seen |= {current, own}
        current = (agency.parent if agency else None) or parent_of(own)


def _going_on(directory: Directory, code: str, day: date) -> Agency | None:
    """The agency of a code, or what it has become by that day."""
    seen: set[str] = set()
    agency = directory.agencies.get(code)
    while agency and agency.successor and agency.valid_until and agency.valid_until < day:
        seen.add(agency.code)
        following = directory.agencies.get(agency.successor)
        if following is None or following.code in seen:
            break
        agency = following
    return agency
