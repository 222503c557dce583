"""`notifier zalo templates`: what Zalo has approved, and whether what we want to say fits it."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import click

from channels.registry import ProviderSetup
from channels.zalo_settings import Settings as ZaloSettings
from channels.zalo_templates import NotTold
from notifier.cli.database import with_database
from notifier.cli.zalo_accounts import account_of, accounts_of
from notifier.domain.approved import ENABLED, narrower
from notifier.domain.errors import NotifierError
from notifier.domain.hours import clock_text
from notifier.rendering.renderer import ZALO_CATALOGUE
from notifier.rendering.zalo import Catalogue, load
from notifier.settings import Settings, load_settings
from notifier.store import accounts
from notifier.store.accounts import AccountRecord, TemplateRecord
from notifier.store.pool import Connection
from workers.wiring import open_app

_account = click.option("--account", help="Only this account: name of its provider.")


@dataclass(frozen=True, slots=True)
class Standing:
    """One of our templates against what Zalo holds; `faults` in words, none where it can be sent."""

    key: str
    id: str | None
    record: TemplateRecord | None
    faults: tuple[str, ...]


@click.group("templates")
def templates() -> None:
    """The templates that Zalo has approved for an Official Account.

    \b
    notifier zalo templates sync
    notifier zalo templates list
    notifier zalo templates check
    """


@templates.command("sync")
@_account
def sync(account: str | None) -> None:
    """Read the templates from Zalo now, then check ours against them. The dispatcher does so every few hours.

    \b
    notifier zalo templates sync
    notifier zalo templates sync --account so_noi_vu
    NOTIFIER_CONFIG=/etc/notifier.toml notifier zalo templates sync
    """
    settings = load_settings()
    for setup in _setups(settings, account):
        found = asyncio.run(_synced(settings, setup))
        if isinstance(found, NotTold):
            raise NotifierError(f"{setup.name}: Zalo did not tell its templates ({found.code}); try again later")
        click.echo(f"{setup.name}: {len(found)} templates read.")
    _check(settings, account)


async def _synced(settings: Settings, setup: ProviderSetup) -> NotTold | list[TemplateRecord]:
    async with open_app(settings, name="zalo-templates") as app:
        return await app.accounts[setup.name].sync_templates()


@templates.command("list")
@_account
def list_(account: str | None) -> None:
    """Every template that Zalo holds for the account, as it was last read: id, status, tag, quality, price, our name.

    \b
    notifier zalo templates list
    notifier zalo templates list --account so_noi_vu
    NOTIFIER_CONFIG=/etc/notifier.toml notifier zalo templates list
    """
    settings = load_settings()
    for setup, record, stored in _stored(settings, account):
        ours = {id_: key for key, id_ in setup.settings.templates.items()}
        click.echo(f"{setup.name}: {len(stored)} templates, read {_when(record.templates_at)}")
        for id_, each in stored.items():
            click.echo(
                f"  {id_:10} {each.template.status:15} {_more(each):24} {ours.get(id_, '–'):22} {each.template.name}"
            )
            if each.reason:
                click.echo(f"             {each.reason}")


def _more(record: TemplateRecord) -> str:
    price = f"{record.price_uid or '?'}/{record.price_phone or '?'} đ"
    return f"{record.template.tag or '–'} {record.quality or '–'} {price}"


def _when(at: datetime | None) -> str:
    return clock_text(at) if at else "never"


@templates.command("check")
@_account
@click.pass_context
def check(context: click.Context, account: str | None) -> None:
    """Whether each of our templates is approved, and whether its parameters fit. Exit code 1 where one does not.

    \b
    notifier zalo templates check
    notifier zalo templates check --account so_noi_vu
    NOTIFIER_CONFIG=/etc/notifier.toml notifier zalo templates check
    """
    context.exit(1 if _check(load_settings(), account) else 0)


def _check(settings: Settings, account: str | None) -> int:
    """Print how each of our templates stands; how many have faults."""
    catalogue, faulty = load(settings.templates_dir / ZALO_CATALOGUE), 0
    for setup, record, stored in _stored(settings, account):
        found = list(standings(catalogue, setup.settings, stored))
        wrong = [each for each in found if each.faults]
        faulty += len(wrong)
        click.echo(
            f"{setup.name}: {len(found)} templates of ours, {len(wrong)} with faults; read {_when(record.templates_at)}"
        )
        for each in found:
            word = click.style("fault", fg="red") if each.faults else click.style("ok   ", fg="green")
            click.echo(f"  {word} {each.key} ({each.id or 'no id'})")
            for fault in each.faults:
                click.echo(f"          {fault}")
    return faulty


def standings(catalogue: Catalogue, settings: ZaloSettings, stored: Mapping[str, TemplateRecord]) -> Iterator[Standing]:
    """Each template of our catalogue, with what stands against its being sent."""
    for key, template in catalogue.templates.items():
        id_ = settings.templates.get(key)
        record = stored.get(id_) if id_ else None
        if id_ is None:
            yield Standing(key, None, None, (f"has no id: have it approved and write it under templates.{key}",))
            continue
        if record is None:
            yield Standing(
                key, id_, None, ("Zalo does not list it: compare the id, or run `notifier zalo templates sync`",)
            )
            continue
        approved, faults = record.template, []
        if approved.status != ENABLED:
            why = f": {record.reason}" if record.reason else ""
            faults.append(f"is {approved.status}{why}; messages take their fallback")
        longest = {name: catalogue.longest[parameter.type] for name, parameter in template.parameters.items()}
        required = [name for name, parameter in template.parameters.items() if parameter.required]
        yield Standing(key, id_, record, (*faults, *narrower(approved, longest, required)))


def _setups(settings: Settings, account: str | None) -> list[ProviderSetup]:
    return [account_of(settings, account)] if account else list(accounts_of(settings).values())


def _stored(
    settings: Settings, account: str | None
) -> list[tuple[ProviderSetup, AccountRecord, dict[str, TemplateRecord]]]:
    setups = _setups(settings, account)

    async def read(
        connection: Connection, _now: datetime
    ) -> list[tuple[ProviderSetup, AccountRecord, dict[str, TemplateRecord]]]:
        return [
            (
                setup,
                await accounts.account(connection, setup.settings.oa_id),
                await accounts.templates(connection, setup.settings.oa_id),
            )
            for setup in setups
        ]

    return with_database(settings, "zalo", read)
