"""Dead letters over HTTP, for operators' own tools."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from notifier.settings import ApiToken, Scope
from notifier.web.app import web_application
from tests.support.dead import many, refused_by_zalo
from tests.support.stack import becomes, states

TOKEN = "a-token-of-the-operators-desk"
WHY = "cổng đã hoạt động lại"


@pytest.fixture
async def desk(app) -> AsyncIterator[aiohttp.ClientSession]:
    """A client whose token has the scope `operate`."""
    tokens = {**app.settings.api_tokens, "desk": ApiToken(token=SecretStr(TOKEN), scopes=frozenset({Scope.OPERATE}))}
    settings = app.settings.model_copy(update={"api_tokens": tokens})
    async with TestServer(web_application(replace(app, settings=settings)), access_log=None) as server:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(base_url=str(server.make_url("/")), headers=headers) as session:
            yield session


async def ask(desk, **query) -> tuple[int, dict]:
    async with desk.get("/v1/dead", params=query) as answer:
        return answer.status, await answer.json()


async def act(desk, action: str, **body) -> tuple[int, dict]:
    async with desk.post(f"/v1/dead/{action}", json={"why": WHY, **body}) as answer:
        return answer.status, await answer.json()


async def test_only_a_token_with_the_scope_sees_dead_letters(client, ground):
    async with client.get("/v1/dead") as answer:
        assert answer.status == 401
    headers = {"Authorization": f"Bearer {ground.api_token}"}
    for method, path in (
        ("GET", "/v1/dead"),
        ("GET", "/v1/dead/7"),
        ("POST", "/v1/dead/retry"),
        ("POST", "/v1/dead/drop"),
    ):
        async with client.request(method, path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")


async def test_the_list_has_counts_and_letters(client, ground, app, sandbox, desk):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    status, answer = await ask(desk, state="failed", code="-118", unreached="true")

    assert status == 200
    assert [(group["letters"], group["code"]) for group in answer["groups"]] == [(1, "-118")]
    assert [item["id"] for item in answer["items"]] == [str(letter.id)]
    assert answer["next"] is None


async def test_pages_follow_each_other_without_gap_or_double(app, desk):
    await many(app, 7, app.clock())
    seen, cursor = [], {}
    for _ in range(4):
        _, answer = await ask(desk, limit="3", **cursor)
        seen += [item["dossier_code"] for item in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}

    assert seen == [f"D-{n}" for n in range(1, 8)]


@pytest.mark.parametrize(
    ("query", "pointer", "expected"),
    [
        ({"state": "dead"}, "/state", "'failed', 'expired' or 'unknown'"),
        ({"since": "hôm qua"}, "/since", "a time like 2026-11-25T08:00, in Vietnam where no zone is named"),
        ({"since": "0001-01-01"}, "/since", "a time like 2026-11-25T08:00, in Vietnam where no zone is named"),
        ({"cursor": "Zm9v"}, "/cursor", "`next` of the page before, of the same kind"),
        ({"cursor": "\x01"}, "/cursor", "a value of the documented form"),
        ({"channel": "za\x00lo"}, "/channel", "a value of the documented form"),
        (
            {"kind": "event", "channel": "zalo"},
            "/channel",
            "for the kind event only agency, dossier, since, source, type, until",
        ),
        ({"colour": "red"}, "/colour", "a value of the documented form"),
    ],
)
async def test_a_filter_that_is_not_understood_is_named_with_what_is_expected(desk, query, pointer, expected):
    status, problem = await ask(desk, **query)

    assert (status, problem["code"]) == (400, "invalid-query")
    assert [(error["pointer"], error["expected"]) for error in problem["errors"]] == [(pointer, expected)]


async def test_one_letter_is_shown_with_its_story(client, ground, app, sandbox, desk):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    async with desk.get(f"/v1/dead/{letter.id}", params={"locale": "en"}) as answer:
        shown = await answer.json()

    assert (shown["code"], shown["advice"], shown["retry"]["against"]) == ("-118", "refused", None)
    assert [call["outcome"] for call in shown["calls_made"]] == ["permanent"]
    assert [way["channel"] for way in shown["story"]["events"][0]["deliveries"]] == ["zalo"]


@pytest.mark.parametrize("id_", ["7", "01980000-0000-7000-8000-000000000042", "zalo"])
async def test_what_is_no_dead_letter_is_not_found(desk, id_):
    async with desk.get(f"/v1/dead/{id_}") as answer:
        assert answer.status == 404


async def test_a_retry_names_the_token_in_the_audit_trail_and_a_repeat_finds_nothing(
    client, ground, app, sandbox, desk
):
    await refused_by_zalo(client, ground, app, sandbox)

    status, first = await act(desk, "retry", filters={"code": "-118"})
    _, second = await act(desk, "retry", filters={"code": "-118"})

    assert (status, first["done"], second["found"]) == (200, 1, 0)
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT actor, details FROM audit WHERE reason = 'planned.operator'")
    assert (row["actor"], row["details"]) == ("operator:desk", {"by": "desk", "why": WHY})
    await becomes(app, "citizen", "zalo", "read")


async def test_a_dry_run_says_what_would_be_done(client, ground, app, sandbox, desk):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    _, answer = await act(desk, "drop", ids=[str(letter.id)], dry_run=True)

    assert (answer["dry_run"], answer["found"], answer["done"]) == (True, 1, 1)
    assert (await states(app))["citizen", "zalo"] == "failed"


async def test_a_drop_by_id_says_which_were_none(client, ground, app, sandbox, desk):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    _, answer = await act(desk, "drop", ids=[str(letter.id), "01980000-0000-7000-8000-000000000042"])

    assert (answer["found"], answer["done"], answer["kept"]) == (1, 1, {"moved": 1})


async def test_a_request_ends_at_its_limit_and_says_that_there_may_be_more(app, desk):
    await many(app, 5, app.clock())

    _, answer = await act(desk, "drop", filters={"code": "-118"}, limit=3)

    assert (answer["done"], answer["more"]) == (3, True)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"filters": {}}, ""),
        ({"filters": {"code": "1"}, "ids": ["7"]}, ""),
        ({"ids": []}, "/ids"),
        ({"ids": ["7"]}, "/ids/0"),
        ({"filters": {"state": "dead"}}, "/filters/state"),
        ({"kind": "receipt", "filters": {"code": "1"}}, "/filters/code"),
        ({"filters": {"code": "1"}, "why": ""}, "/why"),
        ({"filters": {"code": "1"}, "why": "gọi 0912000303"}, "/why"),
        ({"filters": {"code": "1"}, "limit": 10_001}, "/limit"),
    ],
)
async def test_an_order_that_is_not_understood_is_refused_with_the_place_of_its_fault(desk, body, pointer):
    status, problem = await act(desk, "retry", **body)

    assert (status, problem["code"]) == (400, "invalid-query")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert "0912000303" not in str(problem)


async def test_what_came_in_cannot_be_dropped(desk):
    status, problem = await act(desk, "drop", kind="event", filters={"type": "hoso.moi_dang_ky"})

    assert (status, problem["errors"][0]["expected"]) == (400, "delivery: events and receipts are kept as they came")
