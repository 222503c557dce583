"""What Zalo's events teach the service: who is linked, what people thought, what became of templates."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from notifier.cli.playground import PROVINCE
from notifier.domain.clock import move_clock
from notifier.domain.directory import Kind, Officer, Origin
from notifier.domain.ids import DossierCode
from notifier.domain.opaque import inbox_owner
from notifier.store import directory, directory_keeping, feedback, links
from notifier.store.timelines import of_dossier
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle, work_once
from workers.wiring import App

PERSON, OTHER = "9990000000000000555", "9990000000000000666"
OFFICER = "lk.nhan"
CITIZEN = {"phone": "0912000101"}


@pytest.fixture
def portal(client, ground):
    async def ask(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {ground.api_token}"}
        async with client.post(path, json=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.content_type.endswith("json") else None

    return ask


@pytest.fixture
async def officer(app):
    made = Officer(OFFICER, "Lê Khắc Nhân", unit="H01.14", origin=Origin.ADMIN)
    async with app.pool.acquire() as connection:
        await directory_keeping.put(connection, Kind.OFFICERS, [made], by="test", now=app.clock())
    return made


async def does(client, sandbox, app: App, deed: str, person: str = PERSON, **given: Any) -> None:
    async with client.post(f"{sandbox.http_url}/sandbox/zalo/people/{person}/{deed}", json=given) as answer:
        assert answer.status == 204
    while await work_once(app):
        pass


async def writes(client, sandbox, app: App, text: str, person: str = PERSON) -> str | None:
    """The person writes to the account; its answer, if it gives one."""
    before = len(said_to(sandbox, person))
    await does(client, sandbox, app, "write", person, text=text)
    answers = said_to(sandbox, person)[before:]
    assert len(answers) <= 1
    return answers[0] if answers else None


def said_to(sandbox, person: str) -> list[str]:
    mine = [each for each in sandbox.messages if each.channel == "zalo" and each.to == person]
    return [each.content["text"] for each in mine if "text" in each.content]


async def code_of(portal, body: dict[str, Any]) -> str:
    status, answer = await portal("/v1/zalo/codes", body)
    assert status == 200
    return answer["code"]


async def uid_of(app: App, ground, kind: str = "phone", value: str = "+84912000101") -> str | None:
    async with app.pool.acquire() as connection:
        return await links.uid_of(connection, ground.sandbox.zalo.oa_id, [inbox_owner(app.secret, kind, value)])


async def officers_uid(app: App) -> str | None:
    async with app.pool.acquire() as connection:
        found = await directory.officer(connection, OFFICER)
    return found.zalo.get("zalo")


async def test_whoever_sends_their_code_is_linked_and_told_so(client, sandbox, app, ground, portal):
    code = await code_of(portal, CITIZEN)
    answer = await writes(client, sandbox, app, f"Mã: {code}")
    assert (await uid_of(app, ground), "Đã liên kết" in answer) == (PERSON, True)


async def test_an_officers_code_links_the_directory(client, sandbox, app, portal, officer):
    answer = await writes(client, sandbox, app, await code_of(portal, {"staff_code": OFFICER.upper()}))
    assert (await officers_uid(app), "nhắc việc" in answer) == (PERSON, True)


async def test_a_linked_citizen_is_written_to_by_their_id(client, sandbox, app, ground, portal):
    event = sample("05")
    owner = event["data"]["HoSo"]["SoDienThoai"]
    await writes(client, sandbox, app, await code_of(portal, {"personal_number": numbers_of(event)}))
    await post_event(client, ground, event)
    await settle(app)
    reached = {each.to for each in sandbox.messages if each.channel == "zalo" and "template_id" in each.content}
    assert (PERSON in reached, owner in reached) == (True, False)


def numbers_of(event: dict[str, Any]) -> str:
    return next(each["SoDinhDanh"] for each in event["data"]["HoSo"]["DinhDanhCHS"])


async def test_a_code_works_once(client, sandbox, app, ground, portal):
    code = await code_of(portal, CITIZEN)
    await writes(client, sandbox, app, code)
    answer = await writes(client, sandbox, app, code, OTHER)
    assert (await uid_of(app, ground), "không đúng" in answer) == (PERSON, True)


async def test_the_same_message_told_twice_is_answered_once(client, sandbox, app, ground, portal):
    code = await code_of(portal, CITIZEN)
    rule = {"channel": "zalo", "match": PERSON, "times": 1, "behave": "duplicate_receipt"}
    async with client.post(f"{sandbox.http_url}/sandbox/script", json=[rule]) as ok:
        assert ok.ok
    assert "Đã liên kết" in await writes(client, sandbox, app, code)


async def test_an_older_code_ends_with_a_newer_one(client, sandbox, app, ground, portal):
    old, _ = await code_of(portal, CITIZEN), await code_of(portal, CITIZEN)
    await writes(client, sandbox, app, old)
    assert await uid_of(app, ground) is None


async def test_a_code_lives_a_quarter_of_an_hour(client, sandbox, app, ground, portal):
    code = await code_of(portal, CITIZEN)
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=16))
    answer = await writes(client, sandbox, app, code)
    assert (await uid_of(app, ground), "hết hạn" in answer) == (None, True)


async def test_after_five_wrong_codes_even_the_right_one_waits_an_hour(client, sandbox, app, ground, portal):
    for number in range(2, 7):
        answer = await writes(client, sandbox, app, f"LK-AAAA-AAA{number}")
    code = await code_of(portal, CITIZEN)
    assert ("nhiều lần" in answer, "nhiều lần" in await writes(client, sandbox, app, code)) == (True, True)
    assert await uid_of(app, ground) is None
    move_clock(ground.clock_file, app.clock() + timedelta(minutes=61))
    await writes(client, sandbox, app, await code_of(portal, CITIZEN))
    assert await uid_of(app, ground) == PERSON


async def test_other_messages_are_neither_answered_nor_kept(client, sandbox, app):
    assert await writes(client, sandbox, app, "Xin hỏi hồ sơ của tôi") is None


async def test_a_code_is_stored_as_a_keyed_hash_only(app, portal):
    code = await code_of(portal, CITIZEN)
    async with app.pool.acquire() as connection:
        kept = await connection.fetchval("SELECT c::text FROM zalo_code c")
    assert re.sub("[^A-Z0-9]", "", code)[2:] not in kept


async def test_whoever_wants_out_is_let_go(client, sandbox, app, ground, portal, officer):
    await writes(client, sandbox, app, await code_of(portal, CITIZEN))
    await writes(client, sandbox, app, await code_of(portal, {"staff_code": OFFICER}))
    answer = await writes(client, sandbox, app, "Hủy liên kết")
    assert (await uid_of(app, ground), await officers_uid(app), "Đã hủy" in answer) == (None, None, True)


async def test_the_portal_ends_a_link(client, sandbox, app, ground, portal, officer):
    await writes(client, sandbox, app, await code_of(portal, CITIZEN))
    await writes(client, sandbox, app, await code_of(portal, {"staff_code": OFFICER}))
    statuses = [(await portal("/v1/zalo/unlink", body))[0] for body in (CITIZEN, {"staff_code": OFFICER}, CITIZEN)]
    assert (statuses, await uid_of(app, ground), await officers_uid(app)) == ([204] * 3, None, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), (CITIZEN | {"account": "nobody"}, 404), ({"staff_code": "nobody"}, 404), ({"phone": "113"}, 400)],
)
async def test_a_code_is_made_for_somebody_who_is_there(portal, body: dict[str, Any], status: int):
    assert (await portal("/v1/zalo/codes", body))[0] == status


async def test_a_number_in_a_form_proves_nothing(client, sandbox, app, ground):
    await does(client, sandbox, app, "submit", phone="84912000101")
    assert await uid_of(app, ground) is None


async def test_a_rating_is_kept_and_told_in_the_story_without_its_words(client, sandbox, app, ground):
    await post_event(client, ground, sample("05"))
    await becomes(app, "citizen", "zalo", "read")
    (message,) = [each for each in sandbox.messages if each.channel == "zalo" and each.content["by"] == "phone"]
    given = {"rate": 4, "note": "Rất nhanh", "feedbacks": ["Rõ ràng"], "tracking_id": message.tracking_id}
    await does(client, sandbox, app, "rate", msg_id=message.reference, **given)
    await does(client, sandbox, app, "rate", msg_id=message.reference, **given | {"submit_time": "1763602200000"})
    async with app.pool.acquire() as connection:
        rows = await of_dossier(connection, PROVINCE, DossierCode(sample("05")["data"]["HoSo"]["MaHoSo"]))
        kept = await feedback.ratings(connection, ground.sandbox.zalo.oa_id, app.clock() - timedelta(days=1))
    story = json.dumps([[row.reason.text(), row.detail] for row in rows], ensure_ascii=False)
    assert ("đánh giá 4/5" in story, "Rất nhanh" in story, kept.count) == (True, False, 1)


async def test_two_copies_of_a_rating_read_at_once_are_one(client, sandbox, app, ground):
    await post_event(client, ground, sample("05"))
    await becomes(app, "citizen", "zalo", "read")
    rule = {"channel": "zalo", "match": PERSON, "times": 1, "behave": "duplicate_receipt"}
    async with client.post(f"{sandbox.http_url}/sandbox/script", json=[rule]) as ok:
        assert ok.ok
    (message,) = [each for each in sandbox.messages if each.channel == "zalo" and each.content["by"] == "phone"]
    await does(client, sandbox, app, "rate", msg_id=message.reference, rate=5, tracking_id=message.tracking_id)
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM zalo_feedback") == 1
