import asyncio

import click

from channels import zalo
from notifier.delivery.gate import resumed
from notifier.domain.errors import SettingsError
from notifier.settings import Settings, load_settings
from notifier.store import tokens
from notifier.store.pool import open_pool
from notifier.store.providers import hold, write
from workers.tokens import grant_name
from workers.wiring import channel_setups, clock_of, providers_of


@click.command("zalo-token")
@click.option("--refresh-token", prompt="Refresh token", hide_input=True, envvar="NOTIFIER_ZALO_REFRESH_TOKEN")
@click.option("--replace", is_flag=True, help="Replace the grant that is stored, for example after a new consent.")
def command(refresh_token: str, replace: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Store the refresh token of the Zalo Official Account, as its console shows it.

    From then on the service refreshes by itself. Asks for the token, so that it stands in no shell history.

    \b
    notifier zalo-token
    notifier zalo-token --replace
    """
    settings = load_settings()
    if asyncio.run(_store(settings, refresh_token.strip(), replace=replace)):
        click.echo("Stored. The dispatcher fetches an access token within a minute.")
    else:
        click.echo("A grant is stored already and was left alone. Use --replace to put this one in its place.")


async def _store(settings: Settings, refresh_token: str, *, replace: bool) -> bool:
    name = zalo_grant(settings)
    pool = await open_pool(settings.database.url.get_secret_value(), size=1, name="notifier-zalo-token")
    async with pool, pool.acquire() as connection:
        now = clock_of(settings)()
        if not await tokens.seed(connection, name, refresh_token, now, replace=replace):
            return False
        async with connection.transaction():  # what was refused for want of a grant may go at once
            for provider in providers_of(channel_setups(settings)).values():
                if isinstance(provider.settings, zalo.Settings) and (state := await hold(connection, provider.name)):
                    changed, reason = resumed(state, "zalo-token", "a new grant", now)
                    await write(connection, changed, reason, actor="zalo-token", now=now)
        return True


def zalo_grant(settings: Settings) -> str:
    """The name under which the grant of the configured Official Account is stored."""
    for setup in providers_of(channel_setups(settings)).values():
        if isinstance(setup.settings, zalo.Settings):
            return grant_name(setup.settings)
    raise SettingsError("no Zalo channel is configured: write [channels.zalo] in notifier.toml")
