"""Who is meant by a rule: the people of an event, each once, with the ways to reach them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from notifier.domain.dossiers import Person
from notifier.domain.events import DossierEvent
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience, Contact, Recipient
from notifier.routing.context import RoutingContext
from notifier.routing.rules import Rule, Tell

MOBILE = re.compile(r"\+84[35789]\d{8}")
"""Vietnamese mobile numbers in E.164; others are land lines, or beyond the reach of a domestic gateway."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """One person under the entry of the rule that speaks to them."""

    tell: Tell
    person: Person
    ref: str


def addressed(event: DossierEvent, rule: Rule) -> Iterator[Addressed | Reason]:
    """Each person of the rule's audiences once, first audience first; a Reason for an audience that nobody is in."""
    seen: set[tuple[str | None, ...]] = set()
    for tell in rule.tell:
        people = _people(event, tell.to)
        if not people:
            yield Reason(ReasonCode.EVENT_NO_RECIPIENT, {"audience": tell.to.value})
        for number, person in enumerate(people, start=1):
            identity = ("staff" if tell.to.is_staff else "citizen", *_identity(person))
            if identity not in seen:
                seen.add(identity)
                ref = person.code or f"{tell.to.value}-{number}" if tell.to.is_staff else "citizen"
                yield Addressed(tell, person, ref)


def as_recipient(someone: Addressed, event: DossierEvent, context: RoutingContext) -> Recipient:
    person, audience = someone.person, someone.tell.to
    return Recipient(
        id=context.new_recipient_id(),
        audience=audience,
        ref=someone.ref,
        name=person.name,
        contact=Contact(
            inbox=context.inbox_owner(audience, person, event),
            phone=person.phone if person.phone and MOBILE.fullmatch(person.phone) else None,
            email=person.email or None,
            zalo_uid=person.zalo_uid or None,
        ),
    )


def _people(event: DossierEvent, audience: Audience) -> tuple[Person, ...]:
    match audience:
        case Audience.CITIZEN:
            return (event.dossier.addressee,) if event.dossier.addressee else ()
        case Audience.HANDLER:
            return event.progress.next_handlers if event.progress else ()
        case Audience.HEAD:
            return event.progress.heads if event.progress else ()


def _identity(person: Person) -> tuple[str | None, ...]:
    """An officer's code says who it is; without one, the name together with every contact does."""
    if person.code:
        return (person.code.casefold(),)
    return (None, person.name.casefold(), person.phone, person.email, person.zalo_uid)
