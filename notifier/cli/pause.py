import getpass
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import click

from notifier.audit.dead import fault_of_name, fault_of_why
from notifier.cli.database import with_database
from notifier.cli.options import Moment
from notifier.domain.errors import NotifierError
from notifier.domain.hours import clock_text
from notifier.settings import load_settings
from notifier.store import pauses
from notifier.store.pauses import Kind
from notifier.store.pool import Connection
from workers.steps import switching
from workers.wiring import channel_setups, clock_of, source_profiles

NAMES = {Kind.SOURCE: "nguồn", Kind.CHANNEL: "kênh"}
HELD = {Kind.SOURCE: "sự kiện", Kind.CHANNEL: "tin"}


def _told(*, until: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options that every change takes."""
    options = [
        click.option("--why", required=True, help="Kept in the audit trail. No names, numbers or addresses of people."),
        click.option("--by", default=getpass.getuser, show_default="your login", help="Who does it."),
        click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing."),
    ]
    if until:
        options.append(click.option("--until", type=Moment(), metavar="TIME", help="When it ends by itself."))

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group("pause")
def command() -> None:
    """Hold up the events of a source, or the messages of a channel, and lift it again. Nothing is lost meanwhile.

    \b
    notifier pause list
    notifier pause channel sms --why "đối soát với nhà mạng" --until 2026-11-25T18:00
    notifier pause lift channel sms --why "đối soát xong"
    """


@command.command("list")
def list_() -> None:
    """All that is paused now: since when, by whom, why, until when, and how much waits behind it.

    \b
    notifier pause list
    watch -n 5 notifier pause list
    NOTIFIER_CONFIG=/etc/notifier.toml notifier pause list
    """

    async def read(connection: Connection, now: datetime) -> list[str]:
        return [
            _line(each, await switching.held_up(connection, each.kind, each.name, now))
            for each in await pauses.standing(connection)
        ]

    for line in with_database(load_settings(), "pause", read) or ["Nothing is paused."]:
        click.echo(line)


def _line(pause: pauses.Pause, waits: int) -> str:
    until = f", đến {clock_text(pause.until)}" if pause.until else ""
    who = f"{pause.actor.removeprefix('operator:')}: {pause.why}"
    return (
        f"{NAMES[pause.kind]} {pause.name}  từ {clock_text(pause.since)}{until}  {waits} {HELD[pause.kind]} chờ  {who}"
    )


@command.command("source")
@click.argument("name")
@_told(until=True)
def source(name: str, why: str, by: str, until: datetime | None, *, dry_run: bool) -> None:
    """Take in the events of a dossier system and let them wait: nobody is told of them, reminders included.

    \b
    notifier pause source mcdt.angiang.gov.vn --why "nguồn gửi lại dữ liệu cũ" --dry-run
    notifier pause source mcdt.angiang.gov.vn --why "nguồn gửi lại dữ liệu cũ"
    notifier pause source mcdt.angiang.gov.vn --why "bảo trì" --until 2026-11-25T18:00 --by lan
    """
    _pause(Kind.SOURCE, name, why, by, until, dry_run=dry_run)


@command.command("channel")
@click.argument("name")
@_told(until=True)
def channel(name: str, why: str, by: str, until: datetime | None, *, dry_run: bool) -> None:
    """Let the messages of a channel wait. One whose deadline passes meanwhile goes to its fallback, if it has one.

    \b
    notifier pause channel sms --why "đối soát với nhà mạng" --dry-run
    notifier pause channel sms --why "đối soát với nhà mạng"
    notifier pause channel zalo --why "OA bị khóa, chờ Zalo" --until 2026-11-26 --by lan
    """
    _pause(Kind.CHANNEL, name, why, by, until, dry_run=dry_run)


@command.command("lift")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("name")
@_told()
def lift(kind: str, name: str, why: str, by: str, *, dry_run: bool) -> None:
    """End a pause: what waited behind it goes on at once.

    \b
    notifier pause lift channel sms --why "đối soát xong" --dry-run
    notifier pause lift channel sms --why "đối soát xong"
    notifier pause lift source mcdt.angiang.gov.vn --why "hết bảo trì" --by lan
    """
    _check(why, by)
    what, settings = Kind(kind), load_settings()

    async def change(connection: Connection, now: datetime) -> int:
        paused = {(each.kind, each.name) for each in await pauses.standing(connection)}
        waits = await switching.held_up(connection, what, name, now)
        if (what, name) not in paused:
            raise NotifierError(f"the {what} {name} is not paused")
        if not dry_run:
            await pauses.end(connection, what, name, by=by, why=why, now=now)
        return waits

    waits = with_database(settings, "pause", change)
    done = "sẽ chạy lại" if dry_run else "chạy lại"
    click.echo(f"{NAMES[what]} {name}: {done}, {waits} {HELD[what]} đi tiếp.")


def _pause(kind: Kind, name: str, why: str, by: str, until: datetime | None, *, dry_run: bool) -> None:
    _check(why, by)
    settings = load_settings()
    known = source_profiles(settings) if kind is Kind.SOURCE else channel_setups(settings)
    if name not in known:
        raise NotifierError(f"there is no {kind} {name}; known are: {', '.join(sorted(known)) or 'none'}")
    if until is not None and until <= clock_of(settings)():
        raise click.UsageError(f"--until is {clock_text(until)}, which has passed; name a time to come")
    begin = partial(_begin, kind=kind, name=name, by=by, why=why, until=until, dry_run=dry_run)
    waits = with_database(settings, "pause", begin)
    end = f" đến {clock_text(until)}" if until else ""
    done = "sẽ tạm dừng" if dry_run else "tạm dừng"
    click.echo(f"{NAMES[kind]} {name}: {done}{end}, {waits} {HELD[kind]} đang chờ.")
    if not until and not dry_run:
        click.echo(f"Cho chạy lại: notifier pause lift {kind} {name} --why …")


async def _begin(connection: Connection, now: datetime, *, kind: Kind, name: str, dry_run: bool, **told: Any) -> int:
    """How many wait behind the pause."""
    if any((each.kind, each.name) == (kind, name) for each in await pauses.standing(connection)):
        raise NotifierError(f"the {kind} {name} is paused already; see notifier pause list")
    if not dry_run:
        await pauses.begin(connection, kind, name, now=now, **told)
    return await switching.held_up(connection, kind, name, now)


def _check(why: str, by: str) -> None:
    if fault := fault_of_why(why) or fault_of_name(by):
        raise click.UsageError(fault)
