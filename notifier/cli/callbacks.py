import getpass
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import click

from notifier.audit.dead import fault_of_name
from notifier.callbacks.document import document
from notifier.cli.database import with_database
from notifier.cli.options import Moment
from notifier.domain.callbacks import CallbackId, CallbackState, CallbackType
from notifier.domain.clock import VIETNAM
from notifier.domain.ids import SourceName
from notifier.settings import load_settings
from notifier.store import endpoints, replays
from notifier.store.endpoints import EndpointState
from notifier.store.pool import Connection
from notifier.store.replays import Count, Filter, Line

LIST_MOST = 1_000
FINISHED = (CallbackState.SENT, CallbackState.DEAD, CallbackState.SKIPPED)
T = TypeVar("T")


_SINCE = click.option(
    "--since", type=Moment(), help="It happened at this time or later, e.g. 2026-11-25T08:00 (Vietnam)."
)
_UNTIL = click.option("--until", type=Moment(), help="It happened before this time.")
_TYPES = click.option(
    "--type", "types", type=click.Choice([each.value for each in CallbackType]), multiple=True, help="May be repeated."
)


def _actor(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if fault := fault_of_name(name):
        raise click.BadParameter(fault)
    return f"operator:{name}"


_BY = click.option(
    "--by",
    "actor",
    default=getpass.getuser,
    callback=_actor,
    help="Your name in the audit trail. Default: the account.",
)


@click.group("callbacks")
def command() -> None:
    """What dossier systems are told of their notices: see it, post it again, go on after a 410.

    \b
    notifier callbacks list --state dead
    notifier callbacks replay mcdt.example.gov.vn --since 2026-11-25 --dry-run
    notifier callbacks enable mcdt.example.gov.vn
    """


@command.command("list", short_help="Who is told, how many callbacks there are, the newest.")
@click.option("--source", help="The dossier system.")
@click.option(
    "--state",
    "states",
    type=click.Choice([each.value for each in CallbackState]),
    multiple=True,
    help="May be repeated.",
)
@_TYPES
@_SINCE
@_UNTIL
@click.option("--limit", type=click.IntRange(0, LIST_MOST), default=20, show_default=True, help="How many to show.")
def list_command(
    source: str | None,
    states: Sequence[str],
    types: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> None:
    """Which systems are told, how many callbacks there are, and the newest of them.

    \b
    notifier callbacks list
    notifier callbacks list --state dead --since 2026-11-25
    notifier callbacks list --source mcdt.example.gov.vn --type thongbao.that_bai
    """
    wanted = Filter(
        source=SourceName(source) if source else None,
        states=[CallbackState(each) for each in states],
        types=[CallbackType(each) for each in types],
        since=since,
        until=until,
    )

    async def read(
        connection: Connection, now: datetime
    ) -> tuple[datetime, list[EndpointState], list[Count], list[Line]]:
        return (
            now,
            await endpoints.endpoints(connection),
            await replays.counts(connection, wanted),
            await replays.lines(connection, wanted, limit),
        )

    now, systems, counts, lines = _run(read)
    for text in (*_systems(systems, wanted.source, now), "", *_table(counts), "", *_newest(lines)):
        click.echo(text)


@command.command("show", short_help="One callback, with the event as it is posted.")
@click.argument("id", type=click.UUID)
@click.pass_context
def show_command(context: click.Context, id: UUID) -> None:  # noqa: A002 - what the reader types
    """One callback: what became of it, and the event as it is posted. ID is its webhook-id.

    \b
    notifier callbacks show 0198a000-0000-4000-8000-000000000001
    """
    lines = _run(lambda connection, _: replays.lines(connection, Filter(ids=[CallbackId(id)]), 1))
    if not lines:
        click.echo(f"There is no callback {id}.", err=True)
        context.exit(1)
    for text in _newest(lines):
        click.echo(text)
    event = document(lines[0].callback, load_settings().public_url)
    click.echo(json.dumps(event, ensure_ascii=False, indent=2))


@command.command("replay", short_help="Post again: a range, dead letters, single ones.")
@click.argument("source")
@_SINCE
@_UNTIL
@_TYPES
@click.option("--id", "ids", type=click.UUID, multiple=True, help="Only this one; may be repeated.")
@click.option("--dead-only", is_flag=True, help="Only those whose every try failed.")
@click.option("--dry-run", is_flag=True, help="Say how many there are and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_BY
def replay_command(
    source: str,
    since: datetime | None,
    until: datetime | None,
    types: Sequence[str],
    ids: Sequence[UUID],
    actor: str,
    *,
    dead_only: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Post again to SOURCE what was taken, has failed or was never posted. The ids stay: who keeps them sees repeats.

    \b
    notifier callbacks replay mcdt.example.gov.vn --dead-only --dry-run
    notifier callbacks replay mcdt.example.gov.vn --since 2026-11-25T08:00 --until 2026-11-25T12:00
    notifier callbacks replay mcdt.example.gov.vn --id 0198a000-0000-4000-8000-000000000001 --yes
    """
    if not (since or until or ids or dead_only):
        raise click.UsageError("Say which: --since, --until, --id or --dead-only.")
    wanted = Filter(
        source=SourceName(source),
        states=[CallbackState.DEAD] if dead_only else FINISHED,
        types=[CallbackType(each) for each in types],
        since=since,
        until=until,
        ids=[CallbackId(each) for each in ids] or None,
    )
    system, counts = _run(lambda connection, _: _before_replay(connection, wanted))
    if system is None or not system.push:
        raise click.ClickException(
            f'{source} has no address to post to: write url under [sources."{source}".callback], restart the '
            "dispatcher and the workers; or let it read again from an earlier cursor of GET /v1/callbacks."
        )
    number = sum(each.number for each in counts)
    for text in _table(counts):
        click.echo(text)
    if dry_run or number == 0:
        click.echo(f"\nWould be posted again: {number}. Nothing was changed.")
        return
    if not yes:
        click.confirm(f"\nPost {number} again to {source}?", abort=True)
    again = _run(lambda connection, now: replays.replay(connection, wanted, actor=actor, now=now))
    click.echo(f"Due now: {sum(again.values())}. Workers post them with their old ids.")
    if system.disabled_at:
        click.echo(f"{source} is stopped, so they wait: notifier callbacks enable {source}")


async def _before_replay(connection: Connection, wanted: Filter) -> tuple[EndpointState | None, list[Count]]:
    known = {each.source: each for each in await endpoints.endpoints(connection)}
    return known.get(wanted.source) if wanted.source else None, await replays.counts(connection, wanted)


@command.command("enable", short_help="Go on after a receiver answered 410.")
@click.argument("source")
@_BY
@click.pass_context
def enable_command(context: click.Context, source: str, actor: str) -> None:
    """Go on posting to SOURCE after it answered 410. What happened meanwhile has waited and is posted now.

    \b
    notifier callbacks enable mcdt.example.gov.vn
    """
    done = _run(lambda connection, now: endpoints.enable(connection, SourceName(source), actor=actor, now=now))
    if not done:
        click.echo(f"{source} is not stopped; `notifier callbacks list` shows which systems are told.", err=True)
        context.exit(1)
    click.echo(f"{source} is told again. What has waited is posted within seconds.")


def _run(work: Callable[[Connection, datetime], Awaitable[T]]) -> T:
    return with_database(load_settings(), "callbacks", work)


# What is shown


def _systems(systems: Sequence[EndpointState], wanted: SourceName | None, now: datetime) -> Iterator[str]:
    shown = [each for each in systems if wanted in (None, each.source)]
    if not shown:
        yield 'No system is told: write [sources."its.name".callback] and restart the dispatcher.'
    for each in shown:
        waiting = f"{each.pending} wait" + (f", the first is due {_clock(each.oldest_due)}" if each.oldest_due else "")
        yield f"{each.source}: {f'is posted to, {waiting}' if each.push else 'pulls'}"
        if each.disabled_at:
            yield (
                f"  STOPPED since {_clock(each.disabled_at)}: it answered {each.reason}. "
                f"To go on: notifier callbacks enable {each.source}"
            )
        elif each.paused_until and each.paused_until > now:
            yield f"  asked for a pause until {_clock(each.paused_until)}"


def _table(counts: Sequence[Count]) -> Iterator[str]:
    if not counts:
        yield "No callback matches."
        return
    number = {(each.source, each.type, each.state): each.number for each in counts}
    rows = sorted({(each.source, each.type) for each in counts})
    widest = max(len(source) for source, _ in rows)
    yield f"{'':{widest}}  {'':18}" + "".join(f"{state.value:>10}" for state in CallbackState)
    for source, type_ in rows:
        cells = "".join(f"{number.get((source, type_, state), 0):>10}" for state in CallbackState)
        yield f"{source:{widest}}  {type_.value:18}{cells}"


def _newest(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        callback = line.callback
        yield (
            f"{_clock(callback.occurred_at)}  {callback.type.value:18} no. {callback.seq}  {callback.dossier_code}  "
            f"{callback.channel} · {callback.audience.value}"
        )
        yield f"  {_fate(line)}  [{callback.id}]"


def _fate(line: Line) -> str:
    failure = f", the last try came to: {line.last_error}" if line.last_error else ""
    match line.state:
        case CallbackState.PENDING:
            return f"waits for try {line.tries + 1}, due {_clock(line.due_at)}{failure}"
        case CallbackState.SENT:
            return f"taken with {line.last_status} at try {line.tries}, {_clock(line.finished_at)}"
        case CallbackState.DEAD:
            return f"given up after {line.tries} tries{failure}"
        case CallbackState.SKIPPED:
            return "not posted, only pulled"


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}" if at else "-"
