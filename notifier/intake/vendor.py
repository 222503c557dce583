"""Bare records of the national interface, put into the shape of our envelope, and what kind of event they tell.

Original fields are kept beside the ones they become.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from notifier.domain.dossiers import Move, Status, classify
from notifier.domain.ids import EventType
from notifier.intake.models import CapNhatTienDo, DongBoHoSo, EventData, TienDoBlock

_PROGRESS_FIELDS = frozenset({"TrangThai", "ThoiDiemXuLy", "NguoiXuLy", "NoiDungXuLy"})


def is_progress(record: Mapping[str, Any]) -> bool:
    """Whether a record is one of CapNhatTienDoHoSoMC: it tells of a step and has no status of the dossier."""
    return "TrangThaiHoSo" not in record and not _PROGRESS_FIELDS.isdisjoint(record)


def document_of_sync(record: Mapping[str, Any], read: DongBoHoSo) -> dict[str, Any]:
    """The envelope's data of a record of DongBoHoSoMC that was read without faults."""
    document: dict[str, Any] = {"HoSo": {**record}}
    if read.HinhThuc is not None:
        document["HoSo"]["HinhThucTra"] = read.HinhThuc
    if read.DanhSachLePhi:
        document["LePhi"] = record["DanhSachLePhi"]
    if (index := _open_supplement(read)) is not None:
        document["BoSung"] = record["DanhSachHoSoBoSung"][index]
    if read.DanhSachGiayToKetQua:
        document["VanBan"] = [
            {
                **raw,
                "Loai": "KQ",
                "SoKyHieu": paper.MaGiayToKetQua,
                "TenTep": paper.TenGiayTo,
                "DuongDan": paper.DuongDanTepTinKetQua,
            }
            for raw, paper in zip(record["DanhSachGiayToKetQua"], read.DanhSachGiayToKetQua, strict=True)
        ]
    return document


def document_of_progress(record: Mapping[str, Any], read: CapNhatTienDo, step: TienDoBlock) -> dict[str, Any]:
    """The envelope's data of a progress record: its dossier is only a code and a status."""
    progress = {**record, "NoiDungXuLy": step.NoiDungXuLy or step.NoiDungYKien}
    if isinstance(officer := record.get("NguoiXuLy"), str):
        progress["NguoiXuLy"] = {"HoTen": officer, "ChucDanh": record.get("ChucDanh")}
    return {"HoSo": {"MaHoSo": read.MaHoSo, "TrangThaiHoSo": read.TrangThai}, "TienDo": progress}


def _open_supplement(read: DongBoHoSo) -> int | None:
    """The latest request for papers that have not come; of equals the last in the list."""
    entries = enumerate(read.DanhSachHoSoBoSung or ())
    waiting = [(index, entry.NgayBoSung) for index, entry in entries if entry.NgayTiepNhanBoSung is None]
    if not waiting:
        return None
    return max(waiting, key=lambda entry: (entry[1] is not None, entry[1] or 0, entry[0]))[0]


def sync_time(data: EventData, status: Status) -> datetime | None:
    """When the status of a sync record came about, where one of its dates says so."""
    hoso = data.HoSo
    dates = {
        Status.NEW: hoso.NgayNopHoSo,
        Status.ACCEPTED: hoso.NgayTiepNhan,
        Status.REFUSED: hoso.NgayTuChoi,
        Status.SUPPLEMENT_REQUESTED: data.BoSung.NgayBoSung if data.BoSung else None,
        Status.DONE: hoso.NgayKetThucXuLy,
        Status.RETURNED: hoso.NgayTra,
    }
    return dates.get(status)


_BY_STATUS: Mapping[Status, EventType] = {
    Status.NEW: EventType("hoso.moi_dang_ky"),
    Status.ACCEPTED: EventType("hoso.duoc_tiep_nhan"),
    Status.REFUSED: EventType("hoso.khong_tiep_nhan"),
    Status.PROCESSING: EventType("hoso.dang_xu_ly"),
    Status.SUPPLEMENT_REQUESTED: EventType("hoso.yeu_cau_bo_sung"),
    Status.PAYMENT_REQUESTED: EventType("hoso.yeu_cau_nvtc"),
    Status.WITHDRAWN: EventType("hoso.rut_ho_so"),
    Status.STOPPED: EventType("hoso.dung_xu_ly"),
    Status.DONE: EventType("hoso.xu_ly_xong"),
    Status.RETURNED: EventType("hoso.da_tra_ket_qua"),
}
_BY_MOVE: Mapping[tuple[Status, Status], EventType] = {
    (Status.SUPPLEMENT_REQUESTED, Status.ACCEPTED): EventType("hoso.da_bo_sung"),
    (Status.SUPPLEMENT_REQUESTED, Status.PROCESSING): EventType("hoso.da_bo_sung"),
    (Status.PAYMENT_REQUESTED, Status.NEW): EventType("hoso.da_thanh_toan"),
    (Status.PAYMENT_REQUESTED, Status.ACCEPTED): EventType("hoso.da_thanh_toan"),
    (Status.PAYMENT_REQUESTED, Status.PROCESSING): EventType("hoso.da_thanh_toan"),
    (Status.PROCESSING, Status.ACCEPTED): EventType("hoso.chuyen_buoc"),
}
"""Where the way matters: supplemented, paid (also in advance, 6 to 1), handed back to the step before."""
_RUNNING = frozenset(
    {Status.NEW, Status.ACCEPTED, Status.PROCESSING, Status.SUPPLEMENT_REQUESTED, Status.PAYMENT_REQUESTED}
)


def derive_type(status: Status, previous: Status | None, *, is_progress: bool) -> EventType:
    """The event that a bare record tells, given the status that was last known of the dossier.

    The same status again is a step if it is a progress record of a running dossier; else it is
    `hoso.dong_bo`, which no rule announces.
    """
    if status is previous:
        return EventType("hoso.chuyen_buoc" if is_progress and status in _RUNNING else "hoso.dong_bo")
    if previous is None:
        return _BY_STATUS[status]
    if classify(previous, status) is Move.CORRECTION:
        return EventType("hoso.dinh_chinh")
    return _BY_MOVE.get((previous, status), _BY_STATUS[status])
