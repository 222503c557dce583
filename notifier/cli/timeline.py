import click

from notifier.audit.timeline import render_text
from notifier.cli.database import with_database
from notifier.domain.ids import DossierCode, SourceName
from notifier.settings import load_settings
from notifier.store import timelines
from notifier.store.pool import Connection


@click.command("timeline")
@click.argument("ma_ho_so")
@click.option("--source", help="The dossier system, where several know a dossier of this code.")
@click.option("--locale", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
@click.pass_context
def command(context: click.Context, ma_ho_so: str, source: str | None, locale: str) -> None:
    """Tell the whole story of one dossier's notices: every decision in order, with its reason.

    \b
    notifier timeline H01.14-261119-0042
    notifier timeline H01.14-261119-0042 --locale en
    notifier timeline H01.14-261119-0042 --source mcdt.angiang.gov.vn
    """
    code = DossierCode(ma_ho_so)
    story = with_database(
        load_settings(), "timeline", lambda connection, _: read_story(connection, code, source, locale)
    )
    if story is None:
        click.echo(f"No event about {ma_ho_so} has come in.", err=True)
        context.exit(1)
    click.echo(story)


async def read_story(connection: Connection, code: DossierCode, source: str | None, locale: str) -> str | None:
    """The story as text, of every source that knows the dossier or of the one named; None if there is none."""
    sources = await timelines.sources_of(connection, code)
    wanted = [name for name in sources if source is None or name == SourceName(source)]
    stories = [render_text(await timelines.of_dossier(connection, name, code), locale) for name in wanted]
    return "\n\n".join(stories) or None
