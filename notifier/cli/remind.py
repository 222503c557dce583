import asyncio
import getpass
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from notifier.cli.database import with_database
from notifier.cli.options import Moment
from notifier.cli.remind_text import formatted, planned_line
from notifier.cli.simulated_post import Notice
from notifier.cli.simulation import Simulation
from notifier.domain.events import DossierEvent
from notifier.domain.ids import DossierCode
from notifier.settings import Settings, load_settings
from notifier.store import calendar, dockets, events, timers
from notifier.store.directory import everything
from notifier.store.pool import Connection
from notifier.store.timelines import sources_of
from notifier.store.timers import Planned
from workers.calendars import Shelf
from workers.steps.contexts import routing_context
from workers.steps.reminding import replan_all
from workers.steps.understanding import all_understood
from workers.wiring import channel_setups, open_app, rules_of, source_profiles

WARM_UP = timedelta(days=60)


@click.group("remind")
def command() -> None:
    """The reminders of officers: what is planned, and what another policy would do.

    \b
    notifier remind list --dossier H01.14-261119-0042
    notifier remind simulate --from 2026-11-01 --to 2026-11-30 --rules new-rules.toml
    notifier remind replan
    """


@command.command("list")
@click.option("--dossier", help="Only of this dossier code.")
@click.option("--until", type=Moment(), metavar="TIME", help="Only those due by then, e.g. 2026-11-30.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
def list_(dossier: str | None, until: datetime | None, limit: int) -> None:
    """The reminders that are planned, the next first.

    \b
    notifier remind list --dossier H01.14-261119-0042
    notifier remind list --until 2026-11-30
    notifier remind list --limit 20
    """
    code = None if dossier is None else DossierCode(dossier)
    found = with_database(load_settings(), "remind", lambda connection, _: _planned(connection, code, until, limit))
    for timer in found:
        click.echo(planned_line(timer))
    click.echo(f"{len(found)} planned{', and there may be more: --limit' if len(found) == limit else ''}.")


async def _planned(
    connection: Connection, dossier: DossierCode | None, until: datetime | None, limit: int
) -> list[Planned]:
    if dossier is None:
        return await timers.planned(connection, until, limit)
    return await timers.planned_of(connection, await sources_of(connection, dossier), dossier, until, limit)


@command.command("replan")
@click.option("--by", default=getpass.getuser, show_default="your login", help="Who asks for it.")
def replan(by: str) -> None:
    """Plan the reminders of all open dossiers anew: after a change of the calendar or of [timers] in rules.toml.

    What was fired stays fired. Safe to run at any time, and to run again.

    \b
    notifier remind replan
    notifier remind replan --by lan.nguyen
    """
    done = asyncio.run(_replan(load_settings(), by))
    click.echo(f"{done} open dossiers planned anew.")


async def _replan(settings: Settings, by: str) -> int:
    async with open_app(settings, name=f"replan-{by}") as app:
        async with app.pool.acquire() as connection:
            total = await dockets.count_open(connection)
        with click.progressbar(length=total, label="dossiers", hidden=total < 100) as bar:  # noqa: PLR2004
            return await replan_all(app, bar.update)


@command.command("simulate")
@click.option("--from", "since", type=Moment(), required=True, metavar="TIME", help="Show what is told from then on.")
@click.option("--to", "until", type=Moment(), required=True, metavar="TIME", help="Play until then.")
@click.option(
    "--rules", "rules_file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="Other rules."
)
@click.option("--officer", help="Only what this officer (code) would be told.")
@click.option("--staff/--all", default=True, show_default=True, help="Only officers, or citizens as well.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "counts"]), default="table", show_default=True
)
def simulate(
    since: datetime,
    until: datetime,
    rules_file: Path | None,
    officer: str | None,
    staff: bool,  # noqa: FBT001 - click's way
    form: str,
) -> None:
    """Play stored events again under a virtual clock, and say who would have been told what, and when. Sends nothing.

    Events of 60 days before are taken in first, so that clocks that run already are known. Every message counts as
    reaching its first channel. Try a new policy with --rules before you switch it on.

    \b
    notifier remind simulate --from 2026-11-01 --to 2026-12-01
    notifier remind simulate --from 2026-11-23 --to 2026-11-28 --officer hv.kiem
    notifier remind simulate --from 2026-11-01 --to 2026-12-01 --rules new-rules.toml --format counts
    """
    if until <= since:
        raise click.BadParameter("it has to lie after --from", param_hint="--to")
    notices: list[Notice] = []
    settings = load_settings()

    async def prepare(connection: Connection, now: datetime) -> tuple[Simulation, list[DossierEvent]]:
        return await prepared(connection, settings, since, min(until, now), rules_file, notices.append)

    simulation, told = with_database(settings, "simulate", prepare)
    with click.progressbar(told, label="events", file=sys.stderr, hidden=len(told) < 1000) as bar:  # noqa: PLR2004
        simulation.play(bar, until)
    shown = [
        each
        for each in notices
        if each.at >= since and (officer is None or each.ref == officer) and (each.audience.is_staff or not staff)
    ]
    click.echo(formatted(shown, form))
    for year in sorted(simulation.missing_years):
        click.echo(f"The calendar of {year} is missing: what leads into it was left out.", err=True)


async def prepared(
    connection: Connection,
    settings: Settings,
    since: datetime,
    until: datetime,
    rules_file: Path | None,
    told: Callable[[Notice], None],
) -> tuple[Simulation, list[DossierEvent]]:
    """A simulation by these rules or those in force, and the stored events that it is to play."""
    chosen = settings.model_copy(update={"rules_file": rules_file}) if rules_file else settings
    setups = channel_setups(settings)
    context = routing_context(setups, settings.secret_key.get_secret_value().encode(), since)
    shelf, directory = Shelf(await calendar.read(connection)), await everything(connection)
    stored = await events.between(connection, since - WARM_UP, until)
    understood = all_understood(stored, source_profiles(settings))
    return Simulation(rules_of(chosen, setups), shelf, directory, context, told), understood
