"""Events of the invented province as its dossier system writes them: the JSON that is posted."""

from datetime import datetime
from typing import Any

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import Dossier, Person, Unit
from notifier.domain.events import DossierEvent, Progress


def envelope(event: DossierEvent) -> dict[str, Any]:
    """What intake reads as this event again, its id and the time it came apart."""
    data: dict[str, Any] = {"HoSo": _dossier(event.dossier)}
    if event.progress:
        data["TienDo"] = _progress(event.progress)
    if event.supplement:
        data["BoSung"] = {
            "NoiDungBoSung": event.supplement.content,
            "ThoiHanBoSung": _stamp(event.supplement.deadline),
            "DanhSachGiayToBoSung": [{"TenGiayTo": each} for each in event.supplement.papers],
        }
    if event.fees:
        data["LePhi"] = [
            {
                "TenPhiLePhi": each.name,
                "MaPhiLePhi": each.code,
                "Gia": str(each.amount),
                "TrangThaiThanhToan": "1" if each.paid else "0",
                "LinkThanhToan": each.payment_url,
            }
            for each in event.fees
        ]
    if event.letters:
        data["VanBan"] = [
            {"Loai": each.form, "SoKyHieu": each.number, "TenTep": each.file_name, "DuongDan": each.url}
            for each in event.letters
        ]
    if event.reason:
        data["LyDo"] = event.reason
    return {
        "specversion": "1.0",
        "id": event.external_id,
        "source": event.source,
        "type": event.type,
        "time": event.occurred_at.isoformat(),
        "datacontenttype": "application/json",
        "seq": event.seq,
        "data": data,
    }


def _dossier(dossier: Dossier) -> dict[str, Any]:
    owner = dossier.owner
    return {
        "MaHoSo": dossier.code,
        "MaTTHC": dossier.procedure_code,
        "TenTTHC": dossier.procedure_name,
        "KenhThucHien": _number(dossier.filed_by),
        "LoaiDoiTuong": "1",
        "ChuHoSo": owner.name if owner else None,
        "SoDienThoai": _local(owner),
        "Email": owner.email if owner else None,
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": owner.personal_number}] if owner else [],
        "ThongBaoEmail": dossier.consent.email,
        "ThongBaoSMS": dossier.consent.sms,
        "ThongBaoZalo": dossier.consent.zalo,
        "NgayNopHoSo": _stamp(dossier.filed_at),
        "NgayTiepNhan": _stamp(dossier.accepted_at),
        "NgayHenTra": _stamp(dossier.due_at),
        "NgayHenTraMoi": _stamp(dossier.new_due_at),
        "NgayTra": _stamp(dossier.returned_at),
        "NgayKetThucXuLy": _stamp(dossier.finished_at),
        "TrangThaiHoSo": _number(dossier.status),
        "TrangThaiTruoc": _number(dossier.previous_status),
        "HinhThucTra": _number(dossier.return_method),
        "NoiTraKetQua": dossier.return_place,
        "DonViTiepNhan": _unit(dossier.receiving_unit),
        "DonViXuLy": _unit(dossier.handling_unit),
    }


def _progress(progress: Progress) -> dict[str, Any]:
    return {
        "NguoiXuLyTiep": [_officer(each) for each in progress.next_handlers],
        "ThuTruong": [_officer(each) for each in progress.heads],
        "BuocHienTai": progress.step_code,
        "TenBuocHienTai": progress.step_name,
        "NgayKetThucTheoQuyDinh": _stamp(progress.step_due_at),
    }


def _officer(person: Person) -> dict[str, Any]:
    return {"Ma": person.code, "HoTen": person.name, "ChucDanh": person.title}


def _unit(unit: Unit | None) -> dict[str, Any] | None:
    return {"Ma": unit.code, "Ten": unit.name} if unit else None


def _local(person: Person | None) -> str | None:
    return person.phone.replace("+84", "0") if person and person.phone else None


def _number(value: int | None) -> str | None:
    return None if value is None else str(int(value))


def _stamp(at: datetime | None) -> str | None:
    return f"{at.astimezone(VIETNAM):%Y%m%d%H%M%S}" if at else None
