"""What many bring or ask at the same time is done by few transactions, and comes out as if one after the other."""

import asyncio
import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from itertools import count

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.base import Message
from notifier.domain.content import InboxContent
from notifier.domain.dossiers import Status
from notifier.domain.errors import IntakeError
from notifier.domain.ids import ChannelName, ExternalId, ProviderName, SourceName
from notifier.domain.receipts import RawReceipt
from notifier.domain.recipients import Contact
from notifier.intake.accept import Accepted
from notifier.store import relations
from notifier.store.relations import Saying
from tests.support.callbacks import new_message
from tests.support.intake import NOW, accepted, event
from workers import steps
from workers.relations import ZaloRelations
from workers.steps import Post
from workers.wiring import App, open_app

SOURCES = [SourceName("mot.example.gov.vn"), SourceName("hai.example.gov.vn")]
_numbers = count(1)


@pytest.fixture
async def door(app: App):
    made = steps.new_intake(app)
    yield made
    await made.close()


async def rows(app: App, query: str, *values) -> list[tuple]:
    return [tuple(row) for row in await app.pool.fetch(query, *values)]


async def transactions(app: App, table: str) -> int:
    """By how many the rows of a table were written."""
    return await app.pool.fetchval(f"SELECT count(DISTINCT xmin::text) FROM {table}")  # noqa: S608


async def together(door, posts: Iterable[Post]) -> list:
    return await asyncio.gather(*(steps.take_in(door, post) for post in posts), return_exceptions=True)


def post(*ids: str, source: SourceName = SOURCES[0], dossier: str = "H01-1", name: str = "Nguyễn Văn Mẫu") -> Post:
    changes = {"/data/HoSo/MaHoSo": dossier, "/data/HoSo/ChuHoSo": name}
    return Post(source, [accepted(event({"/id": id_} | changes)) for id_ in ids], NOW)


async def test_posts_of_several_sources_at_once_are_one_transaction(app, door):
    posts = [post(f"E-{number}", source=SOURCES[number % 2]) for number in range(40)]

    answers = await together(door, posts)

    assert [answer.external_id for (answer,) in answers] == [f"E-{number}" for number in range(40)]
    assert (await transactions(app, "event"), await transactions(app, "audit")) == (1, 1)


async def test_within_a_batch_a_repeat_gets_the_first_answer_and_other_content_is_refused(app, door):
    (first,), (repeat,), (other,) = await together(door, [post("E-1"), post("E-1"), post("E-1", name="Người Khác")])

    assert (repeat.event_id, repeat.duplicate, first.duplicate) == (first.event_id, True, False)
    assert isinstance(other, IntakeError)
    assert other.problem == "event-id-reused"
    assert await rows(app, "SELECT count(*) FROM event") == [(1,)]


async def test_the_same_id_of_two_sources_is_two_events(app, door):
    await together(door, [post("E-1", source=source) for source in SOURCES])

    assert await rows(app, "SELECT count(DISTINCT source) FROM event") == [(2,)]


async def test_a_post_that_cannot_be_stored_fails_alone_and_whole(app, door):
    await app.pool.execute("ALTER TABLE event ADD CHECK (external_id <> 'E-bad')")

    one, bad, three = await together(door, [post("E-1"), post("E-2", "E-bad"), post("E-3")])

    assert isinstance(bad, asyncpg.CheckViolationError)
    assert [answer.duplicate for (answer,) in (one, three)] == [False, False]
    assert await rows(app, "SELECT external_id FROM event ORDER BY 1") == [("E-1",), ("E-3",)]


async def test_an_id_that_another_process_uses_meanwhile_for_another_dossier_is_refused(app, door):
    async with app.pool.acquire() as other, other.transaction():
        await new_message(other, NOW, source=SOURCES[0])
        await other.execute("UPDATE event SET external_id = 'E-1'")
        posting = asyncio.create_task(together(door, [post("E-1"), post("E-2")]))
        await waiting(app, 1)

    (taken,), (second,) = await posting
    assert isinstance(taken, IntakeError)
    assert second.duplicate is False


async def waiting(app: App, transactions: int) -> None:
    """Until so many wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await app.pool.fetchval(query) < transactions:
        await asyncio.sleep(0.01)


async def test_batches_of_two_processes_that_name_dossiers_in_opposite_order_both_come_through(app, door):
    async with open_app(app.settings, name="other") as second:
        other = steps.new_intake(second)
        numbers = range(20)
        upwards = [post(f"A-{number}", dossier=f"H01-{number:02}") for number in numbers]
        downwards = [post(f"B-{number}", dossier=f"H01-{number:02}") for number in reversed(numbers)]
        async with app.pool.acquire() as between:
            blocking = between.transaction()
            await blocking.start()
            await between.execute(
                "INSERT INTO dossier (source, code, updated_at) VALUES ($1, 'H01-10', now())", SOURCES[0]
            )
            posting = asyncio.gather(together(door, upwards), together(other, downwards))
            await asyncio.wait_for(waiting(app, 2), 10)
            await blocking.rollback()
        answers = await posting
        await other.close()

    assert [answer.duplicate for process in answers for (answer,) in process] == [False] * 40


async def test_who_gives_up_waiting_does_not_hurt_the_others(app, door):
    async with app.pool.acquire() as blocking, blocking.transaction():
        await blocking.execute("LOCK TABLE event_payload IN ACCESS EXCLUSIVE MODE")
        one, two = (asyncio.create_task(steps.take_in(door, post(id_))) for id_ in ("E-1", "E-2"))
        await waiting(app, 1)
        one.cancel()

    ((answer,),) = await asyncio.gather(two)
    assert answer.duplicate is False


def item(index: int, told: dict) -> Accepted:
    """An event with exactly this to tell. Its id does not change its content."""
    id_, status, hours, seq, dossier, describes, is_bare = (told[name] for name in sorted(told))
    document = {"HoSo": {"ChuHoSo": "Mẫu" if describes else "", "Ma": dossier, "TrangThai": status, "Gio": hours}}
    text = json.dumps(document, sort_keys=True)
    return Accepted(
        index=index,
        external_id=ExternalId(id_),
        event_type=None if is_bare and status else "hoso.dang_xu_ly",
        occurred_at=NOW + timedelta(hours=hours, minutes=7),
        seq=seq,
        dossier_code=dossier,
        status=Status(status) if status else None,
        is_progress=hours % 2 == 0,
        document=document,
        text=text,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
        warnings=("odd",) if seq == 2 else (),
    )


told = st.fixed_dictionaries(
    {
        "a_id": st.sampled_from(["E-1", "E-2", "E-3", "E-4", "E-5", "E-6", "E-7", "E-8"]),
        "b_status": st.sampled_from([None, 1, 2, 4, 5, 9, 10]),
        "c_hours": st.integers(0, 3),
        "d_seq": st.sampled_from([None, 1, 2, 3]),
        "e_dossier": st.sampled_from(["H01-1", "H01-2"]),
        "f_describes": st.booleans(),
        "g_is_bare": st.booleans(),
    }
)
requests = st.lists(st.tuples(st.integers(0, 1), st.lists(told, min_size=1, max_size=3)), min_size=1, max_size=8)


def numbered(id_: str, seq: int, *, describes: bool) -> dict:
    return dict(zip("abcdefg", (id_, 4, seq, seq, "H01-1", describes, False), strict=True))


@pytest.mark.parametrize(("told_last", "described_by"), [([], "E-2"), ([("E-4", 4)], "E-4")])
async def test_an_event_that_comes_late_describes_only_what_nothing_has_described(app, door, told_last, described_by):
    told = [("E-1", 3, False), ("E-2", 1, True), ("E-3", 2, True), *((*each, True) for each in told_last)]
    items = [item(index, numbered(id_, seq, describes=is_so)) for index, (id_, seq, is_so) in enumerate(told)]

    await steps.take_in(door, Post(SOURCES[0], items, NOW))

    query = "SELECT external_id FROM dossier d JOIN event e ON e.id = d.details_event"
    assert await rows(app, query) == [(described_by,)]


def posts_of(drawn, prefix: str) -> list[Post]:
    """The same posts for sources of their own, each a second after the one before."""
    return [
        Post(
            SourceName(f"{prefix}-{which}"),
            [item(index, each) for index, each in enumerate(items)],
            NOW + timedelta(seconds=second),
        )
        for second, (which, items) in enumerate(drawn)
    ]


def answered(answers: list) -> list:
    def plainly(answer) -> tuple:
        if isinstance(answer, IntakeError):
            return answer.problem, answer.detail
        return answer.index, answer.external_id, answer.type, answer.warnings, answer.duplicate

    return [[plainly(each) for each in answer] for answer in answers]


LEFT_BEHIND = (
    """SELECT right(source, 1), external_id, type, dossier_code, seq, status, transition, state, lane, occurred_at,
           received_at, due_at, fingerprint, warnings, document
       FROM event JOIN event_payload ON event_id = id WHERE starts_with(source, $1) ORDER BY id""",
    """SELECT right(d.source, 1), code, d.status, d.updated_at, e.external_id
       FROM dossier d LEFT JOIN event e ON e.id = d.details_event WHERE starts_with(d.source, $1)
         AND EXISTS (SELECT FROM event t WHERE t.source = d.source AND t.dossier_code = d.code) ORDER BY 1, 2""",
    """SELECT right(source, 1), external_id, at, actor, reason, details
       FROM audit JOIN event ON event.id = event_id WHERE starts_with(source, $1) ORDER BY audit.seq""",
)


async def left_behind(app: App, prefix: str) -> list[list[tuple]]:
    """All that is stored of the sources with this prefix, without ids that are made anew each time."""
    return [await rows(app, query, prefix) for query in LEFT_BEHIND]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests)
async def test_a_batch_answers_and_stores_the_same_as_its_posts_one_by_one(app, door, drawn):
    number = next(_numbers)
    alone = [await steps.take_in(door, post) for post in posts_of(drawn, f"one-{number:04}")]
    batch = await together(door, posts_of(drawn, f"all-{number:04}"))

    assert answered(batch) == answered(alone)
    assert await left_behind(app, f"all-{number:04}") == await left_behind(app, f"one-{number:04}")


async def test_callbacks_that_come_at_once_are_kept_by_one_statement_in_their_order(app):
    bodies = [f"số {number}".encode() for number in range(30)]
    raws = [RawReceipt(ProviderName("zalo"), "POST", "k", {"q": "ă"}, {"user-agent": "x"}, body) for body in bodies]

    await asyncio.gather(*(app.receipts.do(raw) for raw in raws))

    kept = await rows(app, "SELECT body, query, headers, state FROM receipt ORDER BY id")
    assert kept == [(body, {"q": "ă"}, {"user-agent": "x"}, "stored") for body in bodies]
    assert await transactions(app, "receipt") == 1


def to_inbox(id_, owner: str) -> Message:
    return Message(id_, id_.hex, Contact(owner), InboxContent("t", "b", f"/{id_}"), NOW)


async def test_messages_of_several_inboxes_at_once_are_numbered_in_their_order(app):
    portal = app.connections[ProviderName(ChannelName("portal"))]
    async with app.pool.acquire() as connection:
        ids = [await new_message(connection, NOW) for _ in range(9)]
    before = await portal.send(to_inbox(ids[0], "a"))

    answers = await asyncio.gather(
        *(portal.send(to_inbox(id_, "ab"[number % 2])) for number, id_ in enumerate(ids)),
        portal.send(to_inbox(ids[3], "b")),
    )

    assert before.reference == "1"
    assert [answer.reference for answer in answers] == ["1", "1", "2", "2", "3", "3", "4", "4", "5", "2"]
    assert await rows(app, "SELECT owner, last_seq FROM inbox ORDER BY owner") == [("a", 5), ("b", 4)]
    assert await rows(app, "SELECT owner, seq FROM inbox_message ORDER BY owner, seq") == [
        *(("a", seq) for seq in range(1, 6)),
        *(("b", seq) for seq in range(1, 5)),
    ]
    assert await transactions(app, "inbox_message") == 2


async def test_each_inbox_with_news_is_told_of_once(app):
    heard: list[str] = []
    portal = app.connections[ProviderName(ChannelName("portal"))]
    async with app.pool.acquire() as connection:
        ids = [await new_message(connection, NOW) for _ in range(6)]
        await connection.add_listener("inbox_changed", note := lambda *news: heard.append(news[-1]))
        await asyncio.gather(*(portal.send(to_inbox(id_, "ab"[number % 2])) for number, id_ in enumerate(ids)))
        await connection.execute("SELECT 1")  # what was told before is heard with its answer
        await connection.remove_listener("inbox_changed", note)
    assert sorted(heard) == ["a", "b"]


async def test_looks_at_several_relations_at_once_are_each_answered(app):
    looks = ZaloRelations(app.pool, app.clock, app.secret)
    async with app.pool.acquire() as connection:
        for hours, person in enumerate("abc", start=1):
            said = Saying("oa", person, app.clock() - timedelta(hours=hours), follows=person != "b", interacts=True)
            await relations.learn(connection, said)

    answers = await asyncio.gather(*(looks.since_interaction("oa", person) for person in "abcab"))

    assert [answer and round(answer / timedelta(hours=1)) for answer in answers] == [1, None, 3, 1, None]
