"""Each sample event is understood as the facts it was written to show."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from notifier.domain.clock import VIETNAM
from notifier.domain.dossiers import Consent, FilingChannel, ReturnMethod, Status, SubjectKind, Unit
from notifier.domain.events import Fee, Letter, Supplement
from tests.support.intake import MINISTRY, PROVINCE, accepted, domain_event, sample

FACTS = [
    ("01", "hoso.moi_dang_ky", 1, "H01.14-261119-0042", Status.NEW, None, "+84912000101", ["pt.thu"]),
    ("02", "hoso.duoc_tiep_nhan", 2, "H01.14-261119-0042", Status.ACCEPTED, Status.NEW, "+84912000101", ["vv.mau"]),
    ("03", "hoso.khong_tiep_nhan", 2, "H01.27-261118-0113", Status.REFUSED, Status.NEW, "+84912000202", []),
    (
        "04",
        "hoso.chuyen_buoc",
        4,
        "H01.14-261119-0042",
        Status.PROCESSING,
        Status.PROCESSING,
        "+84912000101",
        ["hv.kiem", "pv.pho"],
    ),
    (
        "05",
        "hoso.yeu_cau_bo_sung",
        5,
        "H01.14-261118-0039",
        Status.SUPPLEMENT_REQUESTED,
        Status.PROCESSING,
        "+84912000303",
        ["ht.hotich"],
    ),
    (
        "06",
        "hoso.yeu_cau_nvtc",
        3,
        "G09.20-20261118-0091234",
        Status.PAYMENT_REQUESTED,
        Status.PROCESSING,
        "+84912000404",
        ["bt.so"],
    ),
    ("07", "hoso.dung_xu_ly", 4, "H01.05-261118-0031", Status.STOPPED, Status.PROCESSING, "+84912000505", []),
    ("08", "hoso.xu_ly_xong", 5, "H01.14-261119-0042", Status.DONE, Status.PROCESSING, "+84912000101", ["pt.thu"]),
    ("09", "hoso.da_tra_ket_qua", 6, "H01.14-261119-0042", Status.RETURNED, Status.DONE, "+84912000101", []),
    (
        "10",
        "hoso.xin_loi_gia_han",
        6,
        "H01.05-261112-0018",
        Status.PROCESSING,
        Status.PROCESSING,
        "+84912000606",
        ["bt.so"],
    ),
    ("11", "hoso.xu_ly_xong", 4, "H01.14-261123-0007", Status.DONE, Status.PROCESSING, "+84912000712", ["pt.thu"]),
    ("12", "hoso.duoc_tiep_nhan", 1, "H01.27-261123-0021", Status.ACCEPTED, None, None, ["tv.phuong"]),
]


def understood(name):
    profile = MINISTRY if name == "06" else PROVINCE
    return domain_event(accepted(sample(name), profile=profile), profile)


@pytest.mark.parametrize(("name", "kind", "seq", "code", "status", "before", "phone", "handlers"), FACTS)
def test_a_sample_gives_its_main_facts(name, kind, seq, code, status, before, phone, handlers):
    event = understood(name)

    assert event.type == kind
    assert event.seq == seq
    assert event.dossier.code == code
    assert (event.dossier.status, event.dossier.previous_status) == (status, before)
    assert event.dossier.addressee.phone == phone
    assert [officer.code for officer in event.progress.next_handlers] == handlers
    assert len(event.progress.heads) == 1
    assert event.external_id == sample(name)["id"]
    assert event.occurred_at == datetime.fromisoformat(sample(name)["time"])


@pytest.mark.parametrize("name", [f"{number:02}" for number in range(1, 12)])
def test_a_sample_that_is_in_order_causes_no_warning(name):
    assert accepted(sample(name), profile=MINISTRY if name == "06" else PROVINCE).warnings == ()


def test_01_names_no_dates_that_are_not_yet_known():
    dossier = understood("01").dossier

    assert dossier.filed_at == datetime(2026, 11, 19, 1, 15, tzinfo=UTC)
    assert (dossier.accepted_at, dossier.due_at, dossier.returned_at) == (None, None, None)


def test_02_has_units_fee_and_letter():
    event = understood("02")

    assert event.dossier.receiving_unit == Unit("H01.14.02", "Trung tâm Phục vụ hành chính công xã Bình Mẫu")
    assert event.dossier.handling_unit == Unit("H01.14", "UBND xã Bình Mẫu")
    assert event.fees == (
        Fee("Lệ phí đăng ký hộ kinh doanh", "LP-MAU-01", Decimal(100000), paid=True, payment_url=None),
    )
    assert event.letters == (
        Letter(
            "01",
            "0042/GTN-MAU",
            "giay-tiep-nhan-0042.pdf",
            "https://mcdt.example.gov.vn/van-ban/mau-0042-01.pdf",
        ),
    )


def test_03_has_its_reason_and_declines_email():
    event = understood("03")

    assert event.reason.startswith("Hồ sơ không thuộc thẩm quyền")
    assert event.dossier.consent == Consent(email=False)
    assert event.dossier.owner.email is None


def test_04_keeps_contacts_of_each_next_handler():
    first, second = understood("04").progress.next_handlers

    assert (first.phone, first.zalo_uid) == ("+84912000903", None)
    assert (second.phone, second.zalo_uid) == ("+84912000909", "9990000000000000909")


def test_05_says_what_to_bring_and_until_when():
    event = understood("05")

    assert event.supplement == Supplement(
        "Bổ sung giấy tờ chứng minh việc đăng ký khai sinh trước đây và tờ khai có chữ ký",
        datetime(2026, 11, 30, 17, tzinfo=VIETNAM),
        ("Tờ khai đăng ký lại khai sinh có chữ ký", "Bản sao giấy tờ có thông tin khai sinh trước đây"),
    )
    assert event.dossier.other_code == "H01.14.02-261118-0039"


def test_06_is_read_in_the_dialect_of_the_ministry():
    event = understood("06")

    assert event.dossier.subject_kind is SubjectKind.CITIZEN
    assert event.dossier.filed_by is FilingChannel.ONLINE
    assert event.dossier.return_method is ReturnMethod.COUNTER
    assert event.dossier.consent == Consent(zalo=False)
    assert event.progress.done_at == datetime(2026, 11, 20, 14, 47, 28, 329000, tzinfo=VIETNAM)
    assert event.fees[0].amount == Decimal(1200000)
    assert event.fees[0].paid is False


def test_06_keeps_the_field_that_nobody_knows():
    assert accepted(sample("06"), profile=MINISTRY).document["HoSo"]["IDHoSo"] == "mau-91234"


def test_07_is_an_enterprise_without_identity_paper():
    dossier = understood("07").dossier

    assert dossier.subject_kind is SubjectKind.ENTERPRISE
    assert dossier.owner.personal_number is None


def test_10_has_reason_new_date_and_short_procedure_code():
    event = understood("10")

    assert event.reason.startswith("Chưa nhận được ý kiến")
    assert event.dossier.new_due_at == datetime(2026, 12, 4, 17, tzinfo=VIETNAM)
    assert event.dossier.procedure_code == "9.999910"
    assert event.dossier.filed_by is FilingChannel.POST


def test_11_addresses_the_authorised_person_with_nothing_of_the_owner():
    person = understood("11").dossier.addressee

    assert person.name == "Vũ Văn Được Ủy Quyền"
    assert (person.phone, person.email) == ("+84912000712", "uy.quyen@example.vn")
    assert (person.personal_number, person.zalo_uid) == (None, None)


def test_12_is_taken_in_without_any_contact_or_number():
    owner = understood("12").dossier.owner

    assert (owner.phone, owner.email, owner.zalo_uid, owner.personal_number) == (None, None, None, None)
    assert owner.name == "Mai Văn Không Số"
