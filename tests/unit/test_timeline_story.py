import json
from datetime import UTC, datetime, timedelta

from notifier.audit.timeline import AuditRow, EventRef, RecipientRef, as_story, render_text
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ChannelName, EventType, ExternalId
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience

S, C = DeliveryState, ReasonCode
START = datetime(2026, 11, 19, 2, 30, 12, tzinfo=UTC)
CITIZEN, HANDLER = RecipientRef(Audience.CITIZEN, "citizen"), RecipientRef(Audience.HANDLER, "vv.mau")


def event(seq: int | None, type_: str = "hoso.duoc_tiep_nhan") -> EventRef:
    return EventRef(ExternalId(f"id-{seq}"), EventType(type_), seq)


def row(place: int, code: ReasonCode, *, of: int | None = 2, values: dict[str, str] | None = None, **told) -> AuditRow:
    at = START + timedelta(seconds=place)
    return AuditRow(place, at, "worker-1", event(of), Reason(code, values or {}), **told)


def moved(place: int, code: ReasonCode, to: DeliveryState, *, who=CITIZEN, channel="zalo", **told) -> AuditRow:
    return row(place, code, to_state=to, recipient=who, channel=ChannelName(channel), **told)


STORY = [
    row(1, C.EVENT_RECEIVED),
    moved(2, C.RULE, S.PLANNED, values={"rule": "hoso.duoc_tiep_nhan"}),
    moved(3, C.RULE, S.PLANNED, who=HANDLER, values={"rule": "hoso.duoc_tiep_nhan"}),
    moved(4, C.LEASED, S.SENDING, values={"attempt": "1", "provider": "zalo"}),
    moved(5, C.PROVIDER_ACCEPTED, S.ACCEPTED, attempt=1),
    moved(6, C.RECEIPT_READ, S.READ),
]


def test_a_dossier_is_told_event_by_event_and_way_by_way():
    assert render_text(STORY).splitlines() == [
        "Sự kiện số 2: hoso.duoc_tiep_nhan (id-2)",
        "  09:30:13 19/11/2026  sự kiện đã nhận và lưu",
        "  công dân · zalo",
        "    09:30:14 19/11/2026  sẽ gửi: theo quy tắc hoso.duoc_tiep_nhan",
        "    09:30:16 19/11/2026  đang gửi: lần 1, qua zalo",
        "    09:30:17 19/11/2026  nhà cung cấp đã nhận: theo trả lời của nhà cung cấp [lần 1]",
        "    09:30:18 19/11/2026  đã xem: theo biên nhận",
        "  người xử lý vv.mau · zalo",
        "    09:30:15 19/11/2026  sẽ gửi: theo quy tắc hoso.duoc_tiep_nhan",
    ]


def test_the_story_is_told_in_english_too():
    assert "handler vv.mau · zalo" in render_text(STORY, "en")


def test_the_order_of_the_rows_is_that_of_the_trail_whatever_order_they_come_in():
    assert render_text(STORY[::-1]) == render_text(STORY)


def test_a_missing_event_is_named_before_the_one_that_shows_it():
    rows = [row(1, C.EVENT_RECEIVED, of=2), row(2, C.EVENT_RECEIVED, of=4)]
    assert render_text(rows).splitlines()[2:4] == ["! thiếu sự kiện số 3", "Sự kiện số 4: hoso.duoc_tiep_nhan (id-4)"]


def test_several_missing_events_are_named_as_a_range():
    rows = [row(1, C.EVENT_RECEIVED, of=2), row(2, C.EVENT_RECEIVED, of=9)]
    assert as_story(rows, "en")["events"][1]["missing_before"] == {
        "first": 3,
        "last": 8,
        "text": "event number 3–8 is missing",
    }


def test_an_event_that_came_late_is_not_missing():
    rows = [row(place, C.EVENT_RECEIVED, of=seq) for place, seq in enumerate((2, 4, 3), start=1)]
    assert "thiếu" not in render_text(rows)


def test_events_before_the_first_that_is_known_are_not_missing():
    assert "thiếu" not in render_text([row(1, C.EVENT_RECEIVED, of=5)])


def test_an_event_without_a_number_is_told_too():
    assert render_text([row(1, C.EVENT_RECEIVED, of=None)]).startswith("Sự kiện không đánh số: hoso.duoc_tiep_nhan")


def test_the_state_of_a_delivery_is_that_of_its_last_move():
    zalo, _ = as_story(STORY, "vi")["events"][0]["deliveries"]
    assert zalo["state"] == "read"


def test_a_structure_can_be_written_as_json():
    assert json.loads(json.dumps(as_story(STORY, "vi"))) == as_story(STORY, "vi")


def test_what_a_provider_says_about_a_person_is_masked():
    rows = [moved(1, C.REFUSED, S.FAILED, detail="<mau@example.vn> and +84 912 000 101 and 0912000101: no such user")]
    assert render_text(rows).endswith("[<***> and *** and ***: no such user]")


def test_a_dossier_without_rows_says_so():
    assert render_text([], "en") == "Nothing is recorded yet."
