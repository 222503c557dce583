"""Dead letters are found, counted, filtered and told, without a word about who their people are."""

import pytest

from notifier.audit.dead import Filters, Kind
from notifier.domain.deliveries import DeliveryState
from notifier.domain.reasons import ReasonCode
from tests.support.dead import (
    DOSSIER,
    letters,
    many,
    post_for_one,
    refused_by_zalo,
    script,
)
from tests.support.intake import sample
from tests.support.stack import post_event, settle
from workers.steps import dead
from workers.steps.dead_story import tell


async def test_what_was_refused_is_found_with_its_code_and_reason(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    assert (letter.state, letter.channel, letter.code, letter.reason.code, letter.dossier) == (
        DeliveryState.FAILED,
        "zalo",
        "-118",
        ReasonCode.REFUSED,
        DOSSIER,
    )


async def test_letters_are_counted_by_what_they_died_of(client, ground, app, sandbox):
    await many(app, 3, app.clock())
    await refused_by_zalo_beside(client, ground, app, sandbox)

    async with app.pool.acquire() as connection:
        groups = await dead.groups(app, connection, Kind.DELIVERY, Filters())

    assert [(g.letters, g.unreached, g.channel, g.code) for g in groups] == [
        (3, 3, "zalo", "-118"),
        (1, 1, "zalo", "-139"),
    ]


async def refused_by_zalo_beside(client, ground, app, sandbox):
    await script(sandbox, "zalo", "refuse", error=-139)
    await post_for_one(client, ground)
    await settle(app)


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"state": DeliveryState.FAILED}, True),
        ({"state": DeliveryState.UNKNOWN}, False),
        ({"channel": "zalo"}, True),
        ({"channel": "sms"}, False),
        ({"provider": "zalo"}, True),
        ({"provider": "sms"}, False),
        ({"code": "-118"}, True),
        ({"code": "-139"}, False),
        ({"reason": ReasonCode.REFUSED}, True),
        ({"reason": ReasonCode.BUDGET_SPENT}, False),
        ({"type": "hoso.yeu_cau_bo_sung"}, True),
        ({"type": "hoso.xu_ly_xong"}, False),
        ({"source": "mcdt.angiang.gov.vn"}, True),
        ({"source": "mcdt.example.gov.vn"}, False),
        ({"agency": "H01.14"}, True),
        ({"agency": "H01.27"}, False),
        ({"dossier": DOSSIER}, True),
        ({"dossier": "H01.14-000000-0000"}, False),
        ({"unreached": True}, True),
    ],
)
async def test_a_filter_keeps_what_fits(client, ground, app, sandbox, filters, fits):
    await refused_by_zalo(client, ground, app, sandbox)

    assert bool(await letters(app, **filters)) is fits


async def test_times_filter_from_the_first_moment_to_before_the_last(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    assert await letters(app, since=letter.at)
    assert not await letters(app, until=letter.at)


async def test_somebody_whom_another_way_reached_is_not_unreached(client, ground, app, sandbox):
    await script(sandbox, "zalo", "refuse", error=-118)
    await post_event(client, ground, sample("05"))
    await settle(app)

    (letter,) = await letters(app)
    assert letter.reached in {"sms", "email"}
    assert await letters(app, unreached=True) == []


async def test_the_story_of_a_letter_is_its_own_and_its_events(client, ground, app, sandbox):
    await script(sandbox, "zalo", "refuse", error=-118)
    await post_event(client, ground, sample("05"))
    await settle(app)
    (letter,) = await letters(app)

    story = await tell(app, str(letter.id))

    assert {row.channel for row in story.rows} == {None, "zalo"}
    assert [row.reason.code for row in story.rows if row.channel] == [
        ReasonCode.RULE,
        ReasonCode.LEASED,
        ReasonCode.REFUSED,
    ]


@pytest.mark.parametrize("id_text", ["7", "01980000-0000-7000-8000-000000000042", "zalo", ""])
async def test_what_is_no_dead_letter_has_no_story(app, id_text):
    assert await tell(app, id_text) is None
