"""What an operator can do about messages that reached nobody, and what happens when the world moves meanwhile."""

import asyncio
from datetime import timedelta

from notifier.audit.dead import Filters, Kind
from notifier.audit.dead_advice import Kept
from notifier.domain.deliveries import DeliveryState
from notifier.domain.ids import ProviderName
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.receipts import ReceiptFact, ReceiptKind
from notifier.store import deliveries
from notifier.store.deliveries import Move
from tests.support.dead import (
    WHY,
    drop,
    found,
    letters,
    make_well,
    many,
    pass_time,
    post_for_one,
    refused_by_zalo,
    retry,
    script,
    taken,
)
from tests.support.intake import event, sample
from tests.support.stack import becomes, post_event, settle, states
from tests.support.waiting import until
from workers import steps
from workers.steps import dead
from workers.steps.dead import carry_out
from workers.steps.dead_story import tell

ZALO = ProviderName("zalo")


async def test_a_retried_letter_reaches_its_person(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    report = await carry_out(app, retry(ids=[letter.id]))
    assert (report.found, report.done) == (1, 1)
    await becomes(app, "citizen", "zalo", "read")
    assert await letters(app) == []


async def test_a_retried_letter_has_a_new_deadline(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    pass_time(ground, timedelta(hours=72))

    await carry_out(app, retry(ids=[letter.id]))
    await becomes(app, "citizen", "zalo", "read")


async def test_a_retried_letter_has_its_whole_budget_again(client, ground, app, sandbox):
    later = {"reply": "451 4.7.1 try again later"}
    await script(sandbox, "email", "refuse", **later)
    await post_for_one(client, ground, "email")
    for _ in range(30):
        await settle(app, states={"sending"})
        pass_time(ground, timedelta(hours=1))
    (letter,) = await letters(app, reason=ReasonCode.BUDGET_SPENT)
    await make_well(sandbox)
    await script(sandbox, "email", "refuse", times=2, **later)

    await carry_out(app, retry(ids=[letter.id]))
    for _ in range(8):
        await settle(app, states={"sending"})
        pass_time(ground, timedelta(hours=3))
    await becomes(app, "citizen", "email", "delivered")


async def test_the_audit_trail_names_who_had_it_sent_again_and_why(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    await carry_out(app, retry(ids=[letter.id]))

    row = await audited(app, "planned.operator")
    assert (row["actor"], row["delivery_id"], row["from_state"], row["details"]) == (
        "operator:an.ops",
        letter.id,
        "failed",
        {"by": "an.ops", "why": WHY},
    )


async def test_a_run_as_a_whole_is_audited_with_its_filters_and_counts(client, ground, app, sandbox):
    await refused_by_zalo(client, ground, app, sandbox)

    await carry_out(app, drop(filters=Filters(channel="zalo", code="-118")))

    row = await audited(app, "operator.dropped")
    assert row["actor"] == "operator:an.ops"
    assert (row["details"]["filters"], row["details"]["found"], row["details"]["done"]) == (
        "channel=zalo, code=-118",
        "1",
        "1",
    )


async def audited(app, reason: str):
    async with app.pool.acquire() as connection:
        (row,) = await connection.fetch("SELECT * FROM audit WHERE reason = $1", reason)
    return row


async def test_a_dropped_letter_is_cancelled_for_good(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    assert (await carry_out(app, drop(ids=[letter.id]))).done == 1
    assert (await states(app))["citizen", "zalo"] == "cancelled"
    again = await carry_out(app, drop(ids=[letter.id]))
    assert (again.done, again.kept) == (0, {Kept.MOVED: 1})


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    before = await audit_rows(app)

    report = await carry_out(app, retry(ids=[letter.id], dry_run=True))

    assert (report.found, report.done) == (1, 1)
    assert await letters(app) == [letter]
    assert await audit_rows(app) == before


async def audit_rows(app) -> int:
    async with app.pool.acquire() as connection:
        return await connection.fetchval("SELECT count(*) FROM audit")


async def test_somebody_reached_meanwhile_is_not_told_twice(client, ground, app, sandbox):
    await script(sandbox, "zalo", "refuse", error=-118)
    await post_event(client, ground, sample("05"))
    await settle(app)
    await make_well(sandbox)
    (letter,) = await letters(app)

    report = await carry_out(app, retry(ids=[letter.id]))
    assert (report.done, report.kept) == (0, {Kept.REACHED: 1})
    report = await carry_out(app, retry(ids=[letter.id], reached_too=True))
    assert report.done == 1
    await becomes(app, "citizen", "zalo", "read")


async def test_a_receipt_between_the_list_and_the_retry_wins(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    fact = ReceiptFact(ReceiptKind.DELIVERED, letter.id, None, None)
    async with app.pool.acquire() as connection, connection.transaction():
        await steps.apply_facts(app, connection, [steps.Stated(app.providers[ZALO], fact)], app.clock())

    report = await carry_out(app, retry(ids=[letter.id]))

    assert (report.done, report.kept) == (0, {Kept.MOVED: 1})
    assert (await states(app))["citizen", "zalo"] == "delivered"


async def test_a_receipt_that_is_being_applied_wins(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    fact = ReceiptFact(ReceiptKind.DELIVERED, letter.id, None, None)
    async with app.pool.acquire() as connection:
        async with connection.transaction():
            await steps.apply_facts(app, connection, [steps.Stated(app.providers[ZALO], fact)], app.clock())
            running = asyncio.create_task(carry_out(app, retry(filters=Filters(channel="zalo"))))
            await until(lambda: waits_for_a_lock(connection), 10, "the retry to wait for the receipt")
        report = await running

    assert (report.found, report.done, report.kept) == (1, 0, {Kept.MOVED: 1})
    assert (await states(app))["citizen", "zalo"] == "delivered"


async def waits_for_a_lock(connection) -> bool:
    return bool(await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_two_operators_at_once_send_it_once(client, ground, app, sandbox):
    await refused_by_zalo(client, ground, app, sandbox)

    reports = await asyncio.gather(*(carry_out(app, retry(filters=Filters(channel="zalo"))) for _ in range(2)))

    assert sum(report.done for report in reports) == 1
    await becomes(app, "citizen", "zalo", "read")
    assert taken(sandbox, "zalo") == 1


async def test_a_letter_that_died_again_since_it_was_read_is_left_alone(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    async with app.pool.acquire() as connection:
        await connection.execute("UPDATE delivery SET calls = calls + 1 WHERE id = $1", letter.id)
        stale = Move(
            letter.id,
            letter.state,
            DeliveryState.PLANNED,
            app.clock(),
            Reason(ReasonCode.OPERATOR_RETRY),
            calls=letter.calls,
        )
        assert await deliveries.move(connection, [stale], actor="operator:an.ops", now=app.clock()) == set()


async def unknown_at_zalo(client, ground, app, sandbox):
    await script(sandbox, "zalo", "html")
    await post_for_one(client, ground)
    for _ in range(8):
        await settle(app, states={"sending"})
        pass_time(ground, timedelta(hours=1))
    await make_well(sandbox)
    (letter,) = await letters(app, state=DeliveryState.UNKNOWN)
    return letter


async def test_an_unknown_letter_whose_wait_is_over_is_shown_with_what_a_retry_risks(client, ground, app, sandbox):
    letter = await unknown_at_zalo(client, ground, app, sandbox)

    assert letter.may_be_taken
    story = await tell(app, str(letter.id))
    assert [call.outcome for call in story.calls] == ["unknown"]
    assert story.prospect.against is None


async def test_an_unknown_letter_is_retried_by_the_provider_that_may_have_it(client, ground, app, sandbox):
    letter = await unknown_at_zalo(client, ground, app, sandbox)

    await carry_out(app, retry(ids=[letter.id]))

    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT provider FROM delivery WHERE id = $1", letter.id) == "zalo"
    pass_time(ground, timedelta(hours=12))
    await becomes(app, "citizen", "zalo", "read")


async def test_a_refused_letter_may_be_retried_by_any_provider(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)

    await carry_out(app, retry(ids=[letter.id]))

    async with app.pool.acquire() as connection:
        assert await connection.fetchval("SELECT provider FROM delivery WHERE id = $1", letter.id) is None


async def test_a_letter_that_a_later_status_has_overtaken_is_not_sent_again(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    later = {
        "/id": "01M832ZSD0EYM4VVH1YFNFX1DZ",
        "/type": "hoso.dang_xu_ly",
        "/seq": 6,
        "/time": "2026-11-23T10:15:32+07:00",
        "/data/HoSo/TrangThaiHoSo": "4",
        "/data/HoSo/TrangThaiTruoc": "5",
    }
    await post_event(client, ground, event(later, of="05"))
    await settle(app)

    report = await carry_out(app, retry(ids=[letter.id], reached_too=True))

    assert (report.done, report.kept) == (0, {Kept.OVERTAKEN: 1})


async def test_a_letter_about_an_appointment_that_has_begun_is_not_sent_again(client, ground, app, sandbox):
    slot = {"ThoiGianHen": "2026-11-26T15:00:00+07:00", "DiaDiem": "Quầy số 3", "SoPhieu": "A017"}
    await script(sandbox, "zalo", "refuse", error=-118)
    await post_for_one(client, ground, changes={"/type": "lichhen.dat", "/data/LichHen": slot})
    await settle(app)
    letter = next(each for each in await letters(app) if each.ref == "citizen")
    story = await tell(app, str(letter.id))
    assert story.prospect.until.isoformat() == "2026-11-26T08:00:00+00:00"

    pass_time(ground, timedelta(hours=24))
    assert (await carry_out(app, retry(ids=[letter.id]))).kept == {Kept.TOO_LATE: 1}


async def test_a_letter_of_a_channel_that_is_switched_off_is_kept(client, ground, app, sandbox):
    letter = await refused_by_zalo(client, ground, app, sandbox)
    del app.setups["zalo"]

    assert (await carry_out(app, retry(ids=[letter.id]))).kept == {Kept.CHANNEL_OFF: 1}


async def test_a_long_run_goes_by_batches_and_tells_of_each(app):
    await many(app, 2 * dead.BATCH + 1, app.clock())
    told: list[int] = []

    report = await carry_out(app, drop(filters=Filters(code="-118")), told.append)

    assert told == [dead.BATCH, dead.BATCH, 1]
    assert (report.found, report.done, report.more) == (1001, 1001, False)


async def test_a_run_ends_at_the_most_that_was_asked_for_and_says_so(app):
    await many(app, 5, app.clock())

    report = await carry_out(app, drop(filters=Filters(code="-118"), most=3))

    assert (report.done, report.more) == (3, True)
    assert len(await letters(app)) == 2


async def test_what_dies_after_the_start_is_not_touched(app):
    await many(app, 2, app.clock() + timedelta(hours=1))

    assert (await carry_out(app, drop(filters=Filters(code="-118")))).found == 0


async def test_an_event_that_can_be_read_after_all_is_routed_again(client, ground, app, sandbox):
    await post_for_one(client, ground)
    async with app.pool.acquire() as connection:
        whole = await connection.fetchval("SELECT document FROM event_payload")
        await connection.execute("UPDATE event_payload SET document = $1", {**whole, "HoSo": "?"})
        await steps.route(app, [await connection.fetchval("SELECT id FROM event")])
        (stuck,) = await found(app, Kind.EVENT)
        assert stuck.reason.code is ReasonCode.EVENT_UNROUTABLE
        await connection.execute("UPDATE event_payload SET document = $1", whole)

    report = await carry_out(app, retry(kind=Kind.EVENT, ids=[stuck.id]))

    assert report.done == 1
    await becomes(app, "citizen", "zalo", "read")
    assert await found(app, Kind.EVENT) == []


async def orphan(client, ground, app, sandbox):
    """The receipt of a message whose reference got lost, until nobody waits for it any more; and that message's id."""
    await script(sandbox, "email", "fail", status="5.1.1", receipt_seconds=0.1)
    await post_event(client, ground, sample("05"))
    await becomes(app, "citizen", "email", "failed")
    async with app.pool.acquire() as connection:
        id_ = await connection.fetchval("SELECT id FROM delivery WHERE channel = 'email'")
        await connection.execute("UPDATE receipt SET state = 'orphaned' WHERE provider = 'email'")
        await connection.execute("UPDATE delivery SET state = 'accepted' WHERE id = $1", id_)
    (receipt,) = await found(app, Kind.RECEIPT)
    return receipt, id_


async def test_an_orphaned_receipt_is_read_again_and_moves_its_delivery(client, ground, app, sandbox):
    receipt, _ = await orphan(client, ground, app, sandbox)

    assert (await carry_out(app, retry(kind=Kind.RECEIPT, ids=[receipt.id]))).done == 1
    await becomes(app, "citizen", "email", "failed")
    assert await found(app, Kind.RECEIPT) == []


async def test_the_story_of_a_receipt_says_what_it_says(client, ground, app, sandbox):
    receipt, delivery = await orphan(client, ground, app, sandbox)

    story = await tell(app, str(receipt.id))

    assert [(fact.kind, fact.delivery_id) for fact in story.facts] == [(ReceiptKind.FAILED, delivery)]
