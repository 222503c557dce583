"""Where a document leaves room, the domain event takes the reading that wrongs nobody."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from notifier.domain.dossiers import Consent
from notifier.domain.events import Reminder
from notifier.domain.ids import EventId, EventType
from notifier.intake.translate import UNNAMED_CITIZEN, to_domain
from tests.support.intake import NOW, PROVINCE, accepted, domain_event, event

HOSO = "/data/HoSo"


def understood(changes, of="02"):
    return domain_event(accepted(event(changes, of=of)))


@pytest.mark.parametrize("value", [..., None, ""])
def test_consent_that_is_not_spoken_of_is_given(value):
    fields = ("ThongBaoEmail", "ThongBaoSMS", "ThongBaoZalo")

    assert understood({f"{HOSO}/{field}": value for field in fields}).dossier.consent == Consent()


@pytest.mark.parametrize("value", [False, 0, "0", "false", "False"])
def test_consent_is_declined_in_any_spelling(value):
    assert understood({f"{HOSO}/ThongBaoSMS": value}).dossier.consent == Consent(sms=False)


@pytest.mark.parametrize("value", [True, 1, "1", "true", "True"])
def test_an_authorised_person_without_contacts_still_stands_for_the_owner(value):
    dossier = understood({f"{HOSO}/UyQuyen": value}).dossier

    assert dossier.addressee.name == UNNAMED_CITIZEN
    assert (dossier.addressee.phone, dossier.addressee.email) == (None, None)


def test_an_authorised_person_is_not_told_where_the_flag_is_off():
    dossier = understood({f"{HOSO}/UyQuyen": False}, of="11").dossier

    assert dossier.authorised is None
    assert dossier.addressee.phone == "+84912000711"


def test_the_personal_number_is_preferred_to_the_old_card():
    papers = [{"LoaiDinhDanh": 2, "SoDinhDanh": "000000606"}, {"LoaiDinhDanh": 1, "SoDinhDanh": "000085000303"}]

    assert understood({f"{HOSO}/DinhDanhCHS": papers}).dossier.owner.personal_number == "000085000303"


def test_an_owner_without_a_name_is_still_addressed():
    assert understood({f"{HOSO}/ChuHoSo": ""}).dossier.owner.name == UNNAMED_CITIZEN


def test_an_officer_named_twice_is_one_person():
    officers = [{"Ma": "a", "HoTen": "An"}, {"Ma": "b", "HoTen": "Ba"}, {"Ma": "a", "HoTen": "An khác"}, {}]

    people = understood({"/data/TienDo/NguoiXuLyTiep": officers}).progress.next_handlers

    assert [person.name for person in people] == ["An", "Ba"]


def test_bare_names_stand_for_people_units_and_papers():
    told = understood(
        {
            f"{HOSO}/DonViXuLy": "UBND xã Bình Mẫu",
            "/data/TienDo/ThuTruong": ["Lý Thị Ví Dụ"],
            "/data/BoSung": {"DanhSachGiayToBoSung": ["Tờ khai", {"TenGiayTo": "Bản sao"}, ""]},
        }
    )

    assert told.dossier.handling_unit.name == "UBND xã Bình Mẫu"
    assert told.progress.heads[0].name == "Lý Thị Ví Dụ"
    assert told.supplement.papers == ("Tờ khai", "Bản sao")


def test_an_agency_code_in_the_old_order_is_turned_round():
    unit = understood({f"{HOSO}/DonViTiepNhan": {"Ma": "000.00.16.H01", "Ten": "x"}}).dossier.receiving_unit

    assert unit.code == "H01.16"


@pytest.mark.parametrize("form", [3, "3", "03"])
def test_the_form_of_a_letter_has_two_digits(form):
    assert understood({"/data/VanBan": [{"Loai": form}]}).letters[0].form == "03"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "mailto:a@example.vn"])
def test_a_link_that_is_no_web_address_does_not_reach_a_message(link):
    told = understood({"/data/LePhi/0/LinkThanhToan": link, "/data/VanBan/0/DuongDan": link})

    assert (told.fees[0].payment_url, told.letters[0].url) == (None, None)


def test_the_linked_source_is_passed_on():
    assert understood({f"{HOSO}/LoaiDuLieuKetNoi": "LTKS"}).dossier.linked_source == "LTKS"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"/data/LyDo": "A", f"{HOSO}/LyDo": "B"}, "A"),
        ({f"{HOSO}/LyDo": "B"}, "B"),
        ({"/data/TienDo/LyDo": "C"}, "C"),
        ({"/data/TienDo/NoiDungXuLy": "D"}, "D"),
        ({"/data/TienDo/NoiDungXuLy": ""}, "Nêu trong văn bản số 0113/PTC-MAU"),
        ({"/data/TienDo": None, "/data/VanBan": []}, None),
    ],
)
def test_a_refusal_takes_its_reason_from_the_most_precise_place(changes, reason):
    assert understood(changes, of="03").reason == reason


def test_the_note_of_an_ordinary_step_is_no_reason():
    assert understood({}, of="02").reason is None


def test_an_appointment_is_read():
    slot = {"ThoiGianHen": "20261125080000", "DiaDiem": "Quầy 3", "SoPhieu": 17}

    appointment = understood({"/type": "lichhen.dat", "/data/LichHen": slot}).appointment

    assert (appointment.place, appointment.ticket) == ("Quầy 3", "17")


def stored(event_type, **blocks):
    taken = accepted(event())
    return to_domain(
        event_id=EventId(UUID(int=1)),
        source=PROVINCE.name,
        external_id=taken.external_id,
        event_type=EventType(event_type),
        occurred_at=NOW,
        received_at=NOW,
        seq=None,
        document={**taken.document, **blocks},
        profile=PROVINCE,
    )


def test_a_stored_reminder_says_from_when_it_counts_and_the_how_manieth_it_is():
    told = stored("han.hoso_qua", Han={"Moc": "2026-11-25T17:00:00+07:00", "Lan": 3})

    assert told.reminder == Reminder(basis=datetime(2026, 11, 25, 10, tzinfo=UTC), number=3)


def test_a_digest_has_no_time_of_its_own():
    assert stored("nhac.tong_hop").reminder is None


def test_a_reminder_cannot_be_smuggled_into_an_event_of_another_type():
    forged = {"/data/Han": {"Moc": "2026-11-25T17:00:00+07:00", "Lan": 3}}

    assert understood(forged).reminder is None
