"""The directory over HTTP, for administrators' own tools."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from notifier.settings import ApiToken, Scope
from notifier.web.app import web_application
from tests.support.front_door import problem

TOKEN = "a-token-of-the-administrators-desk"
UNIT = {
    "name": "UBND xã Bình Mẫu",
    "phone": "0296 3852 901",
    "other_codes": ["000.00.07.H33"],
    "valid_from": "2025-07-01",
}
OFFICER = {"name": "Phạm Thị Thử", "unit": "H01.14", "phone": "0912000303", "zalo": {"zalo": "9990000000000000901"}}


@pytest.fixture
async def desk(app) -> AsyncIterator[aiohttp.ClientSession]:
    """A client whose token has the scope `operate`."""
    tokens = {**app.settings.api_tokens, "desk": ApiToken(token=SecretStr(TOKEN), scopes=frozenset({Scope.OPERATE}))}
    settings = app.settings.model_copy(update={"api_tokens": tokens})
    async with TestServer(web_application(replace(app, settings=settings)), access_log=None) as server:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(base_url=str(server.make_url("/")), headers=headers) as session:
            yield session


async def put(desk, path: str, **entry) -> tuple[int, dict]:
    async with desk.put(f"/v1/directory/{path}", json=entry) as answer:
        return answer.status, await answer.json()


async def refused(desk, path: str, **entry) -> dict[str, str]:
    """The faults of an entry that is refused: pointer → what is expected."""
    async with desk.put(f"/v1/directory/{path}", json=entry) as answer:
        document = await problem(answer)
    quoted = [value for value in map(str, entry.values()) if len(value) > 2 and value in str(document)]
    assert (document["code"], quoted) == ("invalid-entry", [])
    return {error["pointer"]: error["expected"] for error in document["errors"]}


async def get(desk, path: str, **query) -> tuple[int, dict]:
    async with desk.get(f"/v1/directory/{path}", params=query) as answer:
        return answer.status, await answer.json()


async def post(desk, path: str, text: str, **query) -> aiohttp.ClientResponse:
    async with desk.post(f"/v1/directory/{path}/import", data=text.encode(), params=query) as answer:
        await answer.read()
    return answer


async def filled(desk) -> None:
    await put(desk, "agencies/H01.14", **UNIT)
    await put(desk, "officers/pt.thu", **OFFICER)


@pytest.mark.parametrize("kind", ["officers", "agencies"])
async def test_only_a_token_with_the_scope_sees_or_writes_the_directory(client, ground, kind):
    async with client.get(f"/v1/directory/{kind}") as answer:
        assert answer.status == 401
    headers = {"Authorization": f"Bearer {ground.api_token}"}
    for method, path in (("GET", ""), ("GET", "/a"), ("PUT", "/a"), ("POST", "/import")):
        async with client.request(method, f"/v1/directory/{kind}{path}", headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")


async def test_an_agency_is_written_and_read_by_either_order_of_its_code(app, desk):
    status, answer = await put(desk, "agencies/000.00.14.H01", **UNIT)
    assert status == 200
    assert (answer["code"], answer["phone"], answer["valid_from"]) == ("H01.14", "+842963852901", "2025-07-01")
    assert answer["other_codes"] == ["000.00.07.H33", "000.00.14.H01", "H33.07"]
    assert await get(desk, "agencies/000.00.14.H01") == (200, answer)


async def test_an_officer_is_written_and_read_in_any_case(app, desk):
    await filled(desk)
    status, answer = await get(desk, "officers/PT.Thu")
    assert status == 200
    assert (answer["phone"], answer["zalo"], answer["origin"]) == ("+84912000303", OFFICER["zalo"], "admin")
    assert answer["changed_by"] == "operator:desk"


async def test_what_is_left_out_is_emptied(app, desk):
    await filled(desk)
    _, answer = await put(desk, "officers/pt.thu", name="Phạm Thị Thử")
    assert (answer["unit"], answer["phone"], answer["zalo"]) == (None, None, {})


async def test_what_is_equal_is_not_written_again(app, desk):
    await filled(desk)
    _, first = await get(desk, "officers/pt.thu")
    assert (await put(desk, "officers/pt.thu", **OFFICER))[1] == first
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit WHERE reason = 'directory.officer'") == 1


@pytest.mark.parametrize("path", ["officers/z", "agencies/z"])
async def test_nobody_is_not_found(app, desk, path):
    assert (await get(desk, path))[0] == 404


async def test_faults_are_named_and_not_quoted(app, desk):
    faults = await refused(desk, "officers/a", name="A", phone="09120003", unit="H01.99", gone_at="mai")
    assert faults.keys() == {"/phone", "/unit", "/gone_at"}


async def test_an_officer_must_not_mean_somebody_who_is_not_there(app, desk):
    assert (await refused(desk, "officers/a", name="A", unit="H01.99")).keys() == {"/unit"}


async def test_unknown_fields_are_named(app, desk):
    assert (await refused(desk, "officers/a", name="A", telephone="0912000303")).keys() == {"/telephone"}


async def test_lists_are_filtered(app, desk):
    await filled(desk)
    await put(desk, "officers/vv.mau", name="Võ Văn Mẫu", unit="H01.14", role="head")
    for query, codes in (
        ({}, ["pt.thu", "vv.mau"]),
        ({"role": "head"}, ["vv.mau"]),
        ({"no_zalo": "true"}, ["vv.mau"]),
        ({"no_zalo": "true", "oa": "zalo-hue"}, ["pt.thu", "vv.mau"]),
        ({"not_following": "true"}, ["pt.thu"]),
        ({"unit": "H01.15"}, []),
    ):
        _, answer = await get(desk, "officers", **query)
        assert ([each["code"] for each in answer["items"]], answer["next"]) == (codes, None)


@pytest.mark.parametrize("kind", ["officers", "agencies"])
async def test_pages_follow_each_other(app, desk, kind):
    await post(desk, kind, "code,name\n" + "\n".join(f"H0{number},Tên" for number in range(1, 6)))
    seen, after = [], ""
    while after is not None:
        _, answer = await get(desk, kind, limit="2", after=after)
        seen += [each["code"].upper() for each in answer["items"]]
        after = answer["next"]
    assert seen == ["H01", "H02", "H03", "H04", "H05"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"role": "boss"}, {"page": "2"}, {"unit": "a\x01"}])
async def test_a_wrong_filter_is_refused(app, desk, query):
    status, answer = await get(desk, "officers", **query)
    assert (status, answer["code"]) == (400, "invalid-query")


async def test_a_file_is_imported_and_counted(app, desk):
    await filled(desk)
    answer = await post(desk, "officers", "\ufeffcode;title\r\npt.thu;Chuyên viên\r\n")
    assert (answer.status, await answer.json()) == (
        200,
        {"rows": 1, "new": 0, "changed": 1, "same": 0, "skipped": 0, "dry_run": False, "faults": []},
    )
    assert (await get(desk, "officers/pt.thu"))[1]["phone"] == "+84912000303"


async def test_a_trial_of_a_file_changes_nothing(app, desk):
    answer = await post(desk, "agencies", "code,name\nH01.14,Xã\n", dry_run="true")
    assert (await answer.json())["new"] == 1
    assert (await get(desk, "agencies"))[1]["items"] == []


async def test_the_faults_of_a_file_are_told_by_line_and_column(app, desk):
    answer = await post(desk, "officers", "code,name,phone\na,A,0912000303\nb,B,09120003\n")
    document = await problem(answer)
    assert document["code"] == "invalid-entry"
    assert [(each["pointer"], each["found"]) for each in document["errors"]] == [("/3/phone", "text of 8 characters")]
    assert (await get(desk, "officers"))[1]["items"] == []


async def test_the_good_rows_of_a_file_are_written_where_that_is_asked_for(app, desk):
    answer = await post(desk, "officers", "code,name,phone\na,A,0912000303\nb,B,12\n", skip_bad="true")
    document = await answer.json()
    assert (answer.status, document["new"], document["skipped"]) == (200, 1, 1)
    assert [each["pointer"] for each in document["faults"]] == ["/3/phone"]


async def test_a_file_that_is_none_is_refused(app, desk):
    document = await problem(await post(desk, "officers", "pt.thu,Phạm Thị Thử\n"))
    assert (document["code"], "Phạm" in str(document)) == ("invalid-entry", False)
