"""Dead letters at the console: found and counted, and sent again or dropped once it was shown what that would do."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from notifier.audit.dead import OF_KIND, Action, Filters, Kind
from notifier.audit.dead_advice import KEPT, advice_text
from notifier.domain.clock import VIETNAM
from notifier.domain.labels import audience_label, state_label
from notifier.intake.fields import read
from notifier.web.access.visits import OperatorVisit
from notifier.web.api.dead import DeadQuery, cursor_of, next_of
from notifier.web.pages.console.acts import reach, told, why_of
from notifier.web.pages.page import language_of, visited
from notifier.web.problems import ProblemError
from workers.steps import dead as steps
from workers.steps.dead import Order

SHOWN, EXAMPLES = 50, 5
KINDS = {
    Kind.DELIVERY: ("Tin", "Messages"),
    Kind.EVENT: ("Sự kiện không đọc được", "Events that cannot be read"),
    Kind.RECEIPT: ("Biên nhận không khớp tin nào", "Receipts of no message"),
}
NOT_FILTERS = {"kind", "cursor", "limit", "locale", "lang", "note", "action", "reached_too", "csrf", "why"}


async def show_dead(visit: OperatorVisit) -> web.Response:
    """Counts by what they died of, and the newest; with a cursor the next page."""
    given = _given(visit.request.query)
    asked = _asked(given)
    facts = {"told": await told(visit), "kinds": KINDS, "given": given, "label": _labels(visit)}
    if asked is None:
        empty: dict[str, Any] = {
            "kind": Kind.DELIVERY,
            "items": [],
            "groups": [],
            "next": None,
            "again": "",
            "faulty": True,
        }
        return visited(visit, "console/dead", {**facts, **empty}, status=400)
    kind, filters = await _within(visit, asked)
    after = cursor_of(kind, asked.cursor) if asked.cursor else None
    async with visit.app.pool.acquire() as connection:
        items = await steps.found(visit.app, connection, kind, filters, after, SHOWN)
        groups = [] if after else await steps.groups(visit.app, connection, kind, filters)
    more = next_of(items) if len(items) == SHOWN else None
    return visited(
        visit,
        "console/dead",
        {
            **facts,
            "kind": kind,
            "items": items,
            "groups": groups,
            "next": more and urlencode({**given, "cursor": more}),
            "again": urlencode({name: value for name, value in given.items() if name != "cursor"}),
            "faulty": False,
        },
    )


async def preview(visit: OperatorVisit) -> web.Response:
    """What the act would do to those that pass the filters, in counts and examples. Changes nothing."""
    return await _previewed(visit, visit.request.query)


async def act(visit: OperatorVisit) -> web.StreamResponse:
    """Do it, to those alone that were there when its counts were shown."""
    why, fault = why_of(visit)
    if fault:
        return await _previewed(visit, visit.form, fault, why)
    kind, action, filters = await _ordered(visit, visit.form)
    reached_too = "reached_too" in visit.form
    report = await steps.carry_out(
        visit.app, Order(action, kind, by=visit.who.login, why=why, filters=filters, reached_too=reached_too)
    )
    raise web.HTTPSeeOther(f"/console/dead?{urlencode({'kind': kind.value, 'note': str(report.seq)})}")


async def _previewed(
    visit: OperatorVisit, source: Mapping[str, str], fault: tuple[str, str] | None = None, why: str = "–"
) -> web.Response:
    kind, action, filters = await _ordered(visit, source)
    filters = filters if filters.until else replace(filters, until=visit.app.clock())
    reached_too = "reached_too" in source
    order = Order(action, kind, by=visit.who.login, why=why, filters=filters, reached_too=reached_too, dry_run=True)
    report = await steps.carry_out(visit.app, order)
    async with visit.app.pool.acquire() as connection:
        examples = await steps.found(visit.app, connection, kind, filters, None, EXAMPLES)
    assert filters.until is not None  # noqa: S101 - set above
    given = {**_given(source), "until": filters.until.isoformat(), "kind": kind.value, "action": action.value}
    return visited(
        visit,
        "console/dead_act",
        {
            "kind": kind,
            "kinds": KINDS,
            "action": action,
            "report": report,
            "kept": {KEPT[each]: number for each, number in report.kept.items() if number},
            "examples": examples,
            "given": given,
            "reached_too": reached_too,
            "fault": fault,
            "why": "" if fault is None else why,
            "label": _labels(visit),
        },
        status=400 if fault else 200,
    )


async def _ordered(visit: OperatorVisit, source: Mapping[str, str]) -> tuple[Kind, Action, Filters]:
    asked, wish = _asked(_given(source)), source.get("action", "")
    if asked is None or wish not in set(Action) or (wish == Action.DROP and asked.kind is not Kind.DELIVERY):
        raise ProblemError("invalid-query", "The question is not of the form expected.")
    kind, filters = await _within(visit, asked)
    return kind, Action(wish), filters


async def _within(visit: OperatorVisit, asked: DeadQuery) -> tuple[Kind, Filters]:
    """Kind and filters, as far as the account reaches: receipts that fit nowhere are the province's."""
    within = await reach(visit)
    if within.named and asked.kind is Kind.RECEIPT:
        raise ProblemError("not-found", "There is nothing of this kind within the agencies of the account.")
    return asked.kind, replace(asked.filters(), within=within)


def _given(source: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form that say something, as they were written."""
    kept = {"kind", "cursor"} | {name for name in source if name not in NOT_FILTERS}
    return {name: source[name].strip() for name in sorted(kept) if source.get(name, "").strip()}


def _asked(given: Mapping[str, str]) -> DeadQuery | None:
    """The question; None where it cannot be understood. What means nothing for its kind is not asked for."""
    asked = read(DeadQuery, dict(given))
    if isinstance(asked, tuple):
        return None
    misfits = asked.filters().named().keys() - OF_KIND[asked.kind]
    return asked.model_copy(update={name: None if name != "unreached" else False for name in misfits})


def _labels(visit: OperatorVisit) -> dict[str, Any]:
    """How the templates say states, audiences, advice and times in the language of the page."""
    language = language_of(visit.request)
    deduplicating = steps.deduplicating(visit.app)

    def day_of(at: datetime) -> str:
        return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"

    return {
        "state": lambda state: state_label(state, language),
        "audience": lambda audience: audience_label(audience, language),
        "advice": lambda letter: advice_text(letter, deduplicating, language),
        "why": lambda reason: reason.text(language),
        "at": day_of,
    }
