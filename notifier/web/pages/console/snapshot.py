"""Reads how the service stands, for the page of now."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from channels.zalo_oauth import REFRESH_TOKEN_LIFE
from notifier.delivery.gate import Punctuality
from notifier.domain.clock import VIETNAM
from notifier.domain.errors import YearMissing
from notifier.domain.ids import ProviderName, SourceName
from notifier.domain.reach import Reach
from notifier.reminders.calendar import missing_years, working_time_between
from notifier.store import accounts, calendar, endpoints, gaps, now, pauses, providers, tokens
from notifier.store.pool import Connection
from notifier.web.pages.console.attention import Grant, Snapshot
from workers.tokens import grant_name
from workers.wiring import App

LATELY = timedelta(minutes=15)
SILENT_FOR, WORKED_LEAST = timedelta(hours=3), timedelta(hours=2)
"""A source that tells nothing for so long, so much of it working time, is asked about."""
GAPS_MOST = 200
GRACE = timedelta(minutes=10)
"""So long what is missing may still come by itself."""


async def take(app: App, within: Reach | None) -> Snapshot:
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
