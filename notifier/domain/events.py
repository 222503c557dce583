"""What a dossier system told us, understood: one event about one dossier."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from notifier.domain.dossiers import Dossier, Person, Status
from notifier.domain.ids import DossierKey, EventId, EventType, ExternalId, SourceName


@dataclass(frozen=True, slots=True)
class Progress:
    """The TienDo block: the step of the process and the people on it."""

    handler: Person | None
    next_handlers: tuple[Person, ...]
    heads: tuple[Person, ...]
    department: str | None
    step_code: str | None
    step_name: str | None
    done_at: datetime | None
    note: str | None
    status: Status | None
    started_at: datetime | None
    step_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Supplement:
    """The BoSung block: what the citizen is asked to bring, and until when."""

    content: str | None
    deadline: datetime | None
    papers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fee:
    """One line of the LePhi block; `amount` is in đồng."""

    name: str
    code: str | None
    amount: Decimal | None
    paid: bool | None
    payment_url: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One line of the VanBan block; `form` 01 to 05 are the legal forms, KQ a result (facts: tthc 4.2)."""

    form: str | None
    number: str | None
    file_name: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Appointment:
    """The LichHen block of `lichhen.*`: a booked slot at a counter."""

    at: datetime | None
    place: str | None
    ticket: str | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """The Han block of `han.*`, which a timer of ours made: counted from when, for the how manieth time."""

    basis: datetime
    """The deadline that nears or has passed, or the moment from which somebody waits."""
    number: int
    """From 1 on."""


OURS = ("han.", "nhac.")
"""How the types of events begin that we make ourselves; nobody may send one in."""
DIGEST = EventType("nhac.tong_hop")
"""Several reminders of one officer, put together into one message."""


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """One event, ready to be routed."""

    id: EventId
    source: SourceName
    external_id: ExternalId
    type: EventType
    occurred_at: datetime
    received_at: datetime
    seq: int | None
    dossier: Dossier
    progress: Progress | None = None
    supplement: Supplement | None = None
    fees: tuple[Fee, ...] = ()
    letters: tuple[Letter, ...] = ()
    appointment: Appointment | None = None
    reason: str | None = None
    """Why: LyDo of the event, else the note of the progress record."""
    reminder: Reminder | None = None
    gathered: tuple["DossierEvent", ...] = ()
    """What a digest tells of; its own dossier is that of the first."""

    @property
    def dossier_key(self) -> DossierKey:
        return DossierKey(self.source, self.dossier.code)
