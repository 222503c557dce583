import click

from notifier.settings import load_settings
from notifier.store.migrate import migrate
from notifier.store.revisions import newest_revision


@click.command("migrate")
def command() -> None:
    """Bring the database to the newest schema. Safe to run twice and from several machines at once.

    \b
    notifier migrate
    NOTIFIER_DATABASE__URL=postgresql://… notifier migrate
    """
    migrate(load_settings().database.url.get_secret_value())
    click.echo(f"The database is at revision {newest_revision()}.")
