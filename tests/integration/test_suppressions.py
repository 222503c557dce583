"""Whom mail is not sent to: learnt from refusals, bounces and people's own clicks; heeded by routing and before sending."""

import asyncio
import json
import re
from datetime import timedelta
from email import message_from_bytes

import pytest
from click.testing import CliRunner

from notifier.cli import main
from notifier.domain.opaque import stop_token
from tests.integration.test_delivery_faults import pass_time, script
from tests.support.intake import sample
from tests.support.stack import becomes, post_event, settle

EMAIL = "nguyen.mau@example.vn"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def tell(client, ground, app, name: str, number: int = 1, **said) -> None:
    """One more dossier of the same citizen, whose event is worked off as far as it goes today."""
    event = sample(name)
    event["id"], event["data"]["HoSo"]["MaHoSo"] = f"mail-{number}", f"H01.14-261118-{number:04}"
    event["data"]["HoSo"] |= {"ThongBaoSMS": True, **said}
    assert (await post_event(client, ground, event, message_id=f"msg_{number}"))[0] == 202
    await settle(app, states={"sending", "planned"})


async def mail_of(app, number: int) -> tuple[str, str]:
    """State and last reason of the citizen's mail about a dossier."""
    async with app.pool.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT d.state, (SELECT reason FROM audit WHERE delivery_id = d.id ORDER BY seq DESC LIMIT 1) AS reason"
            " FROM delivery d JOIN recipient r ON r.id = d.recipient_id JOIN event e ON e.id = d.event_id"
            " WHERE d.channel = 'email' AND r.audience = 'citizen' AND e.dossier_code = $1",
            f"H01.14-261118-{number:04}",
        )
    return row["state"], row["reason"]


async def story(client, ground, number: int) -> str:
    path = f"/v1/dossiers/mcdt.angiang.gov.vn/H01.14-261118-{number:04}/timeline"
    async with client.get(path, headers={"Authorization": f"Bearer {ground.api_token}"}) as answer:
        return json.dumps(await answer.json(), ensure_ascii=False)


@pytest.fixture
def typed(ground, monkeypatch):
    """Runs `notifier suppressions …`; answers everything it printed."""
    monkeypatch.setenv("NOTIFIER_CONFIG", ground.environ["NOTIFIER_CONFIG"])

    async def run(*arguments: str, code: int = 0) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["suppressions", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    return run


# Addresses that do not exist


@pytest.mark.parametrize("behave", ["refuse", "fail"])
async def test_an_address_that_does_not_exist_gets_no_later_mail_and_the_fallback_goes_at_once(
    client, ground, app, sandbox, behave
):
    await script(sandbox, "email", EMAIL, behave, times=1)
    await tell(client, ground, app, "02-duoc-tiep-nhan", 1)
    await becomes(app, "citizen", "email", "failed")
    await tell(client, ground, app, "02-duoc-tiep-nhan", 2, ThongBaoZalo=False)
    assert await mail_of(app, 2) == ("suppressed", "suppressed.bounced")
    assert [each.to for each in sandbox.messages if each.channel == "sms"] == ["0912000101"]


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.4.4"])
async def test_any_other_bounce_says_nothing_of_the_address(client, ground, app, sandbox, status):
    await script(sandbox, "email", EMAIL, "fail", times=1, status=status)
    await tell(client, ground, app, "02-duoc-tiep-nhan", 1)
    await becomes(app, "citizen", "email", "failed")
    await tell(client, ground, app, "02-duoc-tiep-nhan", 2)
    assert (await mail_of(app, 2))[0] in {"accepted", "delivered"}


async def test_mail_that_waits_is_called_off_when_its_address_proves_wrong(client, ground, app, sandbox):
    await tell(client, ground, app, "09-da-tra-ket-qua", 1)
    assert await mail_of(app, 1) == ("held", "held.next_morning")
    await script(sandbox, "email", EMAIL, "refuse", times=1)
    await tell(client, ground, app, "02-duoc-tiep-nhan", 2)
    pass_time(ground, timedelta(days=1))
    await settle(app, states={"sending", "planned"})
    assert await mail_of(app, 1) == ("cancelled", "cancelled.bounced")


async def test_an_operator_sees_and_lifts_it_and_the_timeline_tells_both(client, ground, app, sandbox, typed):
    await script(sandbox, "email", EMAIL, "refuse", times=1)
    await tell(client, ground, app, "02-duoc-tiep-nhan", 1)
    listed = await typed("list")
    assert re.search(r"không tồn tại \(5\.1\.1\) +\S{24} +n\*\*\*@example\.vn +H01\.14-261118-0001", listed)
    assert EMAIL not in listed
    await typed("lift", EMAIL.upper(), "--why", "đã sửa hộp thư", "--by", "lan")
    assert await typed("list") == "Không có địa chỉ nào bị ngừng gửi.\n"
    await tell(client, ground, app, "02-duoc-tiep-nhan", 2)
    assert (await mail_of(app, 2))[0] in {"accepted", "delivered"}
    told = await story(client, ground, 1)
    assert "từ nay không gửi thư đến đó" in told
    assert "lan cho gửi thư lại: đã sửa hộp thư" in told


async def test_lifting_what_does_not_stand_is_named(typed):
    assert "nothing stands against mail there" in await typed("lift", EMAIL, "--why", "x", code=1)


# People who stop mail that need not be given


async def bulk_mail(client, ground, app, sandbox, number: int) -> str:
    """The path of the stop link of a bulk mail that went out."""
    await tell(client, ground, app, "09-da-tra-ket-qua", number)
    pass_time(ground, timedelta(days=1))
    await settle(app, states={"sending", "planned"})
    mail = message_from_bytes(next(message.raw for message in reversed(sandbox.messages) if message.channel == "email"))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return re.fullmatch(r"<https?://[^/]+(/u/\S+)>", mail["List-Unsubscribe"])[1]


async def test_one_click_stops_bulk_mail_and_nothing_else(client, ground, app, sandbox):
    link = await bulk_mail(client, ground, app, sandbox, 1)
    async with client.post(link, data=ONE_CLICK, allow_redirects=False) as answer:
        assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
    await tell(client, ground, app, "09-da-tra-ket-qua", 2)
    await tell(client, ground, app, "02-duoc-tiep-nhan", 3)
    assert await mail_of(app, 2) == ("suppressed", "suppressed.stopped")
    assert (await mail_of(app, 3))[0] in {"accepted", "delivered"}
    assert "người nhận dừng thư không bắt buộc" in await story(client, ground, 1)


async def test_bulk_mail_that_waits_is_called_off_by_the_click(client, ground, app, sandbox):
    link = await bulk_mail(client, ground, app, sandbox, 1)
    await tell(client, ground, app, "09-da-tra-ket-qua", 2)
    await client.post(link, data=ONE_CLICK)
    pass_time(ground, timedelta(days=1))
    await settle(app, states={"sending", "planned"})
    assert await mail_of(app, 2) == ("cancelled", "cancelled.stopped")


async def test_opening_the_link_changes_nothing(client, ground, app, sandbox):
    link = await bulk_mail(client, ground, app, sandbox, 1)
    async with client.get(link) as answer:
        assert (answer.status, "Dừng những thư này" in await answer.text()) == (200, True)
    await tell(client, ground, app, "09-da-tra-ket-qua", 2)
    assert (await mail_of(app, 2))[0] == "held"


async def test_who_has_stopped_it_can_take_it_again(client, ground, app, sandbox):
    link = await bulk_mail(client, ground, app, sandbox, 1)
    async with client.post(link, data={"stop": "1"}) as answer:
        assert "Nhận lại những thư này" in await answer.text()
    await client.post(link, data={"again": "1"})
    await tell(client, ground, app, "09-da-tra-ket-qua", 2)
    assert (await mail_of(app, 2))[0] == "held"


async def test_a_link_that_we_never_made_stops_nothing(client, ground, app, sandbox):
    link = await bulk_mail(client, ground, app, sandbox, 1)
    for forged in (f"{link[:-1]}{'A' if link[-1] != 'A' else 'B'}", "/u/x", f"/u/{'a' * 38}"):
        async with client.post(forged, data=ONE_CLICK) as answer:
            assert answer.status == 404
    await tell(client, ground, app, "09-da-tra-ket-qua", 2)
    assert (await mail_of(app, 2))[0] == "held"


async def test_a_notice_that_must_be_given_has_no_link_and_cannot_be_stopped(client, ground, app, sandbox):
    await tell(client, ground, app, "02-duoc-tiep-nhan", 1)
    (mail,) = [message for message in sandbox.messages if message.channel == "email"]
    assert b"List-Unsubscribe" not in mail.raw
    async with app.pool.acquire() as connection:
        delivery = await connection.fetchval("SELECT id FROM delivery WHERE channel = 'email'")
    async with client.post(f"/u/{stop_token(app.secret, delivery)}", data=ONE_CLICK) as answer:
        assert answer.status == 404


async def test_a_key_that_begins_with_a_hyphen_is_no_option(typed):
    assert "nothing stands against mail there" in await typed("lift", "-xKq3", "--why", "x", code=1)
