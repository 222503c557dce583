import base64
from datetime import UTC, datetime, timedelta

import pytest

from notifier.intake.problems import PROBLEMS
from notifier.intake.signature import Rejection, Verified, parse_secret, sign, verify

KEY = bytes(range(32))
OLD_KEY = bytes(range(32, 64))
BODY = b'{"type":"thongbao.da_gui","timestamp":"2026-11-19T09:30:00+07:00","data":{"MaHoSo":"H01.14.02-261119-0042"}}'
SENT = datetime.fromtimestamp(1795000000, UTC)
SIGNATURE = "v1,/J3clUnvJyGo1FbtSDJ+JlYBbtZn2eR3sCQBucMQimM="
HEADERS = {
    "webhook-id": "msg_sample_0001",
    "webhook-timestamp": "1795000000",
    "webhook-signature": SIGNATURE,
}


def test_the_known_vector_is_reproduced():
    assert sign(KEY, "msg_sample_0001", SENT, BODY) == HEADERS


def test_the_known_vector_is_accepted():
    assert verify([KEY], HEADERS, BODY, SENT) == Verified("msg_sample_0001", SENT)


def test_the_key_is_the_decoded_text_of_the_secret():
    assert parse_secret("whsec_" + base64.b64encode(KEY).decode()) == KEY


def test_padding_of_the_secret_may_be_missing():
    assert parse_secret("whsec_" + base64.b64encode(KEY).decode().rstrip("=")) == KEY


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(KEY).decode(),
        "whsec_====",
        "whsec_không phải base64",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsk_" + base64.b64encode(KEY).decode(),
    ],
)
def test_an_unusable_secret_is_refused_without_being_shown(text):
    with pytest.raises(ValueError, match=r"webhook secret|base64") as refusal:
        parse_secret(text)
    assert text not in str(refusal.value)


@pytest.mark.parametrize("name", list(HEADERS))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_header_is_named_as_such(name, value):
    headers = {key: item for key, item in HEADERS.items() if key != name} | ({} if value is None else {name: value})

    assert verify([KEY], headers, BODY, SENT) is Rejection.MISSING


@pytest.mark.parametrize(
    ("skew", "result"),
    [
        (timedelta(seconds=300), Verified),
        (timedelta(seconds=-300), Verified),
        (timedelta(seconds=301), Rejection),
        (timedelta(seconds=-301), Rejection),
    ],
)
def test_the_tolerance_holds_for_past_and_future(skew, result):
    assert isinstance(verify([KEY], HEADERS, BODY, SENT + skew, timedelta(minutes=5)), result)


def test_a_stale_timestamp_is_told_apart_from_a_wrong_signature():
    assert verify([KEY], HEADERS, BODY, SENT + timedelta(hours=1)) is Rejection.STALE


@pytest.mark.parametrize(
    "seconds", ["1795000000.0", "+1795000000", " 1795000000", "17950_00000", "१७९५००००००", "-1", "9" * 30, "soon"]
)
def test_a_timestamp_that_is_not_plain_digits_is_refused(seconds):
    assert verify([KEY], HEADERS | {"webhook-timestamp": seconds}, BODY, SENT) is Rejection.INVALID


def test_an_id_with_a_dot_is_refused():
    body = b"x"
    signed = sign(KEY, "a", SENT, b"1795000000." + body)
    headers = signed | {"webhook-id": "a.1795000000"}

    assert verify([KEY], headers, body, SENT) is Rejection.INVALID


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "số", "x" * 256])
def test_an_id_that_no_receiver_would_take_is_not_signed(message_id):
    with pytest.raises(ValueError, match="webhook-id"):
        sign(KEY, message_id, SENT, BODY)


@pytest.mark.parametrize(
    "signatures",
    [
        f"v1a,AAAA {SIGNATURE}",
        f"v2,x {SIGNATURE} v1,AAAA",
        f"garbage  {SIGNATURE}",
        f"v1,a,b {SIGNATURE}",
    ],
)
def test_one_match_among_other_signatures_is_enough(signatures):
    assert isinstance(verify([KEY], HEADERS | {"webhook-signature": signatures}, BODY, SENT), Verified)


@pytest.mark.parametrize(
    "signatures", ["v1", "v1,", "v1,AAAA", SIGNATURE.replace("v1", "v2"), SIGNATURE + ",x", "ký,tên"]
)
def test_no_match_is_no_signature(signatures):
    assert verify([KEY], HEADERS | {"webhook-signature": signatures}, BODY, SENT) is Rejection.INVALID


def test_while_a_secret_is_changed_both_are_good():
    headers = sign(OLD_KEY, "msg_sample_0001", SENT, BODY)

    assert isinstance(verify([KEY, OLD_KEY], headers, BODY, SENT), Verified)


def test_without_any_secret_nothing_is_genuine():
    assert verify([], HEADERS, BODY, SENT) is Rejection.INVALID


def test_header_names_may_be_written_in_any_case():
    headers = {name.title(): value for name, value in HEADERS.items()}

    assert isinstance(verify([KEY], headers, BODY, SENT), Verified)


@pytest.mark.parametrize("rejection", list(Rejection))
def test_every_rejection_is_a_known_problem(rejection):
    assert PROBLEMS[rejection].status == 401
