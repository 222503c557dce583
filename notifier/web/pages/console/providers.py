"""Who carries the messages, and what an operator can switch: a provider, whom a channel prefers, a channel, a source."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import quote

from aiohttp import web

from notifier.audit.dead import identifier
from notifier.domain.hours import clock_text
from notifier.domain.ids import ProviderName
from notifier.domain.operators import Permission
from notifier.store import pauses, providers, traffic
from notifier.store.pauses import Kind
from notifier.store.pool import Connection
from notifier.web.access.visits import OperatorVisit
from notifier.web.pages.console.acts import Both, reach, require_province, why_of
from notifier.web.pages.console.now import CIRCUITS, error_share, quota_left
from notifier.web.pages.console.snapshot import standings_within
from notifier.web.pages.page import visited
from notifier.web.problems import ProblemError
from workers.steps import switching

HOURS, HOURS_MOST = 4, 24
"""For how long a provider is preferred unless the form says otherwise, and at most."""
PAUSE_HOURS_MOST = 7 * 24


class Switch(StrEnum):
    PAUSE_PROVIDER = "pause-provider"
    RESUME_PROVIDER = "resume-provider"
    PREFER_PROVIDER = "prefer-provider"
    PAUSE_CHANNEL = "pause-channel"
    RESUME_CHANNEL = "resume-channel"
    PAUSE_SOURCE = "pause-source"
    RESUME_SOURCE = "resume-source"


TITLES: Mapping[Switch, Both] = {
    Switch.PAUSE_PROVIDER: ("Tạm dừng nhà cung cấp", "Pause the provider"),
    Switch.RESUME_PROVIDER: ("Cho nhà cung cấp chạy lại", "Resume the provider"),
    Switch.PREFER_PROVIDER: ("Ưu tiên nhà cung cấp", "Prefer the provider"),
    Switch.PAUSE_CHANNEL: ("Tạm dừng kênh", "Pause the channel"),
    Switch.RESUME_CHANNEL: ("Cho kênh chạy lại", "Resume the channel"),
    Switch.PAUSE_SOURCE: ("Tạm dừng nguồn", "Pause the source"),
    Switch.RESUME_SOURCE: ("Cho nguồn chạy lại", "Resume the source"),
}


async def show_providers(visit: OperatorVisit) -> web.Response:
    """Channels with their providers, and the sources; what is paused, since when and why."""
    app, within = visit.app, await reach(visit)
    async with app.pool.acquire() as connection:
        standings = await standings_within(app, connection, app.clock(), within)
        paused = {(each.kind, each.name): each for each in await pauses.standing(connection)}
        waits = await traffic.waiting(connection, app.clock(), within)
    by_name = {each.state.name: each for each in standings}
    facts = {
        "channels": {
            name: [by_name[each.name] for each in setup.providers if each.name in by_name]
            for name, setup in app.setups.items()
        },
        "sources": {
            name: sum(each.rows for each in waits if each.kind == "event" and each.source == name)
            for name in sorted(app.profiles)
        },
        "paused": paused,
        "circuits": CIRCUITS,
        "share": error_share,
        "left": quota_left,
        "at": app.clock(),
        "within": within,
        "may_act": visit.who.may(Permission.ACT) and not visit.who.agencies,
    }
    return visited(visit, "console/providers", facts)


async def preview(visit: OperatorVisit) -> web.Response:
    """What the switch would do, in counts. Changes nothing."""
    require_province(visit.who)
    return await _previewed(visit, visit.request.query)


async def switch(visit: OperatorVisit) -> web.StreamResponse:
    """Do it, once."""
    require_province(visit.who)
    wish, name = _wish(visit.form)
    why, fault = why_of(visit)
    if fault:
        return await _previewed(visit, visit.form, fault, why)
    async with visit.app.pool.acquire() as connection:
        await _expect(visit, connection, wish, name)
        await _do(visit, connection, wish, name, why)
    raise web.HTTPSeeOther(f"/console/providers#{quote(_anchor(wish, name))}")


async def _do(visit: OperatorVisit, connection: Connection, wish: Switch, name: str, why: str) -> None:
    by, at = visit.who.login, visit.app.clock()
    match wish:
        case Switch.PAUSE_PROVIDER:
            await switching.pause_provider(connection, ProviderName(name), by, why, at)
        case Switch.RESUME_PROVIDER:
            await switching.resume_provider(connection, ProviderName(name), by, why, at)
        case Switch.PREFER_PROVIDER:
            until = at + timedelta(hours=_hours(visit.form))
            await switching.prefer_provider(connection, ProviderName(name), by, why, until=until, now=at)
        case Switch.PAUSE_CHANNEL | Switch.PAUSE_SOURCE:
            ends = at + timedelta(hours=hours) if (hours := _pause_hours(visit.form)) else None
            await pauses.begin(connection, _kind(wish), name, by=by, why=why, now=at, until=ends)
        case Switch.RESUME_CHANNEL | Switch.RESUME_SOURCE:
            await pauses.end(connection, _kind(wish), name, by=by, why=why, now=at)


async def _previewed(
    visit: OperatorVisit, source: Mapping[str, str], fault: Both | None = None, why: str = ""
) -> web.Response:
    wish, name = _wish(source)
    async with visit.app.pool.acquire() as connection:
        await _expect(visit, connection, wish, name)
        effect = await _effect(visit, connection, wish, name, _hours(source))
    facts = {
        "title": TITLES[wish],
        "wish": wish,
        "name": name,
        "effect": effect,
        "hours": _hours(source),
        "hours_most": HOURS_MOST,
        "pause_hours": _pause_hours(source),
        "pause_hours_most": PAUSE_HOURS_MOST,
        "fault": fault,
        "why": why,
    }
    return visited(visit, "console/providers_act", facts, status=400 if fault else 200)


@dataclass(frozen=True, slots=True)
class Effect:
    """How many are touched at once, what of, and what becomes of them."""

    number: int
    what: Both
    then: Both


_MESSAGES = ("tin đang chờ trên kênh này", "messages wait on this channel now")
_EVENTS = ("sự kiện của nguồn này đang chờ", "events of this source wait now")


async def _effect(visit: OperatorVisit, connection: Connection, wish: Switch, name: str, hours: int) -> Effect:
    app, at = visit.app, visit.app.clock()
    if _is_of_source(wish):
        return Effect(await switching.held_up(connection, Kind.SOURCE, name, at), _EVENTS, _SOURCE[wish])
    if wish in {Switch.PAUSE_CHANNEL, Switch.RESUME_CHANNEL}:
        return Effect(await switching.held_up(connection, Kind.CHANNEL, name, at), _MESSAGES, _CHANNEL[wish])
    channel = app.providers[ProviderName(name)].channel
    passing = {state.name for state in await providers.read(connection) if state.passes()}
    others = [each.name for each in app.setups[channel].providers if each.name != name and each.name in passing]
    until = clock_text(at + timedelta(hours=hours))
    return Effect(
        await switching.held_up(connection, Kind.CHANNEL, channel, at), _MESSAGES, _PROVIDER[wish](others, until)
    )


_SOURCE: Mapping[Switch, Both] = {
    Switch.PAUSE_SOURCE: (
        "Sự kiện vẫn được nhận và lưu, nhưng chờ: chưa lập kế hoạch báo cho ai, kể cả nhắc hạn. Tin đã lập kế hoạch vẫn gửi.",
        "Events are taken in and kept, and wait: nobody is told yet, reminders too. Messages already planned still go.",
    ),
    Switch.RESUME_SOURCE: (
        "Các sự kiện này được xử lý ngay, theo quy tắc hiện hành.",
        "These events are routed at once, by the rules as they are now.",
    ),
}
_CHANNEL: Mapping[Switch, Both] = {
    Switch.PAUSE_CHANNEL: (
        "Các tin này và tin sau chờ đến khi chạy lại. Tin quá hạn trong lúc chờ chuyển sang kênh dự phòng, nếu có.",
        "These and later ones wait until it is resumed. One whose deadline passes meanwhile goes to its fallback, if any.",
    ),
    Switch.RESUME_CHANNEL: ("Các tin này được gửi ngay.", "These messages are sent at once."),
}
_PROVIDER: Mapping[Switch, Callable[[Sequence[str], str], Both]] = {
    Switch.PAUSE_PROVIDER: lambda others, _: (
        (f"Tin đi qua {', '.join(others)}.", f"Messages go by {', '.join(others)}.")
        if others
        else (
            "Kênh không còn nhà cung cấp nào chạy: tin chờ đến khi chạy lại.",
            "No other provider of the channel works: messages wait until it is resumed.",
        )
    ),
    Switch.RESUME_PROVIDER: lambda _, __: ("Tin lại đi qua nhà cung cấp này ngay.", "Messages go by it again at once."),
    Switch.PREFER_PROVIDER: lambda others, until: (
        (
            f"Đến {until}, tin đi qua nhà cung cấp này trước; {', '.join(others)} chỉ dùng khi cần.",
            f"Until {until} messages go by it first; {', '.join(others)} only if need be.",
        )
        if others
        else (
            f"Đến {until}, tin đi qua nhà cung cấp này trước. Hiện không nhà cung cấp nào khác của kênh chạy.",
            f"Until {until} messages go by it first. No other provider of the channel works now.",
        )
    ),
}


async def _expect(visit: OperatorVisit, connection: Connection, wish: Switch, name: str) -> None:
    """Raises `not-found` for what is not there."""
    app = visit.app
    if wish.value.endswith("provider"):
        known = name in app.providers
    else:
        paused = {(each.kind, each.name) for each in await pauses.standing(connection)}
        known = name in (app.profiles if _is_of_source(wish) else app.setups) or (_kind(wish), name) in paused
    if not known:
        raise ProblemError("not-found", "There is nothing of this name to be switched.")


def _wish(source: Mapping[str, str]) -> tuple[Switch, str]:
    wish = source.get("do", "")
    if wish not in set(Switch):
        raise ProblemError("not-found", "There is no such switch.")
    return Switch(wish), source.get("name", "")


def _is_of_source(wish: Switch) -> bool:
    return wish in {Switch.PAUSE_SOURCE, Switch.RESUME_SOURCE}


def _kind(wish: Switch) -> Kind:
    return Kind.SOURCE if _is_of_source(wish) else Kind.CHANNEL


def _anchor(wish: Switch, name: str) -> str:
    return name if wish.value.endswith("provider") else f"{_kind(wish)}-{name}"


def _hours(source: Mapping[str, str]) -> int:
    text = source.get("hours", "")
    hours = identifier(text)
    return min(max(hours, 1), HOURS_MOST) if isinstance(hours, int) else HOURS


def _pause_hours(source: Mapping[str, str]) -> int | None:
    """For how long a channel or a source is paused; None: until somebody resumes it."""
    hours = identifier(source.get("hours", ""))
    return min(max(hours, 1), PAUSE_HOURS_MOST) if isinstance(hours, int) else None
