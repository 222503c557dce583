"""How the service stands at one moment, read for the page of now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from channels.zalo_oauth import REFRESH_TOKEN_LIFE
from notifier.delivery.gate import Punctuality
from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import Urgency
from notifier.domain.errors import YearMissing
from notifier.domain.hours import next_time
from notifier.domain.ids import ProviderName, SourceName
from notifier.domain.reach import Reach
from notifier.reminders.calendar import missing_years, working_time_between
from notifier.store import accounts, calendar, endpoints, gaps, now, pauses, providers, tokens, traffic, untold
from notifier.store.accounts import AccountRecord
from notifier.store.endpoints import EndpointState
from notifier.store.gaps import Gap
from notifier.store.now import Noted, Processes
from notifier.store.pauses import Pause
from notifier.store.pool import Connection
from notifier.store.providers import Standing
from notifier.store.traffic import Waiting
from notifier.store.untold import Lack
from workers.tokens import grant_name
from workers.wiring import App

LATELY = timedelta(minutes=15)
SILENT_FOR, WORKED_LEAST = timedelta(hours=3), timedelta(hours=2)
"""A source that tells nothing for so long, so much of it working time, is asked about."""
GAPS_MOST = 200
GRACE = timedelta(minutes=10)
"""So long what is missing may still come by itself."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The consent of an Official Account. `rotated_at` is None where there is none."""

    provider: ProviderName
    rotated_at: datetime | None
    lost: str | None
    ends_at: datetime | None
    account: AccountRecord


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the service stands at `at`.

    Events, messages, calls and receipts are counted `within`; queues, providers, grants and processes are everybody's.
    """

    at: datetime
    within: Reach
    waiting: Sequence[Waiting]
    standings: Sequence[Standing]
    """Of the providers that are configured."""
    accepted_last: Mapping[ProviderName, datetime]
    """The last minute of the last day in which each took a message."""
    receipts: Mapping[ProviderName, Punctuality]
    """Of the last hour, of those whose messages are proven by receipts."""
    grants: Sequence[Grant]
    pauses: Sequence[Pause]
    processes: Processes
    workers: Mapping[Urgency, int] | None
    """None: the queue cannot be reached."""
    dead: Noted
    stuck: Noted
    orphaned: Noted
    unread: Noted
    """Of the whole province."""
    untold: Mapping[Lack, Noted]
    """Events of today of which somebody was not told."""
    gaps: Sequence[Gap]
    unheard: Sequence[SourceName]
    years_missing: Sequence[int]
    endpoints: Sequence[EndpointState]


async def take(app: App, within: Reach) -> Snapshot:
    """How the service stands now, for somebody who reaches so far."""
    at = app.clock()
    midnight = at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    workers = await app.bell.workers()
    async with app.pool.acquire() as connection:
        standings = await standings_within(app, connection, at, within)
        return Snapshot(
            at=at,
            within=within,
            waiting=await traffic.waiting(connection, at, within),
            standings=[each for each in standings if each.state.name in app.providers],
            accepted_last=await now.accepted_last(connection, at - timedelta(days=1)),
            receipts=await _receipts(app, connection, at, within),
            grants=await _grants(app, connection),
            pauses=await pauses.standing(connection),
            processes=await now.alive(connection),
            workers=workers,
            dead=await now.dead_since(connection, midnight, within),
            stuck=await now.stuck(connection, midnight, within),
            orphaned=Noted(0, None) if within.named else await now.orphaned(connection, midnight),
            unread=await now.unread_receipts(connection, at),
            untold={lack: await untold.count(connection, lack, midnight, within) for lack in Lack},
            gaps=await gaps.noted(connection, at - timedelta(days=1), at - GRACE, within, GAPS_MOST),
            unheard=await _unheard(app, connection, at),
            years_missing=missing_years((await calendar.read(connection)).years(), at.astimezone(VIETNAM).date()),
            endpoints=await endpoints.endpoints(connection),
        )


async def standings_within(app: App, connection: Connection, at: datetime, within: Reach) -> list[Standing]:
    """All providers, with what was used and left today, and with the calls of the last minutes of those agencies alone."""
    standings = [_of_today(app, each, at) for each in await providers.standings(connection, at - LATELY)]
    if within.codes is None:
        return standings
    calls = await traffic.calls_within(connection, at - LATELY, at, within)
    none = dict.fromkeys((*traffic.CALLS, "proven", "late"), 0)
    return [replace(each, calls=none | calls.get(each.state.name, {})) for each in standings]


def _of_today(app: App, standing: Standing, at: datetime) -> Standing:
    """Without what was counted or said of an earlier day than the provider's present one."""
    setup = app.providers.get(standing.state.name)
    ends = next_time(at + timedelta(seconds=1), setup.limits.quota_resets_at if setup else time(0))
    began = ends - timedelta(days=1)
    return replace(
        standing,
        used=standing.used if standing.day == began.astimezone(VIETNAM).date() else 0,
        remaining=standing.remaining if standing.remaining_at and standing.remaining_at >= began else None,
    )


async def _receipts(
    app: App, connection: Connection, at: datetime, within: Reach
) -> Mapping[ProviderName, Punctuality]:
    """Of the last hour in which a receipt could be late, of providers that send any."""
    found = {}
    for name, setup in app.providers.items():
        if setup.capabilities.proves_delivery:
            slow = timedelta(seconds=setup.limits.slow_receipt_seconds)
            since, until = at - slow - timedelta(hours=1), at - slow
            found[name] = (
                await providers.punctuality(connection, name, since, until)
                if within.codes is None
                else await traffic.punctuality_within(connection, name, since, until, slow, within)
            )
    return found


async def _grants(app: App, connection: Connection) -> list[Grant]:
    grants = []
    for name, account in app.accounts.items():
        pair = await tokens.read(connection, grant_name(account.settings))
        grants.append(
            Grant(
                name,
                pair.rotated_at if pair else None,
                pair.lost if pair else None,
                pair.rotated_at + REFRESH_TOKEN_LIFE if pair else None,
                await accounts.account(connection, account.settings.oa_id),
            )
        )
    return grants


async def _unheard(app: App, connection: Connection, at: datetime) -> list[SourceName]:
    """Sources that say nothing though it is working time."""
    await app.calendars.look(connection)
    try:
        worked = working_time_between(app.calendars.of(None), at - SILENT_FOR, at)
    except YearMissing:
        return []
    return await now.unheard(connection, list(app.profiles), at - SILENT_FOR) if worked >= WORKED_LEAST else []
