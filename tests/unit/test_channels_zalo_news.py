"""What Zalo's events tell beside receipts."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.zalo_news import DailyQuota, Rated, Submitted, TemplatesChanged, TemplateStatus, Wrote, news
from channels.zalo_webhook import parties
from tests.support.channels import DELIVERY, receipt

AT = datetime(2025, 11, 20, 1, 30, tzinfo=UTC)
STAMP = "1763602200000"


def told(**event: Any):
    return news(receipt("zalo", body=json.dumps({"app_id": "111", "timestamp": STAMP, **event}).encode()), "222")


def test_a_message_to_the_account_is_heard():
    said = {"sender": {"id": "333"}, "recipient": {"id": "222"}, "message": {"text": "Xin chào", "msg_id": "m"}}
    assert told(event_name="user_send_text", **said) == Wrote("333", "Xin chào", AT)


def test_the_sample_of_the_console_is_none_of_ours():
    said = {"sender": {"id": "1"}, "recipient": {"id": "2"}, "message": {"text": "This is testing message"}}
    assert told(event_name="user_send_text", **said) is None


def test_a_form_tells_the_number_that_somebody_wrote():
    info = {"name": "Nguyễn Văn Bình", "phone": "84912000123"}
    form = told(event_name="user_submit_info", sender={"id": "333"}, recipient={"id": "222"}, info=info)
    assert form == Submitted("333", "84912000123", AT)


def test_a_template_has_changed():
    status = {"prev_status": "ENABLE", "new_status": "DISABLE"}
    event = told(event_name="change_template_status", oa_id="222", template_id=410001, status=status, reason="xấu")
    assert event == TemplateStatus("410001", "DISABLE", "xấu", AT)


@pytest.mark.parametrize("name", ["change_template_quality", "change_template_quota", "change_oa_template_tags"])
def test_what_is_not_documented_has_the_templates_read_anew(name: str):
    assert told(event_name=name, oa_id="222") == TemplatesChanged()


def test_the_daily_quota_names_the_account_in_its_own_way():
    quota = {"prev_value": "5000", "new_value": "10000"}
    assert told(event_name="change_oa_daily_quota", oaId="222", quota=quota) == DailyQuota(10_000, AT)


def test_a_rating_names_our_message():
    said = {"rate": 4, "note": "Nhanh", "submit_time": STAMP, "msg_id": "z-1", "feedbacks": ["Rõ ràng"]}
    rated = told(event_name="user_feedback", oa_id="222", message={**said, "tracking_id": DELIVERY.hex})
    assert rated == Rated(DELIVERY, "z-1", 4, "Nhanh", ("Rõ ràng",), AT)


@pytest.mark.parametrize("rate", [0, 6, "nhiều", None])
def test_what_are_no_stars_is_no_rate(rate: object):
    rated = told(event_name="user_feedback", oa_id="222", message={"rate": rate, "msg_id": "z-1"})
    assert isinstance(rated, Rated)
    assert rated.rate is None


@pytest.mark.parametrize("name", ["change_template_status", "change_oa_daily_quota", "user_feedback"])
def test_news_of_another_account_is_none_of_ours(name: str):
    said = {"status": {"new_status": "ENABLE"}, "quota": {"new_value": 1}, "message": {"msg_id": "z"}}
    assert told(event_name=name, oa_id="999", template_id="1", **said) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["222", STAMP]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = [
    *("user_send_text", "user_submit_info", "user_feedback", "change_template_status"),
    *("change_oa_daily_quota", "change_template_quality"),
]
FIELDS = ["sender", "recipient", "message", "info", "status", "quota", "template_id", "oa_id", "oaId", "timestamp"]
PARTS = st.dictionaries(st.sampled_from(["id", "text", "phone", "new_status", "new_value", "rate", "msg_id"]), JSON)


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(FIELDS), JSON | PARTS))
def test_odd_events_never_raise(name: str, event: dict[str, Any]):
    raw = receipt("zalo", body=json.dumps({"event_name": name, **event}).encode())
    news(raw, "222")
    assert all(isinstance(party, str) for party in parties(raw))


@given(st.binary())
def test_odd_bytes_tell_nothing(body: bytes):
    assert (news(receipt("zalo", body=body), "222"), parties(receipt("zalo", body=body))) == (None, frozenset())
