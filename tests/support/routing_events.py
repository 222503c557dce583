"""Builders for routing: an event with everybody reachable, the channels as configured, the shipped rules."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import Consent, Dossier, Person, Status
from notifier.domain.events import Appointment, DossierEvent, Progress
from notifier.domain.ids import (
    ChannelName,
    DossierCode,
    EventId,
    EventType,
    ExternalId,
    InboxOwner,
    RecipientId,
    SourceName,
)
from notifier.routing.context import Address, ChannelView, RoutingContext
from notifier.routing.overtaking import ALONE, Course
from notifier.routing.rules import Rules, load_rules

CHANNELS = tuple(ChannelName(name) for name in ("portal", "zalo", "sms", "email"))
PORTAL, ZALO, SMS, EMAIL = CHANNELS
RULES_FILE = Path(__file__).parents[2] / "rules.toml"

OWNER = Person("Nguyễn Văn Mẫu", phone="+84912000101", email="nguyen.mau@example.vn", zalo_uid="9990000000000000101")
AUTHORISED = Person("Vũ Văn Được Ủy Quyền", phone="+84912000712", email="uy.quyen@example.vn")
HANDLER = Person(
    "Võ Văn Mẫu", "vv.mau", phone="+84912000902", email="vv.mau@example.vn", zalo_uid="9990000000000000902"
)
HEAD = Person(
    "Lý Thị Ví Dụ", "lt.vidu", phone="+84912000904", email="lt.vidu@example.vn", zalo_uid="9990000000000000904"
)

VIEWS: Mapping[ChannelName, ChannelView] = {
    PORTAL: ChannelView(Address.INBOX, quiet=True),
    ZALO: ChannelView(Address.ZALO, window=(time(6, 5), time(21, 55))),
    SMS: ChannelView(Address.PHONE),
    EMAIL: ChannelView(Address.EMAIL),
}


def shipped_rules() -> Rules:
    return load_rules(RULES_FILE.read_text(encoding="utf-8"), "rules.toml", CHANNELS)


def local(hour: int, minute: int = 0, day: int = 19) -> datetime:
    """A local time in November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)


def an_event(
    type_: str = "hoso.duoc_tiep_nhan",
    *,
    handlers: tuple[Person, ...] = (HANDLER,),
    heads: tuple[Person, ...] = (HEAD,),
    appointment_at: datetime | None = None,
    **dossier: Any,
) -> DossierEvent:
    """An event; `dossier` replaces fields of its dossier."""
    return DossierEvent(
        id=EventId(UUID(int=1)),
        source=SourceName("mcdt.example.gov.vn"),
        external_id=ExternalId("01M7RT7RS0JN8SQVEHEZDSG36W"),
        type=EventType(type_),
        occurred_at=local(9, 30),
        received_at=local(9, 30),
        seq=2,
        dossier=replace(_DOSSIER, **dossier),
        progress=replace(_PROGRESS, next_handlers=handlers, heads=heads),
        appointment=Appointment(appointment_at, None, None) if appointment_at else None,
    )


def a_context(
    *,
    course: Course = ALONE,
    told_by: str | None = None,
    without: tuple[ChannelName, ...] = (),
    **changed: ChannelView,
) -> RoutingContext:
    """All four channels; `without` some, or with another view of one (`zalo=…`)."""
    views = {name: view for name, view in {**VIEWS, **changed}.items() if name not in without}
    return RoutingContext(
        channels={ChannelName(name): view for name, view in views.items()},
        new_recipient_id=_ids(),
        inbox_owner=lambda audience, _person, _event: InboxOwner(f"inbox-of-{audience}"),
        course=course,
        told_by=SourceName(told_by) if told_by else None,
    )


def _ids() -> Callable[[], RecipientId]:
    numbers: Iterator[int] = count(1)
    return lambda: RecipientId(UUID(int=next(numbers)))


_DOSSIER = Dossier(
    code=DossierCode("H01.14-261119-0042"),
    other_code=None,
    procedure_code="1.001612",
    procedure_name="Đăng ký thành lập hộ kinh doanh",
    field_name="Thành lập và hoạt động hộ kinh doanh",
    filed_by=None,
    subject_kind=None,
    owner=OWNER,
    authorised=None,
    consent=Consent(),
    filed_at=None,
    accepted_at=None,
    due_at=None,
    new_due_at=None,
    returned_at=None,
    finished_at=None,
    status=Status.ACCEPTED,
    previous_status=Status.NEW,
    return_method=None,
    return_place=None,
    postal_code=None,
    receiving_unit=None,
    handling_unit=None,
    linked_source=None,
)
_PROGRESS = Progress(
    handler=None,
    next_handlers=(),
    heads=(),
    department=None,
    step_code=None,
    step_name=None,
    done_at=None,
    note=None,
    status=Status.ACCEPTED,
    started_at=None,
    step_due_at=None,
)
