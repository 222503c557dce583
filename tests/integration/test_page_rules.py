"""The rules at the console: tried on an event, compared over what has been; and nothing is changed by it."""

import json
import re
from collections import Counter
from datetime import timedelta
from html import unescape

import pytest

from notifier.domain.clock import move_clock
from notifier.domain.operators import OperatorRole
from notifier.routing.rules import load_rules
from notifier.web.keys import REPORTING
from tests.support.intake import event, sample
from tests.support.pages import csrf_of, look, operator_cookie, send_form
from tests.support.stack import post_event, settle
from workers.wiring import nameable

HOME = "/console/rules"


async def send(client, app, path: str, form: dict[str, str], *agencies: str) -> tuple[int, str]:
    cookie = await operator_cookie(app, OperatorRole.VIEWER, *agencies)
    status, html, _ = await send_form(client, HOME + path, cookie, {"csrf": csrf_of(app, cookie), **form})
    return status, html


def shown(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_a_viewer_reads_every_rule(client, app, language):
    status, html = await look(client, f"{HOME}?lang={language}", await operator_cookie(app, OperatorRole.VIEWER))
    assert status == 200
    assert all(type_ in html for type_ in app.rules.rules)


@pytest.mark.parametrize("type_", ["hoso.xu_ly_xong", "han.hoso_qua", "nhac.tong_hop"])
async def test_a_sample_of_any_type_is_planned_with_its_reasons(client, app, type_):
    status, html = await send(client, app, "/try", {"type": type_, "sample": "day-du", "at": "2026-11-25T22:30"})
    assert (status, "Vì sao" in html, html.count('scope="rowgroup" rowspan') > len(app.rules.rules)) == (
        200,
        True,
        True,
    )


async def test_an_event_is_planned_as_it_would_be_posted_and_nothing_of_it_is_stored(client, app):
    status, html = await send(client, app, "/try", {"event": json.dumps(sample("05-yeu-cau-bo-sung"))})
    assert (status, "H01.14-261118-0039" in html, "0912000303" in shown(html).partition("Kế hoạch")[2]) == (
        200,
        True,
        False,
    )
    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM event") == 0


@pytest.mark.parametrize("text", ["{", '{"specversion": "1.0"}', json.dumps(event({"/type": "han.hoso_qua"}))])
async def test_an_event_that_is_not_understood_says_why(client, app, text):
    status, html = await send(client, app, "/try", {"event": text})
    assert (status, 'role="alert"' in html) == (400, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("", "x = [\n"), "is not TOML"),
        (('urgency = "urgent"', 'urgency = "soon"'), 'urgency is "soon"'),
        (('send = ["portal", "zalo"]', 'send = ["fax"]'), "a channel is expected"),
    ],
)
async def test_broken_rules_are_explained_and_change_nothing(client, app, change, said):
    text = app.settings.rules_file.read_text(encoding="utf-8").replace(*change, 1)
    before = app.rules
    status, html = await send(client, app, "/compare", {"rules": text})
    assert (status, said in unescape(html), "pasted.toml" in html) == (400, True, True)
    assert app.rules is before


@pytest.mark.usefixtures("sandbox")
async def test_the_comparison_counts_what_a_naive_recount_counts(client, app, ground):
    for name in ("01-moi-dang-ky", "02-duoc-tiep-nhan", "05-yeu-cau-bo-sung", "08-xu-ly-xong"):
        await post_event(client, ground, sample(name))
    await settle(app)
    text = app.settings.rules_file.read_text(encoding="utf-8")
    text = text.replace(
        'to = "citizen", send = ["portal", "zalo", "sms", "email"]', 'to = "citizen", send = ["portal", "email"]'
    )
    status, html = await send(client, app, "/compare", {"rules": text})
    new = load_rules(text, "new", nameable(app.setups))
    async with app.pool.acquire() as connection:
        types = [row["type"] for row in await connection.fetch("SELECT type FROM event WHERE type LIKE 'hoso.%'")]
        kept = Counter(
            row["channel"]
            for row in await connection.fetch(
                "SELECT d.channel FROM delivery d JOIN event e ON e.id = d.event_id JOIN recipient r ON r.id = d.recipient_id"
                " WHERE r.audience = 'citizen' AND d.state <> 'suppressed' AND e.type = ANY ($1)",
                [type_ for type_ in types if new.rules[type_] != app.rules.rules[type_]],
            )
        )
    changes = {
        channel: int(after) - int(before)
        for channel, before, after in re.findall(
            r'class="code">(\w+)</th><td class="number">(\d+)</td><td class="number">(\d+)</td>',
            html.partition('id="compared"')[2].partition('id="table"')[0],
        )
    }
    assert status == 200
    assert kept["zalo"] > 0
    assert changes == {"email": 0, "portal": 0, "sms": -kept["sms"], "zalo": -kept["zalo"]}


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (("before_working_days = [3, 1]", "before_working_days = [5, 2]"),
         "Hồ sơ sắp đến hạn trả đến ngày hẹn trả: trước 3, 1 ngày làm việc đến ngày hẹn trả: trước 5, 2 ngày làm việc"),
        (("limit_working_hours = 8", "limit_working_hours = 7"), "chưa đủ 8 giờ làm việc: sau 4, 6 giờ làm việc"),
        (('[timers."han.phi_chua_nop"]\nclock = "unpaid"\nafter_days = [2, 5]', ""),
         "khi chưa nộp: sau 2, 5 ngày, lúc 08:00 không nhắc"),
        (('at = "07:00"', 'at = "09:30"'), "mỗi ngày làm việc sau hạn, lúc 09:30"),
    ],
)  # fmt: skip
async def test_moments_of_reminders_that_change_are_told(client, app, change, row):
    text = app.settings.rules_file.read_text(encoding="utf-8")
    assert change[0] in text
    _, html = await send(client, app, "/compare", {"rules": text.replace(*change, 1)})
    assert row in shown(html)


@pytest.mark.usefixtures("sandbox")
async def test_digests_at_another_hour_are_told_as_messages_at_another_time(client, app, ground):
    await post_event(client, ground, sample("01-moi-dang-ky"))
    await settle(app)
    text = app.settings.rules_file.read_text(encoding="utf-8")
    assert 'digest_at = ["07:30", "14:00"]' in text
    _, html = await send(client, app, "/compare", {"rules": text.replace('["07:30", "14:00"]', '["11:15"]')})
    assert "đổi giờ: thủ trưởng zalo" in shown(html)


async def test_moments_of_reminders_that_stay_are_not_told(client, app):
    text = app.settings.rules_file.read_text(encoding="utf-8")
    _, html = await send(client, app, "/compare", {"rules": text})
    assert "Thời điểm nhắc ([timers]) không đổi." in shown(html)


@pytest.mark.usefixtures("sandbox")
async def test_only_events_of_the_own_agencies_are_compared(client, app, ground):
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    await settle(app)
    text = app.settings.rules_file.read_text(encoding="utf-8").replace(
        'send = ["portal", "zalo", "sms", "email"]', 'send = ["portal"]'
    )
    _, theirs = await send(client, app, "/compare", {"rules": text}, "H01.15")
    _, mine = await send(client, app, "/compare", {"rules": text}, "H01.14")
    assert ("Xét 0 sự kiện" in theirs, "Xét 1 sự kiện" in mine) == (True, True)


async def test_what_is_older_than_a_week_is_not_compared(client, app, ground):
    await post_event(client, ground, sample("05-yeu-cau-bo-sung"))
    move_clock(ground.clock_file, app.clock() + timedelta(days=8))
    _, html = await send(client, app, "/compare", {"rules": app.settings.rules_file.read_text(encoding="utf-8")})
    assert "Xét 0 sự kiện" in html


async def test_one_comparison_runs_at_a_time(client, app, web):
    async with web.app[REPORTING]:
        status, html = await send(
            client, app, "/compare", {"rules": app.settings.rules_file.read_text(encoding="utf-8")}
        )
    assert (status, 'role="alert"' in html) == (503, True)
