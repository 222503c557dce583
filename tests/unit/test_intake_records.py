"""The bare records that vendors export already: DongBoHoSoMC and CapNhatTienDoHoSoMC."""

from datetime import datetime
from decimal import Decimal

import pytest

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import ReturnMethod, Status, SubjectKind, Unit
from notifier.domain.events import Fee, Letter
from notifier.intake.accept import Accepted, Refused
from notifier.intake.vendor import derive_type
from tests.support.intake import NOW, PROVINCE, domain_event, sample, take

STEP = {
    "MaHoSo": "H01.14-261120-0055",
    "NguoiXuLy": "Võ Văn Mẫu",
    "ChucDanh": "Chuyên viên",
    "ThoiDiemXuLy": "20261120093000",
    "PhongBanXuLy": "Phòng Kinh tế",
    "NoiDungXuLy": "Trình lãnh đạo duyệt",
    "TrangThai": "4",
    "NgayBatDau": "20261120093000",
    "NgayKetThucTheoQuyDinh": "",
}


def send(*records, wrapped=False):
    body = {"isUpdating": "True", "data": list(records)} if wrapped else list(records)
    return take(body, content_type="application/json", query={"source": PROVINCE.name})


def record(position=0, **changes):
    return sample("13")[position] | changes


def test_the_three_records_of_the_sample_are_taken():
    items = send(*sample("13"))

    assert [(item.dossier_code, item.status, item.is_progress, item.event_type) for item in items] == [
        ("H01.14-261120-0055", Status.PROCESSING, False, None),
        ("H01.27-261119-0117", Status.SUPPLEMENT_REQUESTED, False, None),
        ("H01.05-261117-0009", Status.DONE, False, None),
    ]


def test_a_record_is_the_same_alone_or_in_the_body_of_the_national_interface():
    assert send(record(), wrapped=True)[0].fingerprint == send(record())[0].fingerprint


def test_a_record_sent_again_has_the_same_id():
    first, again = send(record())[0], send(record())[0]

    assert first.external_id == again.external_id
    assert first.external_id.startswith("sync-")


def test_a_record_that_changed_has_another_id():
    assert send(record())[0].external_id != send(record(TrangThaiHoSo="9"))[0].external_id


def test_the_fields_of_the_record_are_kept_beside_what_they_become():
    hoso = send(record(2))[0].document["HoSo"]

    assert (hoso["HinhThuc"], hoso["HinhThucTra"]) == ("1", "1")
    assert hoso["SoGiayToChuHoSo"] == "000000001"


def test_empty_text_is_no_value():
    dossier = domain_event(send(record(2))[0]).dossier

    assert (dossier.due_at, dossier.returned_at, dossier.owner.phone) == (None, None, None)


def test_a_record_is_read_in_the_words_of_the_domain():
    event = domain_event(send(record(2))[0])

    assert event.dossier.subject_kind is SubjectKind.OTHER
    assert event.dossier.owner.personal_number is None
    assert event.dossier.return_method is ReturnMethod.POST
    assert event.dossier.handling_unit == Unit(None, "Sở Thử Nghiệm")
    assert event.fees == (Fee("Lệ phí mẫu", "LP-MAU-02", Decimal(50000), None, None),)
    assert event.letters == (
        Letter("KQ", "MAU-GT-01", "Giấy phép mẫu", "https://mcdt.example.gov.vn/ket-qua/mau-kq-1"),
    )


def test_the_open_request_for_papers_becomes_the_supplement():
    supplement = domain_event(send(record(1))[0]).supplement

    assert (supplement.content, supplement.papers) == ("Bổ sung giấy báo tử", ("Giấy báo tử",))


def test_of_several_requests_the_latest_open_one_counts():
    requests = [
        {"NoiDungBoSung": "cũ", "NgayBoSung": "20261101080000"},
        {"NoiDungBoSung": "mới nhất còn chờ", "NgayBoSung": "20261110080000"},
        {"NoiDungBoSung": "đã nộp", "NgayBoSung": "20261112080000", "NgayTiepNhanBoSung": "20261113080000"},
        {"NoiDungBoSung": "không ngày", "NgayBoSung": ""},
    ]
    item = send(record(1, DanhSachHoSoBoSung=requests))[0]

    assert domain_event(item).supplement.content == "mới nhất còn chờ"


def test_a_request_that_was_met_is_no_supplement():
    requests = [{"NoiDungBoSung": "x", "NgayTiepNhanBoSung": "20261113080000"}]

    assert domain_event(send(record(1, DanhSachHoSoBoSung=requests))[0]).supplement is None


@pytest.mark.parametrize(
    ("position", "happened"),
    [
        (0, NOW),
        (1, datetime(2026, 11, 20, 9, 10, tzinfo=VIETNAM)),
        (2, datetime(2026, 11, 23, 10, 0, tzinfo=VIETNAM)),
    ],
)
def test_the_time_of_a_record_is_that_of_its_status_where_it_says_so(position, happened):
    assert send(record(position))[0].occurred_at == happened


def test_a_progress_record_brings_its_step_and_only_a_code_and_status_of_the_dossier():
    item = send(STEP)[0]

    assert item.is_progress
    assert item.document["HoSo"] == {"MaHoSo": "H01.14-261120-0055", "TrangThaiHoSo": "4"}
    assert item.occurred_at == datetime(2026, 11, 20, 9, 30, tzinfo=VIETNAM)


def test_a_progress_record_is_read_in_the_words_of_the_domain():
    event = domain_event(send(STEP)[0])

    assert (event.progress.handler.name, event.progress.handler.title) == ("Võ Văn Mẫu", "Chuyên viên")
    assert event.progress.note == "Trình lãnh đạo duyệt"
    assert event.progress.step_due_at is None
    assert event.dossier.owner is None


def test_the_status_call_of_the_ministries_is_a_progress_record():
    event = domain_event(
        send({"MaHoSo": "G09.20-20261118-0091234", "TrangThai": 8, "NoiDungYKien": "Thiếu điều kiện"})[0]
    )

    assert (event.dossier.status, event.progress.note) == (Status.STOPPED, "Thiếu điều kiện")


def test_records_of_both_kinds_and_events_may_come_together():
    items = send(record(), STEP, sample("02"))

    assert [item.is_progress for item in items] == [False, True, False]
    assert [item.event_type for item in items] == [None, None, "hoso.duoc_tiep_nhan"]


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ({"MaHoSo": "x", "ChuHoSo": "y"}, "/TrangThaiHoSo"),
        (record(MaHoSo=""), "/MaHoSo"),
        (record(TrangThaiHoSo=""), "/TrangThaiHoSo"),
        (record(TrangThaiHoSo="77"), "/TrangThaiHoSo"),
        (record(NgayNopHoSo="20261399"), "/NgayNopHoSo"),
        (record(DanhSachLePhi=[{"Gia": "nhiều"}]), "/DanhSachLePhi/0/Gia"),
        (record(DanhSachHoSoBoSung=[{"NgayBoSung": "mai"}]), "/DanhSachHoSoBoSung/0/NgayBoSung"),
        (record(HinhThuc=[]), "/HinhThuc"),
        (STEP | {"TrangThai": "77"}, "/TrangThai"),
        (STEP | {"MaHoSo": None}, "/MaHoSo"),
        (STEP | {"ChucDanh": []}, "/ChucDanh"),
        (STEP | {"NgayBatDau": "mai"}, "/NgayBatDau"),
        ("text", ""),
    ],
)
def test_a_fault_of_a_record_is_told_by_the_records_own_names(broken, pointer):
    good, bad = send(record(), broken)

    assert isinstance(good, Accepted)
    assert isinstance(bad, Refused)
    assert [error.pointer for error in bad.error.errors] == [pointer]


@pytest.mark.parametrize(
    ("previous", "status", "is_progress", "event_type"),
    [
        (None, 1, False, "hoso.moi_dang_ky"),
        (None, 2, False, "hoso.duoc_tiep_nhan"),
        (None, 10, False, "hoso.da_tra_ket_qua"),
        (1, 2, False, "hoso.duoc_tiep_nhan"),
        (1, 3, False, "hoso.khong_tiep_nhan"),
        (2, 4, False, "hoso.dang_xu_ly"),
        (2, 4, True, "hoso.dang_xu_ly"),
        (4, 4, True, "hoso.chuyen_buoc"),
        (4, 4, False, "hoso.dong_bo"),
        (2, 2, True, "hoso.chuyen_buoc"),
        (10, 10, True, "hoso.dong_bo"),
        (9, 9, False, "hoso.dong_bo"),
        (4, 2, False, "hoso.chuyen_buoc"),
        (4, 5, False, "hoso.yeu_cau_bo_sung"),
        (5, 2, False, "hoso.da_bo_sung"),
        (5, 4, False, "hoso.da_bo_sung"),
        (5, 3, False, "hoso.khong_tiep_nhan"),
        (4, 6, False, "hoso.yeu_cau_nvtc"),
        (6, 1, False, "hoso.da_thanh_toan"),
        (6, 2, False, "hoso.da_thanh_toan"),
        (6, 4, True, "hoso.da_thanh_toan"),
        (4, 7, False, "hoso.rut_ho_so"),
        (4, 8, False, "hoso.dung_xu_ly"),
        (8, 4, False, "hoso.dang_xu_ly"),
        (4, 9, False, "hoso.xu_ly_xong"),
        (9, 10, False, "hoso.da_tra_ket_qua"),
        (2, 1, False, "hoso.dinh_chinh"),
        (9, 4, False, "hoso.dinh_chinh"),
        (10, 9, False, "hoso.dinh_chinh"),
        (3, 9, False, "hoso.xu_ly_xong"),
    ],
)
def test_the_kind_of_event_follows_from_the_way_of_the_status(previous, status, is_progress, event_type):
    before = Status(previous) if previous else None

    assert derive_type(Status(status), before, is_progress=is_progress) == event_type
