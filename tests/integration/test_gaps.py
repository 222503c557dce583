"""Events that did not come: noted on the event after them, counted, and listed until they come."""

from datetime import timedelta
from typing import Any

import pytest

from notifier.cli.playground import MINISTRY, PROVINCE
from notifier.domain.clock import VIETNAM, move_clock
from notifier.store import gaps
from notifier.telemetry.metrics import SEQ_GAPS
from tests.integration.test_overtaking import found, route, take
from tests.support.command import run
from tests.support.front_door import bearer, get, problem
from tests.support.intake import event, sample

DOSSIER_A = ("01", "02", "04", "08")


async def come(client, ground, app, *names: str) -> None:
    await take(client, ground, *(sample(name) for name in names))
    await route(app)


def the_missing_one() -> dict[str, Any]:
    return event({"/id": "three", "/seq": 3, "/type": "hoso.dang_xu_ly", "/data/HoSo/TrangThaiHoSo": "4"})


async def test_a_missing_number_is_noted_once_on_the_event_after_it_and_counted(client, ground, app):
    before = SEQ_GAPS.labels(PROVINCE)._value.get()
    await come(client, ground, app, *DOSSIER_A)

    noted = await found(
        app, "SELECT e.seq, a.details FROM audit a JOIN event e ON e.id = a.event_id WHERE reason = 'event.seq_gap'"
    )
    assert noted == [(4, {"missing": "3"})]
    assert SEQ_GAPS.labels(PROVINCE)._value.get() == before + 1


async def test_a_gap_is_listed_until_what_is_missing_comes(client, ground, app):
    await come(client, ground, app, *DOSSIER_A)
    (gap,) = (await get(client, ground, "/v1/gaps"))["gaps"]
    assert gap == {
        "source": PROVINCE,
        "dossier_code": "H01.14-261119-0042",
        "numbers": "3",
        "missing": "3",
        "since": app.clock().astimezone(VIETNAM).isoformat(timespec="seconds")[:11] + gap["since"][11:],
        "came_at": None,
        "shown_by": {"id": sample("04")["id"], "type": "hoso.chuyen_buoc", "seq": 4},
    }

    await take(client, ground, the_missing_one())
    (gap,) = (await get(client, ground, "/v1/gaps"))["gaps"]
    assert (gap["numbers"], gap["missing"], gap["came_at"] is None) == ("3", None, False)
    assert (await get(client, ground, "/v1/gaps", open="true"))["gaps"] == []


async def test_of_several_missing_numbers_those_that_came_are_taken_out(client, ground, app):
    await take(client, ground, *(event({"/id": f"E-{seq}", "/seq": seq}) for seq in (1, 6, 4)))

    (gap,) = (await get(client, ground, "/v1/gaps", open="true"))["gaps"]
    assert (gap["numbers"], gap["missing"]) == ("2–5", "2–3, 5")


async def test_gaps_are_listed_by_source_and_since_when(client, ground, app):
    of_ministry = {"/source": MINISTRY, "/data/HoSo/MaHoSo": "G09.20-20261119-0000042"}
    await take(client, ground, sample("02"), sample("04"))
    move_clock(ground.clock_file, app.clock() + timedelta(days=1))
    await take(client, ground, *(event({"/id": f"M-{seq}", "/seq": seq, **of_ministry}) for seq in (1, 3)))

    async def sources(**filters: str) -> list[str]:
        return [gap["source"] for gap in (await get(client, ground, "/v1/gaps", **filters))["gaps"]]

    assert await sources() == [PROVINCE, MINISTRY]
    assert await sources(source=PROVINCE) == [PROVINCE]
    assert await sources(since="2026-11-26") == [MINISTRY]


async def test_pages_lead_to_every_gap_once_also_over_empty_ones(client, ground, app):
    for dossier in range(4):
        code = {"/data/HoSo/MaHoSo": f"H01.14-261119-000{dossier}"}
        await take(client, ground, *(event({"/id": f"{dossier}-{seq}", "/seq": seq, **code}) for seq in (1, 2, 4)))

    listed, after, pages = [], None, 0
    async with app.pool.acquire() as connection:
        while pages == 0 or after is not None:
            page = await gaps.page(connection, after=after, looked_at=2)
            listed += [gap.dossier_code for gap in page.gaps]
            after, pages = page.next, pages + 1

    assert listed == [f"H01.14-261119-000{dossier}" for dossier in range(4)]
    assert pages == 7


async def test_two_events_that_pass_each_other_on_the_way_leave_no_gap_open(client, ground, app):
    await take(client, ground, *(event({"/id": f"E-{seq}", "/seq": seq}) for seq in (1, 3, 2)))
    await route(app)

    assert await found(app, "SELECT 1 FROM audit WHERE reason = 'event.seq_gap'") == []
    assert (await get(client, ground, "/v1/gaps", open="true"))["gaps"] == []


@pytest.mark.parametrize(
    "query",
    [{"since": "gestern"}, {"since": ""}, {"after": "x"}, {"source": "\x00"}],
)
async def test_a_parameter_that_is_not_of_its_form_is_refused(client, ground, query):
    async with client.get("/v1/gaps", params=query, headers=bearer(ground)) as answer:
        assert (await problem(answer))["code"] == "invalid-query"


async def test_nobody_reads_gaps_without_a_token(client):
    async with client.get("/v1/gaps") as answer:
        assert (await problem(answer))["code"] == "unauthorized"


async def test_the_command_lists_what_is_missing_and_what_came(client, ground, app):
    environ = {"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    await come(client, ground, app, *DOSSIER_A)
    code, out, _ = await run("gaps", environ=environ)
    assert code == 0
    assert out.splitlines()[0].startswith(f"{PROVINCE}  H01.14-261119-0042  3 ")
    assert out.splitlines()[0].endswith("when 4 came (hoso.chuyen_buoc): missing")
    assert out.splitlines()[1:] == ["1 gap, 1 still open."]

    await take(client, ground, the_missing_one())
    answers = [await run("gaps", environ=environ), await run("gaps", "--open", environ=environ)]
    assert [out.splitlines()[-1] for _, out, _ in answers] == ["1 gap, 0 still open.", "0 gaps, 0 still open."]
    assert ": came by " in answers[0][1]


async def test_the_command_says_how_to_write_a_time(ground):
    code, _, err = await run(
        "gaps", "--since", "gestern", environ={"NOTIFIER_CONFIG": ground.environ["NOTIFIER_CONFIG"]}
    )
    assert (code, "write it like 2026-11-25T08:00" in err) == (2, True)
