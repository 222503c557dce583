"""What comes first when one person is told of several things. Pure order: when they are told is decided elsewhere."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import FilingChannel
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode, EventType, SourceName
from notifier.reminders.docket import is_told

COUNTED_UP = frozenset(
    map(EventType, ("han.sap_qua_tiep_nhan", "han.qua_tiep_nhan", "han.phi_chua_nop", "han.chua_nhan_ket_qua"))
)
"""The reminders whose basis is no deadline, but the moment from which somebody waits."""
OVERDUE = frozenset(map(EventType, ("han.qua_tiep_nhan", "han.buoc_qua", "han.hoso_qua")))
"""The reminders that say by themselves that a deadline has passed."""


def most_urgent_first(events: Sequence[DossierEvent], now: datetime) -> tuple[DossierEvent, ...]:
    """What is late goes first, then the earliest deadline; at equal deadlines an online dossier; none at all is last.

    Whoever waits to be taken in counts from when they began to wait. The order of `events` has no influence.
    """

    def place(event: DossierEvent) -> tuple[bool, bool, datetime, bool, str, str]:
        pressing = waits_since(event) or deadline_of(event)
        return (
            not is_late(event, now),
            pressing is None,
            _end(pressing or now),
            event.dossier.filed_by is not FilingChannel.ONLINE,
            event.dossier.code,
            event.id.hex,
        )

    return tuple(sorted(events, key=place))


def by_dossier(events: Sequence[DossierEvent], now: datetime) -> list[tuple[DossierEvent, ...]]:
    """The events of each dossier together, the most urgent first within it and among them.

    Of the steps that its system told, and of its appointments, only the newest is left: those before it are history.
    """
    newest: dict[tuple[SourceName, DossierCode, str], DossierEvent] = {}
    for event in filter(is_told, events):
        before = newest.setdefault(_thread(event), event)
        if (event.occurred_at, event.seq or 0) > (before.occurred_at, before.seq or 0):
            newest[_thread(event)] = event
    groups: dict[tuple[SourceName, DossierCode], list[DossierEvent]] = {}
    for event in most_urgent_first(events, now):
        if not is_told(event) or newest[_thread(event)] is event:
            groups.setdefault((event.source, event.dossier.code), []).append(event)
    return [tuple(group) for group in groups.values()]


def deadline_of(event: DossierEvent) -> datetime | None:
    """What its reader has to keep: the deadline that a reminder is about, the end of the step, or the due date in force."""
    if event.reminder and event.type not in COUNTED_UP:
        return event.reminder.basis
    if event.type.startswith("lichhen.") and event.appointment:
        return event.appointment.at
    step_due = event.progress.step_due_at if event.progress else None
    return step_due or event.dossier.new_due_at or event.dossier.due_at


def waits_since(event: DossierEvent) -> datetime | None:
    """From when somebody waits; None where a deadline counts."""
    return event.reminder.basis if event.reminder and event.type in COUNTED_UP else None


def is_late(event: DossierEvent, now: datetime) -> bool:
    """Whether its reader is too late already."""
    deadline = deadline_of(event)
    return event.type in OVERDUE or (deadline is not None and _end(deadline) < now)


def is_due_today(event: DossierEvent, now: datetime) -> bool:
    """Whether its deadline is still to come, before this day in Vietnam ends."""
    deadline = deadline_of(event)
    return deadline is not None and not is_late(event, now) and _day(deadline) == _day(now)


def _end(deadline: datetime) -> datetime:
    """A deadline of midnight means the whole day. Without a calendar that is all of it."""
    midnight = deadline.astimezone(VIETNAM).time() == time()
    return deadline + timedelta(days=1) if midnight else deadline


def _day(at: datetime) -> date:
    return at.astimezone(VIETNAM).date()


def _thread(event: DossierEvent) -> tuple[SourceName, DossierCode, str]:
    return event.source, event.dossier.code, event.type.partition(".")[0]
