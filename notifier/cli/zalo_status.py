"""`notifier zalo status`: how each Official Account stands, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from channels.registry import ProviderSetup
from channels.zalo_oauth import REFRESH_TOKEN_LIFE
from notifier.cli.database import with_database
from notifier.cli.zalo_accounts import accounts_of
from notifier.domain.hours import clock_text
from notifier.settings import load_settings
from notifier.store import accounts, feedback, providers, tokens
from notifier.store.accounts import ENDS_SOON, AccountRecord
from notifier.store.feedback import Ratings
from notifier.store.pool import Connection
from notifier.store.providers import Standing
from notifier.store.tokens import TokenPair
from workers.tokens import EARLY, grant_name

LATELY = timedelta(minutes=15)
RATED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class AccountStatus:
    setup: ProviderSetup
    pair: TokenPair | None
    record: AccountRecord
    standing: Standing | None
    ratings: Ratings


@click.command("status")
def status() -> None:
    """How each Official Account stands: its grant, its quota, its package, what people thought of its messages.

    Reads what is stored; asks Zalo nothing. Exit code 1 where a grant is missing or lost.

    \b
    notifier zalo status
    watch -n 60 notifier zalo status
    NOTIFIER_CONFIG=/etc/notifier.toml notifier zalo status
    """
    settings = load_settings()
    setups = accounts_of(settings)

    async def read(connection: Connection, now: datetime) -> tuple[list[AccountStatus], datetime]:
        standings = {each.state.name: each for each in await providers.standings(connection, now - LATELY)}
        found = []
        for name, setup in setups.items():
            oa = setup.settings.oa_id
            pair = await tokens.read(connection, grant_name(setup.settings))
            record = await accounts.account(connection, oa)
            ratings = await feedback.ratings(connection, oa, now - RATED_FOR)
            found.append(AccountStatus(setup, pair, record, standings.get(name), ratings))
        return found, now

    found, now = with_database(settings, "zalo", read)
    for each in found:
        for line in lines(each, now):
            click.echo(line)
    if any(each.pair is None or each.pair.lost for each in found):
        raise SystemExit(1)


def lines(account: AccountStatus, now: datetime) -> Iterator[str]:
    """The account in a few lines."""
    setup = account.setup
    whom = f"; speaks for {', '.join(setup.limits.serves)}" if setup.limits.serves else ""
    yield click.style(f"{setup.name}: Official Account {setup.settings.oa_id}{_named(account.record)}{whom}", bold=True)
    yield from (f"  {line}" for line in _grant(setup, account.pair, now))
    yield from (f"  {line}" for line in _volume(account.standing, now))
    yield from (f"  {line}" for line in _package(account.record, now))
    if account.ratings.count:
        yield f"  ratings   {account.ratings.count} in 30 days, {account.ratings.mean:.1f} of 5 on average"


def _named(record: AccountRecord) -> str:
    return f' "{record.name}"' if record.name else ""


def _grant(setup: ProviderSetup, pair: TokenPair | None, now: datetime) -> Iterator[str]:
    again = "notifier zalo connect" + (f" --account {setup.name}" if str(setup.name) != setup.channel else "")
    if pair is None:
        yield click.style(f"grant     none is stored: run `{again}`", fg="red")
        return
    if pair.lost:
        yield click.style(f"grant     LOST ({pair.lost}): an administrator consents again: run `{again}`", fg="red")
        return
    ends = pair.rotated_at + REFRESH_TOKEN_LIFE
    if not pair.access_token:
        yield "grant     stored; the dispatcher fetches an access token within a minute"
    else:
        yield (
            f"token     {_span(now - pair.rotated_at)} old, good until {clock_text(pair.expires_at)}, refreshed from "
            f"{clock_text(pair.expires_at - EARLY)} on"
        )
    line = f"grant     ends {ends:%d/%m/%Y} unless it is refreshed before; version {pair.version}"
    yield click.style(line, fg="yellow") if ends - now < ENDS_SOON else line


def _volume(standing: Standing | None, now: datetime) -> Iterator[str]:
    if standing is None or standing.remaining is None or standing.remaining_at is None:
        yield "quota     Zalo has not said yet how many messages it takes"
        return
    of_daily = f" of {standing.daily}" if standing.daily else ""
    yield f"quota     {standing.remaining}{of_daily} left today, as of {_span(now - standing.remaining_at)} ago"
    if standing.state.until is not None and not standing.state.passes():
        yield click.style(f"          nothing is sent until {clock_text(standing.state.until)}", fg="red")


def _package(record: AccountRecord, now: datetime) -> Iterator[str]:
    if record.fault:
        yield click.style(f"look      Zalo did not tell how the account stands ({record.fault})", fg="yellow")
    if record.is_verified is False:
        yield click.style("account   is not verified: templates are not sent (-135)", fg="red")
    if record.package or record.package_until:
        until = f" until {record.package_until:%d/%m/%Y}" if record.package_until else ""
        soon = record.ends_soon(now.date())
        line = f"package   {record.package or 'unnamed'}{until}"
        yield click.style(f"{line}: renew it", fg="yellow") if soon else line
    if record.templates_at is None:
        yield "templates not read yet: run `notifier zalo templates sync`"
    else:
        yield f"templates read {clock_text(record.templates_at)}: see `notifier zalo templates check`"


def _span(span: timedelta) -> str:
    hours, minutes = divmod(max(0, int(span.total_seconds() // 60)), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
