"""How the service stands at one moment, read for the page of now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.zalo_oauth import REFRESH_TOKEN_LIFE
from notifier.delivery.gate import Punctuality
from notifier.domain.clock import VIETNAM
from notifier.domain.deliveries import Urgency
from notifier.domain.errors import YearMissing
from notifier.domain.ids import ProviderName, SourceName
from notifier.domain.reach import Reach
from notifier.reminders.calendar import missing_years, working_time_between
from notifier.store import accounts, calendar, endpoints, gaps, now, pauses, providers, tokens
from notifier.store.accounts import AccountRecord
from notifier.store.endpoints import EndpointState
from notifier.store.gaps import Gap
from notifier.store.now import Noted, Processes, Waiting
from notifier.store.pauses import Pause
from notifier.store.pool import Connection
from notifier.store.providers import Standing
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
    """How the service stands at `at`."""

    at: datetime
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
    without_recipient: Noted
    """Of today."""
    gaps: Sequence[Gap]
    unheard: Sequence[SourceName]
    years_missing: Sequence[int]
    endpoints: Sequence[EndpointState]


async def take(app: App, within: Reach) -> Snapshot:
    """How the service stands now; what could not be sent is counted as far as the account reaches."""
    at = app.clock()
    midnight = at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    workers = await app.bell.workers()
    async with app.pool.acquire() as connection:
        standings = await providers.standings(connection, at - LATELY)
        return Snapshot(
            at=at,
            waiting=await now.waiting(connection, at),
            standings=[each for each in standings if each.state.name in app.providers],
            accepted_last=await now.accepted_last(connection, at - timedelta(days=1)),
            receipts=await _receipts(app, connection, at),
            grants=await _grants(app, connection),
            pauses=await pauses.standing(connection),
            processes=await now.alive(connection),
            workers=workers,
            dead=await now.dead_since(connection, midnight, within),
            stuck=await now.stuck(connection, midnight),
            orphaned=await now.orphaned(connection, midnight),
            unread=await now.unread_receipts(connection, at),
            without_recipient=await now.without_recipient(connection, midnight),
            gaps=await gaps.noted(connection, at - timedelta(days=1), at - GRACE, GAPS_MOST),
            unheard=await _unheard(app, connection, at),
            years_missing=missing_years((await calendar.read(connection)).years(), at.astimezone(VIETNAM).date()),
            endpoints=await endpoints.endpoints(connection),
        )


async def _receipts(app: App, connection: Connection, at: datetime) -> Mapping[ProviderName, Punctuality]:
    """Of the last hour in which a receipt could be late, of providers that send any."""
    found = {}
    for name, setup in app.providers.items():
        if setup.capabilities.proves_delivery:
            until = at - timedelta(seconds=setup.limits.slow_receipt_seconds)
            found[name] = await providers.punctuality(connection, name, until - timedelta(hours=1), until)
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
