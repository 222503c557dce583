import asyncio
import os
from datetime import datetime

import click

from channels.http import HttpClient
from channels.registry import ProviderSetup, addresses
from channels.zalo_oauth import (
    CODE_LIFE,
    Consent,
    Exchanged,
    Misled,
    RefreshRefused,
    RefreshUncertain,
    TokenPair,
    code_in,
    consent_url,
    exchange,
    new_consent,
)
from channels.zalo_settings import Settings as ZaloSettings
from notifier.cli.database import with_database
from notifier.cli.zalo_accounts import account_of
from notifier.cli.zalo_people import code, unlink
from notifier.cli.zalo_status import status
from notifier.cli.zalo_templates import templates
from notifier.delivery.gate import resumed
from notifier.domain.errors import NotifierError, SettingsError
from notifier.settings import Settings, load_settings
from notifier.store import tokens
from notifier.store.pool import Connection
from notifier.store.providers import hold, write
from workers.tokens import grant_name

PASTES = 3
TOKEN_VARIABLE = "NOTIFIER_ZALO_REFRESH_TOKEN"  # noqa: S105 - the name of a variable


@click.group("zalo")
def command() -> None:
    """The Official Accounts of Zalo: consent, how they stand, their templates, and who is linked with them.

    \b
    notifier zalo connect
    notifier zalo status
    notifier zalo templates check
    """


command.add_command(status)
command.add_command(templates)
command.add_command(code)
command.add_command(unlink)


@command.command("connect")
@click.option("--account", help="Name of the account's provider; not needed where there is one.")
@click.option("--replace", is_flag=True, help="Also where a grant is stored that still works.")
@click.option("--by-token", is_flag=True, help="Take over a refresh token of the console's API Explorer instead.")
def connect(account: str | None, *, replace: bool, by_token: bool) -> None:
    """Let an administrator of the Official Account consent, and store what Zalo gives for it.

    Prints a link; the administrator opens it, consents, and pastes the address that the browser was led to. From then
    on the service refreshes its tokens by itself. Run it again where `notifier zalo status` says that a grant is lost.

    \b
    notifier zalo connect
    notifier zalo connect --account so_noi_vu --replace
    NOTIFIER_ZALO_REFRESH_TOKEN=… notifier zalo connect --by-token
    """
    settings = load_settings()
    setup = account_of(settings, account)
    standing = with_database(
        settings, "zalo", lambda connection, _: tokens.read(connection, grant_name(setup.settings))
    )
    if standing is not None and standing.lost is None and not replace:
        click.echo(f"{setup.name}: a grant is stored and was left alone. Use --replace to put another in its place.")
        return
    if by_token:
        given = os.environ.get(TOKEN_VARIABLE) or click.prompt("Refresh token", hide_input=True)
        with_database(settings, "zalo", lambda connection, now: _take_over(connection, setup, given.strip(), now))
        click.echo("Stored. The dispatcher fetches an access token within a minute.")
    else:
        pair = _consented(setup)
        with_database(settings, "zalo", lambda connection, now: _keep(connection, setup, pair, now))
        click.echo("Zalo gave its tokens, they are stored.")
    for line in _next(settings, setup):
        click.echo(line)


def _consented(setup: ProviderSetup) -> TokenPair:
    """The tokens for a consent that is given now, in a browser. Raises `NotifierError` that says what to do."""
    zalo: ZaloSettings = setup.settings
    if zalo.redirect_uri is None:
        raise SettingsError(
            f"{setup.name} has no redirect_uri: write there the callback address that the app's console holds "
            "(Official Account > Thiết lập chung), or use --by-token"
        )
    consent = new_consent(zalo)
    click.echo(f"1. As an administrator of the Official Account {zalo.oa_id}, open:\n")
    click.echo(f"   {consent_url(zalo, consent, zalo.redirect_uri)}\n")
    click.echo(f"2. Consent. The browser is led to {zalo.redirect_uri}; whether a page shows there does not matter.")
    minutes = int(CODE_LIFE.total_seconds() // 60)
    click.echo(f"3. Within {minutes} minutes, copy the whole address from its address bar and paste it here.\n")
    pair = asyncio.run(_exchanged(zalo, _pasted_code(consent, zalo.oa_id), consent))
    match pair:
        case TokenPair():
            return pair
        case RefreshRefused():
            raise NotifierError(
                f"Zalo gave no tokens ({pair.code}); nothing was changed. A code works once and for {minutes} minutes: "
                "run `notifier zalo connect` again. If it comes back, compare app_id, app_secret, redirect_uri and "
                "code_verifier with the app's console"
            )
        case RefreshUncertain():
            raise NotifierError(
                f"Zalo did not answer ({pair.code}); nothing was changed. The code may be used up: run "
                "`notifier zalo connect` again"
            )


def _pasted_code(consent: Consent, oa_id: str) -> str:
    for _ in range(PASTES):
        found = code_in(click.prompt("Address", prompt_suffix=": "), consent, oa_id)
        if not isinstance(found, Misled):
            return found
        click.echo(f"   Not that: {found.why}.")
    raise NotifierError("no code was pasted; nothing was changed")


async def _exchanged(zalo: ZaloSettings, pasted: str, consent: Consent) -> Exchanged:
    http = HttpClient(addresses(zalo))
    try:
        return await exchange(http, zalo, pasted, consent)
    finally:
        await http.close()


async def _keep(connection: Connection, setup: ProviderSetup, pair: TokenPair, now: datetime) -> None:
    async with connection.transaction():
        until = now + pair.expires_in
        name = grant_name(setup.settings)
        await tokens.grant(connection, name, pair.refresh_token, now, access_token=pair.access_token, until=until)
        await _let_pass(connection, setup, now)


async def _take_over(connection: Connection, setup: ProviderSetup, refresh_token: str, now: datetime) -> None:
    async with connection.transaction():
        await tokens.grant(connection, grant_name(setup.settings), refresh_token, now)
        await _let_pass(connection, setup, now)


async def _let_pass(connection: Connection, setup: ProviderSetup, now: datetime) -> None:
    """What was refused for want of a grant may go at once."""
    if state := await hold(connection, setup.name):
        changed, reason = resumed(state, "zalo-connect", "a new grant", now)
        await write(connection, changed, reason, actor="zalo-connect", now=now)


def _next(settings: Settings, setup: ProviderSetup) -> list[str]:
    name = f" --account {setup.name}" if str(setup.name) != setup.channel else ""
    return [
        "\nNext:",
        f"- enter {settings.public_url}/v1/receipts/{setup.name} as the webhook address in the app's console, once",
        f"- notifier zalo templates sync{name}: read the approved templates and check ours against them",
        "- notifier zalo status: see how the account stands",
    ]
