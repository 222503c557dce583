"""The same event is the same however it is carried, and the source is found before anything is believed."""

import json
import unicodedata
from urllib.parse import quote

import pytest

from notifier.domain.errors import IntakeError
from notifier.intake.accept import Accepted, Refused
from notifier.intake.cloudevents import read_request
from tests.support.intake import BATCH, PROVINCE, STRUCTURED, accepted, event, sample, take

JSON = "application/json"


def binary(document):
    headers = {
        f"ce-{name}": quote(str(value)) for name, value in document.items() if name not in ("data", "datacontenttype")
    }
    return {"body": document["data"], "content_type": "application/json; charset=utf-8", "headers": headers}


def test_one_event_has_one_fingerprint_in_every_mode():
    document = sample("05")
    items = [
        accepted(document),
        accepted(document, content_type=JSON),
        accepted([document], content_type=BATCH),
        accepted([document], content_type=JSON),
        accepted(**binary(document)),
    ]

    assert len({item.fingerprint for item in items}) == 1
    assert all(item.document == items[0].document for item in items)


def test_text_is_stored_in_nfc_whichever_form_it_came_in():
    decomposed = unicodedata.normalize("NFD", json.dumps(sample("05"), ensure_ascii=False))

    item = accepted(decomposed.encode())

    assert item.fingerprint == accepted(sample("05")).fingerprint
    assert item.document["HoSo"]["TenLinhVuc"] == unicodedata.normalize("NFC", "Hộ tịch")


def test_names_of_fields_are_normalised_too():
    document = event({"/data/HoSo/" + unicodedata.normalize("NFD", "Ghi chú"): "x"})

    assert accepted(document).document["HoSo"][unicodedata.normalize("NFC", "Ghi chú")] == "x"


def test_the_order_of_fields_does_not_matter():
    document = event()
    turned = {name: document[name] for name in reversed(document)}

    assert accepted(turned).fingerprint == accepted(document).fingerprint


@pytest.mark.parametrize("changes", [{"/data/HoSo/ChuHoSo": "Người Khác"}, {"/seq": 3}, {"/type": "hoso.khac"}])
def test_another_content_has_another_fingerprint(changes):
    assert accepted(event(changes)).fingerprint != accepted(event()).fingerprint


def test_tracing_headers_of_an_attempt_do_not_change_the_event():
    traced = event({"/traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})

    assert accepted(traced).fingerprint == accepted(event()).fingerprint


def test_the_same_time_in_another_offset_is_the_same_event():
    assert accepted(event({"/time": "2026-11-19T02:30:12Z"})).fingerprint == accepted(event()).fingerprint


def test_headers_are_unquoted_and_decoded_once():
    request = binary(event())
    request["headers"]["ce-subject"] = '"T%C3%A2n%2520Ch%c3%a2u \\"x\\""'

    assert accepted(**request).document["@attributes"]["subject"] == 'Tân%20Châu "x"'


def test_a_header_with_broken_utf8_is_refused():
    request = binary(event())
    request["headers"]["ce-subject"] = "%C0%AF"

    with pytest.raises(IntakeError) as refusal:
        take(**request)
    assert (refusal.value.problem, refusal.value.errors[0].pointer) == ("invalid-event", "/subject")


def test_a_byte_order_mark_does_no_harm():
    body = b"\xef\xbb\xbf" + json.dumps(event()).encode()

    assert accepted(body).fingerprint == accepted(event()).fingerprint


def test_a_batch_is_answered_item_by_item():
    broken = event({"/id": "second", "/data/HoSo/MaHoSo": ...})
    third = event({"/id": "third"})

    results = take([event(), broken, third], content_type=BATCH)

    assert [type(item) for item in results] == [Accepted, Refused, Accepted]
    assert [item.index for item in results] == [0, 1, 2]
    assert results[1].external_id == "second"


def test_one_item_that_cannot_be_kept_does_not_spoil_the_batch():
    results = take([event({"/data/HoSo/ChuHoSo": "A\x00B"}), event({"/id": "second"})], content_type=BATCH)

    assert [type(item) for item in results] == [Refused, Accepted]


def test_a_hundred_items_are_taken():
    assert len(take([event()] * 100, content_type=BATCH)) == 100


def test_more_than_a_hundred_items_are_refused_together():
    with pytest.raises(IntakeError) as refusal:
        take([event()] * 101, content_type=BATCH)
    assert refusal.value.problem == "batch-too-large"


def test_an_empty_batch_of_a_known_source_is_no_fault():
    assert take([], content_type=BATCH, query={"source": PROVINCE.name}) == []


def test_an_item_of_another_source_than_the_request_is_refused():
    other = event({"/source": "hs.khac.example.gov.vn"})

    results = take([event(), other], content_type=BATCH)

    assert isinstance(results[0], Accepted)
    assert results[1].error.problem == "source-mismatch"


@pytest.mark.parametrize(
    ("query", "headers", "body", "source"),
    [
        ({"source": "a"}, {"Ce-Source": "b"}, {"specversion": "1.0", "source": "c"}, "a"),
        ({}, {"Ce-Source": "b"}, {"specversion": "1.0", "source": "c"}, "b"),
        ({}, {"ce-source": "t%E1%BB%89nh"}, [], "tỉnh"),
        ({}, {}, {"specversion": "1.0", "source": "c"}, "c"),
        ({}, {}, {"source": "d", "isUpdating": "True", "data": []}, "d"),
        ({}, {}, [{"specversion": "1.0"}, {"specversion": "1.0", "source": "e"}], "e"),
    ],
)
def test_the_claimed_source_is_found_in_a_fixed_order(query, headers, body, source):
    assert read_request(JSON, headers, query, json.dumps(body).encode()).source == source


@pytest.mark.parametrize("body", [{"specversion": "1.0"}, [], [{"MaHoSo": "x"}], {"specversion": "1.0", "source": 5}])
def test_a_request_that_names_no_source_is_refused(body):
    with pytest.raises(IntakeError) as refusal:
        read_request(JSON, {}, {}, json.dumps(body).encode())
    assert refusal.value.problem == "unknown-source"


@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("", {}),
        ("text/plain", {}),
        ("application/cloudevents+xml", {}),
        ("application/cloudevents-batch", {}),
        ("application/cloudevents", {}),
        ("application/xml", {"ce-specversion": "1.0", "ce-id": "1"}),
        ("application/x-www-form-urlencoded", {}),
    ],
)
def test_other_content_types_are_refused(content_type, headers):
    with pytest.raises(IntakeError) as refusal:
        read_request(content_type, headers, {"source": "a"}, b"{}")
    assert refusal.value.problem == "unsupported-media-type"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "broken-json"),
        (b'{"specversion": "1.0",}', "broken-json"),
        (b'{"specversion": NaN}', "broken-json"),
        (b'{"seq": ' + b"1" * 5000 + b"}", "broken-json"),
        ('{"source": "Tỉnh"}'.encode("utf-16"), "not-utf8"),
        (b'{"source": "\xc0\xaf"}', "not-utf8"),
        (b"[" * 100_000, "invalid-event"),
    ],
)
def test_a_body_that_is_not_json_in_utf8_is_refused(body, problem):
    with pytest.raises(IntakeError) as refusal:
        read_request(STRUCTURED, {}, {"source": "a"}, body)
    assert refusal.value.problem == problem


@pytest.mark.parametrize(
    ("content_type", "body"), [(BATCH, {}), (JSON, {"specVersion": "1.0"}), (JSON, "x"), (JSON, {"data": {}})]
)
def test_a_body_of_the_wrong_shape_is_refused(content_type, body):
    with pytest.raises(IntakeError) as refusal:
        read_request(content_type, {}, {"source": "a"}, json.dumps(body).encode())
    assert refusal.value.problem == "invalid-event"
