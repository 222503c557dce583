"""What a citizen chooses: ways for each kind of notice, quiet hours, language; and mail that they stopped before.

What officers are told is not theirs to choose, and their Zalo is kept in the directory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from aiohttp import web
from multidict import MultiMapping

from notifier.domain.deliveries import Urgency
from notifier.domain.hours import Rest
from notifier.domain.preferences import Preferences
from notifier.domain.reasons import Reason, ReasonCode
from notifier.domain.recipients import Audience, Locale
from notifier.domain.suppressions import SuppressionKind
from notifier.routing.choices import Offer, answered, faults
from notifier.routing.rules import Rules
from notifier.routing.tables import SendingHours
from notifier.store import own, preferences, suppressions
from notifier.web.access.visits import CitizenVisit
from notifier.web.api.preferences import offers_of
from notifier.web.pages.citizen.zalo_link import accounts_of
from notifier.web.pages.page import visited

ADDRESS = "/hop-thu/tuy-chon"
CHANNEL_NAMES: Mapping[str, tuple[str, str]] = {
    "zalo": ("Zalo", "Zalo"),
    "sms": ("SMS", "SMS"),
    "email": ("Thư điện tử", "Email"),
}
HALF_HOURS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
HALF = "rest_half"
"""Only one of the two times was given, or what was given is no time."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What stands in the form."""

    chosen: Preferences
    begins: str
    ends: str
    wrong: Mapping[str, Sequence[str]]
    """Fault → the kinds that it concerns."""


async def show_preferences(visit: CitizenVisit) -> web.Response:
    async with visit.app.pool.acquire() as connection:
        chosen = await preferences.of_owner(connection, visit.who)
    rest = chosen.rest
    times = (f"{rest.begins:%H:%M}", f"{rest.ends:%H:%M}") if rest else ("", "")
    return await _page(visit, Entered(chosen, *times, {}))


async def save_preferences(visit: CitizenVisit) -> web.Response:
    """Keep the choice of the form; where it cannot be kept, the form comes back with what is wrong."""
    app, offered = visit.app, offers_of(visit.app)
    async with app.pool.acquire() as connection:
        before = await preferences.of_owner(connection, visit.who)
        read = entered(visit.form, before, offered, app.rules)
        if not read.wrong:
            await preferences.choose(connection, visit.who, read.chosen, actor="recipient", now=app.clock())
    if read.wrong:
        return await _page(visit, read, status=400)
    return web.Response(status=303, headers={"Location": f"{ADDRESS}?done=saved"})


async def resume_mail(visit: CitizenVisit) -> web.Response:
    """Send mail that need not be given again, which the person stopped by the link of one."""
    reason, now = Reason(ReasonCode.RECIPIENT_RESUMED), visit.app.clock()
    async with visit.app.pool.acquire() as connection:
        key = (SuppressionKind.STOPPED, str(visit.who))
        await suppressions.lift(connection, key, reason, actor="recipient", now=now)
    return web.Response(status=303, headers={"Location": f"{ADDRESS}?done=mail"})


async def _page(visit: CitizenVisit, shown: Entered, *, status: int = 200) -> web.Response:
    app, offered = visit.app, offers_of(visit.app)
    key = (SuppressionKind.STOPPED, str(visit.who))
    async with app.pool.acquire() as connection:
        stopped = (await suppressions.against(connection, [key])).get(key)
        accounts = await accounts_of(visit, connection)
        is_staff = await own.is_of_staff(connection, visit.who)
    facts = {
        "offered": offered,
        "channels": list(dict.fromkeys(way for each in offered for way in each.ways)),
        "channel_names": CHANNEL_NAMES,
        "entered": shown,
        "hours": _hours(app.rules),
        "half_hours": HALF_HOURS,
        "stopped_since": stopped and stopped.since,
        "accounts": accounts,
        "is_staff": is_staff,
        "done": visit.request.query.get("done") if status == web.HTTPOk.status_code else None,
    }
    return visited(visit, "citizen/preferences", facts, status=status)


def entered(form: MultiMapping[str], before: Preferences, offered: Sequence[Offer], rules: Rules) -> Entered:
    """What the form says. What it did not show, and a language that there is not, stay as they were before."""
    wanted = set(form.getall("way", []))
    answers = {
        (each.key, way): f"{each.key}:{way}" in wanted
        for each in offered
        for way in each.ways
        if f"{each.key}:{way}" in form.getall("shown", [])
    }
    begins, ends = form.get("begins", ""), form.get("ends", "")
    rest = _rest(begins, ends)
    chosen = Preferences(_locale(form, before), rest, answered(before, offered, answers))
    wrong: dict[str, list[str]] = {HALF: []} if rest is None and (begins or ends) else {}
    for fault, kind in faults(chosen, offered, rules):
        wrong.setdefault(fault.value, []).extend([kind] if kind else [])
    return Entered(chosen, begins, ends, wrong)


def _locale(form: MultiMapping[str], before: Preferences) -> Locale:
    wish = form.get("language")
    return Locale(wish) if wish in set(Locale) else before.locale


def _rest(begins: str, ends: str) -> Rest | None:
    """The quiet hours between two times of the form; None for texts that are none."""
    try:
        times = time.fromisoformat(begins), time.fromisoformat(ends)
    except ValueError:
        return None
    first, last = (at.replace(second=0, microsecond=0, tzinfo=None) for at in times)
    return Rest(first, last) if first != last else None


def _hours(rules: Rules) -> tuple[time, time] | None:
    """When nobody is disturbed whatever they choose: from, until."""
    hours = rules.sending_hours(Audience.CITIZEN, Urgency.NORMAL)
    return (hours.closes, hours.opens) if isinstance(hours, SendingHours) else None
