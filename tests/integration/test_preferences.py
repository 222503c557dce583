"""What a citizen chooses, from the page or the portal's API to the messages that come of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from multidict import MultiDict

from channels.zalo_news import Wrote
from notifier.domain.ids import ProviderName
from notifier.domain.opaque import inbox_owner
from notifier.store import links
from notifier.web.pages.citizen.zalo_link import CODE_COOKIE
from tests.integration.test_delivery_faults import pass_time, reasons, script
from tests.support.front_door import bearer, problem
from tests.support.intake import sample
from tests.support.pages import citizen_cookie, csrf_of, headers, look, send_form
from tests.support.stack import becomes, post_event, settle, states
from workers.linking import Hearing, hear

PAGE, NUMBER, ZALO_UID = "/hop-thu/tuy-chon", "000090000101", "9990000000000000101"
ALL = [
    *(f"{kind}:{way}" for kind in ("visits", "reminders") for way in ("zalo", "sms")),
    *(f"progress:{way}" for way in ("email", "zalo")),
    *(f"required:{way}" for way in ("zalo", "email", "sms")),
]


@pytest.fixture
def owner(app):
    return inbox_owner(app.secret, "personal_number", NUMBER)


@pytest.fixture
async def cookie(app, owner):
    return await citizen_cookie(app, owner)


def form(app, cookie, *, without: tuple[str, ...] = (), **fields: str) -> Any:
    """The whole form as the page shows it, some boxes cleared."""
    pairs = [("csrf", csrf_of(app, cookie)), ("begins", ""), ("ends", ""), ("language", "vi")]
    made = MultiDict(
        [*pairs, *(("shown", each) for each in ALL), *(("way", each) for each in ALL if each not in without)]
    )
    made.update(fields)
    return made


async def save(client, app, cookie, **chosen: Any) -> tuple[int, str, str | None]:
    return await send_form(client, PAGE, cookie, form(app, cookie, **chosen))


def checked(html: str) -> set[str]:
    return set(re.findall(r'name="way" value="([\w:]+)"[^>]* checked', html))


async def api(client, ground, owner, method: str = "GET", **sent: Any) -> tuple[int, Any]:
    async with client.request(method, f"/v1/inbox/{owner}/preferences", headers=bearer(ground), **sent) as answer:
        return answer.status, await (problem(answer) if answer.status >= 400 else answer.json())


async def audited(app) -> list[tuple[str, dict[str, str]]]:
    async with app.pool.acquire() as connection:
        rows = await connection.fetch("SELECT actor, details FROM audit WHERE reason = 'recipient.chose' ORDER BY seq")
    return [(row["actor"], row["details"]) for row in rows]


# What comes of a choice


async def test_a_notice_does_not_come_by_a_way_that_was_declined_and_the_reason_says_so(
    client, ground, app, cookie, sandbox
):
    await save(client, app, cookie, without=("progress:zalo",))
    await post_event(client, ground, sample("01-moi-dang-ky"))
    await settle(app, states={"sending", "planned"})
    assert await reasons(app, "citizen", "zalo") == ["suppressed.own_choice"]
    assert (await states(app))["citizen", "email"] in {"accepted", "delivered"}


async def test_a_message_waits_until_the_own_quiet_hours_end(client, ground, app, cookie, sandbox):
    await save(client, app, cookie, begins="12:00", ends="18:00")
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app, states={"sending", "planned"})
    assert (await states(app))["citizen", "zalo"] == "held"
    assert await reasons(app, "citizen", "zalo") == ["held.own_hours"]
    pass_time(ground, timedelta(hours=1, minutes=31))
    await becomes(app, "citizen", "zalo", "delivered")


async def test_a_fallback_whose_turn_comes_in_the_own_quiet_hours_waits_for_their_end(
    client, ground, app, cookie, sandbox
):
    await save(client, app, cookie, begins="20:00", ends="22:00", without=("required:email",))
    await script(sandbox, "zalo", ZALO_UID, "no_receipt")
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await becomes(app, "citizen", "zalo", "accepted")
    pass_time(ground, timedelta(hours=4, minutes=1))
    await becomes(app, "citizen", "sms", "held")
    assert (await reasons(app, "citizen", "sms"))[-1] == "held.own_hours"


async def test_the_messages_come_in_the_language_that_was_chosen(client, ground, app, cookie, sandbox):
    await save(client, app, cookie, language="en")
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app, states={"sending", "planned"})
    async with app.pool.acquire() as connection:
        said = await connection.fetchrow("SELECT locale, name FROM recipient WHERE ref = 'citizen'")
        title = await connection.fetchval(
            "SELECT title FROM inbox_message m JOIN delivery d ON d.id = m.delivery_id"
            " JOIN recipient r ON r.id = d.recipient_id WHERE r.ref = 'citizen'"
        )
    assert said["locale"] == "en"
    assert title.isascii()


async def test_an_obligatory_notice_comes_by_a_declined_way_when_the_chosen_one_fails(
    client, ground, app, cookie, sandbox
):
    await save(client, app, cookie, without=("required:sms", "required:email"))
    await script(sandbox, "zalo", ZALO_UID, "refuse", error=-227)
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app)
    assert (await reasons(app, "citizen", "email"))[:2] == ["standby.obligatory", "planned.fallback_used"]
    assert (await states(app))["citizen", "email"] in {"accepted", "delivered"}


async def test_another_persons_choice_changes_nothing(client, ground, app, sandbox):
    await save(
        client,
        app,
        await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000102")),
        without=("progress:zalo",),
        language="en",
    )
    await post_event(client, ground, sample("01-moi-dang-ky"))
    await settle(app, states={"sending", "planned"})
    assert (await states(app))["citizen", "zalo"] != "suppressed"


# The page


async def test_who_chose_nothing_finds_everything_wanted(client, app, cookie):
    status, html = await look(client, PAGE, cookie)
    assert (status, checked(html)) == (200, set(ALL))
    assert "Nghị định 118/2025/NĐ-CP" in html


async def test_what_was_saved_stands_in_the_form(client, app, cookie):
    status, _, leads = await save(
        client, app, cookie, without=("visits:sms",), begins="20:00", ends="08:00", language="en"
    )
    assert (status, leads) == (303, f"{PAGE}?done=saved")
    html = (await look(client, leads, cookie))[1]
    assert checked(html) == set(ALL) - {"visits:sms"}
    assert re.findall(r"<option selected>([^<]*)<", html) == ["20:00", "08:00"]
    assert 'value="en" checked' in html
    assert "Đã lưu" in html


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"without": ("required:zalo", "required:sms", "required:email")}, "Tin bắt buộc phải còn ít nhất một cách"),
        ({"begins": "07:00", "ends": "21:00"}, "quá dài"),
        ({"begins": "12:00"}, "cần đủ hai mốc giờ"),
        ({"begins": "12:00", "ends": "12:00"}, "cần đủ hai mốc giờ"),
        ({"begins": "trưa", "ends": "12:00"}, "cần đủ hai mốc giờ"),
    ],
)
async def test_a_choice_that_cannot_be_kept_comes_back_as_it_was_entered(client, app, cookie, chosen, said):
    status, html, _ = await save(client, app, cookie, **chosen)
    assert (status, said in html) == (400, True)
    assert checked(html) == set(ALL) - set(chosen.get("without", ()))
    assert await audited(app) == []


async def test_what_the_form_did_not_show_stays_as_it_was(client, app, cookie):
    await save(client, app, cookie, without=("progress:zalo",))
    some = MultiDict([("csrf", csrf_of(app, cookie)), ("shown", "visits:sms"), ("begins", ""), ("ends", "")])
    await send_form(client, PAGE, cookie, some)
    assert checked((await look(client, PAGE, cookie))[1]) == set(ALL) - {"progress:zalo", "visits:sms"}


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/thu", f"{PAGE}/zalo/ma", f"{PAGE}/zalo/huy"])
async def test_a_form_of_another_session_changes_nothing(client, app, cookie, path):
    other = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000102"))
    forged = form(app, other, language="en", account="zalo")
    assert (await send_form(client, path, cookie, forged))[0] == 403
    assert await audited(app) == []


async def test_a_stranger_is_sent_to_sign_in(client, app):
    async with client.get(PAGE, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/hop-thu/dang-nhap?next={PAGE}"


async def test_everybody_sees_their_own_choice_alone(client, app, cookie):
    await save(client, app, cookie, without=("visits:sms",))
    other = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000102"))
    assert checked((await look(client, PAGE, other))[1]) == set(ALL)


async def test_each_change_is_audited_with_what_was_before_and_a_repeat_is_none(client, app, cookie, owner):
    for _ in range(2):
        await save(client, app, cookie, without=("visits:sms",), begins="20:00", ends="08:00")
    await save(client, app, cookie, language="en")
    first, second = "vi; 20:00-08:00; visits: -sms", "en; -"
    assert await audited(app) == [
        ("recipient", {"before": "vi; -", "after": first, "inbox": owner}),
        ("recipient", {"before": first, "after": second, "inbox": owner}),
    ]


async def test_mail_that_was_stopped_by_its_link_is_taken_again(client, app, cookie, owner):
    async with app.pool.acquire() as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "INSERT INTO suppression (kind, key, since, delivery_id) VALUES ('stopped', $1, $2, gen_random_uuid())",
            owner,
            app.clock(),
        )
        await connection.execute("RESET session_replication_role")
    assert "Nhận lại những thư này" in (await look(client, PAGE, cookie))[1]
    _, _, leads = await send_form(client, f"{PAGE}/thu", cookie, {"csrf": csrf_of(app, cookie)})
    assert "Nhận lại những thư này" not in (await look(client, leads, cookie))[1]


# The own Zalo


async def code(client, app, cookie) -> dict[str, str]:
    """Ask for a code; the cookies that the browser has then."""
    sent = {"csrf": csrf_of(app, cookie), "account": "zalo"}
    async with client.post(f"{PAGE}/zalo/ma", data=sent, headers=headers(cookie), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"{PAGE}#zalo")
        return cookie | {CODE_COOKIE: answer.cookies[CODE_COOKIE].value}


def shown_code(html: str) -> list[str]:
    return re.findall(r"LK-[2-9A-Z]{4}-[2-9A-Z]{4}", html)


async def say_in_zalo(app, ground, text: str) -> None:
    account = app.accounts[ProviderName("zalo")]
    async with app.pool.acquire() as connection, connection.transaction():
        at = Hearing(account.provider, account.settings, app.secret, app.clock())
        await hear(connection, Wrote("9990000000000000555", text, app.clock()), at)


async def test_the_code_of_the_page_links_the_person_who_sends_it(client, ground, app, cookie, owner):
    browser = await code(client, app, cookie)
    (shown,) = shown_code((await look(client, PAGE, browser))[1])
    await say_in_zalo(app, ground, shown)
    html = (await look(client, PAGE, browser))[1]
    assert ("Đã liên kết" in html, shown_code(html)) == (True, [])


async def test_a_code_is_shown_to_nobody_else_on_the_same_computer(client, app, cookie):
    left = await code(client, app, cookie)
    other = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", "000090000102"))
    assert shown_code((await look(client, PAGE, left | other))[1]) == []


async def test_a_code_that_is_over_is_not_shown(client, ground, app, cookie):
    browser = await code(client, app, cookie)
    pass_time(ground, timedelta(minutes=15))
    assert shown_code((await look(client, PAGE, browser))[1]) == []


async def test_the_person_can_end_the_link(client, app, cookie, owner):
    oa = app.accounts[ProviderName("zalo")].settings.oa_id
    async with app.pool.acquire() as connection:
        await links.link(connection, oa, owner, "9990000000000000555", "code", app.clock())
    sent = {"csrf": csrf_of(app, cookie), "account": "zalo"}
    _, _, leads = await send_form(client, f"{PAGE}/zalo/huy", cookie, sent)
    assert "Chưa liên kết" in (await look(client, leads, cookie))[1]


async def test_an_account_that_is_not_ours_has_no_codes(client, app, cookie):
    sent = {"csrf": csrf_of(app, cookie), "account": "khac"}
    assert (await send_form(client, f"{PAGE}/zalo/ma", cookie, sent))[0] == 404


# The portal's own page


async def test_the_portal_reads_and_writes_the_same_choice(client, ground, app, cookie, owner):
    status, known = await api(client, ground, owner)
    assert (status, known["language"], known["quiet_hours"]) == (200, "vi", None)
    assert known["ways"]["visits"] == {"zalo": True, "sms": True}
    wanted = {
        "language": "en",
        "quiet_hours": {"begins": "20:00", "ends": "08:00"},
        "ways": known["ways"] | {"visits": {"zalo": True, "sms": False}},
    }
    status, answer = await api(client, ground, owner, "PUT", json=wanted)
    assert (status, {name: answer[name] for name in wanted}) == (200, wanted)
    assert (await api(client, ground, owner))[1] == answer
    assert checked((await look(client, PAGE, cookie))[1]) == set(ALL) - {"visits:sms"}
    assert (await audited(app))[0][0].startswith("system:")


async def test_the_portal_learns_what_the_law_obliges_to(client, ground, owner):
    (kind,) = [each for each in (await api(client, ground, owner))[1]["kinds"] if each["obligatory"]]
    assert (kind["kind"], "Decree 118/2025/ND-CP" in kind["law"]["en"]) == ("required", True)


async def test_a_way_that_is_not_named_is_wanted(client, ground, owner):
    await api(client, ground, owner, "PUT", json={"ways": {"visits": {"sms": False}}})
    assert (await api(client, ground, owner, "PUT", json={}))[1]["ways"]["visits"]["sms"] is True


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ({"language": "fr"}, "/language"),
        ({"quiet_hours": {"begins": "25:00", "ends": "08:00"}}, "/quiet_hours/begins"),
        ({"quiet_hours": {"begins": "08:00", "ends": "08:00"}}, "/quiet_hours"),
        ({"quiet_hours": {"begins": "07:00", "ends": "21:00"}}, "/quiet_hours"),
        ({"ways": {"visits": {"fax": True}}}, "/ways/visits/fax"),
        ({"ways": {"news": {"sms": True}}}, "/ways/news/sms"),
        ({"ways": {"required": {"zalo": False, "sms": False, "email": False}}}, "/ways/required"),
        ({"phone": "0912000101"}, "/phone"),
    ],
)
async def test_a_choice_that_cannot_be_kept_is_refused_with_the_place(client, ground, app, owner, wanted, place):
    status, answer = await api(client, ground, owner, "PUT", json=wanted)
    assert (status, [each["pointer"] for each in answer["errors"]]) == (400, [place])
    assert await audited(app) == []
