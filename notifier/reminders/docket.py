"""The docket of a dossier: how it stands and since when, folded from its events in their order.

No legal date is computed here: due dates are those that the dossier system gave (facts: Decree 118/2025, its forms).
An event that says nothing of a thing leaves it as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.dossiers import FilingChannel, Status, Unit
from notifier.domain.events import DossierEvent
from notifier.domain.ids import EventId, EventType
from notifier.domain.order import Place, later

OVER = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.RETURNED})
"""Nothing is to come any more; one that is done waits for its result to be fetched."""
UNANSWERED = frozenset({Status.NEW, Status.WITHDRAWN})
PAUSED = frozenset({Status.SUPPLEMENT_REQUESTED, Status.PAYMENT_REQUESTED, Status.STOPPED})
"""The clock of the dossier stands still; when it goes on, a new due date comes with the event."""
APOLOGY = EventType("hoso.xin_loi_gia_han")


@dataclass(frozen=True, slots=True)
class Docket:
    """Times are aware. `last_event` is the latest event by its place among the others, whenever it came."""

    last_event: EventId
    staff_event: EventId | None = None
    """The latest event that named the officers."""
    status: Status | None = None
    since: datetime | None = None
    """When it came to this status."""
    filed_by: FilingChannel | None = None
    filed_at: datetime | None = None
    accepted_at: datetime | None = None
    """When it was first answered: taken in, refused, or more was asked for."""
    due_at: datetime | None = None
    """In force: the new date after an extension."""
    apologised_for: datetime | None = None
    """The due date that the letter of apology was about."""
    apologised_at: datetime | None = None
    step: str | None = None
    step_due_at: datetime | None = None
    supplement_due_at: datetime | None = None
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    procedure_code: str | None = None
    receiving_unit: str | None = None
    handling_unit: str | None = None
    handlers: tuple[str, ...] = ()
    """Codes of the officers who have it now."""
    heads: tuple[str, ...] = ()

    @property
    def agency(self) -> str | None:
        """The unit whose dossier it is now."""
        return self.handling_unit or self.receiving_unit


def is_told(event: DossierEvent) -> bool:
    """Whether an event comes from a dossier system; those that our timers make change no docket."""
    return event.reminder is None and not event.gathered


def place_of(event: DossierEvent) -> Place:
    return Place(event.id, event.seq, event.occurred_at, event.received_at)


def in_order(events: Iterable[DossierEvent]) -> list[DossierEvent]:
    """From the earliest to the latest: each put before the first of those that are later, which need not sort."""
    ordered: list[DossierEvent] = []
    for event in events:
        at = next((n for n, each in enumerate(ordered) if later(place_of(each), place_of(event))), len(ordered))
        ordered.insert(at, event)
    return ordered


def fold(events: Iterable[DossierEvent]) -> Docket | None:
    """The docket after these events, given from the earliest to the latest; None after none."""
    docket: Docket | None = None
    for event in events:
        docket = after(docket, event)
    return docket


def after(docket: Docket | None, event: DossierEvent) -> Docket:
    """The docket after one more event, which is later than all before."""
    before = docket or Docket(event.id)
    dossier = event.dossier
    now = replace(
        before,
        last_event=event.id,
        filed_by=dossier.filed_by or before.filed_by,
        filed_at=dossier.filed_at or before.filed_at,
        accepted_at=before.accepted_at or dossier.accepted_at,
        procedure_code=dossier.procedure_code or before.procedure_code,
        receiving_unit=_code(dossier.receiving_unit) or before.receiving_unit,
        handling_unit=_code(dossier.handling_unit) or before.handling_unit,
        supplement_due_at=(event.supplement.deadline if event.supplement else None) or before.supplement_due_at,
    )
    return _with_staff(_with_status(_with_dates(now, event), event), event)


def _with_dates(docket: Docket, event: DossierEvent) -> Docket:
    dossier = event.dossier
    if event.type == APOLOGY:
        docket = replace(docket, apologised_for=dossier.due_at or docket.due_at, apologised_at=event.occurred_at)
    due = dossier.new_due_at or dossier.due_at
    return replace(docket, due_at=due) if due else docket


def _with_status(docket: Docket, event: DossierEvent) -> Docket:
    status = event.dossier.status
    if status is None:
        return docket
    if status is not docket.status:
        docket = replace(docket, status=status, since=event.occurred_at)
    done = status in {Status.DONE, Status.RETURNED}
    finished = event.dossier.finished_at or docket.finished_at or event.occurred_at
    returned = event.dossier.returned_at or event.occurred_at
    return replace(
        docket,
        accepted_at=docket.accepted_at or (event.occurred_at if status not in UNANSWERED else None),
        finished_at=finished if done else None,
        returned_at=(docket.returned_at or returned) if status is Status.RETURNED else None,
        supplement_due_at=docket.supplement_due_at if status is Status.SUPPLEMENT_REQUESTED else None,
    )


def _with_staff(docket: Docket, event: DossierEvent) -> Docket:
    progress = event.progress
    if progress is None:
        return docket
    docket = replace(docket, step=progress.step_name or progress.step_code, step_due_at=progress.step_due_at)
    if not progress.next_handlers and not progress.heads:
        return docket
    return replace(
        docket,
        staff_event=event.id,
        handlers=tuple(person.code for person in progress.next_handlers if person.code),
        heads=tuple(person.code for person in progress.heads if person.code),
    )


def _code(unit: Unit | None) -> str | None:
    return unit.code if unit else None
