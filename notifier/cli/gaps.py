from datetime import datetime

import click

from notifier.cli.database import with_database
from notifier.cli.options import Moment
from notifier.domain.clock import VIETNAM
from notifier.domain.ids import SourceName
from notifier.domain.order import spans_text
from notifier.settings import load_settings
from notifier.store import gaps
from notifier.store.gaps import Gap
from notifier.store.pool import Connection


@click.command("gaps")
@click.option("--source", help="Only of this dossier system.")
@click.option("--since", type=Moment(), metavar="TIME", help="Seen at this time or later, e.g. 2026-11-25T08:00.")
@click.option("--open", "still_missing", is_flag=True, help="Only those of which something is still missing.")
def command(source: str | None, since: datetime | None, still_missing: bool) -> None:  # noqa: FBT001 - click's way
    """List the events that did not come: numbers (seq) missing before one that came, and whether they came meanwhile.

    What lies before the first number known of a dossier is not asked.

    \b
    notifier gaps --open
    notifier gaps --since 2026-11-25
    notifier gaps --source mcdt.angiang.gov.vn --since 2026-11-25T08:00
    """

    async def show(connection: Connection, _: datetime) -> tuple[int, int]:
        return await _show(connection, SourceName(source) if source else None, since, still_missing=still_missing)

    found, missing = with_database(load_settings(), "gaps", show)
    click.echo(f"{found} {'gap' if found == 1 else 'gaps'}, {missing} still open.")


async def _show(
    connection: Connection, source: SourceName | None, since: datetime | None, *, still_missing: bool
) -> tuple[int, int]:
    found = missing = 0
    after = None
    while True:
        page = await gaps.page(connection, source=source, since=since, after=after, still_missing=still_missing)
        for gap in page.gaps:
            click.echo(_line(gap))
        found, missing = found + len(page.gaps), missing + sum(bool(gap.missing) for gap in page.gaps)
        if (after := page.next) is None:
            return found, missing


def _line(gap: Gap) -> str:
    numbers = spans_text([(gap.first, gap.last)])
    seen = f"seen {_clock(gap.since)} when {gap.seq} came ({gap.type})"
    return f"{gap.source}  {gap.dossier_code}  {numbers:<8} {seen}: {_now(gap)}"


def _now(gap: Gap) -> str:
    if not gap.missing:
        assert gap.came_at is not None  # noqa: S101 - what is not missing came
        return f"came by {_clock(gap.came_at)}"
    return "missing" if not gap.came else f"{spans_text(gap.missing)} still missing"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}"
