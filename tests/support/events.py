"""Builders of values for tests: invented people, a whole event, and whatever a test wants to be different."""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import (
    Consent,
    Dossier,
    FilingChannel,
    Person,
    ReturnMethod,
    Status,
    SubjectKind,
    Unit,
)
from notifier.domain.events import Appointment, DossierEvent, Fee, Letter, Progress, Supplement
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, InboxOwner, RecipientId, SourceName
from notifier.domain.recipients import Audience, Contact, Recipient

PERSONAL_NUMBER = "000090000101"
PROCEDURE = "Đăng ký thành lập hộ kinh doanh"
REASON = "Chưa nhận được ý kiến của cơ quan phối hợp"
OWNER = Person(
    name="Nguyễn Văn Mẫu",
    phone="+84912000101",
    email="nguyen.mau@example.vn",
    zalo_uid="9990000000000000101",
    personal_number=PERSONAL_NUMBER,
)
OFFICER = Person(name="Hồ Văn Kiểm", code="hv.kiem", title="Trưởng phòng Kinh tế", phone="+84912000903")
HEAD = Person(name="Lý Thị Ví Dụ", code="lt.vidu", title="Chủ tịch UBND xã", phone="+84912000904")
DIRECTOR = Person(name="Đỗ Văn Thí", code="dv.thi", title="Giám đốc Trung tâm", phone="+84912000905")


def local(day: int, hour: int = 0, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    """A local time of November 2026."""
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


_DOSSIER: dict[str, Any] = {
    "code": DossierCode("H01.14-261119-0042"),
    "other_code": None,
    "procedure_code": "1.001612",
    "procedure_name": PROCEDURE,
    "field_name": "Thành lập và hoạt động hộ kinh doanh",
    "filed_by": FilingChannel.ONLINE,
    "subject_kind": SubjectKind.CITIZEN,
    "owner": OWNER,
    "authorised": None,
    "consent": Consent(),
    "filed_at": local(19, 8, 15),
    "accepted_at": local(19, 9, 30),
    "due_at": local(25, 17),
    "new_due_at": local(4, 17, month=12),
    "returned_at": local(26, 9, 5),
    "finished_at": local(25, 15, 40),
    "status": Status.PROCESSING,
    "previous_status": Status.ACCEPTED,
    "return_method": ReturnMethod.COUNTER,
    "return_place": "Trung tâm Phục vụ hành chính công xã Bình Mẫu",
    "postal_code": "EK000000042VN",
    "receiving_unit": Unit("H01.14.02", "Trung tâm Phục vụ hành chính công xã Bình Mẫu"),
    "handling_unit": Unit("H01.14", "UBND xã Bình Mẫu"),
    "linked_source": None,
}

_EVENT: dict[str, Any] = {
    "id": EventId(UUID("01980000-0000-7000-8000-000000000042")),
    "source": SourceName("mcdt.example.gov.vn"),
    "external_id": ExternalId("01M83S00J08XQQT1SDVA8HT6J7"),
    "type": EventType("hoso.duoc_tiep_nhan"),
    "occurred_at": local(23, 15, 40),
    "received_at": local(23, 15, 41),
    "seq": 5,
    "progress": Progress(
        handler=OFFICER,
        next_handlers=(OFFICER,),
        heads=(HEAD,),
        department="Phòng Kinh tế",
        step_code="duyet-ho-so",
        step_name="Lãnh đạo phòng duyệt hồ sơ",
        done_at=local(23, 15, 40),
        note="Đã thẩm định",
        status=Status.PROCESSING,
        started_at=local(23, 15, 40),
        step_due_at=local(25, 11, 30),
    ),
    "supplement": Supplement(
        content="Bổ sung tờ khai có chữ ký",
        deadline=local(30, 17),
        papers=("Tờ khai đăng ký có chữ ký", "Bản sao giấy tờ có thông tin cũ"),
    ),
    "fees": (
        Fee("Phí thẩm định mẫu", "PTD-MAU", Decimal(1_200_000), None, "https://mcdt.example.gov.vn/thanh-toan/42"),
        Fee("Lệ phí mẫu", "LP-MAU", Decimal(50_000), True, None),
    ),
    "letters": (Letter("04", "0042/XL-MAU", "xin-loi-0042.pdf", "https://mcdt.example.gov.vn/van-ban/0042.pdf"),),
    "appointment": Appointment(local(27, 8, 30), "Quầy số 3, Trung tâm Phục vụ hành chính công xã Bình Mẫu", "A017"),
    "reason": REASON,
}


def event(**overrides: Any) -> DossierEvent:
    """A whole event with every block. Names of a dossier's fields change the dossier, the others the event."""
    of_dossier = {field.name for field in fields(Dossier)}
    dossier = Dossier(**_DOSSIER | {name: value for name, value in overrides.items() if name in of_dossier})
    rest = {name: value for name, value in overrides.items() if name not in of_dossier}
    return DossierEvent(**{"dossier": dossier, **_EVENT, **rest})


def recipient(audience: Audience = Audience.CITIZEN, **overrides: Any) -> Recipient:
    """The owner of the dossier, or an officer, with every way to reach them."""
    people = {Audience.CITIZEN: OWNER, Audience.HANDLER: OFFICER, Audience.HEAD: HEAD, Audience.DIRECTOR: DIRECTOR}
    person = people[audience]
    values: dict[str, Any] = {
        "id": RecipientId(UUID("01980000-0000-7000-8000-000000000007")),
        "audience": audience,
        "ref": person.code or "citizen",
        "name": person.name,
        "contact": Contact(InboxOwner("inbox-7"), person.phone, person.email, person.zalo_uid),
    }
    return Recipient(**values | overrides)
