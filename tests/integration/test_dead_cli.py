"""`notifier dead` as an administrator types it, in a process of its own."""

import asyncio
import json
import os
import pty
import sys
from contextlib import suppress

import pytest

from notifier.settings import ROOT
from tests.support.command import run
from tests.support.dead import CITIZEN_PHONE, DOSSIER, letters, many, refused_by_zalo, script
from tests.support.intake import sample
from tests.support.stack import post_event, settle, states

WIDTH = 100
PERSONAL = (CITIZEN_PHONE, CITIZEN_PHONE[1:], "Lê Văn Thử", "le.thu@example.vn", "000085000303")


@pytest.fixture
def typed(ground, app):
    """Runs `notifier dead …`; answers exit code, output and complaints."""

    async def type_(*arguments: str) -> tuple[int, str, str]:
        return await run("dead", *arguments, environ={"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]})

    return type_


@pytest.fixture
def on_terminal(ground, app):
    """Runs `notifier dead …` on a terminal, where `answer` is typed; answers exit code and all that is seen."""

    async def type_(*arguments: str, answer: bytes = b"") -> tuple[int, str]:
        ours, its = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "notifier", "dead", *arguments),
            cwd=ROOT,
            env={**os.environ, "NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]},
            stdin=its,
            stdout=its,
            stderr=its,
        )
        os.close(its)
        os.write(ours, answer)
        seen = b""
        with suppress(OSError):  # the terminal is gone when the process is
            while part := await asyncio.to_thread(os.read, ours, 65_536):
                seen += part
        os.close(ours)
        return await process.wait(), seen.decode()

    return type_


@pytest.mark.late_receipts
async def test_the_list_counts_what_died_of_what_and_says_what_to_do(client, ground, app, sandbox, typed):
    await many(app, 412, app.clock())
    letter = await refused_by_zalo_too(client, ground, app, sandbox)

    code, out, _ = await typed("list", "--limit", "1")

    assert code == 0
    assert "413 tin không đến được người nhận" in out
    assert "412       412  không gửi được  zalo  -118  nhà cung cấp từ chối hẳn (-118)" in out
    assert f"{letter.id}  không gửi được · zalo · công dân" in out
    assert "→ Gửi lại chỉ có ích khi nguyên nhân đã được khắc phục" in out


async def refused_by_zalo_too(client, ground, app, sandbox):
    await script(sandbox, "zalo", "refuse", error=-139)
    await post_event(client, ground, sample("05"))
    await settle(app, states={"sending"})
    (letter,) = await letters(app, code="-139")
    return letter


@pytest.mark.late_receipts
async def test_nothing_that_is_shown_names_a_person_or_is_too_wide(client, ground, app, sandbox, typed):
    reply = "550 5.1.1 <le.thu@example.vn> 0912000303 is not known here, and never was, says the server of the house"
    await script(sandbox, "email", "refuse", reply=reply)
    await post_event(client, ground, sample("05"))
    await settle(app, states={"sending"})
    (letter,) = await letters(app)

    shown = [out for arguments in (["list"], ["list", "--json"], ["show", str(letter.id)], ["list", "--locale", "en"])
             for _, out, _ in [await typed(*arguments)]]  # fmt: skip

    assert [word for word in PERSONAL for out in shown if word in out] == []
    assert [line for out in (shown[0], shown[2], shown[3]) for line in out.splitlines() if len(line) > WIDTH] == []


async def test_the_list_for_programs_is_json(client, ground, app, sandbox, typed):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    _, out, _ = await typed("list", "--dossier", DOSSIER, "--unreached", "--json")

    listed = json.loads(out)
    assert [group["letters"] for group in listed["groups"]] == [1]
    assert [(item["id"], item["advice"]) for item in listed["items"]] == [(str(letter.id), "refused")]


async def test_a_letter_is_shown_with_its_story_its_calls_and_what_can_be_done(client, ground, app, sandbox, typed):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    code, out, _ = await typed("show", str(letter.id))

    assert code == 0
    assert "không gửi được: nhà cung cấp từ chối hẳn (-118)" in out
    assert "Lần gọi 1 qua zalo: permanent, -118" in out
    assert "retry: gửi lại trong giờ cho phép qua zalo, hạn mới" in out


async def test_what_is_no_dead_letter_is_said_to_be_none(typed):
    code, _, err = await typed("show", "7")

    assert (code, err) == (1, "There is no dead letter 7 (any more). `notifier timeline` tells of its dossier.\n")


async def test_a_dry_run_counts_and_changes_nothing(client, ground, app, sandbox, typed):
    await refused_by_zalo(client, ground, app, sandbox)

    code, out, _ = await typed("retry", "--code", "-118", "--why", "đã sửa", "--dry-run")

    assert code == 0
    assert "Sẽ làm lại: 1 trong số 1.\nChạy thử, chưa thay đổi gì." in out
    assert (await states(app))["citizen", "zalo"] == "failed"


async def test_without_a_terminal_nothing_is_done_unless_told(client, ground, app, sandbox, typed):
    await refused_by_zalo(client, ground, app, sandbox)

    code, _, err = await typed("drop", "--code", "-118", "--why", "đã sửa")
    assert (code, "say --yes" in err) == (2, True)
    code, out, _ = await typed("drop", "--code", "-118", "--why", "đã sửa", "--yes", "--by", "an.ops")
    assert (code, "Đã bỏ: 1 trong số 1." in out) == (0, True)
    assert (await states(app))["citizen", "zalo"] == "cancelled"


async def test_on_a_terminal_no_is_no(client, ground, app, sandbox, on_terminal):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    code, seen = await on_terminal("drop", str(letter.id), "--why", "đã sửa", answer=b"n\n")

    assert (code, "Bỏ 1 tin không đến được người nhận?" in seen) == (1, True)
    assert (await states(app))["citizen", "zalo"] == "failed"


async def test_on_a_terminal_yes_does_it_and_a_long_run_shows_how_far_it_is(app, on_terminal):
    await many(app, 1200, app.clock())

    code, seen = await on_terminal("drop", "--code", "-118", "--why", "đã sửa", answer=b"y\n")

    assert code == 0
    assert "100%" in seen
    assert "Đã bỏ: 1200 trong số 1200." in seen


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--state", "failed"], "--why: a reason is expected"),
        (["--state", "failed", "--why", "gọi 0912000303"], "--why: it holds what looks like a telephone number"),
        (["--state", "failed", "--why", "x", "--by", "an@example.vn"], "--by: a short name"),
        (["--why", "x"], "either IDs, or at least one filter"),
        (["01980000-0000-7000-8000-000000000042", "--state", "failed", "--why", "x"], "either IDs, or"),
        (["7", "--why", "x"], '"7" is no id of a dead delivery'),
        (["--since", "hôm qua", "--why", "x"], '"hôm qua" is no time; write it like 2026-11-25T08:00'),
        (["--kind", "event", "--channel", "zalo", "--why", "x"], "--channel: means nothing for --kind event"),
    ],
)
async def test_a_wrong_order_is_refused_and_says_what_is_expected(typed, arguments, complaint):
    code, out, err = await typed("retry", *arguments, "--yes")

    assert (code, out) == (2, "")
    assert complaint in err


async def test_what_came_in_cannot_be_dropped(typed):
    code, _, err = await typed("drop", "--kind", "receipt", "7", "--why", "x", "--yes")

    assert (code, "a receipt is kept as it came; it can only be retried" in err) == (2, True)
