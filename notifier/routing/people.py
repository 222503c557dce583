"""Who is meant by a rule: the people of an event, each once, with the ways to reach them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Directory, Role, officer_code, people_of, stands_in
from notifier.domain.dossiers import Person
from notifier.domain.events import DossierEvent
from notifier.domain.ids import InboxOwner
from notifier.domain.preferences import NO_PREFERENCES
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience, Contact, Recipient
from notifier.routing.context import RoutingContext
from notifier.routing.tables import Rule, Tell

MOBILE = re.compile(r"\+84[35789]\d{8}")
"""Vietnamese mobile numbers in E.164; others are land lines, or beyond the reach of a domestic gateway."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """One person under the entry of the rule that speaks to them."""

    tell: Tell
    person: Person
    ref: str


def addressed(event: DossierEvent, rule: Rule, context: RoutingContext, now: datetime) -> Iterator[Addressed | Reason]:
    """Each person of the rule's audiences once, first audience first; a Reason for an audience that nobody is in."""
    number = event.reminder.number if event.reminder else 1
    seen: set[tuple[str | None, ...]] = set()
    for tell in rule.tell:
        if number < tell.from_number:
            continue
        people = list(_people(event, tell.to, context, now))
        if not any(isinstance(each, Person) for each in people):
            yield Reason(ReasonCode.EVENT_NO_RECIPIENT, {"audience": tell.to.value})
        place = 0
        for person in people:
            if isinstance(person, Reason):
                yield person
                continue
            place += 1
            identity = ("staff" if tell.to.is_staff else "citizen", *_identity(person))
            if identity not in seen:
                seen.add(identity)
                ref = person.code or f"{tell.to.value}-{place}" if tell.to.is_staff else "citizen"
                yield Addressed(tell, person, ref)


def desks(event: DossierEvent, rule: Rule, context: RoutingContext, now: datetime) -> set[InboxOwner]:
    """Whose messages may have to be put together with others."""
    if not any(each.gather for each in rule.tell):
        return set()
    return {
        context.inbox_owner(each.tell.to, each.person, event)
        for each in addressed(event, rule, context, now)
        if isinstance(each, Addressed) and each.tell.gather
    }


def staff_of(event: DossierEvent) -> list[str]:
    """The codes of the officers that an event names."""
    progress = event.progress
    people = (*progress.next_handlers, *progress.heads) if progress else ()
    return [person.code for person in people if person.code]


def as_recipient(someone: Addressed, event: DossierEvent, context: RoutingContext) -> Recipient:
    person, audience = someone.person, someone.tell.to
    owner = context.inbox_owner(audience, person, event)
    chosen = NO_PREFERENCES if audience.is_staff else context.preferences.get(owner, NO_PREFERENCES)
    return Recipient(
        id=context.new_recipient_id(),
        audience=audience,
        ref=someone.ref,
        name=person.name,
        contact=Contact(
            inbox=owner,
            phone=person.phone if person.phone and MOBILE.fullmatch(person.phone) else None,
            email=person.email or None,
            zalo_uid=context.linked.get(owner) or person.zalo_uid or None,
        ),
        locale=chosen.locale,
        rest=chosen.rest,
    )


def _people(
    event: DossierEvent, audience: Audience, context: RoutingContext, now: datetime
) -> Iterator[Person | Reason]:
    day, known, account = now.astimezone(VIETNAM).date(), context.directory, context.account
    progress = event.progress
    match audience:
        case Audience.CITIZEN:
            if event.dossier.addressee:
                yield event.dossier.addressee
        case Audience.HANDLER:
            yield from _officers(progress.next_handlers if progress else (), known, day, account)
        case Audience.HEAD:
            named = progress.heads if progress else ()
            heads = named or people_of(known, event.dossier.units, Role.HEAD, day, account)
            yield from _officers(heads, known, day, account)
        case Audience.DIRECTOR:
            directors = people_of(known, event.dossier.units, Role.DIRECTOR, day, account)
            yield from _officers(directors, known, day, account)


def _officers(people: Iterable[Person], known: Directory, day: date, account: str) -> Iterator[Person | Reason]:
    """As the directory knows them; whoever is away is followed by their deputy."""
    for person in people:
        whom = stands_in(known, person, day, account)
        if officer_code(whom.code or "") != officer_code(person.code or ""):
            yield Reason(ReasonCode.EVENT_STAND_IN, {"officer": person.code or "-", "deputy": whom.code or "-"})
        yield whom


def _identity(person: Person) -> tuple[str | None, ...]:
    """An officer's code says who it is; without one, the name together with every contact does."""
    if person.code:
        return (person.code.casefold(),)
    return (None, person.name.casefold(), person.phone, person.email, person.zalo_uid)
