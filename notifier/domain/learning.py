"""What events teach the directory: officers and agencies by their codes. What an administrator wrote stays as it is."""

from dataclasses import replace

from notifier.domain.directory import Agency, Directory, Officer, Origin, Role, officer_code
from notifier.domain.dossiers import Person, Unit
from notifier.domain.events import DIGEST, DossierEvent


def said_by(event: DossierEvent, oa: str) -> tuple[tuple[Officer, ...], tuple[Agency, ...]]:
    """The officers and agencies that a dossier system's event names by code. An event that we made says nothing new.

    An officer belongs to the unit that handles the dossier, or that receives it where no other is named yet.
    """
    if event.reminder or event.type == DIGEST:
        return (), ()
    dossier, progress = event.dossier, event.progress
    units = [unit for unit in (dossier.receiving_unit, dossier.handling_unit) if unit and unit.code]
    unit = units[-1].code if units else None
    officers: dict[str, Officer] = {}
    if progress:
        for people, role in ((progress.next_handlers, Role.OFFICER), (progress.heads, Role.HEAD)):
            for person in people:
                if person.code:
                    officers[officer_code(person.code)] = _learned(person, unit, role, oa)
    return tuple(officers.values()), tuple({unit.code: _named(unit) for unit in units}.values())


def taught(known: Directory, event: DossierEvent, oa: str) -> Directory:
    """The directory after what an event says: `known` itself where it says nothing new.

    What an event leaves out is kept from those before it. The unit is that of the event that named the officer first,
    and again that of the first which names them as a head: at many desks one officer works for several units. A row
    that an administrator wrote stays as it is.
    """
    said, named = said_by(event, oa)
    officers = {each.code: _with(known.officers.get(each.code), each) for each in said}
    officers = {code: each for code, each in officers.items() if each != known.officers.get(code)}
    agencies = {each.code: each for each in named if _is_news(known.agencies.get(each.code), each)}
    if not officers and not agencies:
        return known
    return Directory({**known.officers, **officers}, {**known.agencies, **agencies})


def _with(known: Officer | None, said: Officer) -> Officer:
    if known is None:
        return said
    if known.origin is Origin.ADMIN:
        return known
    promoted = said.role is Role.HEAD and known.role is Role.OFFICER
    return replace(
        known,
        name=known.name if said.name == said.code else said.name,
        title=known.title if said.title is None else said.title,
        unit=(said.unit or known.unit) if promoted or known.unit is None else known.unit,
        role=Role.HEAD if said.role is Role.HEAD else known.role,
        phone=known.phone if said.phone is None else said.phone,
        email=known.email if said.email is None else said.email,
        zalo={**known.zalo, **said.zalo},
    )


def _is_news(known: Agency | None, said: Agency) -> bool:
    """Of an agency the first name is kept that is more than its code."""
    if known is None:
        return True
    nameless = known.code == said.code and known.origin is Origin.EVENT and known.name == known.code
    return nameless and said.name != said.code


def _learned(person: Person, unit: str | None, role: Role, oa: str) -> Officer:
    code = officer_code(person.code or "")
    return Officer(
        code=code,
        name=code if officer_code(person.name) == code else person.name,
        title=person.title,
        unit=unit,
        role=role,
        phone=person.phone,
        email=person.email,
        zalo={oa: person.zalo_uid} if person.zalo_uid else {},
        origin=Origin.EVENT,
    )


def _named(unit: Unit) -> Agency:
    return Agency(code=unit.code or "", name=unit.name, origin=Origin.EVENT)
