"""`notifier zalo code` and `unlink`: an officer's link with an Official Account, by one-time code."""

import getpass
from datetime import datetime

import click

from notifier.audit.dead import fault_of_name
from notifier.cli.database import with_database
from notifier.cli.zalo_accounts import account_of
from notifier.domain.directory import officer_code
from notifier.domain.errors import NotifierError
from notifier.domain.hours import clock_text
from notifier.domain.ids import InboxOwner
from notifier.domain.link_codes import shown
from notifier.domain.opaque import inbox_owner
from notifier.settings import load_settings
from notifier.store import directory
from notifier.store.pool import Connection
from workers.linking import Issued, issue, unlink_officer

_account = click.option("--account", help="Name of the account's provider; not needed where there is one.")


@click.command("code")
@click.argument("officer")
@_account
def code(officer: str, account: str | None) -> None:
    """Make a one-time code for an officer (account name), who sends it to the Official Account to be linked.

    Give it to that officer and nobody else: whoever sends it gets their reminders.

    \b
    notifier zalo code pt.thu
    notifier zalo code pt.thu --account so_noi_vu
    NOTIFIER_CONFIG=/etc/notifier.toml notifier zalo code pt.thu
    """
    settings = load_settings()
    setup = account_of(settings, account)
    secret, name = settings.secret_key.get_secret_value().encode(), officer_code(officer)

    async def made(connection: Connection, now: datetime) -> Issued:
        if await directory.officer(connection, name) is None:
            raise NotifierError(f"no officer has the account {officer}; `notifier directory list` shows who does")
        owner: InboxOwner = inbox_owner(secret, "staff", name)
        return await issue(connection, secret, setup.settings.oa_id, owner, name, now)

    issued = with_database(settings, "zalo", made)
    click.echo(f"{shown(issued.code)}   good until {clock_text(issued.expires_at)}, once")
    click.echo(f"{name} sends it as a message to the Official Account {setup.settings.oa_id} ({setup.name}) in Zalo.")


@click.command("unlink")
@click.argument("officer")
@_account
@click.option("--by", default=getpass.getuser, show_default="your login", help="Who does it.")
def unlink(officer: str, account: str | None, by: str) -> None:
    """End an officer's link with an Official Account: their reminders take the fallback.

    \b
    notifier zalo unlink pt.thu
    notifier zalo unlink pt.thu --account so_noi_vu --by lan
    notifier directory list --no-zalo
    """
    if fault := fault_of_name(by):
        raise click.UsageError(f"--by: {fault}")
    settings = load_settings()
    setup = account_of(settings, account)
    name = officer_code(officer)

    async def end(connection: Connection, now: datetime) -> bool:
        return await unlink_officer(connection, setup.name, name, by=by, now=now)

    if not with_database(settings, "zalo", end):
        raise NotifierError(f"{officer} is no officer who is linked with {setup.name}")
    click.echo(f"{name} is not linked with {setup.name} any more.")
