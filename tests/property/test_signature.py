"""Our signatures and those of the official Standard Webhooks library are the same, and nothing else passes."""

import base64
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from notifier.domain.clock import system_clock
from notifier.intake.signature import Rejection, Verified, parse_secret, sign, verify

keys = st.binary(min_size=24, max_size=64)
ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="."), min_size=1, max_size=60)
bodies = st.text(st.characters(exclude_categories=("Cs",))).map(str.encode)
moments = st.integers(1_000_000_000, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
inside = st.timedeltas(timedelta(minutes=-4), timedelta(minutes=4))


@given(keys, ids, bodies)
def test_the_official_library_accepts_what_we_sign(key, message_id, body):
    headers = sign(key, message_id, system_clock(), body)

    assert Webhook(key).verify(body, headers, json_parse=False) is None


@given(keys, ids, bodies, moments, inside)
def test_we_accept_what_the_official_library_signs(key, message_id, body, sent_at, skew):
    seconds = str(int(sent_at.timestamp()))
    signature = Webhook(key).sign(message_id, sent_at, body.decode())
    headers = {"Webhook-Id": message_id, "Webhook-Timestamp": seconds, "Webhook-Signature": signature}

    assert verify([key], headers, body, sent_at + skew) == Verified(message_id, sent_at)


@given(keys, bodies, moments, st.data())
def test_an_added_byte_of_the_body_is_noticed(key, body, sent_at, data):
    headers = sign(key, "msg_1", sent_at, body)
    place = data.draw(st.integers(0, len(body)))
    forged = body[:place] + data.draw(st.binary(min_size=1, max_size=3)) + body[place:]

    assert verify([key], headers, forged, sent_at) is Rejection.INVALID


@given(st.lists(keys, min_size=1, max_size=4, unique=True), bodies, moments, st.data())
def test_any_of_several_secrets_will_do(all_keys, body, sent_at, data):
    headers = sign(data.draw(st.sampled_from(all_keys)), "msg_1", sent_at, body)

    assert isinstance(verify(all_keys, headers, body, sent_at), Verified)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()), keys)
def test_no_header_whatever_makes_it_raise(headers, key):
    assert isinstance(verify([key], headers, json.dumps({}).encode(), system_clock()), Rejection)


@given(keys)
def test_a_secret_survives_writing_and_parsing(key):
    assert parse_secret("whsec_" + base64.b64encode(key).decode()) == key
