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

PAGE, NUMBER, OTHERS, ZALO_UID = "/hop-thu/tuy-chon", "000090000101", "000090000102", "9990000000000000101"
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
    known = await states(app)
    assert {known["citizen", way] for way in ("zalo", "email")} <= {"accepted", "delivered", "read"}


async def test_an_obligatory_notice_comes_by_a_declined_way_when_the_chosen_one_fails(
    client, ground, app, cookie, sandbox
):
    await save(client, app, cookie, without=("required:sms", "required:email"))
    await script(sandbox, "zalo", ZALO_UID, "refuse", error=-227)
    await post_event(client, ground, sample("02-duoc-tiep-nhan"))
    await settle(app)
    assert (await reasons(app, "citizen", "email"))[:2] == ["standby.obligatory", "planned.fallback_used"]
    assert (await states(app))["citizen", "email"] in {"accepted", "delivered"}


async def test_another_persons_choice_changes_nothing(client, ground, app, cookie, sandbox):
    other = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", OTHERS))
    await save(client, app, other, without=("progress:zalo",), language="en")
    assert checked((await look(client, PAGE, cookie))[1]) == set(ALL)
    await post_event(client, ground, sample("01-moi-dang-ky"))
    await settle(app, states={"sending", "planned"})
    assert (await states(app))["citizen", "zalo"] != "suppressed"


# The page


async def test_who_chose_nothing_finds_everything_wanted_and_reads_why_in_either_language(client, app, cookie):
    html = (await look(client, PAGE, cookie))[1]
    assert (checked(html), "Nghị định 118/2025/NĐ-CP" in html) == (set(ALL), True)
    assert "Decree 118/2025/ND-CP" in (await look(client, f"{PAGE}?lang=en", cookie))[1]


async def test_what_was_saved_stands_in_the_form_and_a_repeat_is_no_change(client, app, cookie, owner):
    chosen = {"without": ("visits:sms",), "begins": "20:00", "ends": "08:00"}
    status, _, leads = await save(client, app, cookie, **chosen)
    assert (status, leads) == (303, f"{PAGE}?done=saved")
    html = (await look(client, leads, cookie))[1]
    assert (checked(html), "Đã lưu" in html) == (set(ALL) - {"visits:sms"}, True)
    assert re.findall(r"<option selected>([^<]*)<", html) == ["20:00", "08:00"]
    await save(client, app, cookie, **chosen)
    await save(client, app, cookie, language="en")
    first, second = "vi; 20:00-08:00; visits: -sms", "en; -"
    assert await audited(app) == [
        ("recipient", {"before": "vi; -", "after": first, "inbox": owner}),
        ("recipient", {"before": first, "after": second, "inbox": owner}),
    ]


async def test_a_choice_that_cannot_be_kept_comes_back_as_it_was_entered(client, app, cookie):
    cleared = ("required:zalo", "required:sms", "required:email")
    status, html, _ = await save(client, app, cookie, without=cleared, begins="07:00", ends="21:00")
    assert (status, checked(html)) == (400, set(ALL) - set(cleared))
    assert "Tin bắt buộc phải còn ít nhất một cách" in html
    assert "Giờ không làm phiền quá dài" in html
    assert await audited(app) == []


async def test_nobody_comes_in_without_a_session_and_no_form_without_its_token(client, app, cookie):
    async with client.get(PAGE, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/hop-thu/dang-nhap?next={PAGE}"
    other = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", OTHERS))
    forged = form(app, other, language="en", account="zalo")
    paths = (PAGE, f"{PAGE}/thu", f"{PAGE}/zalo/ma", f"{PAGE}/zalo/huy")
    assert [(await send_form(client, path, cookie, forged))[0] for path in paths] == [403] * 4
    assert await audited(app) == []


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


async def test_a_code_is_shown_to_its_person_alone_and_while_it_is_good(client, ground, app, cookie):
    browser = await code(client, app, cookie)
    other = await citizen_cookie(app, inbox_owner(app.secret, "personal_number", OTHERS))
    assert shown_code((await look(client, PAGE, browser | other))[1]) == [], "the next person at the same computer"
    pass_time(ground, timedelta(minutes=15))
    assert shown_code((await look(client, PAGE, browser))[1]) == []


async def test_the_person_can_end_the_link(client, app, cookie, owner):
    oa = app.accounts[ProviderName("zalo")].settings.oa_id
    async with app.pool.acquire() as connection:
        await links.link(connection, oa, owner, "9990000000000000555", "code", app.clock())
    sent = {"csrf": csrf_of(app, cookie), "account": "zalo"}
    _, _, leads = await send_form(client, f"{PAGE}/zalo/huy", cookie, sent)
    assert "Chưa liên kết" in (await look(client, leads, cookie))[1]
    assert (await send_form(client, f"{PAGE}/zalo/huy", cookie, sent | {"account": "khac"}))[0] == 404


# The portal's own page


async def test_the_portal_reads_and_writes_the_same_choice(client, ground, app, cookie, owner):
    status, known = await api(client, ground, owner)
    assert (status, known["language"], known["quiet_hours"]) == (200, "vi", None)
    assert [each["law"]["en"][:25] for each in known["kinds"] if each["obligatory"]] == ["The agency has to tell ap"]
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


async def test_a_way_that_the_portal_does_not_name_is_wanted(client, ground, owner):
    await api(client, ground, owner, "PUT", json={"ways": {"visits": {"sms": False}}})
    assert (await api(client, ground, owner, "PUT", json={}))[1]["ways"]["visits"]["sms"] is True


REFUSED = {
    "/language": {"language": "fr"},
    "/quiet_hours/begins": {"quiet_hours": {"begins": "25:00", "ends": "08:00"}},
    "/quiet_hours": {"quiet_hours": {"begins": "07:00", "ends": "21:00"}},
    "/ways/visits/fax": {"ways": {"visits": {"fax": True}}},
    "/ways/news/sms": {"ways": {"news": {"sms": True}}},
    "/ways/required": {"ways": {"required": {"zalo": False, "sms": False, "email": False}}},
    "/phone": {"phone": "0912000101"},
}


async def test_a_choice_of_the_portal_that_cannot_be_kept_is_refused_with_the_place(client, ground, app, owner):
    answers = [await api(client, ground, owner, "PUT", json=wanted) for wanted in REFUSED.values()]
    assert [(status, [each["pointer"] for each in found["errors"]]) for status, found in answers] == [
        (400, [place]) for place in REFUSED
    ]
    assert await audited(app) == []
