"""What Zalo's events teach the service: who is linked, what people thought, what became of templates."""

import json
from datetime import timedelta
from typing import Any

import pytest

from notifier.cli.playground import PROVINCE
from notifier.domain.directory import Kind, Officer, Origin
from notifier.domain.ids import DossierCode
from notifier.domain.opaque import inbox_owner
from notifier.store import directory, directory_keeping, feedback, preferences
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
        owner = inbox_owner(app.secret, kind, value)
        ((_, uid),) = await preferences.of_citizens(connection, [(ground.sandbox.zalo.oa_id, [owner])])
    return uid


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


async def test_the_same_message_told_twice_is_answered_once(client, sandbox, app, ground, portal):
    code = await code_of(portal, CITIZEN)
    rule = {"channel": "zalo", "match": PERSON, "times": 1, "behave": "duplicate_receipt"}
    async with client.post(f"{sandbox.http_url}/sandbox/script", json=[rule]) as ok:
        assert ok.ok
    assert "Đã liên kết" in await writes(client, sandbox, app, code)


async def test_the_portal_ends_a_link(client, sandbox, app, ground, portal, officer):
    await writes(client, sandbox, app, await code_of(portal, CITIZEN))
    await writes(client, sandbox, app, await code_of(portal, {"staff_code": OFFICER}))
    statuses = [(await portal("/v1/zalo/unlink", body))[0] for body in (CITIZEN, {"staff_code": OFFICER}, CITIZEN)]
    assert (statuses, await uid_of(app, ground), await officers_uid(app)) == ([204] * 3, None, None)


async def test_a_code_is_made_for_somebody_who_is_there(portal):
    asked = [{}, CITIZEN | {"account": "nobody"}, {"staff_code": "nobody"}, {"phone": "113"}]
    assert [(await portal("/v1/zalo/codes", body))[0] for body in asked] == [400, 404, 404, 400]


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
