"""What a dossier system is posted: a CloudEvent that fits, and nothing about a person."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from notifier.callbacks.document import body, document
from notifier.domain.callbacks import TELLS, Callback, CallbackId, CallbackType
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ChannelName, DeliveryId, DossierCode, EventType, ExternalId, SourceName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience

BASE = "https://thongbao.example.gov.vn"
CALLBACK = Callback(
    id=CallbackId(UUID("0198a000-0000-4000-8000-000000000001")),
    source=SourceName("mcdt.example.gov.vn"),
    delivery_id=DeliveryId(UUID("0198a000-0000-7000-8000-000000000002")),
    seq=2,
    type=CallbackType.FAILED,
    delivery_state=DeliveryState.FAILED,
    occurred_at=datetime(2026, 11, 19, 2, 30, tzinfo=UTC),
    reason=Reason(ReasonCode.REFUSED, {"code": "-227"}),
    dossier_code=DossierCode("H01.14-261119-0042"),
    event_id=ExternalId("evt-7"),
    event_type=EventType("hoso.duoc_tiep_nhan"),
    channel=ChannelName("zalo"),
    audience=Audience.CITIZEN,
)


def test_the_body_is_a_structured_cloudevent():
    event = json.loads(body(CALLBACK, BASE))

    assert {name: event[name] for name in ("specversion", "type", "source", "subject", "id", "seq")} == {
        "specversion": "1.0",
        "type": "thongbao.that_bai",
        "source": BASE,
        "subject": "H01.14-261119-0042",
        "id": "0198a000-0000-4000-8000-000000000001",
        "seq": 2,
    }


def test_the_time_is_that_of_the_fact_in_the_zone_of_the_dossier_system():
    event = document(CALLBACK, BASE)

    assert event["time"] == event["data"]["ThoiGian"] == "2026-11-19T09:30:00.000+07:00"


def test_the_id_has_no_dot_because_it_is_signed_between_dots():
    assert "." not in document(CALLBACK, BASE)["id"]


def test_the_data_names_dossier_event_message_and_reason_and_nothing_else():
    assert document(CALLBACK, BASE)["data"] == {
        "MaHoSo": "H01.14-261119-0042",
        "SuKien": {"id": "evt-7", "type": "hoso.duoc_tiep_nhan"},
        "MaThongBao": "0198a000-0000-7000-8000-000000000002",
        "Kenh": "zalo",
        "NguoiNhan": "citizen",
        "TrangThai": "failed",
        "ThoiGian": "2026-11-19T09:30:00.000+07:00",
        "LyDo": {"Ma": "failed.refused", "NoiDung": "nhà cung cấp từ chối hẳn (-227)"},
    }


def test_names_of_attributes_are_those_that_cloudevents_allows():
    assert all(name.isascii() and name.isalnum() and name.islower() for name in document(CALLBACK, BASE))


def test_the_same_fact_gives_the_same_bytes():
    assert body(CALLBACK, BASE) == body(CALLBACK, BASE)


def test_vietnamese_is_written_as_it_is():
    assert "từ chối hẳn".encode() in body(CALLBACK, BASE)


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_reached_somebody_or_never_will_is_told(state: DeliveryState):
    told = {"accepted", "delivered", "read", "failed", "expired"}

    assert (state in TELLS) is (state.value in told)
