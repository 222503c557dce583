"""Officers are reminded: messages put together, and timers that become events, on a real database."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from notifier.domain.clock import VIETNAM, move_clock
from notifier.domain.directory import Kind, Officer, Role
from notifier.store.directory_keeping import put
from tests.support.intake import event
from tests.support.stack import CALLS, post_event, settle, work_once
from workers import steps
from workers.steps.reminding import replan_all
from workers.wiring import App

pytestmark = pytest.mark.usefixtures("sandbox")
HANDLER, UNLINKED, HEAD, DIRECTOR = "pv.pho", "hv.kiem", "lt.vidu", "dv.giamdoc"


def at(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=VIETNAM)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def step(number: int, **changes: Any) -> dict[str, Any]:
    """A step of the dossier with this number: due on 2 December, the step itself on 27 November at 17:00."""
    return event(
        {
            "/id": f"step-{number}",
            "/seq": 4,
            "/data/HoSo/MaHoSo": f"H01.14-261125-{number:04}",
            "/data/HoSo/NgayHenTra": stamp(at(2, 17, month=12)),
            "/data/TienDo/NgayKetThucTheoQuyDinh": stamp(at(27, 17)),
            **{f"/{name}": value for name, value in changes.items()},
        },
        of="04",
    )


def status(number: int, type_: str, code: int, seq: int, **changes: Any) -> dict[str, Any]:
    """A later event of the same dossier."""
    return step(
        number,
        **{"id": f"{type_}-{number}-{seq}", "type": type_, "seq": seq, "data/HoSo/TrangThaiHoSo": str(code), **changes},
    )


def filed(moment: datetime) -> dict[str, Any]:
    return event(
        {"/id": "filed", "/data/HoSo/MaHoSo": "H01.14-261124-0001", "/data/HoSo/NgayNopHoSo": stamp(moment)}, of="01"
    )


async def post(client, ground, *events: dict[str, Any]) -> None:
    for each in events:
        answer, document = await post_event(client, ground, each)
        assert answer == 202, document


async def found(app: App, query: str, *values: Any) -> list[tuple[Any, ...]]:
    async with app.pool.acquire() as connection:
        return [tuple(row) for row in await connection.fetch(query, *values)]


async def zalo_of(app: App, ref: str) -> list[tuple[str, str, str]]:
    """(event type, state, last reason) of each message by Zalo to an officer, in the order in which they were planned."""
    return await found(
        app,
        "SELECT e.type, d.state, (SELECT reason FROM audit a WHERE a.delivery_id = d.id ORDER BY a.seq DESC LIMIT 1)"
        " FROM delivery d JOIN recipient r ON r.id = d.recipient_id JOIN event e ON e.id = d.event_id"
        " WHERE r.ref = $1 AND d.channel = 'zalo' ORDER BY d.id",
        ref,
    )


async def timers(app: App, state: str = "planned") -> dict[tuple[str, int], datetime]:
    rows = await found(app, "SELECT type, number, planned_for FROM timer WHERE state = $1", state)
    return {(type_, number): moment.astimezone(VIETNAM) for type_, number, moment in rows}


async def made(app: App) -> list[tuple[str, int]]:
    """Type and number of each reminder that became an event, in that order."""
    return await found(app, "SELECT type, number FROM timer WHERE state = 'fired' ORDER BY fired_at, id")


async def pass_to(app: App, ground, moment: datetime) -> None:
    move_clock(ground.clock_file, moment)
    await settle(app)


# Put together


async def test_the_first_step_is_told_at_once_and_those_that_follow_it_soon_wait(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    await post(client, ground, step(2), step(3))
    await settle(app)
    assert [(state, reason.split(".")[0]) for _, state, reason in await zalo_of(app, HANDLER)][1:] == [
        ("held", "held")
    ] * 2
    assert (await zalo_of(app, HANDLER))[0][1] in {"accepted", "delivered", "read"}


async def test_what_waited_ten_minutes_goes_out_as_one_message(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    await post(client, ground, step(2), step(3))
    await settle(app)
    await pass_to(app, ground, at(25, 16, 42))
    kinds = [(type_, state if state == "superseded" else "told") for type_, state, _ in await zalo_of(app, HANDLER)]
    assert kinds == [
        ("hoso.chuyen_buoc", "told"),
        ("hoso.chuyen_buoc", "superseded"),
        ("hoso.chuyen_buoc", "superseded"),
        ("nhac.tong_hop", "told"),
    ]


async def test_each_gathered_message_says_which_digest_tells_it(app, client, ground):
    await post(client, ground, step(1), step(2), step(3))
    await settle(app)
    await pass_to(app, ground, at(26, 7, 31))
    (digest,) = await found(app, "SELECT id FROM event WHERE type = 'nhac.tong_hop' AND lane = 'normal' LIMIT 1")
    rows = await found(app, "SELECT count(*), count(DISTINCT gathered_into) FROM delivery WHERE state = 'superseded'")
    assert digest
    assert rows[0][0] >= 3
    assert rows[0][1] >= 1


async def test_an_officer_without_zalo_gets_what_waited_as_one_sms(app, client, ground):
    await post(client, ground, step(1), step(2), step(3))
    await settle(app)
    await pass_to(app, ground, at(25, 16, 42))
    rows = await found(
        app,
        "SELECT e.type, d.state FROM delivery d JOIN recipient r ON r.id = d.recipient_id JOIN event e ON e.id = d.event_id"
        " WHERE r.ref = $1 AND d.channel = 'sms' AND d.state <> 'superseded' ORDER BY d.id",
        UNLINKED,
    )
    assert [type_ for type_, _ in rows] == ["hoso.chuyen_buoc", "nhac.tong_hop"]


async def test_one_message_that_waited_alone_goes_out_as_itself(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    await post(client, ground, step(2))
    await settle(app)
    await pass_to(app, ground, at(25, 16, 42))
    assert [type_ for type_, _, _ in await zalo_of(app, HANDLER)] == ["hoso.chuyen_buoc"] * 2


async def test_a_head_hears_of_the_day_in_the_digest(app, client, ground):
    await post(client, ground, step(1), step(2), step(3))
    await settle(app)
    assert {reason for _, _, reason in await zalo_of(app, HEAD)} == {"held.digest"}
    await pass_to(app, ground, at(26, 7, 31))
    assert [type_ for type_, state, _ in await zalo_of(app, HEAD) if state != "superseded"] == ["nhac.tong_hop"]


async def test_the_inbox_has_every_step_at_once(app, client, ground):
    await post(client, ground, step(1), step(2), step(3))
    await settle(app)
    rows = await found(
        app,
        "SELECT DISTINCT d.state FROM delivery d JOIN recipient r ON r.id = d.recipient_id"
        " WHERE r.ref = $1 AND d.channel = 'portal'",
        HEAD,
    )
    assert rows == [("delivered",)]


async def test_fallbacks_behind_gathered_messages_are_not_sent(app, client, ground):
    await post(client, ground, step(1), step(2), step(3))
    await settle(app)
    await pass_to(app, ground, at(26, 7, 31))
    rows = await found(
        app,
        "SELECT DISTINCT d.state FROM delivery d JOIN delivery z ON z.recipient_id = d.recipient_id"
        " WHERE z.gathered_into IS NOT NULL AND d.position = 'fallback'",
    )
    assert rows == [("superseded",)]


async def test_two_workers_at_one_desk_make_one_digest(app, client, ground):
    await post(client, ground, step(1), *(step(number) for number in range(2, 8)))
    await settle(app)
    move_clock(ground.clock_file, at(25, 16, 42))
    due = [id_ for (id_,) in await found(app, "SELECT id FROM delivery WHERE due_at <= $1", app.clock())]
    halves = (due[::2], due[1::2])
    await asyncio.gather(*(steps.deliver(app, CALLS[app.name], half) for half in halves))
    await settle(app)
    digests = await found(
        app,
        "SELECT r.ref, count(*) FROM event e JOIN recipient r ON r.event_id = e.id WHERE e.type = 'nhac.tong_hop' GROUP BY 1",
    )
    assert dict(digests) == {HANDLER: 1, UNLINKED: 1}


async def test_at_night_nobody_is_reminded_of_a_step(app, client, ground):
    move_clock(ground.clock_file, at(25, 22))
    await post(client, ground, step(1))
    await settle(app)
    assert [(state, reason) for _, state, reason in await zalo_of(app, HANDLER)] == [("held", "held.working_hours")]
    await pass_to(app, ground, at(26, 7, 0))
    assert [state for _, state, _ in await zalo_of(app, HANDLER)] != ["held"]


# Timers


async def test_an_online_dossier_has_its_acceptance_watched(app, client, ground):
    move_clock(ground.clock_file, at(25, 8, 1))
    await post(client, ground, filed(at(25, 8)))
    await settle(app)
    assert await timers(app) == {
        ("han.sap_qua_tiep_nhan", 1): at(25, 14),
        ("han.sap_qua_tiep_nhan", 2): at(25, 16),
        ("han.qua_tiep_nhan", 1): at(26, 8),
    }


async def test_the_receiving_officer_is_reminded_then_the_head_too_then_the_director(app, client, ground):
    move_clock(ground.clock_file, at(25, 8, 1))
    async with app.pool.acquire() as connection:
        director = Officer(DIRECTOR, "Đỗ Thị Mẫu", unit="H01.14.02", role=Role.DIRECTOR, phone="+84912000950")
        await put(connection, Kind.OFFICERS, [director], by="test", now=app.clock())
    await post(client, ground, filed(at(25, 8)))
    await settle(app)
    told: list[set[str]] = []
    for moment in (at(25, 14, 1), at(25, 16, 1), at(26, 8, 1)):
        before = {row[0] for row in await found(app, "SELECT id FROM recipient")}
        await pass_to(app, ground, moment)
        fresh = await found(
            app, "SELECT r.id, r.ref FROM recipient r JOIN event e ON e.id = r.event_id WHERE e.type LIKE 'han.%'"
        )
        told.append({ref for id_, ref in fresh if id_ not in before})
    assert told == [{"pt.thu"}, {"pt.thu", HEAD}, {HEAD, DIRECTOR}]


async def test_a_dossier_that_was_taken_in_is_not_watched_any_more(app, client, ground):
    move_clock(ground.clock_file, at(25, 8, 1))
    await post(client, ground, filed(at(25, 8)))
    await settle(app)
    taken = event(
        {"/id": "taken", "/data/HoSo/MaHoSo": "H01.14-261124-0001", "/data/HoSo/NgayHenTra": stamp(at(2, 17, month=12))}
    )
    await post(client, ground, taken)
    await settle(app)
    await pass_to(app, ground, at(26, 12))
    assert not [type_ for type_, _ in await made(app) if "tiep_nhan" in type_]


async def test_step_and_due_date_are_watched(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    assert await timers(app) == {
        ("han.buoc_sap_den", 1): at(27, 11),
        ("han.buoc_qua", 1): at(27, 17),
        ("han.hoso_sap_den", 1): at(27, 7),
        ("han.hoso_sap_den", 2): at(1, 7, month=12),
        ("han.can_xin_loi", 1): at(1, 7, month=12),
        ("han.can_xin_loi", 2): at(2, 7, month=12),
        ("han.hoso_qua", 1): at(3, 7, month=12),
    }


async def test_a_pause_stops_the_clocks_and_a_new_date_starts_them_anew(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    await post(client, ground, status(1, "hoso.dung_xu_ly", 8, 5))
    await settle(app)
    paused = await timers(app)
    await post(
        client, ground, status(1, "hoso.dang_xu_ly", 4, 6, **{"data/HoSo/NgayHenTra": stamp(at(9, 17, month=12))})
    )
    await settle(app)
    resumed = await timers(app)
    assert paused == {}
    assert resumed["han.hoso_qua", 1] == at(10, 7, month=12)


async def test_a_finished_dossier_reminds_no_officer(app, client, ground):
    await post(client, ground, step(1), status(1, "hoso.xu_ly_xong", 9, 5))
    await settle(app)
    assert {type_ for type_, _ in await timers(app)} == {"han.chua_nhan_ket_qua"}


async def test_after_an_extension_the_new_date_is_watched(app, client, ground):
    new = stamp(at(9, 17, month=12))
    await post(client, ground, step(1), status(1, "hoso.xin_loi_gia_han", 4, 5, **{"data/HoSo/NgayHenTraMoi": new}))
    await settle(app)
    assert (await timers(app))["han.hoso_qua", 1] == at(10, 7, month=12)


async def test_late_is_told_every_working_day_and_to_the_director_from_the_third_on(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    for day in (3, 4, 7, 8):
        await pass_to(app, ground, at(day, 7, 31, month=12))
    assert [number for type_, number in await made(app) if type_ == "han.hoso_qua"] == [1, 2, 3, 4]


async def test_an_event_that_comes_late_does_not_turn_the_docket_back(app, client, ground):
    await post(client, ground, status(1, "hoso.xu_ly_xong", 9, 6), step(1))
    await settle(app)
    assert await found(app, "SELECT status FROM docket") == [(9,)]


async def test_a_reminder_that_was_not_sent_is_stopped_when_it_is_needless(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    move_clock(ground.clock_file, at(27, 7, 1))
    async with app.pool.acquire() as connection:
        await steps.fire(app, connection, app.clock())
    ids = [id_ for (id_,) in await found(app, "SELECT id FROM event WHERE due_at IS NOT NULL")]
    await steps.route(app, ids)
    await post(client, ground, status(1, "hoso.xu_ly_xong", 9, 5))
    ids = [id_ for (id_,) in await found(app, "SELECT id FROM event WHERE due_at IS NOT NULL")]
    await steps.route(app, ids)
    states = await found(
        app,
        "SELECT DISTINCT d.state FROM delivery d JOIN event e ON e.id = d.event_id"
        " WHERE e.type = 'han.hoso_sap_den' AND d.channel <> 'portal'",
    )
    assert {state for (state,) in states} - {"suppressed"} == {"cancelled"}


async def test_what_is_urgent_at_one_moment_reaches_an_officer_as_one_message_by_all_its_channels(app, client, ground):
    await post(client, ground, step(1), step(2), step(3))
    await settle(app)
    await pass_to(app, ground, at(1, 7, month=12))
    await pass_to(app, ground, at(1, 7, 1, month=12))
    rows = await found(
        app,
        "SELECT d.channel, d.urgency, d.state IN ('accepted', 'delivered', 'read') FROM event e"
        " JOIN recipient r ON r.event_id = e.id JOIN delivery d ON d.recipient_id = r.id"
        " WHERE e.type = 'nhac.tong_hop' AND r.ref = $1 AND e.received_at >= $2 AND d.position = 'first' ORDER BY 1",
        HANDLER,
        at(1, 7, month=12),
    )
    assert rows == [("sms", "urgent", True), ("zalo", "urgent", True)]


async def test_a_reminder_that_the_policy_does_not_ask_for_any_more_is_dropped(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    table = app.rules.timers["han.hoso_sap_den"].model_copy(update={"before_working_days": (1,)})
    other = app.rules.model_copy(update={"timers": {**app.rules.timers, "han.hoso_sap_den": table}})
    other.__dict__.pop("timer_rules", None)
    await replan_all(replace(app, rules=other), lambda _: None)
    planned = {name: moment for name, moment in (await timers(app)).items() if name[0] == "han.hoso_sap_den"}
    assert planned == {("han.hoso_sap_den", 1): at(1, 7, month=12)}


async def test_two_dispatchers_fire_a_timer_once(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    move_clock(ground.clock_file, at(27, 17, 1))

    async def fire() -> int:
        async with app.pool.acquire() as connection:
            return await steps.fire(app, connection, app.clock())

    counts = await asyncio.gather(*(fire() for _ in range(4)))
    assert sum(counts) == len(await made(app)) == 2


async def test_after_a_long_outage_only_what_is_true_is_told(app, client, ground):
    await post(client, ground, step(1))
    await settle(app)
    await pass_to(app, ground, at(30, 9))
    assert set(await made(app)) == {("han.hoso_sap_den", 1), ("han.buoc_qua", 1)}


async def test_the_citizen_is_reminded_of_the_end_of_the_time_to_supplement(app, client, ground):
    deadline = stamp(at(2, 17, month=12))
    await post(client, ground, event({"/data/BoSung/ThoiHanBoSung": deadline}, of="05"))
    await settle(app)
    await pass_to(app, ground, at(30, 8, 1))
    assert await work_once(app) == 0
    rows = await found(
        app,
        "SELECT DISTINCT r.audience FROM recipient r JOIN event e ON e.id = r.event_id WHERE e.type = 'han.bo_sung_sap_het'",
    )
    assert rows == [("citizen",)]
