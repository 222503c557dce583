"""`notifier providers`, as an administrator uses it when a gateway is in trouble."""

import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.domain.ids import ProviderName
from notifier.domain.outcomes import Accepted, Transient
from tests.integration.test_gate import admitted, gate_reasons, outcomes


@pytest.fixture
def typed(ground, monkeypatch):
    """Runs a command line; answers exit code and everything it printed."""
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])

    async def run(*arguments: str) -> tuple[int, str]:
        import asyncio  # noqa: PLC0415

        result = await asyncio.to_thread(CliRunner().invoke, main, ["providers", *arguments])
        return result.exit_code, result.output

    return run


async def test_a_provider_in_trouble_is_shown_with_its_reason(app, typed):
    await admitted(app)
    await outcomes(app, "sms", Accepted("1"), *[Transient("503", "busy")] * 6)
    code, out = await typed("list")
    assert code == 0
    assert "ngừng đến" in out
    assert "6/7 lần gọi lỗi, sau cùng là 503" in out
    assert "15 phút qua: 1 nhận, 6 lỗi tạm" in out


async def test_a_paused_provider_gets_nothing_until_it_is_resumed(app, typed):
    await admitted(app)
    assert (await typed("pause", "sms", "--why", "đối soát", "--by", "lan"))[0] == 0
    app.gate._looked = float("-inf")
    assert await admitted(app, 2) == {None: 2}
    assert (await typed("resume", "sms", "--why", "xong", "--by", "lan"))[0] == 0
    app.gate._looked = float("-inf")
    assert await admitted(app, 2) == {"sms": 2}
    assert await gate_reasons(app) == ["provider.paused", "provider.resumed"]
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT actor, details FROM audit WHERE reason = 'provider.paused'")
    assert row["actor"] == "operator:lan"
    assert row["details"] == {"provider": ProviderName("sms"), "by": "lan", "why": "đối soát"}


async def test_a_reason_that_names_a_person_is_refused(app, typed):
    await admitted(app)
    code, out = await typed("pause", "sms", "--why", "gọi 0912000303")
    assert code == 2, out
    assert await gate_reasons(app) == []


async def test_an_unknown_provider_is_told_the_known_ones(app, typed):
    await admitted(app)
    code, out = await typed("pause", "smss", "--why", "thử")
    assert code == 1
    assert "there is no provider smss; known are: " in out
