"""The commands as an administrator types them."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from notifier.cli import COMMANDS
from notifier.settings import ROOT
from tests.support.command import run
from tests.support.intake import sample
from tests.support.stack import post_event, settle


async def run_alone(*arguments: str, environ: dict[str, str] | None = None) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "notifier", *arguments),
        cwd=ROOT,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("NOTIFIER_")}, **(environ or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_explains_itself_with_examples(command: str):
    code, out, _ = await run(command, "--help")
    assert code == 0
    assert f"notifier {command}" in out or f"./dev {command}" in out


async def test_without_settings_a_command_says_what_is_missing_and_what_to_write(tmp_path: Path):
    code, _, err = await run_alone("migrate")
    assert code == 1
    assert "database is missing" in err
    assert "Traceback" not in err


async def test_the_doctor_finds_a_sound_installation_sound_and_masks_its_secrets(ground, app):
    code, out, _ = await run("doctor", environ={"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]})
    assert code == 0, out
    assert "0 faults" in out
    assert ground.api_token not in out
    assert ground.sandbox.zalo.app_secret not in out
    assert all(secret not in out for secret in ground.webhook_secrets.values())


async def test_the_doctor_names_what_is_broken_and_what_to_type(ground):
    file = Path(ground.environ["NOTIFIER_CONFIG"])
    text = file.read_text(encoding="utf-8")
    broken = text.replace('"adapter" = "sms_esms"', '"adapter" = "sms_esmss"').replace("redis.sock", "no.sock")
    file.write_text(broken, encoding="utf-8")
    code, out, _ = await run("doctor", environ={"NOTIFIER_CONFIG": str(file)})
    assert code == 1
    assert 'there is no adapter "sms_esmss"' in out
    assert "redis" in out
    assert "cannot be reached" in out


async def test_the_timeline_tells_a_dossier_in_both_languages(ground, app, sandbox, client):
    await post_event(client, ground, sample("03-khong-tiep-nhan"))
    await settle(app)
    environ = {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    code, out, _ = await run("timeline", "H01.27-261118-0113", environ=environ)
    assert code == 0
    assert "công dân · sms" in out
    assert "không gửi: hồ sơ không đồng ý nhận qua kênh này" in out
    code, out, _ = await run("timeline", "H01.27-261118-0113", "--locale", "en", environ=environ)
    assert "suppressed: the dossier declines this channel" in out
    code, _, err = await run("timeline", "H01.27-000000-0000", environ=environ)
    assert code == 1
    assert "No event" in err


async def test_route_explains_an_event_and_stores_nothing(ground, app):
    event = ROOT / "notifier/sandbox/events/03-khong-tiep-nhan.json"
    environ = {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    code, out, _ = await run("route", "--at", "2026-11-25T22:30", str(event), environ=environ)
    assert code == 0
    assert "giờ yên tĩnh, chờ đến 07:00 26/11" in out
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM event") == 0


async def test_route_names_what_is_wrong_with_an_event():
    code, _, err = await run("route", "-", stdin=b'{"specversion": "1.0", "id": "1", "source": "x", "type": "hoso.x"}')
    assert code == 1
    assert "/data" in err


async def test_migrating_twice_and_together_is_harmless(ground):
    environ = {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    answers = await asyncio.gather(*(run_alone("migrate", environ=environ) for _ in range(2)))
    assert [code for code, _, _ in answers] == [0, 0]


async def test_post_signs_an_event_as_its_source_would(ground, client, app):
    event = str(ROOT / "notifier/sandbox/events/03-khong-tiep-nhan.json")
    environ = {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    code, out, _ = await run("post", event, environ=environ)
    assert (code, out.split()[0]) == (0, "202")
    code, out, _ = await run("post", event, environ=environ)
    assert '"duplicate": true' in out
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM event") == 1


async def test_post_says_when_nobody_answers_and_when_a_source_is_strange(ground):
    environ = {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    event = str(ROOT / "notifier/sandbox/events/03-khong-tiep-nhan.json")
    code, _, err = await run("post", event, "--url", "http://127.0.0.1:9", environ=environ)
    assert (code, "does not answer" in err) == (1, True)
    code, _, err = await run("post", event, "--source", "ai-do", environ=environ)
    assert (code, "there is no secret for the source ai-do" in err) == (1, True)
