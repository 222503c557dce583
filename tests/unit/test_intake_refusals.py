"""What is wrong with an event is told by place and kind, and never by repeating what may be personal."""

import json

import pytest

from tests.support.intake import BATCH, PROVINCE, accepted, event, refused

HOSO = "/data/HoSo"
FAULTS = [
    ({"/specversion": "0.3"}, "/specversion", "“0.3”"),
    ({"/id": ...}, "/id", "nothing"),
    ({"/id": ""}, "/id", "empty text"),
    ({"/id": "x" * 256}, "/id", "text of 256 characters"),
    ({"/id": "a\nb"}, "/id", "text of 3 characters"),
    ({"/type": ...}, "/type", "nothing"),
    ({"/type": "../../etc"}, "/type", "text of 9 characters"),
    ({"/type": "hoso..x"}, "/type", "text of 7 characters"),
    ({"/type": "han.hoso_qua"}, "/type", "a type of ours"),
    ({"/type": "nhac.tong_hop"}, "/type", "a type of ours"),
    ({"/time": "yesterday"}, "/time", "text of 9 characters"),
    ({"/seq": "-1"}, "/seq", "“-1”"),
    ({"/seq": 1.5}, "/seq", "“1.5”"),
    ({"/seq": 2**63}, "/seq", "a number"),
    ({"/data": ...}, "/data", "nothing"),
    ({"/data": "text"}, "/data", "text of 4 characters"),
    ({HOSO: ...}, HOSO, "nothing"),
    ({HOSO: []}, HOSO, "an array of 0"),
    ({f"{HOSO}/MaHoSo": ...}, f"{HOSO}/MaHoSo", "nothing"),
    ({f"{HOSO}/MaHoSo": None}, f"{HOSO}/MaHoSo", "nothing"),
    ({f"{HOSO}/MaHoSo": " "}, f"{HOSO}/MaHoSo", "empty text"),
    ({f"{HOSO}/MaHoSo": "x" * 300}, f"{HOSO}/MaHoSo", "text of 300 characters"),
    ({f"{HOSO}/TrangThaiHoSo": "11"}, f"{HOSO}/TrangThaiHoSo", "“11”"),
    ({f"{HOSO}/TrangThaiHoSo": 0}, f"{HOSO}/TrangThaiHoSo", "“0”"),
    ({f"{HOSO}/TrangThaiHoSo": True}, f"{HOSO}/TrangThaiHoSo", "true"),
    ({f"{HOSO}/NgayHenTra": "20261345"}, f"{HOSO}/NgayHenTra", "“20261345”"),
    ({f"{HOSO}/UyQuyen": "maybe"}, f"{HOSO}/UyQuyen", "text of 5 characters"),
    ({f"{HOSO}/SoDienThoai": ["0912000101"]}, f"{HOSO}/SoDienThoai", "an array of 1"),
    ({"/data/TienDo/NguoiXuLyTiep/0/Email": {}}, "/data/TienDo/NguoiXuLyTiep/0/Email", "an object"),
    ({"/data/LePhi/0/Gia": "135.000"}, "/data/LePhi/0/Gia", "“135.000”"),
    ({"/data/VanBan": {}}, "/data/VanBan", "an object"),
    ({"/type": "hoso.yeu_cau_bo_sung"}, "/data/BoSung", "nothing"),
    ({"/type": "hoso.yeu_cau_nvtc", "/data/LePhi": []}, "/data/LePhi", "nothing"),
    ({"/type": "hoso.xin_loi_gia_han"}, f"{HOSO}/NgayHenTraMoi", "nothing"),
    ({f"{HOSO}/GhiChu": "\ud800"}, f"{HOSO}/GhiChu", "text with NUL or half a surrogate pair"),
    ({f"{HOSO}/GhiChu": "a\x00"}, f"{HOSO}/GhiChu", "text with NUL or half a surrogate pair"),
]


def sent(document):
    """With escapes, so that even half a surrogate pair can be sent."""

    return json.dumps([document]).encode()


@pytest.mark.parametrize(("changes", "pointer", "found"), FAULTS)
def test_a_fault_is_told_by_its_place_and_what_was_found(changes, pointer, found):
    item = refused(sent(event(changes)), content_type=BATCH)

    assert item.error.problem == "invalid-event"
    assert [(error.pointer, error.found) for error in item.error.errors] == [(pointer, found)]


def test_all_faults_are_told_at_once():
    item = refused(event({"/type": ..., f"{HOSO}/MaHoSo": ..., f"{HOSO}/NgayNopHoSo": "20269999"}))

    assert {error.pointer for error in item.error.errors} == {"/type", f"{HOSO}/MaHoSo", f"{HOSO}/NgayNopHoSo"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("NgayHenTra", "Nguyễn Văn Mẫu"),
        ("NgayHenTra", "0912000101"),
        ("NgayHenTra", "000090000101"),
        ("UyQuyen", "0912000101"),
        ("TrangThaiHoSo", "000090000101"),
        ("TrangThaiHoSo", "Nguyễn Văn Mẫu"),
        ("ThongBaoSMS", {"SoDienThoai": "0912000101"}),
    ],
)
def test_a_personal_value_in_the_wrong_place_is_not_repeated(field, value):
    error = refused(event({f"{HOSO}/{field}": value})).error

    assert not any(secret in f"{error} {error.errors}" for secret in ("Mẫu", "0912000101", "000090000101"))


def test_thirty_two_levels_are_taken():
    assert accepted(event({f"{HOSO}/Sau": nested(28)}))


def test_deeper_nesting_is_refused():
    item = refused(event({f"{HOSO}/Sau": nested(40)}))

    assert item.error.errors[0].expected == "at most 32 levels"


def nested(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_a_number_beyond_all_bounds_is_refused():
    body = sent(event({f"{HOSO}/Lon": 123456789})).replace(b"123456789", b"1e999")

    assert refused(body, content_type=BATCH).error.errors[0].pointer == f"{HOSO}/Lon"


@pytest.mark.parametrize("code", ["HS-2026/17", "x", "Hồ sơ số 5", "H01.14\u00a0-1", 42])
def test_a_dossier_code_of_any_form_is_taken_with_a_warning(code):
    item = accepted(event({f"{HOSO}/MaHoSo": code}))

    assert item.dossier_code == str(code)
    assert item.warnings == ("MaHoSo is not of a usual form; it is kept as it is",)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"SoDienThoai": "01692000303"}, "SoDienThoai has eleven digits of before 2018; it is used with ten"),
        ({"SoDienThoai": "02963123456"}, "SoDienThoai is not a Vietnamese mobile number"),
        ({"Email": "không có"}, "Email is not an address"),
        ({"LoaiDoiTuong": "9"}, "LoaiDoiTuong is not known for this source"),
        ({"TrangThaiTruoc": "99"}, "TrangThaiTruoc is not known for this source"),
        ({"UyQuyen": "1"}, "UyQuyen is true but names no authorised person"),
    ],
)
def test_what_will_be_of_no_use_is_taken_with_a_warning(changes, warning):
    item = accepted(event({f"{HOSO}/{name}": value for name, value in changes.items()}))

    assert item.warnings == (warning,)


def test_the_refusal_of_a_foreign_source_names_only_our_own():
    item = refused(event({"/source": "hs.khac.example.gov.vn"}), query={"source": PROVINCE.name})

    assert item.error.problem == "source-mismatch"
    assert item.error.errors[0].expected == PROVINCE.name
