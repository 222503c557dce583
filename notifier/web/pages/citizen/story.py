"""What a dossier page tells one citizen, out of what was told of the dossier: how it stands, what is asked, what happened.

Times that the law sets are those of the dossier system; none is computed here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from notifier.domain.dossiers import Status
from notifier.domain.events import Appointment, DossierEvent
from notifier.domain.ids import EventId, InboxOwner, RecipientId
from notifier.domain.recipients import Audience, Contact, Locale, Recipient
from notifier.reminders.docket import Docket, fold, in_order
from notifier.rendering.facts import Fact, Frame, facts_of
from notifier.store.events import ClaimedEvent
from notifier.web.pages import course
from notifier.web.pages.course import Standing

_BEFORE_TAKEN_IN = frozenset({Status.NEW, Status.REFUSED, Status.SUPPLEMENT_REQUESTED, Status.PAYMENT_REQUESTED})
_CALLED_OFF = "lichhen.huy"
_NOBODY = RecipientId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Story:
    """`events` are those of this citizen, from the earliest to the latest; there is at least one."""

    events: Sequence[DossierEvent]
    docket: Docket
    standing: Standing

    @property
    def last(self) -> DossierEvent:
        return self.events[-1]


def own_part(events: Iterable[ClaimedEvent], told: Mapping[EventId, bool | None]) -> list[ClaimedEvent]:
    """The events that are this citizen's to see, given in the order they came.

    Once somebody else is told in the citizen's place, what follows is theirs, until the citizen is told again. An event
    that was told to no citizen goes with those before it.
    """
    kept, mine = [], True
    for event in events:
        if event.id not in told:
            continue
        mine = mine if told[event.id] is None else told[event.id] is True
        if mine:
            kept.append(event)
    return kept


def with_details(events: Iterable[ClaimedEvent]) -> list[ClaimedEvent]:
    """The same, each with the fullest description of the dossier that came before it."""
    known: dict[str, Any] | None = None
    detailed = []
    for event in events:
        if event.document["HoSo"].get("ChuHoSo"):
            known = event.document["HoSo"]
        detailed.append(replace(event, details=known))
    return detailed


def story_of(events: Iterable[DossierEvent]) -> Story | None:
    """None after no events."""
    ordered = in_order(events)
    docket = fold(ordered)
    if docket is None:
        return None
    taken_in = any(
        event.dossier.accepted_at or event.dossier.status not in {*_BEFORE_TAKEN_IN, Status.WITHDRAWN, None}
        for event in ordered
    )
    standing = course.standing(docket.status, taken_in=taken_in, reached=_reached(ordered, docket))
    return Story(ordered, docket, standing)


def _reached(events: Sequence[DossierEvent], docket: Docket) -> dict[int, datetime | None]:
    begun = (event.occurred_at for event in events if event.dossier.status is Status.PROCESSING)
    accepted = (event.dossier.accepted_at for event in events if event.dossier.accepted_at)
    taken = (event.occurred_at for event in events if event.dossier.status is Status.ACCEPTED)
    return {
        course.TAKEN_IN: next(accepted, None) or next(taken, None),
        course.PROCESSED: next(begun, None),
        course.READY: docket.finished_at,
        course.RETURNED: docket.returned_at,
    }


def asking(story: Story) -> DossierEvent | None:
    """The event that asks something of the citizen which is still open; None where nothing is asked."""
    if story.docket.status is Status.SUPPLEMENT_REQUESTED:
        return _last(story, lambda event: event.supplement is not None) or _came_to(story)
    if story.docket.status is Status.PAYMENT_REQUESTED:
        return _last(story, lambda event: bool(event.fees)) or _came_to(story)
    return _came_to(story) if story.docket.status is Status.DONE else None


def appointment(story: Story, now: datetime) -> Appointment | None:
    """The booked slot that is still to come."""
    booked = _last(story, lambda event: event.appointment is not None or event.type == _CALLED_OFF)
    slot = booked.appointment if booked and booked.type != _CALLED_OFF else None
    return slot if slot and slot.at and slot.at > now else None


def facts(event: DossierEvent, owner: InboxOwner, locale: Locale, now: datetime, *, hotline: str) -> Mapping[str, Fact]:
    """What may be said of an event in the citizen's own inbox, by the names that templates of messages use."""
    reader = Recipient(_NOBODY, Audience.CITIZEN, "citizen", "", Contact(owner), locale)
    return facts_of(event, Frame(reader, locale, "", hotline, "", lambda _: False, now))


def _came_to(story: Story) -> DossierEvent | None:
    """The event by which the dossier came to where it stands."""
    return _last(story, lambda event: event.dossier.status is story.docket.status)


def _last(story: Story, fits: Callable[[DossierEvent], bool]) -> DossierEvent | None:
    return next((event for event in reversed(story.events) if fits(event)), None)
