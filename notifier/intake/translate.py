"""From a stored document to the domain's own words. Never raises on a document that `accept` accepted."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from notifier.domain.dossiers import Consent, Dossier, FilingChannel, Person, ReturnMethod, Unit
from notifier.domain.events import OURS, Appointment, DossierEvent, Fee, Letter, Progress, Reminder, Supplement
from notifier.domain.ids import DossierCode, EventId, EventType, ExternalId, SourceName
from notifier.intake.codes import (
    SourceProfile,
    agency_code,
    identity_number,
    short_procedure_code,
    status_of,
    subject_of,
)
from notifier.intake.contacts import email_address, mobile_e164, web_link
from notifier.intake.models import (
    BoSungBlock,
    CanBo,
    DonVi,
    EventData,
    HanBlock,
    HoSoBlock,
    LePhiLine,
    TienDoBlock,
    VanBanLine,
)

UNNAMED_CITIZEN = "Quý công dân"
UNNAMED_OFFICER = "Cán bộ xử lý"
UNNAMED_FEE = "Phí, lệ phí"

_FILED_BY = {"1": FilingChannel.COUNTER, "2": FilingChannel.ONLINE, "3": FilingChannel.POST}
_RETURNED_BY = {"0": ReturnMethod.COUNTER, "1": ReturnMethod.POST}
_PAID = {"0": False, "1": True}
_FORM_OF_REASON = {
    "hoso.khong_tiep_nhan": "03",
    "hoso.xin_loi_gia_han": "04",
    "hoso.dung_xu_ly": "05",
    "hoso.rut_ho_so": None,
    "hoso.doi_ngay_hen_tra": None,
    "hoso.dinh_chinh": None,
}
"""The events that need a reason, and the legal form whose letter states it (Circular 03/2025)."""


def to_domain(
    *,
    event_id: EventId,
    source: SourceName,
    external_id: ExternalId,
    event_type: EventType,
    occurred_at: datetime,
    received_at: datetime,
    seq: int | None,
    document: Mapping[str, Any],
    profile: SourceProfile,
) -> DossierEvent:
    """The event of a stored row; `document` is what `Accepted.document` was, perhaps with a fuller HoSo."""
    data = EventData.model_validate(document)
    letters = tuple(_letter(line) for line in data.VanBan or ())
    return DossierEvent(
        id=event_id,
        source=source,
        external_id=external_id,
        type=event_type,
        occurred_at=occurred_at,
        received_at=received_at,
        seq=seq,
        dossier=_dossier(data.HoSo, profile),
        progress=_progress(data.TienDo, profile) if data.TienDo else None,
        supplement=_supplement(data.BoSung) if data.BoSung else None,
        fees=tuple(_fee(line) for line in data.LePhi or ()),
        letters=letters,
        appointment=(
            Appointment(data.LichHen.ThoiGianHen, data.LichHen.DiaDiem, data.LichHen.SoPhieu) if data.LichHen else None
        ),
        reason=_reason(event_type, data, letters),
        reminder=_reminder(document) if event_type.startswith(OURS) else None,
    )


def _reminder(document: Mapping[str, Any]) -> Reminder | None:
    """Of a reminder that a timer made: `accept` lets no event of such a type in."""
    if "Han" not in document:
        return None
    han = HanBlock.model_validate(document["Han"])
    return Reminder(basis=han.Moc, number=han.Lan)


def _dossier(hoso: HoSoBlock, profile: SourceProfile) -> Dossier:
    return Dossier(
        code=DossierCode(hoso.MaHoSo),
        other_code=hoso.MaHoSoKhac,
        procedure_code=short_procedure_code(hoso.MaTTHC) if hoso.MaTTHC else None,
        procedure_name=hoso.TenTTHC,
        field_name=hoso.TenLinhVuc,
        filed_by=_FILED_BY.get(hoso.KenhThucHien or ""),
        subject_kind=subject_of(hoso.LoaiDoiTuong, profile),
        owner=_owner(hoso),
        authorised=_authorised(hoso) if hoso.UyQuyen else None,
        consent=Consent(
            email=hoso.ThongBaoEmail is not False,
            sms=hoso.ThongBaoSMS is not False,
            zalo=hoso.ThongBaoZalo is not False,
        ),
        filed_at=hoso.NgayNopHoSo,
        accepted_at=hoso.NgayTiepNhan,
        due_at=hoso.NgayHenTra,
        new_due_at=hoso.NgayHenTraMoi,
        returned_at=hoso.NgayTra,
        finished_at=hoso.NgayKetThucXuLy,
        status=status_of(hoso.TrangThaiHoSo, profile),
        previous_status=status_of(hoso.TrangThaiTruoc, profile),
        return_method=_RETURNED_BY.get(hoso.HinhThucTra or ""),
        return_place=hoso.NoiTraKetQua,
        postal_code=hoso.MaVanDon,
        receiving_unit=_unit(hoso.DonViTiepNhan),
        handling_unit=_unit(hoso.DonViXuLy),
        linked_source=hoso.LoaiDuLieuKetNoi,
    )


def _owner(hoso: HoSoBlock) -> Person | None:
    """Nobody where the event names nobody, as a progress record does."""
    papers = sorted(hoso.DinhDanhCHS or (), key=lambda paper: paper.LoaiDinhDanh != "1")
    numbers = [identity_number(paper.SoDinhDanh) for paper in papers] + [identity_number(hoso.SoGiayToChuHoSo)]
    owner = Person(
        name=hoso.ChuHoSo or "",
        phone=mobile_e164(hoso.SoDienThoai),
        email=email_address(hoso.Email),
        zalo_uid=hoso.ZaloUserId,
        personal_number=next((number for number in numbers if number), None),
    )
    return _named(owner, UNNAMED_CITIZEN)


def _authorised(hoso: HoSoBlock) -> Person:
    """The person authorised, even when nothing is known of them: the owner is not told in their place."""
    return Person(
        name=hoso.NguoiUyQuyen or UNNAMED_CITIZEN,
        phone=mobile_e164(hoso.SoDienThoaiNguoiUyQuyen),
        email=email_address(hoso.EmailNguoiUyQuyen),
    )


def _named(person: Person, unnamed: str) -> Person | None:
    if person.name:
        return person
    return None if person == Person(name="") else replace(person, name=unnamed)


def _unit(unit: DonVi | None) -> Unit | None:
    if unit is None or not (name := unit.Ten or unit.Ma):
        return None
    return Unit(code=agency_code(unit.Ma) if unit.Ma else None, name=name)


def _progress(step: TienDoBlock, profile: SourceProfile) -> Progress:
    return Progress(
        handler=_officer(step.NguoiXuLy) if step.NguoiXuLy else None,
        next_handlers=_officers(step.NguoiXuLyTiep or ()),
        heads=_officers(step.ThuTruong or ()),
        department=step.PhongBanXuLy,
        step_code=step.BuocHienTai,
        step_name=step.TenBuocHienTai,
        done_at=step.ThoiDiemXuLy,
        note=step.NoiDungXuLy or step.NoiDungYKien,
        status=status_of(step.TrangThai, profile),
        started_at=step.NgayBatDau,
        step_due_at=step.NgayKetThucTheoQuyDinh,
    )


def _officers(officers: Iterable[CanBo]) -> tuple[Person, ...]:
    """Each officer once: the first entry of an account counts."""
    once: dict[str | Person, Person] = {}
    for officer in officers:
        if person := _officer(officer):
            once.setdefault(person.code or person, person)
    return tuple(once.values())


def _officer(officer: CanBo) -> Person | None:
    person = Person(
        name=officer.HoTen or officer.Ma or "",
        code=officer.Ma,
        title=officer.ChucDanh,
        phone=mobile_e164(officer.SoDienThoai),
        email=email_address(officer.Email),
        zalo_uid=officer.ZaloUserId,
    )
    return _named(person, UNNAMED_OFFICER)


def _supplement(block: BoSungBlock) -> Supplement:
    papers = tuple(paper.TenGiayTo for paper in block.DanhSachGiayToBoSung or () if paper.TenGiayTo)
    return Supplement(content=block.NoiDungBoSung, deadline=block.ThoiHanBoSung, papers=papers)


def _fee(line: LePhiLine) -> Fee:
    return Fee(
        name=line.TenPhiLePhi or UNNAMED_FEE,
        code=line.MaPhiLePhi,
        amount=line.Gia,
        paid=_PAID.get(line.TrangThaiThanhToan or ""),
        payment_url=web_link(line.LinkThanhToan),
    )


def _letter(line: VanBanLine) -> Letter:
    form = line.Loai
    return Letter(
        form=form.zfill(2) if form and form.isdecimal() else form,
        number=line.SoKyHieu,
        file_name=line.TenTep,
        url=web_link(line.DuongDan),
    )


def _reason(event_type: EventType, data: EventData, letters: tuple[Letter, ...]) -> str | None:
    """LyDo wherever it stands; for events that need a reason also the step's note, else the letter that states it."""
    step = data.TienDo
    stated = data.LyDo or data.HoSo.LyDo or (step and step.LyDo)
    if stated or event_type not in _FORM_OF_REASON:
        return stated or None
    if step and (note := step.NoiDungXuLy or step.NoiDungYKien):
        return note
    form = _FORM_OF_REASON[event_type]
    letter = next((letter for letter in letters if letter.form == form and letter.number), None)
    return f"Nêu trong văn bản số {letter.number}" if letter else None
