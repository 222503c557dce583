"""`notifier callbacks` as an operator types it."""

import json

import pytest

from notifier.cli.playground import PROVINCE
from notifier.store import endpoints
from tests.support.callbacks import D, listener, listens
from tests.support.command import run


@pytest.fixture
def environ(ground) -> dict[str, str]:
    return {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}


@pytest.fixture
async def there(app):
    """Two callbacks, one of them a dead letter."""
    async with listener(app) as made:
        await made.message(D.ACCEPTED)
        await made.work()
        await made.message(D.FAILED)
        await app.pool.execute(
            "UPDATE callback SET state = 'dead', due_at = NULL, attempts = 10, last_error = '500'"
            " WHERE type = 'thongbao.that_bai'"
        )
        yield made


async def test_list_counts_and_names_the_newest(environ, there):
    code, out, _ = await run("callbacks", "list", environ=environ)

    assert code == 0
    assert f"{PROVINCE}: is posted to, 0 wait" in out
    assert "given up after 10 tries, the last try came to: 500" in out
    assert "taken with 204 at try 1" in out


async def test_list_filters(environ, there):
    _, out, _ = await run("callbacks", "list", "--state", "dead", "--type", "thongbao.that_bai", environ=environ)
    assert ("thongbao.that_bai" in out, "thongbao.da_gui" in out) == (True, False)

    _, out, _ = await run("callbacks", "list", "--since", "2999-01-01", environ=environ)
    assert "No callback matches" in out


async def test_show_prints_the_event_as_it_is_posted(environ, there):
    event = there.peer.requests[0].json
    code, out, _ = await run("callbacks", "show", event["id"], environ=environ)

    assert (code, json.loads(out[out.index("{") :])) == (0, event)


async def test_show_of_an_unknown_id_says_so(environ, there):
    code, _, err = await run("callbacks", "show", "00000000-0000-4000-8000-000000000000", environ=environ)

    assert (code, "There is no callback" in err) == (1, True)


async def test_a_dry_run_counts_and_changes_nothing(environ, there):
    before = await there.rows()
    code, out, _ = await run("callbacks", "replay", PROVINCE, "--dead-only", "--dry-run", environ=environ)

    assert (code, "Would be posted again: 1" in out) == (0, True)
    assert await there.rows() == before


async def test_a_replay_makes_due_what_it_counted(environ, there):
    code, out, _ = await run(
        "callbacks", "replay", PROVINCE, "--dead-only", "--yes", "--by", "an.nguyen", environ=environ
    )

    assert (code, "Due now: 1." in out) == (0, True)
    assert [row["state"] for row in await there.rows()] == ["sent", "pending"]
    actor = await there.app.pool.fetchval("SELECT actor FROM audit WHERE reason = 'callback.replayed'")
    assert actor == "operator:an.nguyen"


async def test_a_replay_without_a_yes_changes_nothing(environ, there):
    before = await there.rows()
    code, _, _ = await run("callbacks", "replay", PROVINCE, "--dead-only", environ=environ, stdin=b"n\n")

    assert code == 1
    assert await there.rows() == before


async def test_a_replay_of_everything_has_to_be_said(environ, there):
    code, _, err = await run("callbacks", "replay", PROVINCE, "--yes", environ=environ)

    assert (code, "Say which" in err) == (2, True)


async def test_a_replay_to_a_source_that_only_pulls_says_what_to_do(environ, app):
    async with app.pool.acquire() as connection:
        await listens(connection, app.clock(), push=False)
    code, _, err = await run("callbacks", "replay", PROVINCE, "--dead-only", environ=environ)

    assert (code, "has no address to post to" in err) == (1, True)


async def test_a_name_that_could_be_personal_data_is_refused(environ, there):
    code, _, err = await run("callbacks", "enable", PROVINCE, "--by", "an@example.vn", environ=environ)

    assert (code, "no mail address" in err) == (2, True)


async def test_what_stopped_is_shown_by_list_and_doctor_and_turned_on_again(environ, there):
    async with there.app.pool.acquire() as connection:
        await endpoints.disable(connection, PROVINCE, "410", actor="w", now=there.app.clock())
    _, listed, _ = await run("callbacks", "list", environ=environ)
    _, diagnosis, _ = await run("doctor", environ=environ)
    code, _, _ = await run("callbacks", "enable", PROVINCE, "--by", "an.nguyen", environ=environ)
    again, _, err = await run("callbacks", "enable", PROVINCE, environ=environ)

    advice = f"notifier callbacks enable {PROVINCE}"
    assert (advice in listed, advice in diagnosis, code) == (True, True, 0)
    assert (again, "is not stopped" in err) == (1, True)
