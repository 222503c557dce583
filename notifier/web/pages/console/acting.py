"""One message, or one event with all of its messages: sent again, cancelled, decided anew by the rules of now.

The page shows of each act what it would do; a form with a reason does it. The counts are those of a trial.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from aiohttp import web

from notifier.audit.dead import DEAD, Action, Filters, Kind, Letter, identifier
from notifier.audit.dead_advice import KEPT, advice_text
from notifier.domain.ids import DeliveryId, EventId
from notifier.domain.labels import audience_label, state_label
from notifier.domain.reach import Reach
from notifier.store import targets
from notifier.store.targets import EventAt
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.acts import Both, reach, told, why_of
from notifier.web.pages.page import language_of, visited
from notifier.web.problems import ProblemError
from workers.steps import acting
from workers.steps import dead as steps
from workers.steps.acting import By, Cancelled, Rerouted
from workers.steps.dead import Order, Report

TRIAL = "–"


class Act(StrEnum):
    RETRY = "retry"
    DROP = "drop"
    CANCEL = "cancel"
    REROUTE = "reroute"


@dataclass(frozen=True, slots=True)
class Subject:
    """What the page is about, as far as the visitor's account reaches."""

    event: EventAt
    only: DeliveryId | None
    within: Reach

    @property
    def dead(self) -> tuple[Kind, list[DeliveryId] | list[EventId]]:
        """What a retry would be tried with: its messages, or the event itself where it could not be read."""
        if self.event.state == "unroutable":
            return Kind.EVENT, [self.event.id]
        chosen = [each for each in self.event.deliveries if self.only in (None, each.id)]
        return Kind.DELIVERY, [each.id for each in chosen if each.state in DEAD and each.due_at is None]


async def show_delivery(visit: OperatorVisit) -> web.Response:
    """One message."""
    return await _shown(visit, await _delivery(visit))


async def act_on_delivery(visit: OperatorVisit) -> web.StreamResponse:
    """Retry, drop or cancel it."""
    return await _acted(visit, await _delivery(visit), {Act.RETRY, Act.DROP, Act.CANCEL})


async def show_event(visit: OperatorVisit) -> web.Response:
    """One event with all of its messages."""
    return await _shown(visit, await _event(visit))


async def act_on_event(visit: OperatorVisit) -> web.StreamResponse:
    """Retry what of it is dead, cancel what was not sent, or have the rules asked again."""
    return await _acted(visit, await _event(visit), {Act.RETRY, Act.CANCEL, Act.REROUTE})


async def _acted(visit: OperatorVisit, subject: Subject, acts: set[Act]) -> web.StreamResponse:
    wish = visit.form.get("do", "")
    if wish not in acts:
        raise ProblemError("not-found", "There is no such act.")
    why, fault = why_of(visit)
    if fault:
        return await _shown(visit, subject, Act(wish), fault, why)
    seq = await _do(visit, subject, Act(wish), By(visit.who.login, why))
    raise web.HTTPSeeOther(f"{visit.request.path}?note={seq}")


async def _do(visit: OperatorVisit, subject: Subject, wish: Act, by: By) -> int | None:
    match wish:
        case Act.RETRY | Act.DROP:
            return (await _dead(visit, subject, Action(wish.value), by)).seq
        case Act.CANCEL:
            return (await acting.cancel(visit.app, subject.event, by, subject.only)).seq
        case Act.REROUTE:
            if (done := await acting.reroute(visit.app, subject.event, by)) is None:
                raise ProblemError("not-found", "The rules do not decide about this event.")
            return done.seq


async def _dead(visit: OperatorVisit, subject: Subject, action: Action, by: By) -> Report:
    kind, ids = subject.dead
    order = Order(
        action, kind, by=by.login, why=by.why, filters=Filters(within=subject.within), ids=ids, dry_run=by.trial
    )
    return await steps.carry_out(visit.app, order)


@dataclass(frozen=True, slots=True)
class Trials:
    """What each act would come to; None where there is nothing to do it to."""

    retry: Report | None
    drop: Report | None
    cancel: Cancelled | None
    reroute: Rerouted | None


async def _tried(visit: OperatorVisit, subject: Subject) -> Trials:
    by, app = By(visit.who.login, TRIAL, trial=True), visit.app
    retry = await _dead(visit, subject, Action.RETRY, by)
    drop = await _dead(visit, subject, Action.DROP, by) if subject.only else None
    cancel = await acting.cancel(app, subject.event, by, subject.only)
    return Trials(
        retry if retry.found else None,
        drop if drop and drop.found else None,
        cancel if cancel.found else None,
        await acting.reroute(app, subject.event, by) if subject.only is None else None,
    )


async def _shown(
    visit: OperatorVisit, subject: Subject, wrong: Act | None = None, fault: Both | None = None, why: str = ""
) -> web.Response:
    language = language_of(visit.request)
    tried = await _tried(visit, subject)
    kind, ids = subject.dead
    async with visit.app.pool.acquire() as connection:
        items = await steps.named(visit.app, connection, kind, ids, subject.within)
    facts = {
        "event": subject.event,
        "chosen": [each for each in subject.event.deliveries if subject.only in (None, each.id)],
        "only": subject.only,
        "told": await told(visit),
        "tried": tried,
        "kept": [(KEPT[each], number) for each, number in (tried.retry.kept if tried.retry else {}).items() if number],
        "advice": [
            advice_text(each, steps.deduplicating(visit.app), language) for each in items if isinstance(each, Letter)
        ],
        "changes": _changes(tried.reroute, language),
        "wrong": wrong,
        "fault": fault,
        "why": why,
        "state": lambda state: state_label(state, language),
        "audience": lambda audience: audience_label(audience, language),
    }
    return visited(visit, "console/acting", facts, status=400 if fault else 200)


def _changes(tried: Rerouted | None, language: str) -> list[tuple[str, str, str, str]]:
    """Of each message that the rules of now would change: to whom, by which way, from and to which state, and why."""
    if tried is None:
        return []
    changes = tried.changes
    return [
        (
            audience_label(each.audience, language),
            each.channel,
            state_label(each.was.state, language) if each.was else "–",
            f"{state_label(each.becomes, language)}{': ' + each.plan.reason.text(language) if each.plan else ''}",
        )
        for each in (*changes.moved, *changes.added, *changes.stopped)
    ]


async def _delivery(visit: OperatorVisit) -> Subject:
    id_ = DeliveryId(_uuid(visit))
    async with visit.app.pool.acquire() as connection:
        event_id = await targets.event_of(connection, id_)
    return await _subject(visit, event_id, id_)


async def _event(visit: OperatorVisit) -> Subject:
    return await _subject(visit, EventId(_uuid(visit)), None)


async def _subject(visit: OperatorVisit, event_id: EventId | None, only: DeliveryId | None) -> Subject:
    """Raises `not-found` for what is not there, and for what is beyond the account's agencies alike."""
    within = await reach(visit)
    async with visit.app.pool.acquire() as connection:
        event = await targets.of_event(connection, event_id) if event_id else None
    if event is None or not within.includes(event.agency):
        raise ProblemError("not-found", "There is nothing of this id.")
    return Subject(event, only, within)


def _uuid(visit: OperatorVisit) -> UUID:
    id_ = identifier(visit.request.match_info["id"])
    if not isinstance(id_, UUID):
        raise ProblemError("not-found", "There is nothing of this id.")
    return id_
