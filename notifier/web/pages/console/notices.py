"""The page of one notice: did this person get it, by which way, proven by what, and what happens next."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from notifier.audit.dead import WHY_LONGEST, fault_of_why
from notifier.audit.timeline import AuditRow, RecipientRef
from notifier.audit.verdict import Way
from notifier.domain.ids import DeliveryId, RecipientId
from notifier.domain.operators import Permission
from notifier.domain.reasons import PURPOSES, Reason, ReasonCode
from notifier.store import evidence, timelines
from notifier.store import notices as store
from notifier.store.evidence import Call, Callback, Reveal, Said
from notifier.store.notices import Notice
from notifier.store.pool import Connection
from notifier.store.reach import reach_of
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console import notice_facts
from notifier.web.pages.console.shown import address_of_notice, none_here, pick, uuid_in_path
from notifier.web.pages.page import language_of, visited
from workers.steps.dead import proving

WHY_SHORTEST = 10


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one notice."""

    notice: Notice
    ways: list[Way]
    calls: list[Call]
    said: dict[DeliveryId, Said]
    callbacks: list[Callback]
    names: list[str]
    """Citizens whom what was said may name."""
    timeline: list[AuditRow]
    reveals: list[Reveal]
    told_in: RecipientId | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody gave as the reason to see a contact, and what is wrong with it."""

    purpose: str = ""
    said: str = ""
    fault: tuple[str, str] | None = None


NO_WISH = Wish()


async def show_notice(visit: OperatorVisit) -> web.Response:
    """The notice with its person masked."""
    async with visit.app.pool.acquire() as connection:
        story = await _story(visit, connection)
    return _page(visit, story)


async def show_delivery(visit: OperatorVisit) -> web.Response:
    """Leads to the notice that a delivery is a way of."""
    id_ = DeliveryId(uuid_in_path(visit, "id"))
    async with visit.app.pool.acquire() as connection:
        found = await store.of_delivery(connection, id_, await reach_of(connection, visit.who.agencies))
    if found is None:
        raise none_here()
    return web.Response(status=303, headers={"Location": f"{address_of_notice(found)}#d-{id_}"})


async def reveal(visit: OperatorVisit) -> web.Response:
    """The notice with its person in full, in this answer only; who asked and why is in the audit trail by then."""
    wish = _wish(visit)
    async with visit.app.pool.acquire() as connection:
        story = await _story(visit, connection)
        if wish.fault:
            return _page(visit, story, wish, status=422)
        values = {
            "by": visit.who.login,
            "purpose": wish.purpose,
            "said": wish.said,
            "recipient": str(story.notice.id),
        }
        await evidence.note_reveal(
            connection,
            story.notice.event_id,
            story.ways[0].id if story.ways else None,
            Reason(ReasonCode.CONTACT_REVEALED, values),
            actor=visit.who.actor,
            now=visit.app.clock(),
        )
        story = await _story(visit, connection)
    return _page(visit, story, revealed=True)


def _wish(visit: OperatorVisit) -> Wish:
    purpose, said = visit.form.get("purpose", ""), " ".join(visit.form.get("said", "").split())
    if purpose not in PURPOSES:
        return Wish(purpose, said, ("Hãy chọn mục đích.", "Choose a purpose."))
    if len(said) < WHY_SHORTEST:
        fault = (
            f"Hãy ghi lý do, ít nhất {WHY_SHORTEST} ký tự.",
            f"Give a reason of at least {WHY_SHORTEST} characters.",
        )
        return Wish(purpose, said, fault)
    if len(said) > WHY_LONGEST or fault_of_why(said):
        fault = (
            f"Nhiều nhất {WHY_LONGEST} ký tự, không ghi số điện thoại, thư điện tử hay số định danh.",
            f"At most {WHY_LONGEST} characters, without telephone numbers, mail addresses or personal numbers.",
        )
        return Wish(purpose, said, fault)
    return Wish(purpose, said)


async def _story(visit: OperatorVisit, connection: Connection) -> Story:
    """Raises `not-found` for a notice that is out of sight as for one that does not exist."""
    id_ = RecipientId(uuid_in_path(visit, "id"))
    notice = await store.one(connection, id_, await reach_of(connection, visit.who.agencies))
    if notice is None:
        raise none_here()
    ways = (await store.ways(connection, [id_], proving(visit.app)))[id_]
    ids = [way.id for way in ways]
    who = RecipientRef(notice.audience, notice.ref)
    rows = await timelines.of_event(connection, notice.event_id)
    return Story(
        notice,
        ways,
        await evidence.calls(connection, ids),
        await evidence.said(connection, ids),
        await evidence.callbacks(connection, ids),
        await evidence.names(connection, notice.event_id),
        [row for row in rows if row.recipient in {None, who}],
        await evidence.reveals(connection, notice.event_id, id_) if visit.who.may(Permission.AUDIT) else [],
        await evidence.told_in(connection, id_),
    )


def _page(
    visit: OperatorVisit, story: Story, wish: Wish = NO_WISH, *, revealed: bool = False, status: int = 200
) -> web.Response:
    locale = language_of(visit.request)
    adapters = {name: setup.adapter for name, setup in visit.app.providers.items()}
    facts: dict[str, Any] = {
        **notice_facts.head(story.notice, story.ways, locale, full=revealed),
        "ways": notice_facts.ways(story.ways, adapters, locale),
        "calls": notice_facts.calls(story.calls, story.ways, adapters, story.names, locale),
        "callbacks": notice_facts.callbacks(story.callbacks, story.ways, story.names, locale),
        "messages": notice_facts.messages(story.said, story.ways, None if revealed else story.names, locale),
        "timeline": notice_facts.timeline(story.timeline, story.ways, locale),
        "reveals": notice_facts.reveals(story.reveals, locale),
        "may_reveal": visit.who.may(Permission.REVEAL),
        "may_audit": visit.who.may(Permission.AUDIT),
        "told_in": story.told_in and address_of_notice(story.told_in),
        "revealed": revealed,
        "shortest": WHY_SHORTEST,
        "purposes": [(code, pick(words, locale)) for code, words in PURPOSES.items()],
        "purpose": wish.purpose,
        "said": wish.said,
        "fault": pick(wish.fault, locale) if wish.fault else None,
    }
    return visited(visit, "console/notice", facts, status=status)
