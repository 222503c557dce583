"""What happens to one dossier of the invented province, as its system tells of it: drawn, and not always tidy.

Dates that count (filed, due) are whole minutes, so that a list of all working minutes can say what they lead to. No
event comes in the first seconds of a minute: those belong to the timers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
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
)
from notifier.domain.events import DossierEvent, Fee, Letter, Progress, Supplement
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, SourceName
from notifier.reminders.calendar import add_working_time, next_opening, reading
from tests.support.province_people import Office

SOURCE = SourceName("mcdt.angiang.gov.vn")
FILED_FROM, FILED_DAYS = date(2027, 1, 18), 30
"""Until 16 February; the days of Tết lie in the middle."""
STEPS = (
    ("tiep-nhan", "Tiếp nhận hồ sơ"),
    ("tham-dinh", "Thẩm định hồ sơ"),
    ("duyet-ho-so", "Lãnh đạo phòng duyệt hồ sơ"),
    ("ky-so", "Ký số kết quả"),
)
APPROVAL = 2
"""The step that heads do themselves, so that they are told as handlers of some dossiers and as heads of others."""
PROCEDURES = (("1.001612", "Đăng ký thành lập hộ kinh doanh"), ("1.004884", "Đăng ký lại khai sinh"))
CITIZENS = 600
_IDS = 0x0198 << 112
_S = Status


@dataclass(slots=True)
class _Course:
    """A dossier on its way; `tell` adds what its system says of it now."""

    random: Random
    office: Office
    dossier: Dossier
    at: datetime
    is_numbered: bool
    step: int = 0
    handlers: tuple[Person, ...] = ()
    step_due: datetime | None = None
    events: list[DossierEvent] = field(default_factory=list)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def work(self, least: float, most: float) -> None:
        """So many working hours pass. Much is done in the last minutes before lunch and in the evening."""
        hours = timedelta(minutes=self.random.uniform(least, most) * 60)
        self.at = add_working_time(self.office.calendar, next_opening(self.office.calendar, self.at), hours)
        if self.chance(0.2):
            local = self.at.astimezone(VIETNAM)
            closes = time(11, 30) if local.time() < time(12) else time(17)
            self.at = max(
                local, datetime.combine(local, closes, VIETNAM) - timedelta(minutes=self.random.randrange(2, 14))
            )

    def rest(self, least: float, most: float) -> None:
        """So many days pass, of whatever kind."""
        self.at += timedelta(minutes=round(self.random.uniform(least, most) * 1440))

    def tell(self, type_: str, status: Status, **changes: Any) -> None:
        self.at = max(self.at, self.events[-1].occurred_at + timedelta(minutes=1) if self.events else self.at)
        self.at = self.at.replace(second=self.random.randrange(60), microsecond=0)
        before = self.dossier.status
        of_event = {name: changes.pop(name) for name in ("supplement", "fees", "letters", "reason") if name in changes}
        self.dossier = replace(self.dossier, status=status, previous_status=before, **changes)
        place = len(self.events) + 1
        serial = f"{self.dossier.code}-{place}"
        self.events.append(
            DossierEvent(
                id=EventId(UUID(int=_IDS + int(self.dossier.code[-5:]) * 1000 + place)),
                source=SOURCE,
                external_id=ExternalId(serial),
                type=EventType(type_),
                occurred_at=self.at,
                received_at=self._comes(),
                seq=place if self.is_numbered else None,
                dossier=self._said(),
                progress=None if self.chance(0.03) else self._progress(),
                **of_event,
            )
        )

    def _comes(self) -> datetime:
        """Some events come late, so that others overtake them."""
        late = timedelta(minutes=self.random.randrange(60, 4000)) if self.chance(0.04) else timedelta(minutes=1)
        return self.at.replace(second=self.random.randrange(5, 50)) + late

    def _said(self) -> Dossier:
        """Not every event repeats everything."""
        dossier = self.dossier
        if dossier.status in {_S.PROCESSING, _S.DONE} and self.chance(0.1):
            dossier = replace(dossier, due_at=None, filed_at=None)
        return replace(dossier, status=None, previous_status=None) if self.chance(0.01) else dossier

    def _progress(self) -> Progress:
        code, name = STEPS[self.step]
        return Progress(
            handler=None,
            next_handlers=() if self.chance(0.02) else self.handlers,
            heads=() if self.chance(0.2) else (self.random.choice(self.office.heads),),
            department=None,
            step_code=code,
            step_name=name,
            done_at=None,
            note=None,
            status=None,
            started_at=None,
            step_due_at=self.step_due,
        )

    def hand_to(self, people: Sequence[Person], step: int) -> None:
        """The step, those who have it next, and until when it has to be done."""
        self.step = step
        self.handlers = tuple(self.random.sample(people, self.random.choice((1, 1, 1, 2))))
        self.step_due = None if self.chance(0.05) else self.deadline(self.random.randrange(1, 4), (11, 30), (17, 0))

    def deadline(self, days: int, *times: tuple[int, int]) -> datetime:
        """So many working days ahead; sometimes a bare date."""
        day = self.at.astimezone(VIETNAM).date()
        while days:
            day += timedelta(days=1)
            days -= reading(self.office.calendar, day).working
        hour, minute = (0, 0) if self.chance(0.2) else self.random.choice(times)
        return datetime.combine(day, time(hour, minute), VIETNAM)


def course(random: Random, number: int, office: Office) -> list[DossierEvent]:
    """All that is ever told of dossier `number`, from the first event to the last; `received_at` says when each comes."""
    it = _begun(random, number, office)
    if it.dossier.filed_by is FilingChannel.COUNTER or _filed_online(it):
        _accepted(it)
        for _ in range(random.randrange(1, 6)):
            if not _moves_on(it):
                return it.events
        _ended(it)
    return it.events


def _begun(random: Random, number: int, office: Office) -> _Course:
    online = random.random() < 0.75
    filed = datetime.combine(FILED_FROM + timedelta(days=random.randrange(FILED_DAYS)), time(), VIETNAM)
    filed += timedelta(minutes=random.randrange(6 * 60, 23 * 60))
    filed = filed if online else next_opening(office.calendar, filed).astimezone(VIETNAM)
    citizen = random.randrange(CITIZENS)
    procedure, name = random.choice(PROCEDURES)
    dossier = Dossier(
        code=DossierCode(f"{office.code}-{filed:%y%m%d}-{number:05}"),
        other_code=None,
        procedure_code=procedure,
        procedure_name=name,
        field_name=None,
        filed_by=FilingChannel.ONLINE if online else FilingChannel.COUNTER,
        subject_kind=SubjectKind.CITIZEN,
        owner=Person(
            name=f"Công dân Mẫu {citizen:03}",
            phone=f"+84912000{citizen:03}",
            email=f"cong.dan.{citizen:03}@example.vn",
            personal_number=f"000090{citizen:06}",
        ),
        authorised=None,
        consent=Consent(*(random.random() < 0.8 for _ in range(3))),
        filed_at=filed,
        accepted_at=None,
        due_at=None,
        new_due_at=None,
        returned_at=None,
        finished_at=None,
        status=None,
        previous_status=None,
        return_method=ReturnMethod.COUNTER,
        return_place=office.receiving.name,
        postal_code=None,
        receiving_unit=office.receiving,
        handling_unit=office.handling,
        linked_source=None,
    )
    return _Course(random, office, dossier, filed, is_numbered=random.random() < 0.9)


def _filed_online(it: _Course) -> bool:
    """Whether it is taken in at last."""
    it.hand_to(it.office.clerks, 0)
    it.tell("hoso.moi_dang_ky", _S.NEW)
    match it.random.choices(("soon", "late", "refused", "more", "withdrawn", "never"), (62, 18, 4, 6, 4, 6))[0]:
        case "soon":
            it.work(0.1, 3.9)
        case "late":
            it.work(4.1, 14)
        case "refused":
            it.work(0.5, 12)
            it.tell("hoso.khong_tiep_nhan", _S.REFUSED, reason="Không thuộc thẩm quyền")
            return False
        case "more":
            it.work(0.5, 12)
            return _asked_for_more(it) and it.chance(0.9)
        case "withdrawn":
            it.rest(0.1, 2)
            it.tell("hoso.rut_ho_so", _S.WITHDRAWN, reason="Công dân xin rút")
            return False
        case _:
            return False
    return True


def _accepted(it: _Course) -> None:
    it.hand_to(it.office.handlers, 1)
    it.tell(
        "hoso.duoc_tiep_nhan",
        _S.ACCEPTED,
        accepted_at=it.at.replace(second=0, microsecond=0),
        due_at=it.deadline(it.random.randrange(2, 12), (17, 0), (11, 30), (16, 0)),
    )


def _moves_on(it: _Course) -> bool:
    """One more thing happens; False where nothing ever does again."""
    it.work(0.3, 30 if it.chance(0.2) else 8)
    what = it.random.choices(
        ("step", "back", "other officer", "more", "fee", "stop", "apology", "date"), (60, 5, 8, 8, 5, 4, 6, 4)
    )[0]
    match what:
        case "more":
            return _asked_for_more(it) and _goes_on(it, "hoso.da_bo_sung")
        case "fee":
            fees = (
                Fee("Lệ phí mẫu", "LP-MAU", Decimal(50_000), paid=False, payment_url="https://mcdt.example.gov.vn/tt"),
            )
            it.tell("hoso.yeu_cau_nvtc", _S.PAYMENT_REQUESTED, fees=fees)
            it.rest(0.1, 8)
            return it.chance(0.75) and _goes_on(it, "hoso.da_thanh_toan")
        case "stop":
            it.tell("hoso.dung_xu_ly", _S.STOPPED, reason="Chờ ý kiến của cơ quan phối hợp")
            it.rest(0.2, 9)
            return it.chance(0.6) and _goes_on(it, "hoso.dang_xu_ly")
        case "apology":
            letters = (Letter("04", "01/XL-MAU", "xin-loi.pdf", "https://mcdt.example.gov.vn/xin-loi.pdf"),)
            new = it.deadline(it.random.randrange(3, 12), (17, 0))
            it.tell("hoso.xin_loi_gia_han", _S.PROCESSING, new_due_at=new, letters=letters, reason="Cần xác minh thêm")
        case "date":
            new = it.deadline(it.random.randrange(2, 12), (17, 0))
            it.tell("hoso.doi_ngay_hen_tra", _S.PROCESSING, due_at=new, new_due_at=None, reason="Công dân đề nghị")
        case "other officer":
            it.handlers = (it.random.choice(it.office.handlers),)
            it.tell("hoso.chuyen_buoc", _S.PROCESSING)
        case _:
            step = max(1, it.step - 1) if what == "back" else min(it.step + 1, len(STEPS) - 1)
            it.hand_to(it.office.heads if step == APPROVAL and it.chance(0.5) else it.office.handlers, step)
            is_first = it.dossier.status is not _S.PROCESSING
            it.tell("hoso.dang_xu_ly" if is_first else "hoso.chuyen_buoc", _S.PROCESSING)
    return True


def _asked_for_more(it: _Course) -> bool:
    """Whether the citizen brings it."""
    asked = Supplement("Bổ sung tờ khai có chữ ký", it.deadline(it.random.randrange(3, 9), (17, 0)), ("Tờ khai mẫu",))
    it.tell("hoso.yeu_cau_bo_sung", _S.SUPPLEMENT_REQUESTED, supplement=asked)
    it.rest(0.2, 12)
    if it.chance(0.1):
        it.tell("hoso.rut_ho_so", _S.WITHDRAWN, reason="Công dân xin rút")
        return False
    return it.chance(0.8)


def _goes_on(it: _Course, type_: str) -> bool:
    """With a new due date, after a pause."""
    it.work(0.1, 2)
    it.hand_to(it.office.handlers, it.step)
    new = it.deadline(it.random.randrange(2, 10), (17, 0), (11, 30))
    it.tell(type_, _S.PROCESSING, due_at=new, new_due_at=None)
    return True


def _ended(it: _Course) -> None:
    if it.chance(0.1):
        return
    it.work(0.5, 60 if it.chance(0.2) else 6)
    it.tell("hoso.xu_ly_xong", _S.DONE, finished_at=it.at.replace(second=0, microsecond=0))
    if it.chance(0.02):
        it.rest(0.01, 0.2)
        it.tell("hoso.dinh_chinh", _S.PROCESSING, finished_at=None, reason="Chọn nhầm trạng thái")
        it.work(0.5, 12)
        it.tell("hoso.xu_ly_xong", _S.DONE, finished_at=it.at.replace(second=0, microsecond=0))
    if it.chance(0.7):
        it.rest(0.1, 14)
        it.tell("hoso.da_tra_ket_qua", _S.RETURNED, returned_at=it.at.replace(second=0, microsecond=0))
