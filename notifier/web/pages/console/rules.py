"""The rules: as a table, tried on an event, and compared with others over the events of the last week. Nothing is stored."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import web

from notifier.audit.dead import moment
from notifier.domain.clock import VIETNAM
from notifier.domain.directory import Directory
from notifier.domain.errors import IntakeError, RulesError
from notifier.domain.events import DossierEvent
from notifier.domain.ids import EventType
from notifier.domain.labels import audience_label, state_label
from notifier.domain.recipients import Locale
from notifier.rendering.samples import event_of
from notifier.routing.compare import Comparison, compare
from notifier.routing.context import RoutingContext
from notifier.routing.overtaking import ALONE
from notifier.routing.plan import plan
from notifier.routing.rules import Rules, load_rules
from notifier.store import directory, lookback
from notifier.store.events import ClaimedEvent
from notifier.web.access.visits import OperatorVisit
from notifier.web.keys import REPORTING
from notifier.web.pages.console import rules_words
from notifier.web.pages.console.looking import sight_of
from notifier.web.pages.console.templates import samples_of
from notifier.web.pages.console.words import EVENTS, event_name
from notifier.web.pages.page import language_of, visited
from workers.steps.contexts import for_agency, routing_context
from workers.steps.rehearsal import Rehearsal, Rehearsed, decided
from workers.steps.understanding import understood
from workers.wiring import App, nameable

DAYS, EACH_DAY_MOST = 7, 300
"""So many days are looked back on, and so many events of each."""
PASTED = "pasted.toml"


async def show_rules(visit: OperatorVisit) -> web.Response:
    """The rule set as a table, with a form to try an event and one to compare other rules."""
    return _page(visit, {})


async def try_event(visit: OperatorVisit) -> web.Response:
    """Who would be told of an event, on which channels, when and why."""
    app, form, language = visit.app, visit.form, language_of(visit.request)
    given = {"type": form.get("type", ""), "sample": form.get("sample", ""), "event": form.get("event", "")}
    at = moment(form.get("at", "")) or app.clock()
    async with app.pool.acquire() as connection:
        await app.calendars.look(connection)
    faults: list[str] = []
    found: list[Rehearsed] = []
    if given["event"].strip():
        routing = replace(routing_context(app.setups, app.secret, at), working=app.calendars.working(None))
        for each in decided(given["event"].encode(), Rehearsal(app.rules, routing, at), app.profiles, None):
            if isinstance(each, IntakeError):
                faults += [each.detail, *(f"{fault.pointer}: {fault.detail}" for fault in each.errors)]
            else:
                found.append(each)
    else:
        samples = samples_of(app.settings.templates_dir)
        sample = samples.get(given["sample"]) or next(iter(samples.values()))
        type_ = EventType(given["type"]) if given["type"] in app.rules.rules else next(iter(app.rules.rules))
        event = event_of(sample, type_)
        context = _contexts(app, Directory())(event, app.rules)
        found.append(Rehearsed(event, plan(event, app.rules, context, at), ALONE))
    shown = [_plan(each, language) for each in found]
    facts = {"tried": shown, "try_faults": faults, "given": given, "at": at}
    return _page(visit, facts, status=400 if faults else 200)


def _plan(found: Rehearsed, language: Locale) -> dict[str, Any]:
    """A plan as the page shows it; without names and addresses."""
    people = [
        (
            audience_label(one.recipient.audience, language),
            one.recipient.ref if one.recipient.audience.is_staff else "",
            [
                (
                    each.channel,
                    each.position.value,
                    state_label(each.state, language),
                    each.due_at,
                    each.reason.text(language),
                )
                for each in one.deliveries
            ],
        )
        for one in found.plan.recipients
    ]
    notes = [note.text(language) for note in found.plan.notes]
    return {
        "type": event_name(found.event.type),
        "code": found.event.dossier.code,
        "notes": notes,
        "overtakes": [event_name(each.type) for each in found.course.overtakes],
        "people": people,
    }


async def compare_rules(visit: OperatorVisit) -> web.Response:
    """What other rules would have changed for events of the last week. One such comparison runs at a time."""
    text, app = visit.form.get("rules", ""), visit.app
    try:
        new = load_rules(text, PASTED, nameable(app.setups))
    except RulesError as error:
        return _page(visit, {"pasted": text, "rule_faults": str(error).split("\n  ")}, status=400)
    running = visit.request.app[REPORTING]
    if running.locked():
        return _page(visit, {"pasted": text, "busy": True}, status=503)
    async with running:
        found = await _compared(visit, new)
    counted = [
        (event_name(type_), channel, position.value, found.before[key], found.after[key])
        for key in sorted(found.before | found.after)
        for type_, channel, position in [key]
        if found.before[key] != found.after[key]
    ]
    channels = sorted({channel for _, channel, _ in found.before | found.after})
    totals = [(channel, _sum(found.before, channel), _sum(found.after, channel)) for channel in channels]
    facts = {
        "pasted": text,
        "comparison": found,
        "counted": counted,
        "timers": rules_words.timers_changed(app.rules, new),
        "totals": totals,
        "days": DAYS,
        "most": EACH_DAY_MOST,
    }
    return _page(visit, facts)


def _sum(counts: Any, channel: str) -> int:
    return sum(number for (_, name, _), number in counts.items() if name == channel)


async def _compared(visit: OperatorVisit, new: Rules) -> Comparison:
    app, now = visit.app, visit.app.clock()
    moments = [now - timedelta(days=DAYS - number) for number in range(DAYS + 1)]
    async with app.pool.acquire() as connection:
        await app.calendars.look(connection)
        sight = await sight_of(connection, visit)
        stored = await lookback.some(connection, moments, sight.within, EACH_DAY_MOST)
        known = await directory.everything(connection)
    return await asyncio.to_thread(_over, app, stored, new, _contexts(app, known))


def _over(
    app: App, stored: list[ClaimedEvent], new: Rules, context_of: Callable[[DossierEvent, Rules], RoutingContext]
) -> Comparison:
    return compare((understood(each, app.profiles) for each in stored), app.rules, new, context_of)


def _contexts(app: App, known: Directory) -> Callable[[DossierEvent, Rules], RoutingContext]:
    """What routing knows of an event of an agency that is the only one of its dossier."""

    def context_of(event: DossierEvent, rules: Rules) -> RoutingContext:
        agency = event.dossier.agency
        plain = routing_context(app.setups, app.secret, event.received_at)
        return replace(
            for_agency(plain, app.setups, agency),
            directory=known,
            working=app.calendars.working(agency),
            digest_at=app.calendars.digests(agency, rules.gathering.digest_at),
        )

    return context_of


def _page(visit: OperatorVisit, facts: dict[str, Any], *, status: int = 200) -> web.Response:
    app = visit.app
    empty: dict[str, Any] = {
        "tried": None,
        "try_faults": [],
        "given": {"type": "", "sample": "", "event": ""},
        "at": app.clock(),
        "pasted": "",
        "rule_faults": [],
        "busy": False,
        "comparison": None,
    }
    shared = {
        "rows": list(rules_words.table(app.rules)),
        "rules": app.rules,
        "types": {name: words for name, words in EVENTS.items() if name in app.rules.rules},
        "samples": samples_of(app.settings.templates_dir),
        "event_name": event_name,
        "audience": audience_label,
        "local": lambda at: at.astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M"),
    }
    return visited(visit, "console/rules", empty | shared | facts, status=status)
