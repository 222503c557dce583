"""`notifier zalo`: an administrator consents, looks how the account stands, and checks its templates."""

import asyncio
import re
import sys
from collections.abc import Callable

import aiohttp
import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.cli.zalo_accounts import zalo_grant
from notifier.delivery import gate
from notifier.domain.ids import ProviderName
from notifier.settings import ROOT
from notifier.store import providers, tokens
from tests.support.stack import work_once
from workers.wiring import App

ZALO = ProviderName("zalo")


@pytest.fixture
def notifier(ground, monkeypatch):
    """The command, as somebody types it."""
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])

    async def invoke(*arguments: str, given: str | None = None) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["zalo", *arguments], input=given)
        return result.exit_code, result.output

    return invoke


async def grant(app: App) -> tokens.TokenPair:
    async with app.pool.acquire() as connection:
        pair = await tokens.read(connection, zalo_grant(app.settings))
    assert pair is not None
    return pair


async def lose(app: App) -> None:
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE oauth_token SET lost = 'Invalid refresh token'")


async def shut(app: App) -> None:
    async with app.pool.acquire() as connection, connection.transaction():
        await app.gate.closed(connection, app.clock())
        state = await providers.hold(connection, ZALO)
        assert state is not None
        paused, reason = gate.paused(state, "test", "token_lost")
        await providers.write(connection, paused, reason, actor="test", now=app.clock())


async def connect(ground, *options: str, led_to: Callable[[str], str] = str) -> tuple[int, str]:
    """What an administrator does: open the link that is printed, paste the address that the browser is led to."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "notifier", "zalo", "connect", *options),
        cwd=ROOT,
        env={**ground.environ, "PYTHONUNBUFFERED": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    printed = (await asyncio.wait_for(process.stdout.readuntil(b"paste it here"), 20)).decode()
    (link,) = re.findall(r"http\S+/permission\?\S+", printed)
    async with aiohttp.ClientSession() as browser, browser.get(link, allow_redirects=False) as page:
        address = page.headers.get("Location", "")
    rest, _ = await asyncio.wait_for(process.communicate(f"{led_to(address)}\n".encode()), 20)
    assert process.returncode is not None
    return process.returncode, printed + rest.decode()


async def test_a_lost_grant_is_mended_by_a_new_consent_and_messages_pass_at_once(ground, app, sandbox, notifier):
    await lose(app)
    await shut(app)
    code, out = await notifier("status")
    assert (code, "LOST" in out, "notifier zalo connect" in out) == (1, True, True)
    code, out = await connect(ground)
    assert (code, "they are stored" in out, "/v1/receipts/zalo" in out) == (0, True, True)
    pair = await grant(app)
    assert (pair.lost, await app.accounts[ZALO].tokens.current()) == (None, pair.access_token)
    async with app.pool.acquire() as connection:
        assert all(each.passes() for each in await providers.read(connection))
    assert "left alone" in (await notifier("connect"))[1]


async def test_a_code_that_zalo_refuses_changes_nothing(ground, app, sandbox):
    await lose(app)
    code, out = await connect(ground, led_to=lambda _: "no-such-code")
    assert (code, "Zalo gave no tokens" in out, (await grant(app)).lost) == (1, True, "Invalid refresh token")


async def test_a_refresh_token_of_the_console_can_be_taken_over(notifier, ground, app, sandbox):
    await lose(app)
    code, out = await notifier("connect", "--by-token", given=f"{ground.refresh_token}\n")
    assert (code, ground.refresh_token in out) == (0, False)
    assert await app.accounts[ZALO].tokens.current()


async def test_a_refusal_that_comes_after_a_new_consent_does_not_spoil_it(ground, app, sandbox):
    name = zalo_grant(app.settings)
    async with app.pool.acquire() as connection:
        old = await tokens.read(connection, name)
        assert old is not None
        await tokens.lease(connection, name, "slow", gate.WISH_MOST, old.version)
        await tokens.grant(connection, name, ground.refresh_token, app.clock())
        await tokens.give_back(connection, name, "slow", lost="refused")
    assert (await grant(app)).lost is None


async def test_the_status_tells_token_quota_and_package(notifier, app, sandbox):
    await work_once(app)
    async with app.pool.acquire() as connection:
        await app.gate.closed(connection, app.clock())
    await app.accounts[ZALO].keep()
    code, out = await notifier("status")
    assert code == 0, out
    for told in (
        "token     0 min old",
        "grant     ends",
        "500000 of 500000 left today",
        "package   Nâng cao",
        "templates read",
    ):
        assert told in out


async def test_templates_are_read_and_checked(notifier, app, sandbox):
    code, out = await notifier("templates", "sync")
    assert (code, "7 templates read" in out, "0 with faults" in out) == (0, True, True)
    code, out = await notifier("templates", "list")
    assert (code, "ENABLE" in out, "co_ket_qua" in out) == (0, True, True)


async def test_a_template_that_does_not_fit_is_named_with_what_is_wrong(notifier, ground, app, sandbox, client):
    await app.accounts[ZALO].sync_templates()
    async with client.post(f"{sandbox.http_url}/sandbox/zalo/templates/410004/DISABLE?reason=low") as answer:
        assert answer.status == 204
    while await work_once(app):
        pass
    code, out = await notifier("templates", "check")
    assert (code, "co_ket_qua (410004)" in out, "is DISABLE: low" in out) == (1, True, True)


async def test_an_officer_is_given_a_code(notifier, app):
    assert (await notifier("code", "nobody"))[0] == 1
    async with app.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO officer (code, name, origin, role, changed_by, changed_at)"
            " VALUES ('pt.thu', 'Phạm Thị Thu', 'admin', 'officer', 'test', now())"
        )
    code, out = await notifier("code", "pt.thu")
    assert (code, bool(re.match(r"LK-\w{4}-\w{4}   good until", out))) == (0, True)


async def test_without_a_callback_address_nobody_is_led_anywhere(ground, app, notifier, monkeypatch):
    await lose(app)
    text = (ground.directory / "notifier.toml").read_text(encoding="utf-8")
    file = ground.directory / "other.toml"
    file.write_text(re.sub(r'"redirect_uri" = .*\n', "", text), encoding="utf-8")
    monkeypatch.setenv("NOTIFIER_CONFIG", str(file))
    code, out = await notifier("connect")
    assert (code, "has no redirect_uri" in out) == (1, True)
