import getpass
from collections.abc import Iterator
from datetime import datetime, timedelta

import click

from notifier.audit.dead import fault_of_name, fault_of_why
from notifier.cli.database import with_database
from notifier.delivery.gate import Circuit
from notifier.domain.errors import NotifierError
from notifier.domain.hours import clock_text
from notifier.domain.ids import ProviderName
from notifier.settings import load_settings
from notifier.store import providers
from notifier.store.pool import Connection
from notifier.store.providers import Standing
from workers.steps import switching
from workers.wiring import channel_setups, providers_of

LATELY = timedelta(minutes=15)
_WORDS = {
    Circuit.CLOSED: ("chạy", "green"),
    Circuit.OPEN: ("ngừng", "red"),
    Circuit.HALF_OPEN: ("thử lại", "yellow"),
    Circuit.PAUSED: ("tạm dừng", "red"),
}


@click.group("providers")
def command() -> None:
    """Who carries each channel, how they stand, and what stands between them and the messages.

    \b
    notifier providers list
    notifier providers pause sms --why "hợp đồng hết hạn"
    notifier providers resume sms --why "đã gia hạn"
    """


@command.command("list")
def list_() -> None:
    """Every provider: whether messages pass, since when, why, and what the calls of the last 15 minutes came to.

    \b
    notifier providers list
    watch -n 5 notifier providers list
    NOTIFIER_CONFIG=/etc/notifier.toml notifier providers list
    """

    async def read(connection: Connection, now: datetime) -> list[Standing]:
        return await providers.standings(connection, now - LATELY)

    settings = load_settings()
    known = providers_of(channel_setups(settings))
    standings = with_database(settings, "providers", read)
    if not standings:
        click.echo("No provider has been used yet.")
    for standing in standings:
        for line in _told(standing, configured=standing.state.name in known):
            click.echo(line)


def _told(standing: Standing, *, configured: bool) -> Iterator[str]:
    state, calls = standing.state, standing.calls
    word, colour = _WORDS[state.circuit] if configured else ("đã gỡ", "white")
    until = f" đến {clock_text(state.until, seconds=True)}" if state.until else ""
    name = state.name if str(state.name) == state.channel else f"{state.name} ({state.channel})"
    yield f"{click.style(f'{word + until:24}', fg=colour)} {name}"
    if standing.reason is not None:
        yield f"    {clock_text(standing.changed_at, seconds=True)}  {standing.reason.text()}"
    came = {"nhận": "accepted", "chậm lại": "throttled", "lỗi tạm": "transient", "từ chối": "permanent"}
    told = [f"{calls[key]} {label}" for label, key in (came | {"không rõ": "unknown"}).items() if calls[key]]
    receipts = f"; biên nhận {calls['proven']}, trong đó trễ {calls['late']}" if calls["proven"] else ""
    yield f"    15 phút qua: {', '.join(told) or 'chưa gọi'}{receipts}"
    if standing.used:
        yield f"    hôm nay đã dùng {standing.used} tin"
    if standing.remaining is not None and standing.remaining_at is not None:
        of_daily = f"/{standing.daily}" if standing.daily else ""
        yield f"    nhà cung cấp báo còn {standing.remaining}{of_daily} tin lúc {clock_text(standing.remaining_at)}"
    if state.demoted_until:
        yield f"    nhường nhà cung cấp khác đến {clock_text(state.demoted_until)}"


@command.command("pause")
@click.argument("name")
@click.option("--why", required=True, help="Kept in the audit trail. No names, numbers or addresses of people.")
@click.option("--by", default=getpass.getuser, show_default="your login", help="Who pauses it.")
def pause(name: str, why: str, by: str) -> None:
    """Give a provider nothing until it is resumed. Another provider of its channel takes over, else messages wait.

    \b
    notifier providers pause sms --why "hợp đồng hết hạn"
    notifier providers pause esms --why "đối soát" --by lan
    notifier providers pause zalo --why "OA bị khóa, chờ Zalo"
    """
    _change(name, by, why, pausing=True)
    click.echo(f"{name}: tạm dừng. Cho chạy lại: notifier providers resume {name} --why …")


@command.command("resume")
@click.argument("name")
@click.option("--why", required=True, help="Kept in the audit trail. No names, numbers or addresses of people.")
@click.option("--by", default=getpass.getuser, show_default="your login", help="Who resumes it.")
def resume(name: str, why: str, by: str) -> None:
    """Let messages pass again at once: after a pause, or because what broke the provider has been mended.

    \b
    notifier providers resume sms --why "đã gia hạn"
    notifier providers resume esms --why "đối soát xong" --by lan
    notifier providers resume zalo --why "đã nạp tiền"
    """
    _change(name, by, why, pausing=False)
    click.echo(f"{name}: chạy lại.")


def _change(name: str, by: str, why: str, *, pausing: bool) -> None:
    if fault := fault_of_why(why) or fault_of_name(by):
        raise click.UsageError(fault)

    async def change(connection: Connection, now: datetime) -> None:
        switch = switching.pause_provider if pausing else switching.resume_provider
        if not await switch(connection, ProviderName(name), by, why, now):
            known = ", ".join(each.name for each in await providers.read(connection)) or "none yet"
            raise NotifierError(f"there is no provider {name}; known are: {known}")

    with_database(load_settings(), "providers", change)
