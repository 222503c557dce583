"""Events at the door: every form they may come in, repeats, batches, and what is durable when 202 is answered."""

import asyncio
import base64
import dataclasses
import json
import os
from urllib.parse import quote

import pytest

from notifier.cli.playground import PROVINCE
from notifier.domain.ids import SourceName
from notifier.intake.signature import parse_secret, sign
from tests.support.front_door import CLOUD_EVENT, post, problem
from tests.support.intake import event, sample
from tests.support.stack import post_event, signed

BATCH = "application/cloudevents-batch+json"


def as_bytes(value) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


async def rows(app, query: str, *values):
    async with app.pool.acquire() as connection:
        return [tuple(row) for row in await connection.fetch(query, *values)]


async def test_an_accepted_event_is_committed_with_its_document_and_its_audit_row(client, ground, app):
    status, answer = await post_event(client, ground, event({"/id": "E-1"}))

    assert (status, answer["ids"], answer["duplicate"]) == (202, ["E-1"], False)
    found = await rows(
        app,
        "SELECT e.state, p.document -> 'HoSo' ->> 'ChuHoSo', a.reason FROM event e"
        " JOIN event_payload p ON p.event_id = e.id JOIN audit a ON a.event_id = e.id",
    )
    assert found == [("received", "Nguyễn Văn Mẫu", "event.received")]


async def test_nothing_is_acknowledged_before_the_commit(client, ground, app):
    async with app.pool.acquire() as blocking, blocking.transaction():
        await blocking.execute("LOCK TABLE event_payload IN ACCESS EXCLUSIVE MODE")
        posting = asyncio.create_task(post_event(client, ground, sample("02")))
        done, _ = await asyncio.wait({posting}, timeout=0.2)
        assert not done
    status, _ = await posting
    assert status == 202


async def test_a_repeat_is_answered_as_the_first_time_and_marked(client, ground, app):
    status, first = await post_event(client, ground, event({"/data/HoSo/SoDienThoai": "12345"}))
    again, second = await post_event(client, ground, event({"/data/HoSo/SoDienThoai": "12345"}))

    assert (status, again) == (202, 202)
    assert first["warnings"] == ["SoDienThoai is not a Vietnamese mobile number"]
    assert second | {"duplicate": False, "message": first["message"]} == first
    assert second["duplicate"] is True
    assert await rows(app, "SELECT count(*) FROM event") == [(1,)]


async def test_binary_mode_and_structured_mode_carry_the_same_event(client, ground):
    structured = event({"/ten_ho_so": "Đăng ký hộ kinh doanh"})
    headers = {f"ce-{name}": quote(str(value)) for name, value in structured.items() if name != "data"}
    binary = as_bytes(structured["data"])

    await post_event(client, ground, structured)
    answer = await post(client, ground, binary, content_type="application/json", headers=headers)

    assert (answer.status, (await answer.json())["duplicate"]) == (202, True)


async def test_binary_mode_keeps_vietnamese_in_its_headers(client, ground, app):
    structured = event({"/noi_gui": "Trung tâm Phục vụ hành chính công"})
    headers = {f"ce-{name}": quote(str(value)) for name, value in structured.items() if name != "data"}

    await post(client, ground, as_bytes(structured["data"]), content_type="application/json", headers=headers)

    kept = await rows(app, "SELECT document -> '@attributes' ->> 'noi_gui' FROM event_payload")
    assert kept == [("Trung tâm Phục vụ hành chính công",)]


async def test_a_bare_array_of_sync_records_becomes_events_whose_type_is_derived(client, ground):
    status, answer = await post_event(client, ground, sample("13"))

    assert status == 202
    assert [item["status"] for item in answer["items"]] == ["accepted"] * len(answer["items"])
    assert answer["items"][0]["type"] == "hoso.dang_xu_ly"


async def test_the_same_array_again_is_all_repeats(client, ground):
    _, first = await post_event(client, ground, sample("13"))
    _, second = await post_event(client, ground, sample("13"))

    assert second["ids"] == first["ids"]
    assert {item["duplicate"] for item in second["items"]} == {True}


async def test_a_batch_is_answered_item_by_item(client, ground, app):
    batch = [event({"/id": "B-1"}), event({"/id": "B-2", "/data/HoSo/MaHoSo": ...}), event({"/id": "B-1"})]

    answer = await post(client, ground, as_bytes(batch), content_type=BATCH)

    document = await answer.json()
    assert (answer.status, document["error_code"], document["ids"]) == (202, "01", ["B-1", "B-1"])
    assert [(item["index"], item["id"], item["status"]) for item in document["items"]] == [
        (0, "B-1", "accepted"),
        (1, "B-2", "refused"),
        (2, "B-1", "accepted"),
    ]
    assert [item.get("duplicate") for item in document["items"]] == [False, None, True]
    assert [error["pointer"] for error in document["items"][1]["problem"]["errors"]] == ["/data/HoSo/MaHoSo"]
    assert await rows(app, "SELECT external_id FROM event") == [("B-1",)]


async def test_a_batch_with_nothing_good_in_it_has_the_status_of_its_first_refusal(client, ground, app):
    batch = [event({"/data/HoSo/MaHoSo": ...}), event({"/source": "somebody.else.example.vn"})]

    answer = await post(client, ground, as_bytes(batch), content_type=BATCH)

    document = await answer.json()
    assert (answer.status, document["ids"]) == (422, [])
    assert [item["problem"]["code"] for item in document["items"]] == ["invalid-event", "source-mismatch"]
    assert await rows(app, "SELECT count(*) FROM event") == [(0,)]


async def test_an_id_with_other_content_is_refused_and_the_first_stays(client, ground, app):
    await post_event(client, ground, event({"/id": "R-1"}))
    answer = await post(client, ground, as_bytes(event({"/id": "R-1", "/data/HoSo/TenTTHC": "Việc khác"})))

    assert (await problem(answer))["code"] == "event-id-reused"
    names = await rows(app, "SELECT document -> 'HoSo' ->> 'TenTTHC' FROM event_payload")
    assert names == [("Đăng ký thành lập hộ kinh doanh",)]


async def test_a_hundred_identical_posts_at_once_make_one_event(client, ground, app):
    answers = await asyncio.gather(*(post_event(client, ground, sample("02")) for _ in range(100)))

    assert {status for status, _ in answers} == {202}
    assert sorted(answer["duplicate"] for _, answer in answers) == [False] + [True] * 99
    assert await rows(app, "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM audit)") == [(1, 1)]


@pytest.mark.parametrize("which", [0, 1])
async def test_while_secrets_rotate_either_of_two_signs(client, ground, app, which):
    keys = [parse_secret(ground.webhook_secrets[PROVINCE]), os.urandom(32)]
    name = SourceName(PROVINCE)
    app.profiles[name] = dataclasses.replace(app.profiles[name], secrets=tuple(keys))
    body = as_bytes(sample("02"))

    answer = await post(client, ground, body, headers=sign(keys[which], "msg_1", app.clock(), body))

    assert answer.status == 202


async def test_of_several_signatures_in_the_header_one_genuine_one_is_enough(client, ground):
    body = as_bytes(sample("02"))
    genuine = signed(ground, body)["webhook-signature"]
    other = f"v1,{base64.b64encode(bytes(32)).decode()}"

    answer = await post(client, ground, body, headers={"webhook-signature": f"v1a,AAAA {other} {genuine}"})

    assert answer.status == 202


async def test_text_is_kept_in_nfc(client, ground, app):
    await post(client, ground, as_bytes(event({"/data/HoSo/ChuHoSo": "Nguyê\u0303n Va\u0306n Mâ\u0303u"})))

    assert await rows(app, "SELECT document -> 'HoSo' ->> 'ChuHoSo' FROM event_payload") == [("Nguyễn Văn Mẫu",)]


async def test_plain_json_with_specversion_is_taken_as_a_structured_event(client, ground):
    answer = await post(client, ground, as_bytes(sample("02")), content_type="application/json")

    assert (await answer.json())["type"] == "hoso.duoc_tiep_nhan"


async def test_the_charset_of_the_content_type_does_not_matter(client, ground):
    answer = await post(client, ground, as_bytes(sample("02")), content_type=f"{CLOUD_EVENT}; charset=UTF-8")

    assert answer.status == 202
