"""Dossier systems that ask: by cursor, in order, each event once, also where transactions commit late."""

from typing import Any

import pytest
from pydantic import SecretStr

from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.settings import ApiToken, Scope
from tests.support.callbacks import D, go, listens, new_message
from tests.support.front_door import bearer, problem

TOKEN = "t" * 32
READER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def connection(app):
    """The reader's token is known, its source only pulls."""
    token = ApiToken(token=SecretStr(TOKEN), scopes=frozenset({Scope.CALLBACKS}), source=PROVINCE)
    app.settings.api_tokens["reader"] = token
    async with app.pool.acquire() as lent:
        await listens(lent, app.clock(), push=False)
        yield lent


async def message(app, connection, *path, source: str = PROVINCE) -> str:
    id_ = await new_message(connection, app.clock(), source=source, state="sending")
    await go(connection, id_, (D.SENDING, *(path or (D.ACCEPTED,))), app.clock())
    return str(id_)


async def pull(client, **params: Any) -> Any:
    async with client.get("/v1/callbacks", params=params, headers=READER) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def named(page: Any) -> list[str]:
    return [event["data"]["MaThongBao"] for event in page["events"]]


async def test_page_after_page_gives_every_event_once_and_in_order(app, client, connection):
    ids = [await message(app, connection) for _ in range(5)]
    pages, cursor = [], "0.0"
    while not pages or pages[-1]["more"]:
        pages.append(await pull(client, cursor=cursor, limit=2))
        cursor = pages[-1]["cursor"]

    assert [id_ for page in pages for id_ in named(page)] == ids


async def test_an_empty_page_gives_the_cursor_to_come_back_with(app, client, connection):
    first = await message(app, connection)
    cursor = (await pull(client))["cursor"]
    empty = await pull(client, cursor=cursor)
    second = await message(app, connection)

    assert (named(empty), empty["cursor"], empty["more"]) == ([], cursor, False)
    assert (first in named(await pull(client, cursor=cursor)), named(await pull(client, cursor=cursor))) == (
        False,
        [second],
    )


async def test_what_commits_late_is_not_passed_by(app, client, connection):
    async with app.pool.acquire() as slow, slow.transaction():
        late = await message(app, slow)
        early = await message(app, connection)
        meanwhile = await pull(client)
    afterwards = await pull(client, cursor=meanwhile["cursor"])

    assert (named(meanwhile), named(afterwards)) == ([], [late, early])


async def test_an_event_is_the_one_that_would_be_posted(app, client, connection):
    id_ = await message(app, connection, D.ACCEPTED, D.FAILED)
    last = (await pull(client))["events"][-1]

    assert (last["specversion"], last["type"], last["seq"]) == ("1.0", "thongbao.that_bai", 2)
    assert (last["data"]["MaThongBao"], last["data"]["LyDo"]["NoiDung"]) == (id_, "nhà cung cấp từ chối hẳn (-227)")


async def test_a_source_reads_its_own_events_only(app, client, connection):
    await listens(connection, app.clock(), source=MINISTRY, push=False)
    await message(app, connection, source=MINISTRY)

    assert named(await pull(client)) == []


async def test_another_source_is_refused(client, connection):
    async with client.get("/v1/callbacks", params={"source": MINISTRY}, headers=READER) as answer:
        assert (await problem(answer))["code"] == "forbidden"


async def test_a_token_without_the_scope_is_refused(client, ground, connection):
    async with client.get("/v1/callbacks", headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "forbidden"


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": ""},
        {"cursor": "1"},
        {"cursor": "a.b"},
        {"cursor": "-1.0"},
        {"cursor": "18446744073709551616.0"},
        {"cursor": "0.9223372036854775808"},
        {"limit": "0"},
        {"limit": "501"},
    ],
)
async def test_a_parameter_that_we_never_gave_is_a_problem(client, connection, params):
    async with client.get("/v1/callbacks", params=params, headers=READER) as answer:
        assert (await problem(answer))["code"] == "invalid-query"


async def test_the_greatest_cursor_there_can_be_reads_nothing(app, client, connection):
    await message(app, connection)

    assert named(await pull(client, cursor="18446744073709551615.9223372036854775807")) == []
