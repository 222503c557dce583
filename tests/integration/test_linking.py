"""One-time codes against the database: what redeems one, what ends it, and how often somebody may try."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from channels.zalo_news import Submitted, Wrote
from channels.zalo_settings import Settings
from notifier.domain.directory import Kind, Officer
from notifier.domain.ids import InboxOwner, ProviderName
from notifier.domain.link_codes import shown
from notifier.domain.opaque import inbox_owner
from notifier.rendering.linking import TEXTS, Answer, text_of
from notifier.store import directory, directory_keeping, preferences
from notifier.store.pool import Connection, open_pool
from tests.contract.channels_cases import zalo_settings
from workers.linking import Hearing, hear, issue, learn_phone

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
SECRET, OA, PERSON, OTHER = b"secret", "222", "9990000000000000555", "9990000000000000666"
OWNER = InboxOwner("in_1")


@pytest.fixture
async def connection(new_database) -> AsyncIterator[Connection]:
    pool = await open_pool(new_database, size=1, name="test")
    async with pool, pool.acquire() as made:
        yield made


def at(now: datetime = NOW, **settings: str) -> Hearing:
    return Hearing(ProviderName("zalo"), Settings.model_validate(zalo_settings(**settings)), SECRET, now)


async def coded(connection: Connection, officer: str | None = None, owner: InboxOwner = OWNER) -> str:
    return shown((await issue(connection, SECRET, OA, owner, officer, NOW)).code)


async def said(connection: Connection, text: str, person: str = PERSON, now: datetime = NOW) -> Answer | None:
    async with connection.transaction():
        return await hear(connection, Wrote(person, text, now), at(now))


async def linked(connection: Connection) -> str | None:
    return await linked_with(connection, OWNER)


async def linked_with(connection: Connection, owner: InboxOwner) -> str | None:
    ((_, uid),) = await preferences.of_citizens(connection, [(OA, [owner])])
    return uid


async def test_a_code_works_once_and_for_one_person(connection):
    code = await coded(connection)
    answers = [await said(connection, code), await said(connection, code), await said(connection, code, OTHER)]
    assert (answers, await linked(connection)) == ([Answer.LINKED_CITIZEN, None, Answer.WRONG_CODE], PERSON)


async def test_an_older_code_ends_with_a_newer_one(connection):
    old, new = await coded(connection), await coded(connection)
    assert [await said(connection, old), await said(connection, new)] == [Answer.WRONG_CODE, Answer.LINKED_CITIZEN]


async def test_a_code_lives_a_quarter_of_an_hour(connection):
    code, late = await coded(connection), NOW + timedelta(minutes=15)
    assert (await said(connection, code, now=late), await linked(connection)) == (Answer.WRONG_CODE, None)


async def test_a_message_from_the_future_counts_as_now(connection):
    code = await coded(connection)
    async with connection.transaction():
        answer = await hear(connection, Wrote(PERSON, code, NOW + timedelta(days=365)), at())
    assert answer is Answer.LINKED_CITIZEN


async def test_after_five_wrong_codes_even_the_right_one_waits_an_hour(connection):
    wrong = [await said(connection, f"LK-AAAA-AAA{number}") for number in range(2, 7)]
    code = await coded(connection)
    assert (wrong, await said(connection, code)) == ([Answer.WRONG_CODE] * 4 + [Answer.TOO_MANY], Answer.TOO_MANY)
    assert await said(connection, code, OTHER) is Answer.LINKED_CITIZEN, "somebody else may try"
    assert await said(connection, "LK-AAAA-AAA9", now=NOW + timedelta(minutes=61)) is Answer.WRONG_CODE


async def test_a_code_of_one_account_is_worth_nothing_at_another(connection):
    code = await coded(connection)
    async with connection.transaction():
        answer = await hear(connection, Wrote(PERSON, code, NOW), at(oa_id="777"))
    assert answer is Answer.WRONG_CODE


async def test_other_messages_are_left_alone(connection):
    assert await said(connection, "Xin hỏi hồ sơ của tôi") is None


async def test_whoever_wants_out_is_let_go_as_citizen_and_officer(connection):
    await directory_keeping.put(connection, Kind.OFFICERS, [Officer("lk.nhan", "Nhân")], by="test", now=NOW)
    await said(connection, await coded(connection))
    assert await said(connection, await coded(connection, "lk.nhan", InboxOwner("in_2"))) is Answer.LINKED_OFFICER
    answers = [await said(connection, "Hủy liên kết"), await said(connection, "Hủy liên kết")]
    officer = await directory.officer(connection, "lk.nhan")
    assert (answers, await linked(connection), officer.zalo) == ([Answer.UNLINKED, Answer.NOT_LINKED], None, {})


async def test_only_a_keyed_hash_of_a_code_is_kept(connection):
    code = await coded(connection)
    kept = await connection.fetchval("SELECT string_agg(c::text || encode(c.hash, 'escape'), '') FROM zalo_code c")
    assert code.replace("-", "")[2:] not in kept


@pytest.mark.parametrize(("believed", "uid"), [("ignore", None), ("link", PERSON)])
async def test_a_number_in_a_form_is_believed_only_where_the_settings_say_so(connection, believed, uid):
    await learn_phone(connection, Submitted(PERSON, "84912000101", NOW), at(submitted_phone=believed))
    assert await linked_with(connection, inbox_owner(SECRET, "phone", "+84912000101")) == uid


async def test_what_a_code_has_proven_no_form_replaces(connection):
    owner = inbox_owner(SECRET, "phone", "+84912000101")
    await said(connection, await coded(connection, owner=owner))
    await learn_phone(connection, Submitted(OTHER, "84912000101", NOW), at(submitted_phone="link"))
    assert await linked_with(connection, owner) == PERSON


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_says_who_speaks_and_fits_a_message(answer):
    text = text_of(answer, sender="Trung tâm Phục vụ hành chính công", minutes=15, hours=1)
    assert (answer in TEXTS, text.endswith("hành chính công"), len(text) < 500) == (True, True, True)
