"""Events of one dossier that overtake, correct and repeat each other, through intake and routing on a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.domain.clock import VIETNAM, move_clock
from notifier.settings import load_settings
from tests.support.intake import event, sample
from tests.support.stack import CALLS, post_event, settle, work_once
from workers import steps
from workers.wiring import App, open_app

NIGHT = datetime(2026, 11, 25, 22, 0, tzinfo=VIETNAM)
MORNING = datetime(2026, 11, 26, 7, 0, tzinfo=VIETNAM)
CODE = "H01.14-261119-0042"
CITIZEN = {"0912000101", "nguyen.mau@example.vn", "9990000000000000101"}


def status(number: int, type_: str, seq: int | None, **changes: Any) -> dict[str, Any]:
    """An event of the dossier that says where it stands. `changes` are other attributes of the envelope."""
    attributes = {"/id": f"{type_}-{seq}", "/type": type_, "/data/HoSo/TrangThaiHoSo": str(number)}
    more = {f"/{name}": value for name, value in changes.items()}
    return event({**attributes, "/seq": seq if seq is not None else ..., **more})


async def take(client, ground, *events: Any) -> None:
    for each in events:
        answer, document = await post_event(client, ground, each)
        assert answer == 202, document


async def route(app: App) -> None:
    """Route what has come, in the order in which it came. Nothing is sent."""
    async with app.pool.acquire() as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM event WHERE due_at IS NOT NULL")]
    await steps.route(app, ids)


async def found(app: App, query: str, *values: Any) -> list[tuple[Any, ...]]:
    async with app.pool.acquire() as connection:
        return [tuple(row) for row in await connection.fetch(query, *values)]


async def fates(app: App, seq: int, audience: str = "citizen") -> dict[str, tuple[str, str]]:
    """Channel → state and last reason of what an event has to tell this audience."""
    rows = await found(
        app,
        "SELECT d.channel, d.state, (SELECT reason FROM audit a WHERE a.delivery_id = d.id ORDER BY a.seq DESC LIMIT 1)"
        " FROM delivery d JOIN recipient r ON r.id = d.recipient_id JOIN event e ON e.id = d.event_id"
        " WHERE e.seq = $1 AND r.audience = $2",
        seq,
        audience,
    )
    return {channel: (state, reason) for channel, state, reason in rows}


async def states(app: App, seq: int, audience: str = "citizen") -> dict[str, str]:
    return {channel: state for channel, (state, _) in (await fates(app, seq, audience)).items()}


async def test_a_later_status_supersedes_what_waits_for_the_morning(client, ground, app, sandbox):
    move_clock(ground.clock_file, NIGHT)
    await take(client, ground, sample("02"))
    await settle(app)
    await take(client, ground, sample("08"))
    await settle(app)

    assert await fates(app, 2) == {
        "portal": ("delivered", "delivered.inbox"),
        "zalo": ("superseded", "superseded.later_status"),
        "email": ("superseded", "superseded.later_status"),
        "sms": ("superseded", "superseded.later_status"),
    }
    move_clock(ground.clock_file, MORNING)
    await settle(app)
    told = [str(message.content) for message in sandbox.messages if message.to in CITIZEN]
    assert len(told) == 3
    assert not [text for text in told if "tiếp nhận" in text and "kết quả" not in text]


async def test_the_reason_names_what_came_later(client, ground, app):
    move_clock(ground.clock_file, NIGHT)
    await take(client, ground, sample("02"), sample("08"))
    await route(app)

    details = await found(app, "SELECT DISTINCT details FROM audit WHERE reason = 'superseded.later_status'")
    assert details == [({"type": "hoso.xu_ly_xong"},)]


async def test_the_staff_hear_of_every_step_however_late(client, ground, app):
    await take(client, ground, sample("08"))
    await route(app)
    await take(client, ground, sample("02"))
    await route(app)

    for audience in ("handler", "head"):
        assert await states(app, 2, audience) == {
            "portal": "planned",
            "zalo": "planned",
            "sms": "standby",
            "email": "standby",
        }


async def test_a_status_that_comes_too_late_tells_the_citizen_nothing_and_moves_nothing_back(client, ground, app):
    await take(client, ground, sample("08"))
    await route(app)
    await take(client, ground, sample("02"))
    await route(app)

    assert set((await fates(app, 2)).values()) == {("superseded", "superseded.came_too_late")}
    assert await found(app, "SELECT status FROM dossier") == [(9,)]
    assert await found(app, "SELECT transition FROM event WHERE seq = 2") == [("normal",)]


async def test_an_apology_outlives_the_status_after_it(client, ground, app):
    move_clock(ground.clock_file, NIGHT)
    apology = event({"/data/HoSo/MaHoSo": CODE, "/seq": 3}, of="10")
    await take(client, ground, apology, sample("08"))
    await route(app)

    assert await states(app, 3) == {"portal": "planned", "zalo": "held", "sms": "held", "email": "held"}


async def test_an_unusual_status_waits_and_its_correction_takes_it_back_before_anybody_saw_it(
    client, ground, app, sandbox
):
    await take(client, ground, status(2, "hoso.duoc_tiep_nhan", 2))
    await settle(app)
    before = len(sandbox.messages)
    await take(client, ground, status(10, "hoso.da_tra_ket_qua", 3))
    await route(app)
    assert await fates(app, 3) == {
        "portal": ("held", "held.correction"),
        "email": ("held", "held.next_morning"),
    }

    await take(client, ground, status(9, "hoso.dinh_chinh", 4, **{"data/HoSo/LyDo": "Ghi nhầm"}))
    await route(app)
    assert set((await fates(app, 3)).values()) == {("cancelled", "cancelled.corrected")}
    move_clock(ground.clock_file, MORNING + timedelta(hours=3))
    await settle(app)
    assert not [message for message in sandbox.messages[before:] if message.to in CITIZEN]


async def test_a_step_back_from_accepted_to_new_within_the_hold_is_never_told_when_it_is_set_right(client, ground, app):
    move_clock(ground.clock_file, NIGHT)
    await take(client, ground, status(2, "hoso.duoc_tiep_nhan", 2))
    await settle(app)
    await take(client, ground, status(1, "hoso.moi_dang_ky", 3))
    await route(app)
    assert {state for channel, state in (await states(app, 2)).items() if channel != "portal"} == {"cancelled"}
    assert (await fates(app, 3))["portal"] == ("held", "held.correction")

    await take(client, ground, status(2, "hoso.duoc_tiep_nhan", 4))
    await route(app)
    assert set((await fates(app, 3)).values()) == {("superseded", "superseded.later_status")}
    assert (await fates(app, 4))["portal"] == ("held", "held.correction")
    move_clock(ground.clock_file, NIGHT + timedelta(minutes=4))
    await settle(app)
    assert (await states(app, 4))["portal"] == "delivered"


async def test_what_was_in_a_workers_hands_is_looked_at_again_before_it_is_sent(client, ground, app):
    await take(client, ground, sample("02"))
    await route(app)
    async with app.pool.acquire() as worker, worker.transaction():
        await worker.execute("SELECT 1 FROM delivery FOR UPDATE")
        await take(client, ground, sample("08"))
        await route(app)
    assert (await states(app, 2))["zalo"] == "planned"

    await work_once(app)
    stopped = ("superseded", "superseded.later_status")
    assert [(await fates(app, 2))[channel] for channel in ("portal", "zalo", "email")] == [stopped] * 3


async def test_what_was_perhaps_sent_is_not_sent_again_but_asked_after(client, ground, app):
    await take(client, ground, sample("02"))
    await route(app)
    await found(app, "UPDATE delivery SET provider = channel, calls = 1 WHERE channel = 'zalo' RETURNING id")
    await take(client, ground, sample("08"))
    await route(app)

    assert (await fates(app, 2))["zalo"] == ("unknown", "superseded.later_status")


@pytest.fixture
async def other(ground, app) -> AsyncIterator[App]:
    """Another worker."""
    async with open_app(load_settings(ground.environ), name="other") as made:
        CALLS[made.name] = steps.new_calls(made)
        yield made
        await CALLS.pop(made.name).finish()


async def test_two_workers_that_route_one_dossier_at_once_agree_on_its_newest_status(client, ground, app, other):
    types = ["moi_dang_ky", "duoc_tiep_nhan", "dang_xu_ly", "rut_ho_so", "xu_ly_xong", "da_tra_ket_qua"]
    numbers = [1, 2, 4, 7, 9, 10]
    await take(
        client, ground, *(status(n, f"hoso.{t}", seq) for seq, (n, t) in enumerate(zip(numbers, types, strict=True)))
    )
    rows = await found(app, "SELECT id FROM event ORDER BY id")
    ids = [id_ for (id_,) in rows]

    await asyncio.gather(*(steps.route((app, other)[place % 2], [id_]) for place, id_ in enumerate(reversed(ids))))

    assert await found(app, "SELECT DISTINCT state FROM event") == [("routed",)]
    unsent = await found(
        app,
        "SELECT DISTINCT e.seq FROM delivery d JOIN recipient r ON r.id = d.recipient_id JOIN event e ON e.id = d.event_id"
        " WHERE r.audience = 'citizen' AND d.state IN ('standby', 'planned', 'held')",
    )
    assert unsent == [(5,)]


# The same from two systems


def ministry(**changes: Any) -> dict[str, Any]:
    """The same acceptance as a ministry's system tells it."""
    return status(2, "hoso.duoc_tiep_nhan", 7, source=MINISTRY, id="M-1", **changes)


async def test_the_same_status_on_the_same_day_from_two_systems_is_told_once(client, ground, app):
    await take(client, ground, sample("02"), ministry())
    await route(app)

    assert (await states(app, 2))["zalo"] == "planned"
    assert set((await fates(app, 7)).values()) == {("suppressed", "suppressed.told_by_other")}
    assert (await states(app, 7, "handler"))["zalo"] == "planned"
    details = await found(app, "SELECT DISTINCT details FROM audit WHERE reason = 'suppressed.told_by_other'")
    assert details == [({"source": PROVINCE},)]


@pytest.mark.parametrize("first", ["02", "ministry"])
async def test_a_second_code_of_a_dossier_counts_as_well_whoever_comes_first(client, ground, app, first):
    own = ministry(**{"data/HoSo/MaHoSo": "G09.20-20261119-0000042", "data/HoSo/MaHoSoKhac": CODE})
    await take(client, ground, *((sample("02"), own) if first == "02" else (own, sample("02"))))
    await route(app)

    silent = 7 if first == "02" else 2
    assert {state for state, _ in (await fates(app, silent)).values()} == {"suppressed"}


async def test_another_day_is_another_notice(client, ground, app):
    await take(client, ground, sample("02"), ministry(time="2026-11-20T09:30:12+07:00"))
    await route(app)

    assert (await states(app, 7))["sms"] == "standby"


async def test_a_day_is_a_local_day(client, ground, app):
    half_past_midnight_in_vietnam = "2026-11-19T17:30:00Z"
    await take(client, ground, sample("02"), ministry(time=half_past_midnight_in_vietnam))
    await route(app)

    assert (await states(app, 7))["sms"] == "standby"


async def test_another_event_with_the_same_status_is_another_notice(client, ground, app):
    paid = ministry(type="hoso.da_thanh_toan")
    await take(client, ground, sample("02"), paid)
    await route(app)

    assert (await states(app, 7))["email"] == "planned"


async def test_one_source_may_tell_the_same_twice(client, ground, app):
    await take(client, ground, sample("02"), status(2, "hoso.duoc_tiep_nhan", 7))
    await route(app)

    assert (await states(app, 7))["email"] == "planned"


async def test_a_system_that_reaches_only_the_inbox_does_not_silence_the_other(client, ground, app):
    nobody = {"data/HoSo/SoDienThoai": "", "data/HoSo/Email": "", "data/HoSo/ZaloUserId": None}
    await take(client, ground, status(2, "hoso.duoc_tiep_nhan", 2, **nobody), ministry())
    await route(app)

    assert (await states(app, 7))["email"] == "planned"


async def test_a_status_that_was_taken_back_unsent_does_not_silence_the_other_system(client, ground, app):
    move_clock(ground.clock_file, NIGHT)
    await take(client, ground, sample("02"), status(1, "hoso.moi_dang_ky", 3))
    await route(app)
    await take(client, ground, ministry())
    await route(app)

    assert (await states(app, 7))["email"] == "held"


# Where a dossier stands


async def test_how_each_status_followed_from_the_one_before_is_kept(client, ground, app):
    await take(
        client,
        ground,
        *(status(n, "hoso.x", seq) for seq, n in enumerate([1, 2, 1, 10, 9], start=1)),
        status(9, "hoso.x", 6, **{"data/HoSo/TrangThaiHoSo": ...}),
    )
    assert await found(app, "SELECT status, transition FROM event ORDER BY seq") == [
        (1, "normal"),
        (2, "normal"),
        (1, "correction"),
        (10, "odd"),
        (9, "correction"),
        (None, None),
    ]


async def test_records_of_one_request_are_in_its_order(client, ground, app):
    """The second says when the result was ready, which was before the first, without a date, came in."""
    records = [
        {**sample("13")[0], "MaHoSo": "H01.27-261119-0999", "TrangThaiHoSo": "4"},
        {**sample("13")[2], "MaHoSo": "H01.27-261119-0999", "TrangThaiHoSo": "9"},
    ]
    await take(client, ground, records)
    await route(app)

    assert await found(app, "SELECT type, transition FROM event ORDER BY id") == [
        ("hoso.dang_xu_ly", "normal"),
        ("hoso.xu_ly_xong", "normal"),
    ]
    assert await found(app, "SELECT status FROM dossier") == [(9,)]


async def test_progress_that_is_reported_after_the_result_is_no_correction(client, ground, app):
    done = {**sample("13")[2], "MaHoSo": "H01.27-261119-0999", "NgayKetThucXuLy": "20261120153000"}
    step = {"MaHoSo": "H01.27-261119-0999", "TrangThai": "4", "ThoiDiemXuLy": "20261120100000", "NguoiXuLy": "Võ Mẫu"}
    await take(client, ground, [done], [step])
    await route(app)

    assert await found(app, "SELECT type, transition FROM event ORDER BY id") == [
        ("hoso.xu_ly_xong", "normal"),
        ("hoso.dang_xu_ly", "normal"),
    ]
    assert await found(app, "SELECT status FROM dossier") == [(9,)]


async def test_an_older_description_of_a_dossier_does_not_replace_a_newer_one(client, ground, app):
    await take(client, ground, sample("08"), sample("02"))
    assert await found(app, "SELECT e.seq FROM dossier d JOIN event e ON e.id = d.details_event") == [(5,)]


@pytest.mark.parametrize(
    ("changes", "agency"),
    [({}, "H01.14"), ({"data/HoSo/DonViXuLy": ...}, "H01.14.02")],
)
async def test_an_event_names_the_unit_that_handles_the_dossier_else_the_one_that_received_it(
    client, ground, app, changes, agency
):
    await take(client, ground, status(2, "hoso.duoc_tiep_nhan", 2, **changes))
    await route(app)

    assert await found(app, "SELECT agency FROM event") == [(agency,)]
