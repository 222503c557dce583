"""What `notifier doctor` finds about the Official Accounts of Zalo."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date

from channels.zalo_settings import Settings as ZaloSettings
from notifier.cli.findings import Finding, Level
from notifier.cli.zalo_templates import Standing, standings
from notifier.domain.clock import VIETNAM
from notifier.rendering.renderer import ZALO_CATALOGUE
from notifier.rendering.zalo import load as load_catalogue
from notifier.settings import Settings
from notifier.store import accounts, tokens
from notifier.store.accounts import AccountRecord
from notifier.store.pool import Connection
from notifier.store.tokens import TokenPair
from workers.tokens import grant_name
from workers.wiring import ChannelSetup, clock_of


async def account_findings(
    connection: Connection, setups: Iterable[ChannelSetup], settings: Settings
) -> AsyncIterator[Finding]:
    """The Official Accounts of Zalo: the grant of each, what it has paid for, its templates."""
    for provider in (provider for setup in setups for provider in setup.providers):
        if isinstance(provider.settings, ZaloSettings):
            about, oa = str(provider.name), provider.settings.oa_id
            yield _grant(about, await tokens.read(connection, grant_name(provider.settings)))
            record = await accounts.account(connection, oa)
            for finding in _of_account(about, record, clock_of(settings)().astimezone(VIETNAM).date()):
                yield finding
            if record.templates_at is not None:
                catalogue = load_catalogue(settings.templates_dir / ZALO_CATALOGUE)
                found = list(standings(catalogue, provider.settings, await accounts.templates(connection, oa)))
                for finding in _of_templates(about, found):
                    yield finding


def _grant(about: str, pair: TokenPair | None) -> Finding:
    if pair is None:
        return Finding(Level.FAULT, about, "no grant is stored: run `notifier zalo connect`")
    if pair.lost:
        return Finding(
            Level.FAULT,
            about,
            f"the grant is gone ({pair.lost}), nothing goes out: an administrator of the Official Account consents "
            "again, run `notifier zalo connect`",
        )
    return Finding(Level.OK, about, f"grant in order, token until {pair.expires_at:%Y-%m-%d %H:%M} UTC")


def _of_account(about: str, record: AccountRecord, today: date) -> Iterator[Finding]:
    """What Zalo last said of an account that somebody has to do something about."""
    if record.fault:
        yield Finding(Level.WARNING, about, f"Zalo does not tell how the account stands ({record.fault})")
    if record.is_verified is False:
        yield Finding(Level.FAULT, about, "the account is not verified, templates are refused (-135): verify it")
    if record.package_until is not None and record.ends_soon(today):
        ends = f"the package {record.package or ''} ends on {record.package_until:%d/%m/%Y}"
        yield Finding(Level.WARNING, about, f"{ends}: renew it, or templates are refused")


def _of_templates(about: str, found: Sequence[Standing]) -> Iterator[Finding]:
    """What Zalo would refuse of ours."""
    wrong = [each for each in found if each.faults]
    for each in wrong:
        yield Finding(Level.WARNING, about, f"template {each.key} ({each.id or 'no id'}): {'; '.join(each.faults)}")
    if not wrong:
        yield Finding(Level.OK, about, f"all {len(found)} templates are approved and fit")
