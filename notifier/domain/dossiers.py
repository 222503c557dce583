"""A dossier (hồ sơ) as the service understands it, free of any vendor's field names.

Legal dates are taken from the dossier system and never computed here (design, invariant 12).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum, StrEnum

from notifier.domain.ids import DossierCode


class Status(IntEnum):
    """The ten statuses of the National Public Service Portal (facts: tthc 2.1)."""

    NEW = 1
    ACCEPTED = 2
    REFUSED = 3
    PROCESSING = 4
    SUPPLEMENT_REQUESTED = 5
    PAYMENT_REQUESTED = 6
    WITHDRAWN = 7
    STOPPED = 8
    DONE = 9
    RETURNED = 10


class Move(Enum):
    """How a change of status relates to the usual process. None of the three is ever refused."""

    NORMAL = "normal"
    CORRECTION = "correction"
    ODD = "odd"


_S = Status
USUAL_MOVES: dict[Status, frozenset[Status]] = {
    _S.NEW: frozenset({_S.ACCEPTED, _S.REFUSED, _S.SUPPLEMENT_REQUESTED, _S.PAYMENT_REQUESTED, _S.WITHDRAWN}),
    _S.ACCEPTED: frozenset(
        {_S.PROCESSING, _S.SUPPLEMENT_REQUESTED, _S.PAYMENT_REQUESTED, _S.STOPPED, _S.DONE, _S.WITHDRAWN}
    ),
    _S.REFUSED: frozenset(),
    _S.PROCESSING: frozenset(
        {
            _S.PROCESSING,
            _S.ACCEPTED,
            _S.SUPPLEMENT_REQUESTED,
            _S.PAYMENT_REQUESTED,
            _S.WITHDRAWN,
            _S.STOPPED,
            _S.DONE,
        }
    ),
    _S.SUPPLEMENT_REQUESTED: frozenset({_S.ACCEPTED, _S.PROCESSING, _S.REFUSED, _S.WITHDRAWN, _S.STOPPED, _S.DONE}),
    _S.PAYMENT_REQUESTED: frozenset({_S.ACCEPTED, _S.PROCESSING, _S.NEW, _S.WITHDRAWN, _S.STOPPED}),
    _S.WITHDRAWN: frozenset({_S.PROCESSING, _S.ACCEPTED, _S.DONE, _S.RETURNED}),
    _S.STOPPED: frozenset({_S.PROCESSING, _S.ACCEPTED, _S.DONE, _S.RETURNED}),
    _S.DONE: frozenset({_S.RETURNED}),
    _S.RETURNED: frozenset(),
}
"""What vendors' code allows as the ordinary course (facts: tthc 2.2)."""

CORRECTIONS: frozenset[tuple[Status, Status]] = frozenset(
    {(_S.ACCEPTED, _S.NEW), (_S.DONE, _S.PROCESSING), (_S.DONE, _S.ACCEPTED), (_S.RETURNED, _S.DONE)}
)
"""Backward moves that mean: the status before was a mistake (facts: tthc 2.2)."""


def classify(before: Status | None, after: Status) -> Move:
    """Whether a change is the usual course, a correction, or odd. The first status is always usual."""
    if before is None or after is before or after in USUAL_MOVES[before]:
        return Move.NORMAL
    return Move.CORRECTION if (before, after) in CORRECTIONS else Move.ODD


class SubjectKind(StrEnum):
    """Who files. The sources number these differently, so each source has its own table."""

    CITIZEN = "citizen"
    ENTERPRISE = "enterprise"
    STATE_BODY = "state_body"
    HOUSEHOLD_BUSINESS = "household_business"
    OTHER = "other"


class FilingChannel(IntEnum):
    """KenhThucHien."""

    COUNTER = 1
    ONLINE = 2
    POST = 3


class ReturnMethod(IntEnum):
    """HinhThucTra, `HinhThuc` in the sync record."""

    COUNTER = 0
    POST = 1


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency or one-stop desk; the code is written level 1 first where it was understood."""

    code: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in an event, with the contacts the event gives; `phone` is E.164 or None."""

    name: str
    code: str | None = None
    title: str | None = None
    phone: str | None = None
    email: str | None = None
    zalo_uid: str | None = None
    personal_number: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """The flags ThongBaoEmail, ThongBaoSMS, ThongBaoZalo. Absent means yes: a status notice is a public task."""

    email: bool = True
    sms: bool = True
    zalo: bool = True


@dataclass(frozen=True, slots=True)
class Dossier:
    """The HoSo block of one event: what is known of the dossier at that moment. Times are aware."""

    code: DossierCode
    other_code: str | None
    procedure_code: str | None
    procedure_name: str | None
    field_name: str | None
    filed_by: FilingChannel | None
    subject_kind: SubjectKind | None
    owner: Person | None
    authorised: Person | None
    """Set only where UyQuyen is true; then everything goes to this person and nothing to the owner."""
    consent: Consent
    filed_at: datetime | None
    accepted_at: datetime | None
    due_at: datetime | None
    new_due_at: datetime | None
    returned_at: datetime | None
    finished_at: datetime | None
    status: Status | None
    previous_status: Status | None
    return_method: ReturnMethod | None
    return_place: str | None
    postal_code: str | None
    receiving_unit: Unit | None
    handling_unit: Unit | None
    linked_source: str | None
    """LoaiDuLieuKetNoi: set where another system already tells the citizen."""

    @property
    def addressee(self) -> Person | None:
        """Who hears of the dossier on the citizen's side: the authorised person if there is one, else the owner."""
        return self.authorised or self.owner

    @property
    def units(self) -> tuple[str, ...]:
        """The codes of the unit that handles it and of the one that took it in, as far as they are known."""
        units = (self.handling_unit, self.receiving_unit)
        return tuple(unit.code for unit in units if unit and unit.code)

    @property
    def agency(self) -> str | None:
        """The code of the unit whose dossier it is now."""
        return self.units[0] if self.units else None
