import click

from channels.abilities import ABILITIES, abilities_of, changes_of, markdown
from channels.registry import ADAPTERS


@click.command("channels")
@click.argument("adapters", nargs=-1, metavar="[ADAPTER]…")
@click.option("--markdown", "as_page", is_flag=True, help="All of them as one page: docs/channels.md.")
def command(adapters: tuple[str, ...], *, as_page: bool) -> None:
    """What each channel can and cannot do: receipts, reading, look-up, doubles, rate, quota, hours, parts, cost.

    \b
    notifier channels
    notifier channels zalo sms_esms
    notifier channels --markdown > docs/channels.md
    """
    if as_page:
        click.echo(markdown(), nl=False)
        return
    for adapter in adapters or tuple(ADAPTERS):
        _show(adapter)


def _show(adapter: str) -> None:
    click.secho(adapter, bold=True)
    words, width = abilities_of(adapter), max(len(ability.title) for ability in ABILITIES)
    changes = list(changes_of(adapter))
    for title, text in words.items():
        click.echo(f"  {title:{width}}  {text}")
        for change in changes:
            if change.ability == title:
                click.echo(f"  {'':{width}}  {change.becomes}, with {change.setting}")
    click.echo()
